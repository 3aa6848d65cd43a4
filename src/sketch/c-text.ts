import { TinymlError } from "../errors";

/** Writing C so that nothing a user typed can change what it means. */

/** The longest line of generated code. */
const lineWidth = 100;

/**
 * The text as C code and a serial line can carry it: "?" for each control character and line separator. A zero would end
 * the string, a line feed the line that a board prints.
 */
export function printableText(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "?");
}

/**
 * A C string literal of any printableText: printable ASCII as it is, everything else as the octal escapes of its UTF-8 bytes, which
 * unlike hexadecimal ones end after three digits. Question marks are escaped because ??/ is a backslash to C.
 */
export function cString(text: string): string {
  let literal = "";
  for (const byte of new TextEncoder().encode(printableText(text))) {
    const character = String.fromCharCode(byte);
    if (character === '"' || character === "\\" || character === "?") literal += `\\${character}`;
    else if (byte >= 0x20 && byte < 0x7f) literal += character;
    else literal += `\\${byte.toString(8).padStart(3, "0")}`;
  }
  return `"${literal}"`;
}

/**
 * Text that may stand in a C comment of either kind: one line, no control or invisible formatting characters, nothing
 * that begins, ends or continues a comment.
 */
export function commentText(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ")
    .replace(/\\/g, "/")
    .replace(/\?(?=\?)/g, "? ")
    .replace(/\*(?=\/)/g, "* ")
    .replace(/\/(?=\*)/g, "/ ")
    .replace(/\s+/g, " ")
    .trim();
}

/** A block comment of the given lines (already safe), at the given indentation. */
export function blockComment(lines: readonly string[]): string {
  if (lines.length === 1) return `/* ${lines[0]} */`;
  return ["/*", ...lines.map((line) => (line === "" ? " *" : ` * ${line}`)), " */"].join("\n");
}

/**
 * A C literal of a number rounded to float32: the fewest digits that give the same float back.
 * @throws TinymlError TINYML_MODEL_INVALID for infinities and NaN, which C has no literals for
 */
export function floatLiteral(value: number): string {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) {
    throw new TinymlError("TINYML_MODEL_INVALID", `The model holds the number ${value}; train it again.`);
  }
  const text = Object.is(rounded, -0) ? "-0" : String(shorten(rounded));
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}

/** The number with the fewest decimal digits that becomes this float32 when it is rounded. */
function shorten(float: number): number {
  const exponent = Math.floor(Math.log10(Math.abs(float)));
  for (let digits = 1; digits < 10; digits++) {
    const decimals = digits - 1 - exponent;
    // A whole number over a power of ten that is exact is as good as toPrecision, and far quicker.
    const exact = decimals >= 0 && decimals <= 22;
    const power = exact ? powersOfTen[decimals] : 1;
    const shorter = exact ? Math.round(float * power) / power : Number(float.toPrecision(digits));
    if (Math.fround(shorter) === float) return shorter;
  }
  return float;
}

/** Those that a double holds exactly. */
const powersOfTen = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** A C literal of an int32. */
export function int32Literal(value: number): string {
  // -2147483648 would be the negative of a number that is too large for 32 bits.
  return value === -2147483648 ? "(-2147483647 - 1)" : String(value);
}

/** A C literal of an int64. */
export function int64Literal(value: bigint): string {
  return value === -(2n ** 63n) ? "(-9223372036854775807LL - 1)" : `${value}LL`;
}

/** `head = {literals};`, broken into lines of at most 100 characters. */
export function arrayDefinition(head: string, literals: Iterable<string>): string {
  const lines: string[] = [];
  let row: string[] = [];
  let length = 2;
  for (const literal of literals) {
    if (length + literal.length + 2 > lineWidth) {
      lines.push(row.join(", "));
      row = [];
      length = 2;
    }
    row.push(literal);
    length += literal.length + 2;
  }
  lines.push(row.join(", "));
  const oneLine = `${head} = {${lines[0]}};`;
  if (lines.length === 1 && oneLine.length <= lineWidth) return oneLine;
  return `${head} = {\n  ${lines.join(",\n  ")}\n};`;
}
