import { basename, extname } from "node:path";
import { TinymlError } from "../../errors";
import { findDelimiter, parseNumber } from "../csv";
import type { NewSample } from "../dataset";
import { foreignCsv } from "../read-csv";
import { createRecordingsReader, type Recordings } from "../recordings";
import { inputWidth, outputWidth, type Table } from "../table";
import { TableReader } from "../table-reader";
import { groupOf, type PlacedFile } from "./class-files";
import { type ImportOptions, listOf, type SampleList, type Understood } from "./imported";
import {
  createSampleBudget,
  type NamedBytes,
  readPieces,
  rowBytes,
  type SampleBudget,
  sampleBytes,
} from "./named-bytes";
import { isLongCsv, readLongCsv } from "./read-long-csv";

/**
 * CSV files as samples. One that lies in no folder is a table, a sample a line, unless blank lines part recordings in it or its readings are given a label;
 * several, or such in folders, hold recordings of the class that folder, label or name says: a sample each, or a sample a line where no file has a blank line,
 * none lies in a folder and no label is given. The options may say which it is.
 * @throws TinymlError TINYML_IMPORT_INVALID for more than the budget, TINYML_DATASET_CORRUPT, TINYML_NOT_A_NUMBER, … with file and line
 */
export async function readCsvFiles(
  files: readonly PlacedFile[],
  options: ImportOptions,
  budget: SampleBudget,
): Promise<Understood[]> {
  const [first] = files;
  const long = files.filter(isLongCsv);
  if (long.length > 0) {
    const others = files.filter((file) => !long.includes(file));
    const parts: Understood[] = [];
    for (const file of long) parts.push(await readLongCsv(file, options, budget));
    return others.length > 0 ? [...parts, ...(await readCsvFiles(others, options, budget))] : parts;
  }
  const read: { file: PlacedFile; recordings: Recordings }[] = [];
  if (files.length === 1 && first.label === undefined) {
    const recordings = await readLone(first, options, budget);
    if (recordings === undefined) return [await readTable(first, options, budget)];
    read.push({ file: first, recordings });
  } else {
    for (const file of files) read.push({ file, recordings: await readReadings(file, budget) });
  }
  const areRows =
    options.recordings === undefined
      ? options.label === undefined &&
        read.every(({ file, recordings }) => file.label === undefined && recordings.recordings.length === 1)
      : !options.recordings;
  return read.map(({ file, recordings }) => samplesOfRecordings(file, recordings, areRows, options, budget));
}

/** The recordings in a CSV file that no folder labels; undefined where it is a table. */
async function readLone(
  file: PlacedFile,
  { recordings, label, task }: ImportOptions,
  budget: SampleBudget,
): Promise<Recordings | undefined> {
  if (recordings === true) return readReadings(file, budget);
  // A label is given to readings: in a table the last column has it.
  if (label !== undefined && task !== "regression" && beginsWithNumbers(file)) return readReadings(file, budget);
  if (recordings === false || !hasBlankLines(file)) return undefined;
  try {
    // Where it turns out to be a table, that is what counts.
    const read = await readReadings(file, createSampleBudget());
    return read.recordings.length > 1 ? read : undefined;
  } catch (error) {
    // As a table it would take still more.
    if (error instanceof TinymlError && error.code === "TINYML_IMPORT_INVALID") throw error;
    return undefined;
  }
}

/** Whether the first line under that of the names holds nothing but numbers. */
function beginsWithNumbers({ bytes }: PlacedFile): boolean {
  const start = Buffer.from(bytes.subarray(0, 2 ** 16)).toString("utf8");
  const [header = "", first = ""] = start.split("\n").filter((line) => !/^[\s,;]*$/.test(line));
  return first.split(findDelimiter(header)).every((cell) => parseNumber(cell.replaceAll('"', "")) !== undefined);
}

function hasBlankLines({ bytes }: PlacedFile): boolean {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return data.includes("\n\n") || data.includes("\n\r\n") || /\n[\s,;]*\n/.test(data.toString("latin1", 0, 2 ** 16));
}

/** The recordings in a CSV file, as `readRecordings` reads them. @throws TinymlError as `readPieces`, and what the reader throws */
export async function readReadings(
  file: NamedBytes,
  budget: SampleBudget,
  columns?: readonly string[],
): Promise<Recordings> {
  const reader = createRecordingsReader(file.name, columns);
  await readPieces(file, budget, (piece) => {
    reader.push(piece);
    const { recordings, numbers } = reader.found;
    return recordings * sampleBytes + numbers * 4;
  });
  return reader.finish();
}

function samplesOfRecordings(
  file: PlacedFile,
  { channels, values, recordings }: Recordings,
  areRows: boolean,
  options: ImportOptions,
  budget: SampleBudget,
): Understood {
  const label = file.label ?? options.label ?? basename(file.name, extname(file.name));
  const group = groupOf(file);
  const properties = { label, ...(file.split && { split: file.split }), ...(group !== undefined && { group }) };
  const width = channels.length;
  const rows = values.length / width;
  if (areRows) budget.claim(file.name, rows * rowBytes);
  const samples: SampleList = {
    length: areRows ? rows : recordings.length,
    *[Symbol.iterator]() {
      let at = 0;
      for (const { readings } of recordings) {
        for (const end = at + readings * width; at < end; ) {
          const next = at + (areRows ? width : readings * width);
          yield { ...properties, values: values.subarray(at, next) };
          at = next;
        }
      }
    },
  };
  return {
    name: file.name,
    kind: areRows ? "table" : "timeseries",
    task: "classification",
    channels,
    ...(options.rateHz !== undefined && !areRows && { rateHz: options.rateHz }),
    met: [label],
    samples,
  };
}

async function readTable(file: PlacedFile, options: ImportOptions, budget: SampleBudget): Promise<Understood> {
  const csv = {
    ...(options.task !== undefined && { task: options.task }),
    ...(options.targets !== undefined && { targets: options.targets }),
  };
  const table = await readRows(file, new TableReader(foreignCsv(file.name, csv)), budget);
  return rowsOfTable(table, file.name);
}

/** The table in a CSV file. @throws TinymlError as `readPieces`, and what the reader throws */
export async function readRows(
  file: NamedBytes,
  reader: TableReader,
  budget: SampleBudget,
): Promise<Table<Float32Array>> {
  await readPieces(file, budget, (piece) => {
    reader.push(piece);
    return reader.rows * rowBytes + reader.numbers * 4;
  });
  return reader.finish(file.name, true);
}

/** The rows of a table as samples. */
export function rowsOfTable(table: Table<Float32Array>, name: string): Understood {
  const width = inputWidth(table);
  const targets = outputWidth(table);
  const sampleOf = (row: number): NewSample => {
    const outputs = table.outputs.subarray(row * targets, (row + 1) * targets);
    const split = table.splits?.[row];
    return {
      ...(table.task === "regression" ? { targets: Array.from(outputs) } : { label: table.labels?.[outputs[0]] ?? "" }),
      ...(split !== undefined && { split }),
      values: table.inputs.subarray(row * width, (row + 1) * width),
    };
  };
  return {
    name,
    kind: "table",
    task: table.task,
    channels: table.channels,
    ...(table.targets !== undefined && { targets: table.targets }),
    met: table.labels ?? [],
    samples: listOf(table.rows, sampleOf),
  };
}
