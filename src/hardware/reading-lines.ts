/** What lines of text brought so far. */
export interface LineCounts {
  /** Lines that were readings. */
  readings: number;
  /** Lines of plain text that are no readings: greetings, messages, names of channels, and lines with gaps. */
  texts: number;
  /** Those of them that named the channels of the reading behind them. */
  headers: number;
  /** Lines with characters that no text has, or without an end: what a wrong baud rate gives. */
  garbage: number;
  /** Lines of numbers whose count is not that of the others, such as two that ran into each other. */
  misfits: number;
}

/** A reader of lines of numbers, a reading each. */
export interface ReadingLines {
  /** The names of the channels, where a line before the readings or the readings themselves tell them. */
  readonly channels: readonly string[] | undefined;
  readonly counts: Readonly<LineCounts>;
  /** The beginning of the last line that was plain text, for messages. */
  readonly lastText: string | undefined;
  /** How many lines ended so far, of whatever they were. */
  readonly ended: number;
  /** Whether a line of text has begun and not ended yet. */
  readonly hasUnendedText: boolean;
  /** Takes the next bytes and returns the readings of the lines that they end. */
  push(bytes: Uint8Array): number[][];
  /** To be called when bytes are missing in between: the line that has begun is forgotten, and the next one may lack its start. */
  restart(): void;
}

/** No line is longer: two hundred numbers of twenty characters. What has no end by then is garbage. */
const longestLine = 4096;
/** So many lines in a row with another count of numbers, and the count has changed. */
const changeAfter = 3;

/**
 * Reads what a board prints: a line per reading, its numbers separated by commas, semicolons, tabs or spaces, also as `name:number`
 * (the Arduino Serial Plotter's format). Edge Impulse's data forwarder reads lines in the same way: split at commas, tabs and spaces, every
 * part a number. With semicolons a comma is a decimal comma. A line may end with a separator.
 *
 * A line of names, separated like the numbers and followed by as many of them, names the channels; a single word does so before the first reading. Of a line that may have begun before
 * the first byte nobody knows whether its first number is whole, so it does not count unless it is text.
 */
export function createReadingLines(): ReadingLines {
  const counts: LineCounts = { readings: 0, texts: 0, headers: 0, garbage: 0, misfits: 0 };
  let begun = "";
  /** Whether the line that has begun is too long already. */
  let overlong = false;
  let ended = 0;
  /** Whether the next line may lack its start. */
  let half = true;
  /** Whether no reading has come yet: a word then is a name, and between readings it is what went wrong. */
  let fresh = true;
  let channels: readonly string[] | undefined;
  let lastText: string | undefined;
  /** Names on the line before. */
  let names: readonly string[] | undefined;
  /** Numbers per reading. */
  let width: number | undefined;
  let others: { width: number; lines: number } = { width: 0, lines: 0 };

  const readLine = (line: string, to: number[][]): void => {
    const mayLackStart = half;
    half = false;
    if (line.length > longestLine || !isText(line)) {
      counts.garbage += 1;
      names = undefined;
      return;
    }
    const text = Buffer.from(line, "latin1").toString("utf8");
    const fields = splitFields(text);
    const reading = parseReading(fields);
    if (reading === undefined) {
      counts.texts += 1;
      lastText = text.slice(0, 60);
      names = fields.length > 1 || fresh ? namesOf(text, fields) : undefined;
      return;
    }
    if (mayLackStart) return;
    const { values } = reading;
    if (width !== undefined && values.length !== width) {
      others = { width: values.length, lines: others.width === values.length ? others.lines + 1 : 1 };
      if (others.lines < changeAfter) {
        counts.misfits += 1;
        return;
      }
      channels = undefined;
    }
    others = { width: 0, lines: 0 };
    width = values.length;
    const told = reading.names ?? names;
    if (told?.length === width) channels = told;
    if (names?.length === width) counts.headers += 1;
    names = undefined;
    fresh = false;
    counts.readings += 1;
    to.push(values);
  };

  return {
    get channels() {
      return channels;
    },
    counts,
    get lastText() {
      return lastText;
    },
    get ended() {
      return ended;
    },
    get hasUnendedText() {
      return begun.trim() !== "" && isText(begun);
    },
    push(bytes) {
      const readings: number[][] = [];
      // Latin 1 gives a character for each byte, whatever the bytes are.
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
      let from = 0;
      for (let to = lineEnd(text, 0); to >= 0; to = lineEnd(text, from)) {
        const line = begun + text.slice(from, to);
        begun = "";
        from = to + 1;
        ended += 1;
        if (overlong) {
          overlong = false;
          half = false;
        } else if (line.trim() !== "") readLine(line, readings);
        else half = false;
      }
      if (!overlong) begun += text.slice(from);
      if (begun.length > longestLine) {
        counts.garbage += 1;
        // Its beginning tells whether it is text.
        begun = begun.slice(0, 60);
        overlong = true;
      }
      return readings;
    },
    restart() {
      begun = "";
      overlong = false;
      half = true;
      fresh = true;
      names = undefined;
    },
  };
}

