import assert from "node:assert/strict";
import { createReadingLines, readingsOfText } from "../../src/hardware/reading-lines";
import { readAtWrongBaudRate } from "./support/wrong-baud-rate";

/** The readings of lines that come after a line break, so that the first one is known to be whole. */
const read = (text: string): number[][] => createReadingLines().push(Buffer.from(`\n${text}`));

describe("lines of numbers", () => {
  const formats: [what: string, text: string, readings: number[][]][] = [
    [
      "commas",
      "1,2.5,-3\n4,5,6\n",
      [
        [1, 2.5, -3],
        [4, 5, 6],
      ],
    ],
    ["commas with spaces", "1, 2 , 3\n", [[1, 2, 3]]],
    ["tabs", "1\t2\t3\n", [[1, 2, 3]]],
    ["spaces", " 1  2 3 \n", [[1, 2, 3]]],
    ["semicolons, with decimal commas", "1,5;2;3,25\n", [[1.5, 2, 3.25]]],
    [
      "a separator at the end",
      "1,2,\n3;4;\n",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["a single number", "17\r\n18\r\n", [[17], [18]]],
    [
      "a carriage return alone",
      "1,2\r3,4\r",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["exponents, signs, points at the ends", "1e3,-2.E-2,+.5,7.\n", [[1000, -0.02, 0.5, 7]]],
    ["the Serial Plotter's names", "x:1,y:2\n", [[1, 2]]],
    ["the same with spaces", "x: 1 y: 2\n", [[1, 2]]],
    ["empty lines between", "\n\n1\n\n2\n", [[1], [2]]],
    ["gaps, words and what is no finite number", "1,,2\nnan,1\n0x10\n1e999\nhello\n5\n", [[5]]],
  ];
  for (const [what, text, readings] of formats) {
    it(what, () => {
      assert.deepEqual(read(text), readings);
    });
  }

  it("are the same in whatever pieces they come", () => {
    const text = "x,y\r\n1,-2.5\r\n30,4\r\n\r\n5.25,6e2\r\n";
    for (let size = 1; size <= text.length; size++) {
      const lines = createReadingLines();
      const readings: number[][] = [];
      for (let at = 0; at < text.length; at += size)
        readings.push(...lines.push(Buffer.from(text.slice(at, at + size))));
      assert.deepEqual(
        readings,
        [
          [1, -2.5],
          [30, 4],
          [5.25, 600],
        ],
        `in pieces of ${size}`,
      );
      assert.deepEqual(lines.channels, ["x", "y"]);
    }
  });

  it("the first line may lack its start, so it is no reading; nor is the first one after a break", () => {
    const lines = createReadingLines();
    assert.deepEqual(lines.push(Buffer.from("3.5,2\n1,2\n3,")), [[1, 2]]);
    lines.restart();
    assert.deepEqual(lines.push(Buffer.from("7,8\n9,10\n")), [[9, 10]]);
    assert.deepEqual(lines.counts, { readings: 2, texts: 0, headers: 0, garbage: 0, misfits: 0 });
  });

  const headers: [what: string, text: string, channels: readonly string[] | undefined][] = [
    ["names with commas", "aX,aY\n1,2\n", ["aX", "aY"]],
    ["names with tabs", "aX\taY\n1\t2\n", ["aX", "aY"]],
    ["names that stand before half of a line", "3.5\naX,aY\n1,2\n", ["aX", "aY"]],
    ["names in each line", "\nt:20.5,h:60\n", ["t", "h"]],
    ["the name of a single one", "\nA0\r\n100\n101\n", ["A0"]],
    ["a greeting, then the name of a single one", "Ready\nsound\n1\n", ["sound"]],
    ["letters of all languages", "\nTempé,Ünit,湿度\n1,2,3\n", ["Tempé", "Ünit", "湿度"]],
    ["a word between the readings of a single one", "\n1\nERROR\n2\n", undefined],
    ["a single one that fails at first", "\nnan\n2\n", undefined],
    ["all fail at first", "\nnan,inf\n1,2\n", undefined],
    ["half of the names", "Y,aZ\n1,2,3\n", undefined],
    ["a sentence", "Hello world\n1,2\n", undefined],
    ["the same name twice", "a,a\n1,2\n", undefined],
  ];
  for (const [what, text, channels] of headers) {
    it(`names of the channels: ${what}`, () => {
      const lines = createReadingLines();
      lines.push(Buffer.from(text));
      assert.deepEqual(lines.channels, channels);
      assert.equal(lines.counts.garbage, 0);
    });
  }

  it("lines of plain text are counted, and those apart that named channels", () => {
    const lines = createReadingLines();
    lines.push(Buffer.from("Hello board\nx,y\n1,2\nnan,2\nx,y\n3,4\n"));
    assert.deepEqual(lines.counts, { readings: 2, texts: 4, headers: 2, garbage: 0, misfits: 0 });
    lines.push(Buffer.from("Tempé zu hoch\n"));
    assert.equal(lines.lastText, "Tempé zu hoch");
  });

  it("two lines that ran into each other are left out; a new number of channels is taken after three lines", () => {
    const lines = createReadingLines();
    const text = "\n1,2\n3,41,2\n5,6\n7,8,9\n7,8,9\n7,8,9\n";
    assert.deepEqual(lines.push(Buffer.from(text)), [
      [1, 2],
      [5, 6],
      [7, 8, 9],
    ]);
    assert.deepEqual(lines.counts, { readings: 3, texts: 0, headers: 0, garbage: 0, misfits: 3 });
  });

  for (const [sentAt, readAt] of [
    [115_200, 9600],
    [115_200, 57_600],
    [115_200, 230_400],
    [9600, 115_200],
  ]) {
    it(`what a port at ${readAt} baud reads of a board at ${sentAt} is garbage, hardly ever a reading`, () => {
      const printed = Array.from(
        { length: 3000 },
        (_, i) => `${(i * 37) % 1024},${(i * 91) % 1024},-${i / 8}\r\n`,
      ).join("");
      assert.equal(read(printed).length, 3000);
      const lines = createReadingLines();
      const bytes = readAtWrongBaudRate(printed, sentAt, readAt);
      assert.ok(bytes.length > 500);
      for (let at = 0; at < bytes.length; at += 64) lines.push(bytes.subarray(at, at + 64));
      const { garbage, readings, texts } = lines.counts;
      assert.ok(garbage > 0 && readings + texts <= garbage / 20, JSON.stringify(lines.counts));
    });
  }

  it("bytes without a line break take no memory, and lines are read again after them", () => {
    const lines = createReadingLines();
    const zeros = Buffer.alloc(1_000_000);
    assert.deepEqual(lines.push(zeros), []);
    assert.equal(lines.hasUnendedText, false);
    // The first line is the end of the one that is too long.
    assert.deepEqual(lines.push(Buffer.from("1\n2,3\n4,5\n")), [
      [2, 3],
      [4, 5],
    ]);
  });

  it("tells of text that has no line break", () => {
    const lines = createReadingLines();
    for (let i = 0; i < 1000; i++) lines.push(Buffer.from("1.5,2 "));
    assert.deepEqual([lines.hasUnendedText, lines.ended], [true, 0]);
    lines.push(Buffer.from("\n"));
    assert.deepEqual([lines.hasUnendedText, lines.ended], [false, 1]);
  });

  it("random bytes are never an error, and hardly ever a reading", () => {
    const lines = createReadingLines();
    let state = 1;
    const bytes = Buffer.from(
      Array.from({ length: 200_000 }, () => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return state >>> 24;
      }),
    );
    for (let at = 0; at < bytes.length; at += 97) lines.push(bytes.subarray(at, at + 97));
    const { garbage, readings } = lines.counts;
    assert.ok(garbage > 500 && readings < garbage / 50, JSON.stringify(lines.counts));
  });

  it("a whole text: its first line counts, and so does a last one without a line break", () => {
    assert.deepEqual(readingsOfText("x,y\n1,2\n3,4"), {
      readings: [
        [1, 2],
        [3, 4],
      ],
      channels: ["x", "y"],
      others: 0,
    });
    assert.deepEqual(readingsOfText("1,2\nfoo\n3,4\n"), {
      readings: [
        [1, 2],
        [3, 4],
      ],
      others: 1,
    });
    assert.deepEqual(readingsOfText("Tempé,Hum\n1,2"), { readings: [[1, 2]], channels: ["Tempé", "Hum"], others: 0 });
    assert.equal(readingsOfText("x:1,y:2\nSENSOR ERROR\nx:3,y:4\n").others, 1, "names in each line hide no other line");
  });
});
