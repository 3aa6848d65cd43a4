import assert from "node:assert/strict";
import fc from "fast-check";
import {
  arrayDefinition,
  commentText,
  cString,
  floatLiteral,
  int32Literal,
  printableText,
} from "../../src/sketch/c-text";
import { sketchName } from "../../src/sketch/sketch-name";

describe("texts in generated C", () => {
  const literals: [what: string, text: string, literal: string][] = [
    ["plain text", "on", '"on"'],
    ["quotes and backslashes", 'say "hi" \\ there', '"say \\"hi\\" \\\\ there"'],
    ["line ends", "a\nb\r\u2028", '"a\\?b\\?\\?"'],
    ["a trigraph", "??/", '"\\?\\?/"'],
    ["UTF-8, with a digit after it", "°1", '"\\302\\2601"'],
    ["a zero", "a\0b", '"a\\?b"'],
    ["control characters of both kinds", "\t\x7f\x85", '"\\?\\?\\?"'],
    ["a percent sign", "100 %", '"100 %"'],
  ];
  for (const [what, text, literal] of literals) {
    it(`a string of ${what}`, () => assert.equal(cString(text), literal));
  }

  it("a string literal of any text gives its UTF-8 bytes back, with ? for control characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const literal = cString(text);
        assert.match(literal, /^"[ -~]*"$/);
        assert.deepEqual(readCString(literal), Buffer.from(printableText(text), "utf8"));
        assert.doesNotMatch(readCString(literal).toString(), /[\p{Cc}\u2028\u2029]/u);
      }),
    );
  });

  it("no text can end or continue the comment that it stands in", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("*", "/", "\\", "?", "\n", "\u2028", "\u202e", "a", " ", "é")), (parts) => {
        const comment = commentText(parts.join(""));
        assert.doesNotMatch(comment, /\*\/|\/\*|\\|\?\?|[\n\r\u2028\u202e]/);
      }),
    );
  });

  it("keeps what people write in comments", () => {
    assert.equal(commentText("Helligkeit in °C (50 % / 100 %)"), "Helligkeit in °C (50 % / 100 %)");
  });

  it("a float literal of any float32 gives it back", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const literal = floatLiteral(value);
        assert.match(literal, /^-?[\d.]+(e[+-]?\d+)?f$/);
        assert.match(literal, /[.e]/);
        assert.ok(Object.is(Math.fround(Number(literal.slice(0, -1))), value));
      }),
    );
  });

  it("a float literal is short", () => {
    assert.equal(floatLiteral(Math.fround(0.1)), "0.1f");
    assert.equal(floatLiteral(1), "1.0f");
  });

  it("a float literal has no more digits than toPrecision would need", () => {
    const digitsOf = (text: string): number => text.replace(/e.*|[-.]/g, "").replace(/^0+|0+$/g, "").length;
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const digits =
          [1, 2, 3, 4, 5, 6, 7, 8, 9].find((n) => Math.fround(Number(value.toPrecision(n))) === value) ?? 0;
        assert.ok(digitsOf(floatLiteral(value).slice(0, -1)) <= digits, `${value}`);
      }),
    );
  });

  it("an array is one line where it fits into 100 characters, else lines of at most that", () => {
    assert.equal(arrayDefinition("int a[2]", ["1", "2"]), "int a[2] = {1, 2};");
    const text = arrayDefinition(
      "int a[90]",
      Array.from({ length: 90 }, (_, i) => `${i}`),
    );
    assert.match(text, /^int a\[90\] = \{\n( {2}(\d+, )*\d+,?\n)+\};$/);
    assert.ok(text.split("\n").every((line) => line.length <= 100));
    assert.deepEqual(
      text.slice(13).match(/\d+/g)?.map(Number),
      Array.from({ length: 90 }, (_, i) => i),
    );
  });

  it("a number that is none is an error", () => {
    assert.throws(() => floatLiteral(Number.NaN), { code: "TINYML_MODEL_INVALID" });
  });

  it("the lowest int32 is written as C can read it", () => {
    assert.equal(int32Literal(-(2 ** 31)), "(-2147483647 - 1)");
  });
});

describe("names of sketches", () => {
  const names: [text: string, name: string][] = [
    ["potentiometer", "potentiometer"],
    ["Pot to LED", "Pot_to_LED"],
    ["Größe/°C", "Gro_e_C"],
    ["../../etc/passwd", "etc_passwd"],
    ["3 axes", "sketch_3_axes"],
    ["", "tinyml_sketch"],
    ["光", "tinyml_sketch"],
    ["con", "sketch_con"],
    ["x".repeat(100), "x".repeat(63)],
  ];
  for (const [text, name] of names) {
    it(`"${text.slice(0, 20)}" becomes ${name.slice(0, 20)}`, () => assert.equal(sketchName(text), name));
  }

  it("every text becomes a name that the Arduino tools take", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => /^[A-Za-z]\w{0,62}$/.test(sketchName(text))));
  });
});

/** The bytes of a C string literal of octal and simple escapes. */
function readCString(literal: string): Buffer {
  const bytes: number[] = [];
  for (const [, octal, escaped, plain] of literal.slice(1, -1).matchAll(/\\([0-7]{3})|\\(["\\?])|([^\\])/g)) {
    bytes.push(octal === undefined ? (escaped ?? plain ?? "").charCodeAt(0) : Number.parseInt(octal, 8));
  }
  return Buffer.from(bytes);
}
