import { TinymlError } from "../errors";
import type { Channel, Task } from "../model/metadata";
import { isPrintable, showUnprintable, unprintable } from "../printable";
import { parseNumber } from "./csv";
import type { Table } from "./table";
import { type Layout, type Source, TableReader } from "./table-reader";

/** How the columns of a CSV file are to be understood. */
export interface CsvOptions {
  /** The name of the table. */
  name?: string;
  /** What the last columns are; where absent: numbers to predict when all of them are numbers, and else labels. */
  task?: Task;
  /** Regression: how many columns at the end are targets; 1 where absent. */
  targets?: number;
  /** How messages name the text ("readings.csv"). */
  source?: string;
}

/**
 * The quantities that the first line of a CSV file names. Of the first `measured` columns none may be called a number, for that is a line
 * of readings, and the header is missing.
 * @throws TinymlError TINYML_DATASET_CORRUPT
 */
export function readColumns(columns: readonly string[], source: string, measured = columns.length): Channel[] {
  const number = columns.slice(0, measured).find((name) => parseNumber(name) !== undefined);
  if (number !== undefined) {
    throw new TinymlError(
      "TINYML_DATASET_CORRUPT",
      `The first line of ${source} must name the columns, but it holds the number ${number.trim().slice(0, 40)}. Add a line such as "x,y", or give the columns names that are no numbers.`,
    );
  }
  const faulty = columns.find((name) => !isPrintable(name));
  if (faulty !== undefined) {
    throw new TinymlError(
      "TINYML_DATASET_CORRUPT",
      `The first line of ${source} names the column ${showUnprintable(faulty)}, ${unprintable}. Correct that name.`,
    );
  }
  return columns.map((name, i) => ({ name: name.trim() || `column ${i + 1}`, unit: "" }));
}

/** A CSV file that others wrote. */
export function foreignCsv(source: string, options: CsvOptions): Source {
  const layOut = (columns: readonly string[]): Layout => {
    const count = options.task === "classification" ? 1 : (options.targets ?? 1);
    if (!Number.isInteger(count) || count < 1 || columns.length <= count) {
      throw new TinymlError(
        "TINYML_DATASET_CORRUPT",
        `${source} has too few columns (${columns.length}): it needs one or more for the readings and, behind them, ${count} for what is to be learned.`,
      );
    }
    // Where the last column holds labels, they are no numbers even in a file without a header.
    const channels = readColumns(columns, source, columns.length - count);
    return {
      channels: channels.slice(0, -count),
      targets: channels.slice(-count),
      // A row has one label, so several last columns are numbers.
      task: options.task ?? (count > 1 ? "regression" : undefined),
    };
  };
  return { source, layOut, notANumber: "TINYML_NOT_A_NUMBER", trims: true };
}

/**
 * The table in a CSV text: a header, then rows; the label or the targets in the last columns; ",", ";" or tabs between the columns.
 * Throws TINYML_DATASET_EMPTY without rows, TINYML_DATASET_CORRUPT for lines that don't fit the header, TINYML_NOT_A_NUMBER and
 * TINYML_NO_LABEL, all of them with the line.
 */
export function readCsv(text: string, options: CsvOptions = {}): Table<Float32Array> {
  const reader = new TableReader(foreignCsv(options.source ?? "the CSV text", options));
  reader.push(Buffer.from(text));
  return reader.finish(options.name ?? "table", true);
}