/**
 * The readings of a whole text, each of whose lines is complete: what a message brings.
 * Lines that are no readings are left out; their number tells of them.
 */
export function readingsOfText(text: string): { readings: number[][]; channels?: readonly string[]; others: number } {
  const lines = createReadingLines();
  // The line break before it says that the first line is whole.
  const readings = lines.push(Buffer.from(`\n${text}\n`));
  const { counts, channels } = lines;
  return { readings, ...(channels && { channels }), others: unreadLines(counts) };
}

/** How many lines were neither readings nor the names of their channels. */
export function unreadLines({ texts, headers, garbage, misfits }: LineCounts): number {
  return texts - headers + garbage + misfits;
}

function lineEnd(text: string, from: number): number {
  const feed = text.indexOf("\n", from);
  const carriage = text.indexOf("\r", from);
  if (feed < 0 || carriage < 0) return Math.max(feed, carriage);
  return Math.min(feed, carriage);
}

/** Whether a line has nothing but printable characters of ASCII, tabs and those of UTF-8's longer characters, such as ° in it. */
function isText(line: string): boolean {
  if (/^[\t -~]*$/.test(line)) return true;
  if (/[^\t -~\x80-\xf4]/.test(line)) return false;
  return Buffer.from(Buffer.from(line, "latin1").toString("utf8"), "utf8").equals(Buffer.from(line, "latin1"));
}

const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function splitFields(line: string): string[] {
  const text = line.trim().replace(/\s*[,;]$/, "");
  if (text.includes(";")) return text.split(";").map((field) => field.trim().replace(",", "."));
  return text.replace(/:\s+/g, ":").split(/\s*[,\t]\s*|\s+/);
}

function parseReading(fields: readonly string[]): { values: number[]; names?: string[] } | undefined {
  const values: number[] = [];
  const names: string[] = [];
  for (const field of fields) {
    const colon = field.indexOf(":");
    const text = colon < 0 ? field : field.slice(colon + 1);
    if (!number.test(text)) return undefined;
    const value = Number(text);
    if (!Number.isFinite(value)) return undefined;
    values.push(value);
    if (colon > 0) names.push(field.slice(0, colon));
  }
  return names.length === values.length ? { values, names } : { values };
}

/** What boards print for a number that is none. */
const noNumber = /^(nan|inf|infinity|ovf)$/i;

/** The names on a line, where it can be one of names: spaces alone are between the words of any sentence. */
function namesOf(line: string, fields: readonly string[]): readonly string[] | undefined {
  const separated = fields.length === 1 || /[,;\t]/.test(line.trim());
  return separated &&
    fields.every((field) => /^[\p{L}_]/u.test(field) && !noNumber.test(field)) &&
    new Set(fields).size === fields.length
    ? fields
    : undefined;
}
