import { TinymlError } from "../errors";

/** Writing C so that nothing a user typed can change what it means. */

/** The longest line of generated code. */
const lineWidth = 100;

/**
 * A C string literal of any text: printable ASCII as it is, everything else as the octal escapes of its UTF-8 bytes, which
 * unlike hexadecimal ones end after three digits. Question marks are escaped because ??/ is a backslash to C.
 */
export function cString(text: string): string {
  let literal = "";
  for (const byte of new TextEncoder().encode(text)) {
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
  let text = String(rounded);
  for (let digits = 1; digits < 10; digits++) {
    const shorter = Number(rounded.toPrecision(digits));
    if (Math.fround(shorter) === rounded) {
      text = String(shorter);
      break;
    }
  }
  if (Object.is(rounded, -0)) text = "-0";
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}

/** A C literal of an int32. */
export function int32Literal(value: number): string {
  // -2147483648 would be the negative of a number that is too large for 32 bits.
  return value === -2147483648 ? "(-2147483647 - 1)" : String(value);
}

/** `head = {literals};`, broken into lines of at most 100 characters. */
export function arrayDefinition(head: string, literals: readonly string[]): string {
  const oneLine = `${head} = {${literals.join(", ")}};`;
  if (oneLine.length <= lineWidth) return oneLine;
  const lines: string[] = [];
  let line = "  ";
  for (const literal of literals) {
    if (line.length + literal.length + 2 > lineWidth) {
      lines.push(line.trimEnd());
      line = "  ";
    }
    line += `${literal}, `;
  }
  lines.push(line.trimEnd().replace(/,$/, ""));
  return `${head} = {\n${lines.join("\n")}\n};`;
}
