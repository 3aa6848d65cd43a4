import { type ErrorCode, TinymlError } from "../errors";
import type { Channel, Task } from "../model/metadata";
import { isPrintable, showUnprintable, unprintable } from "../printable";
import {
  CsvFault,
  createRecordScanner,
  findDelimiter,
  findLine,
  findOpenQuote,
  parseNumber,
  parseRecords,
} from "./csv";
import { orderLabels } from "./labels";
import { Numbers } from "./numbers";
import type { Table } from "./table";

/** What the columns of a table are. */
export interface Layout {
  channels: readonly Channel[];
  /** The last columns; where the task is classification, one that holds the label. */
  targets: readonly Channel[];
  task: Task | undefined;
  labels?: readonly string[] | undefined;
}

/** A CSV text to be read: how messages name it, and what its columns are. */
export interface Source {
  source: string;
  /** The layout, from the header's columns and text. */
  layOut(columns: readonly string[], header: string): Layout;
  /** The code for a cell that holds no number where one must stand. */
  notANumber: ErrorCode;
  /** Whether spaces around cells don't count, as people write them; quotes keep them. */
  trims?: boolean;
}

/** How many bytes a record may have: with more of them a quote was left open, and the rest of the file is no row. */
const longestRecord = 2 ** 20;

/** Turns the bytes of a CSV file into a table, piece by piece. */
export class TableReader {
  readonly #source: Source;
  readonly #inputs: Numbers;
  readonly #outputs: Numbers;
  /** The last columns of all rows, unless they are known to be numbers. */
  readonly #texts: string[] = [];
  #layout: Layout | undefined;
  #delimiter = ",";
  #rows = 0;
  /** Bytes that were not read yet: they hold no whole record. */
  #rest: Buffer[] = [];
  #restLength = 0;
  /** Where the rest starts in the file. */
  #offset = 0;
  /** Where the header and the last whole record end in the file. */
  #headerEnd = 0;
  #end = 0;
  /** Line breaks before the rest. */
  #lines = 0;
  readonly #scanner = createRecordScanner((end) => {
    this.#headerEnd ||= end;
    this.#end = end;
  });

  constructor(source: Source) {
    this.#source = source;
    this.#inputs = new Numbers(source.source);
    this.#outputs = new Numbers(source.source);
  }

  /** How many rows were read. */
  get rows(): number {
    return this.#rows;
  }

  /** How many numbers they hold. */
  get numbers(): number {
    return this.#inputs.length + Math.max(this.#outputs.length, this.#texts.length);
  }

  /** Takes the next bytes of the file. */
  push(bytes: Uint8Array): void {
    this.#scanner.push(bytes);
    this.#rest.push(Buffer.from(bytes));
    this.#restLength += bytes.length;
    if (this.#layout === undefined && this.#headerEnd > 0) this.#readHeader(this.#take(this.#headerEnd));
    if (this.#end > this.#offset) this.#readRows(this.#take(this.#end));
    if (this.#restLength > longestRecord) {
      this.#assertClosed();
      throw new TinymlError(
        "TINYML_DATASET_CORRUPT",
        `Line ${this.#lines + 1} of ${this.#source.source} is longer than 1 MB. Correct that line.`,
      );
    }
  }

  /** The table. A last line that has no line break counts on request only: it may have been cut short. */
  finish(name: string, withLastLine: boolean): Table<Float32Array> {
    if (withLastLine && this.#restLength > 0) {
      this.#assertClosed();
      const text = this.#take(this.#offset + this.#restLength);
      if (this.#layout === undefined) this.#readHeader(text);
      else this.#readRows(text);
    }
    const { source } = this.#source;
    if (this.#rows === 0 || this.#layout === undefined) {
      throw new TinymlError("TINYML_DATASET_EMPTY", `There are no rows in ${source} yet. Record some readings first.`);
    }
    const { channels, targets, task, labels: fixed } = this.#layout;
    const base = { name, channels, inputs: this.#inputs.toArray(), rows: this.#rows };
    if (task === "regression") return { ...base, task, targets, outputs: this.#outputs.toArray() };
    if (task === undefined) {
      const numbers = this.#texts.map((text) => parseNumber(text) ?? Number.NaN);
      const outputs = Float32Array.from(numbers);
      if (outputs.every(Number.isFinite)) return { ...base, task: "regression", targets, outputs };
    }
    const labels = fixed ?? orderLabels(new Set(this.#texts));
    const classes = new Map(labels.map((label, i) => [label, i]));
    const outputs = Float32Array.from(this.#texts, (label) => {
      const index = classes.get(label);
      if (index !== undefined) return index;
      throw new TinymlError(
        "TINYML_UNKNOWN_LABEL",
        `${source} has the label "${label}", which is none of the dataset's labels (${labels.join(", ")}). Add it to them.`,
      );
    });
    return { ...base, task: "classification", labels, outputs };
  }

  /** The bytes up to that offset in the file, as text. */
  #take(end: number): string {
    const length = end - this.#offset;
    const bytes = Buffer.concat(this.#rest);
    const text = bytes.toString("utf8", 0, length);
    this.#rest = [bytes.subarray(length)];
    this.#restLength -= length;
    this.#offset = end;
    return text;
  }

  /** Throws where a quote is open in what was not read yet. */
  #assertClosed(): void {
    if (!this.#scanner.quoted) return;
    const line = findOpenQuote(Buffer.concat(this.#rest).toString("latin1")) ?? 1;
    throw new TinymlError(
      "TINYML_DATASET_CORRUPT",
      `Line ${this.#lines + line} of ${this.#source.source}: a quote (") that opens there is not closed. Correct that line.`,
    );
  }

  #readHeader(header: string): void {
    this.#delimiter = findDelimiter(header);
    const [columns = []] = this.#parse(header);
    this.#layout = this.#source.layOut(columns, header);
    this.#lines += countLines(header);
  }

  #readRows(text: string): void {
    this.#parse(text).forEach((cells, i) => {
      this.#readRow(cells, (code, problem) => {
        const line = this.#lines + findLine(text, i, this.#delimiter, this.#source.trims);
        return new TinymlError(code, `Line ${line} of ${this.#source.source}: ${problem} Correct that line.`);
      });
    });
    this.#lines += countLines(text);
  }

  #readRow(cells: readonly string[], fault: (code: ErrorCode, problem: string) => TinymlError): void {
    const { channels = [], targets = [], task } = this.#layout ?? {};
    const width = channels.length + targets.length;
    if (cells.length !== width) {
      throw fault("TINYML_DATASET_CORRUPT", `it has ${cells.length} columns, the header has ${width}.`);
    }
    const read = (column: number, channel: Channel): number => {
      const cell = cells[column] ?? "";
      const value = parseNumber(cell);
      // Models compute with float32, and what overflows there would be Infinity.
      if (value === undefined || !Number.isFinite(Math.fround(value))) {
        const shown = JSON.stringify(cell.slice(0, 40));
        throw fault(
          this.#source.notANumber,
          `"${channel.name}" must be a number with a decimal point, but it is ${shown}.`,
        );
      }
      return value;
    };
    channels.forEach((channel, i) => {
      this.#inputs.push(read(i, channel));
    });
    targets.forEach((target, i) => {
      const column = channels.length + i;
      if (task === "regression") {
        this.#outputs.push(read(column, target));
        return;
      }
      const text = cells[column] ?? "";
      if (text.trim() === "") throw fault("TINYML_NO_LABEL", `"${target.name}" is empty.`);
      if (!isPrintable(text)) {
        throw fault("TINYML_UNKNOWN_LABEL", `it has the label ${showUnprintable(text)}, ${unprintable}.`);
      }
      this.#texts.push(text);
    });
    this.#rows += 1;
  }

  #parse(text: string): string[][] {
    try {
      return parseRecords(text, this.#delimiter, this.#source.trims);
    } catch (error) {
      if (!(error instanceof CsvFault)) throw error;
      throw new TinymlError(
        "TINYML_DATASET_CORRUPT",
        `Line ${this.#lines + error.line} of ${this.#source.source}: ${error.message}. Correct that line.`,
      );
    }
  }
}

function countLines(text: string): number {
  return text.split("\n").length - 1;
}
