import { CsvError, type Options, parse } from "csv-parse/sync";

const newline = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;

/** Numbers and texts as one CSV record (RFC 4180) with "\n"; numbers in their shortest form that reads back exactly. */
export function formatCells(cells: readonly (number | string)[]): string {
  return `${cells.map((cell) => (typeof cell === "number" ? formatNumber(cell) : formatText(cell))).join(",")}\n`;
}

function formatNumber(number: number): string {
  return Object.is(number, -0) ? "-0" : String(number);
}

function formatText(text: string): string {
  // Edge spaces are quoted because spreadsheets trim them otherwise, U+FEFF because readers take it for a byte order mark.
  const plain = !/[",;\t\r\n\uFEFF]|^\s|\s$/.test(text);
  return plain ? text : `"${text.replaceAll('"', '""')}"`;
}

/** The number in a cell, or undefined where there is none: decimal notation only, no hexadecimal, no Infinity, no empty cell. */
export function parseNumber(cell: string): number | undefined {
  const text = cell.trim();
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

/** Finds where the records of a CSV file end, without decoding it: line breaks inside quotes end no record. */
export interface RecordScanner {
  /** Takes the next bytes; `onRecord` gets the offset in the whole file just behind each record. Blank lines are none. */
  push(bytes: Uint8Array): void;
  /** Whether a quote is open behind the bytes that were taken. */
  readonly quoted: boolean;
}

/** A scanner that starts at the offset `start` of the file, which is the start of a record. */
export function createRecordScanner(onRecord: (end: number) => void, start = 0): RecordScanner {
  let offset = start;
  let quoted = false;
  let blank = true;
  return {
    push(bytes) {
      for (let i = 0; i < bytes.length; i++) {
        const byte = bytes[i];
        if (byte === newline && !quoted) {
          if (!blank) onRecord(offset + i + 1);
          blank = true;
        } else if (byte !== carriageReturn) {
          if (byte === quote) quoted = !quoted;
          blank = false;
        }
      }
      offset += bytes.length;
    },
    get quoted() {
      return quoted;
    },
  };
}

/** A record that can't be read; `line` counts from 1 within the text given to parseRecords. */
export class CsvFault extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

const options = {
  bom: true,
  record_delimiter: ["\r\n", "\n"],
  skip_empty_lines: true,
  relax_column_count: true,
} satisfies Options;

/**
 * The records of a CSV text that starts and ends with whole records; `trims` drops spaces around cells, but for those inside quotes.
 * Throws CsvFault for a quote in the wrong place. */
export function parseRecords(text: string, delimiter = ",", trims = false): string[][] {
  try {
    return parse(text, { ...options, delimiter, trim: trims });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line: unknown = error.lines;
    throw new CsvFault(
      typeof line === "number" ? line : 1,
      'a quote (") stands where none may stand, or is not closed',
    );
  }
}

/** Whether the text is a header with exactly these columns. */
export function isHeader(text: string, columns: readonly string[]): boolean {
  try {
    const [found] = parseRecords(text);
    return found?.length === columns.length && columns.every((name, i) => name === found[i]);
  } catch (error) {
    if (error instanceof CsvFault) return false;
    throw error;
  }
}

/** The line (from 1) on which the record of that index (from 0) ends, for messages. */
export function findLine(text: string, record: number, delimiter = ",", trims = false): number {
  let line = 1;
  parse(text, {
    ...options,
    delimiter,
    trim: trims,
    to: record + 1,
    on_record: (cells, context) => {
      line = context.lines;
      return cells;
    },
  });
  return line;
}

/** The delimiter of a CSV file by its header: spreadsheets of many countries write ";" or tabs. */
export function findDelimiter(header: string): string {
  const outside = header.replace(/"[^"]*"/g, "");
  const count = (delimiter: string): number => outside.split(delimiter).length;
  return [",", ";", "\t"].reduce((best, each) => (count(each) > count(best) ? each : best));
}

/** The line (from 1) of a text on which a quote opens that is not closed; undefined where there is none. */
export function findOpenQuote(text: string): number | undefined {
  let line = 1;
  let opened: number | undefined;
  for (const [mark] of text.matchAll(/["\n]/g)) {
    if (mark === "\n") line += 1;
    else opened = opened === undefined ? line : undefined;
  }
  return opened;
}
