import { basename, extname } from "node:path";
import type { NewSample } from "../dataset";
import { foreignCsv } from "../read-csv";
import { parseRecordings, type Recordings } from "../recordings";
import { inputWidth, outputWidth, type Table } from "../table";
import { TableReader } from "../table-reader";
import { groupOf, type PlacedFile } from "./class-files";
import type { ImportOptions, Understood } from "./imported";
import { isLongCsv, readLongCsv } from "./read-long-csv";

/**
 * CSV files as samples. One that lies in no folder is a table, a sample a line, unless blank lines part recordings in it; several, or such in folders, hold
 * recordings of the class that folder or name says: a sample each, or a sample a line where no file has a blank line and none lies in a folder.
 * @throws TinymlError TINYML_DATASET_CORRUPT, TINYML_NOT_A_NUMBER, … with file and line
 */
export function readCsvFiles(files: readonly PlacedFile[], options: ImportOptions): Understood[] {
  const [first] = files;
  const long = files.filter(isLongCsv);
  if (long.length > 0) {
    const others = files.filter((file) => !long.includes(file));
    return [
      ...long.map((file) => readLongCsv(file, options)),
      ...(others.length > 0 ? readCsvFiles(others, options) : []),
    ];
  }
  if (files.length === 1 && first.label === undefined && !isRecording(first, options)) {
    return [readTable(first, options)];
  }
  const read = files.map((file) => ({ file, recordings: parseRecordings(file.bytes, file.name) }));
  const areRows =
    options.recordings !== true &&
    read.every(({ file, recordings }) => file.label === undefined && recordings.recordings.length === 1);
  return read.map(({ file, recordings }) => samplesOfRecordings(file, recordings, areRows, options));
}

/** Whether a CSV file holds recordings: numbers alone, with blank lines between some of them. */
function isRecording(file: PlacedFile, options: ImportOptions): boolean {
  if (options.recordings !== undefined) return options.recordings;
  const bytes = Buffer.from(file.bytes.buffer, file.bytes.byteOffset, file.bytes.length);
  const start = bytes.toString("latin1", 0, 2 ** 16);
  if (!bytes.includes("\n\n") && !bytes.includes("\n\r\n") && !/\n[\s,;]*\n/.test(start)) return false;
  try {
    return parseRecordings(file.bytes, file.name).recordings.length > 1;
  } catch {
    return false;
  }
}

function samplesOfRecordings(
  file: PlacedFile,
  { channels, values, recordings }: Recordings,
  areRows: boolean,
  options: ImportOptions,
): Understood {
  const label = file.label ?? options.label ?? basename(file.name, extname(file.name));
  const group = groupOf(file);
  const properties = { label, ...(file.split && { split: file.split }), ...(group !== undefined && { group }) };
  const samples: NewSample[] = [];
  let at = 0;
  for (const { readings } of recordings) {
    for (let reading = 0; reading < readings; reading += areRows ? 1 : readings) {
      const end = at + (areRows ? 1 : readings) * channels.length;
      samples.push({ ...properties, values: values.slice(at, end) });
      at = end;
    }
  }
  return {
    name: file.name,
    kind: areRows ? "table" : "timeseries",
    task: "classification",
    channels,
    ...(options.rateHz !== undefined && !areRows && { rateHz: options.rateHz }),
    samples,
  };
}

function readTable(file: PlacedFile, options: ImportOptions): Understood {
  const csv = {
    ...(options.task !== undefined && { task: options.task }),
    ...(options.targets !== undefined && { targets: options.targets }),
  };
  const reader = new TableReader(foreignCsv(file.name, csv));
  reader.push(file.bytes);
  return rowsOfTable(reader.finish(file.name, true), file.name);
}

/** The rows of a table as samples. */
export function rowsOfTable(table: Table<Float32Array>, name: string): Understood {
  const width = inputWidth(table);
  const targets = outputWidth(table);
  const samples = Array.from({ length: table.rows }, (_, row): NewSample => {
    const outputs = table.outputs.subarray(row * targets, (row + 1) * targets);
    const split = table.splits?.[row];
    return {
      ...(table.task === "regression" ? { targets: Array.from(outputs) } : { label: table.labels?.[outputs[0]] ?? "" }),
      ...(split !== undefined && { split }),
      values: table.inputs.slice(row * width, (row + 1) * width),
    };
  });
  return {
    name,
    kind: "table",
    task: table.task,
    channels: table.channels,
    ...(table.targets !== undefined && { targets: table.targets }),
    samples,
  };
}
