import { TinymlError } from "../errors";
import type { Channel } from "../model/metadata";
import { createLineReader, readFileChunks } from "./chunks";
import { CsvFault, findDelimiter, parseNumber, parseRecords } from "./csv";
import { Numbers } from "./numbers";
import { readColumns } from "./read-csv";

/** The recordings in a CSV file: readings in the order in which they were measured. */
export interface Recordings {
  file: string;
  channels: readonly Channel[];
  /** Row-major, all readings × channels. */
  values: Float32Array;
  /** Where each recording begins (its first line in the file, from 1), and how many readings it has. */
  recordings: readonly { line: number; readings: number }[];
}

/** No line is longer: a file without line breaks is no CSV file. */
const longestLine = 2 ** 20;

/**
 * Reads a CSV file whose lines are readings and nothing else, under a line that names the channels. Blank lines, or such with nothing but
 * delimiters, stand between recordings.
 *
 * @param columns the names that the first line must hold, where they are known: they may be numbers then, which without this look like readings
 * @throws TinymlError TINYML_DATASET_CORRUPT, TINYML_NOT_A_NUMBER, both with the line, TINYML_DATASET_EMPTY, TINYML_DATASET_TOO_LARGE, and
 *   what Node throws for a file that can't be read
 */
export async function readRecordings(file: string, columns?: readonly string[]): Promise<Recordings> {
  const reader = createRecordingsReader(file, columns);
  await readFileChunks(file, (bytes) => reader.push(bytes));
  return reader.finish();
}

/** The recordings in the bytes of a CSV file, as `readRecordings` reads them; messages call it `file`. */
export function parseRecordings(bytes: Uint8Array, file: string, columns?: readonly string[]): Recordings {
  const reader = createRecordingsReader(file, columns);
  reader.push(bytes);
  return reader.finish();
}

/** Reads the bytes of a CSV file of recordings piece by piece. */
export interface RecordingsReader {
  /** How many recordings were found so far, and how many numbers are in them. */
  readonly found: { recordings: number; numbers: number };
  push(bytes: Uint8Array): void;
  finish(): Recordings;
}

/** A reader of recordings as `readRecordings` reads them; messages call the file `file`. */
export function createRecordingsReader(file: string, columns?: readonly string[]): RecordingsReader {
  const values = new Numbers(file);
  const recordings: { line: number; readings: number }[] = [];
  let channels: Channel[] | undefined;
  let delimiter = ",";
  let line = 0;
  let open = false;
  const fault = (code: "TINYML_DATASET_CORRUPT" | "TINYML_NOT_A_NUMBER", problem: string): TinymlError =>
    new TinymlError(code, `Line ${line} of ${file}: ${problem} Correct that line.`);
  const cellsOf = (text: string): string[] => {
    if (!text.includes('"')) return text.split(delimiter);
    try {
      return parseRecords(text, delimiter, true)[0] ?? [];
    } catch (error) {
      if (error instanceof CsvFault) throw fault("TINYML_DATASET_CORRUPT", `${error.message}.`);
      throw error;
    }
  };
  const readLine = createLineReader((raw) => {
    line += 1;
    const text = (line === 1 ? raw.replace(/^\uFEFF/, "") : raw).replace(/\r$/, "");
    if (/^[\s,;]*$/.test(text)) {
      open = false;
      return;
    }
    if (channels === undefined) {
      delimiter = findDelimiter(text);
      const header = cellsOf(text);
      channels = columns?.map((name) => ({ name, unit: "" })) ?? readColumns(header, file);
      if (columns !== undefined && columns.join("\n") !== header.map((cell) => cell.trim()).join("\n")) {
        throw fault("TINYML_DATASET_CORRUPT", `it must name the columns ${columns.join(", ")}.`);
      }
      return;
    }
    const cells = cellsOf(text);
    if (cells.length !== channels.length) {
      throw fault("TINYML_DATASET_CORRUPT", `it has ${cells.length} columns, the first line has ${channels.length}.`);
    }
    channels.forEach((channel, i) => {
      const value = parseNumber(cells[i]);
      if (value === undefined || !Number.isFinite(Math.fround(value))) {
        const shown = JSON.stringify(cells[i].slice(0, 40));
        throw fault(
          "TINYML_NOT_A_NUMBER",
          `"${channel.name}" must be a number with a decimal point, but it is ${shown}.`,
        );
      }
      values.push(value);
    });
    if (!open) recordings.push({ line, readings: 0 });
    open = true;
    recordings[recordings.length - 1].readings += 1;
  });
  let lineBytes = 0;
  return {
    get found() {
      return { recordings: recordings.length, numbers: values.length };
    },
    push(bytes) {
      const end = bytes.lastIndexOf(0x0a);
      lineBytes = end < 0 ? lineBytes + bytes.length : bytes.length - end - 1;
      if (lineBytes > longestLine) {
        line += 1;
        throw fault("TINYML_DATASET_CORRUPT", "it is longer than 1 MB.");
      }
      readLine(bytes);
    },
    finish() {
      // The last line may lack its line break.
      readLine(Buffer.from("\n"));
      if (channels === undefined || recordings.length === 0) {
        throw new TinymlError("TINYML_DATASET_EMPTY", `There are no readings in ${file}.`);
      }
      return { file, channels, values: values.toArray(), recordings };
    },
  };
}
