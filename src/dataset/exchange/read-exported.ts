import { basename, extname } from "node:path";
import { createLineReader } from "../chunks";
import { isHeader } from "../csv";
import type { NewSample } from "../dataset";
import { decodeJpeg } from "../decode-jpeg";
import { decodePng } from "../decode-png";
import { decodeWav } from "../decode-wav";
import { columnNames, fixedLabels, parseDescription } from "../description";
import { indexFile } from "../events";
import { createPause } from "../pause";
import { outputWidth } from "../table";
import { TableReader } from "../table-reader";
import { readReadings, readRows } from "./csv-files";
import {
  type ExportedSample,
  exportedDescription,
  exportedIndex,
  exportedRows,
  parseExportedSample,
} from "./exported-files";
import { type ImportedSamples, listOf, type SampleList } from "./imported";
import {
  createSampleBudget,
  importError,
  type NamedBytes,
  parseDocument,
  readPieces,
  type SampleBudget,
} from "./named-bytes";

/** About what is kept of a line of the index. */
const lineBytes = 250;

type Description = ImportedSamples["description"];

/**
 * The folder ("" or one that ends in "/") in which an export of `exportDataset` lies among files; undefined where there is none.
 * @throws TinymlError TINYML_IMPORT_INVALID for several of them, as a project has, and for the packed folder of a dataset, which nobody asked to
 *   write down what was on its way
 */
export function findExported(files: readonly NamedBytes[], source: string): string | undefined {
  const names = new Set(files.map(({ name }) => name));
  const folders = [...names]
    .filter((name) => basename(name) === exportedDescription)
    .map((name) => name.slice(0, -exportedDescription.length));
  const exported = folders.filter((folder) => names.has(folder + exportedIndex));
  if (exported.length > 1 || names.has("project.json")) {
    throw importError(
      source,
      "it holds several datasets or a whole project. Import it as a project, or one dataset of it",
    );
  }
  if (exported.length === 0 && folders.some((folder) => names.has(folder + indexFile))) {
    throw importError(
      source,
      "it is the packed folder of a dataset. Export the dataset instead, or unpack it to <user dir>/tinyml/datasets",
    );
  }
  return exported.at(0);
}

/**
 * The samples of an export that `exportDataset` wrote, with all that it knew of them.
 * @throws TinymlError TINYML_IMPORT_INVALID, TINYML_DATASET_CORRUPT, …, naming the file
 */
export async function readExported(files: readonly NamedBytes[], folder: string): Promise<ImportedSamples> {
  const budget = createSampleBudget();
  const byName = new Map(files.map((file) => [file.name, file]));
  const take = (name: string, by: string): NamedBytes => {
    const file = byName.get(folder + name);
    if (file === undefined) throw importError(by, `${JSON.stringify(folder + name)} is not there, or is named twice`);
    byName.delete(folder + name);
    return file;
  };
  const index = take(exportedIndex, folder + exportedIndex);
  const description = readDescription(take(exportedDescription, index.name));
  const lines = await readIndex(index, budget);
  const isTable = description.kind === "table" && lines.length > 0;
  const rows = isTable && (await readRowSamples(take(exportedRows, index.name), lines, description, budget));
  const samples: NewSample[] = [];
  const pause = createPause();
  for (const [i, line] of rows ? [] : lines.entries()) {
    if (line.file === undefined) throw importError(index.name, `line ${i + 1} names no file`);
    samples.push(await readSample(take(line.file, index.name), line, description, budget));
    await pause();
  }
  return { description, samples: rows || samples, passedOver: [...byName.keys()] };
}

function readDescription(file: NamedBytes): Description {
  const { name } = file;
  const parsed = parseDocument(file);
  const description = parseDescription(parsed);
  if (typeof description === "string") throw importError(name, description);
  return description;
}

async function readIndex(file: NamedBytes, budget: SampleBudget): Promise<ExportedSample[]> {
  const { name, bytes } = file;
  if (bytes.length > 0 && bytes[bytes.length - 1] !== 0x0a) {
    throw importError(name, "it is cut short in its last line");
  }
  const lines: ExportedSample[] = [];
  const read = createLineReader((line) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw importError(name, `line ${lines.length + 1} is no JSON`, error);
    }
    const sample = parseExportedSample(value);
    if (typeof sample === "string") {
      throw importError(name, `line ${lines.length + 1} can't be understood (${sample})`);
    }
    lines.push(sample);
  });
  await readPieces(file, budget, (piece) => {
    read(piece);
    return lines.length * lineBytes;
  });
  return lines;
}

function propertiesOf({ file: _, ...properties }: ExportedSample): Omit<ExportedSample, "file"> {
  return properties;
}

async function readSample(
  file: NamedBytes,
  line: ExportedSample,
  { kind, channels, rateHz }: Description,
  budget: SampleBudget,
): Promise<NewSample> {
  const { name, bytes } = file;
  const properties = propertiesOf(line);
  const type = extname(name).slice(1);
  if (kind === "audio" && type === "wav") {
    const sound = decodeWav(bytes, name);
    if (sound.rateHz !== rateHz) throw importError(name, `it has ${sound.rateHz} samples per second, not ${rateHz}`);
    return { ...properties, bytes, type };
  }
  if (kind === "image" && (type === "png" || type === "jpg")) {
    if (type === "png") decodePng(bytes, name);
    else decodeJpeg(bytes, name);
    return { ...properties, bytes, type };
  }
  if (kind !== "timeseries" || type !== "csv")
    throw importError(name, `a dataset of the kind ${kind} has no such files`);
  const columns = channels.map((channel) => channel.name);
  const { recordings, values } = await readReadings(file, budget, columns);
  if (recordings.length !== 1) throw importError(name, "blank lines part it into several recordings");
  return { ...properties, values };
}

async function readRowSamples(
  file: NamedBytes,
  lines: readonly ExportedSample[],
  description: Description,
  budget: SampleBudget,
): Promise<SampleList> {
  const { channels, task, targets = [] } = description;
  const columns = columnNames(description);
  const reader = new TableReader({
    source: file.name,
    notANumber: "TINYML_NOT_A_NUMBER",
    layOut(_found, header) {
      if (!isHeader(header, columns)) throw importError(file.name, `its columns are not ${columns.join(", ")}`);
      const labels = fixedLabels(description);
      return { channels, task, targets: task === "regression" ? targets : [{ name: "label", unit: "" }], labels };
    },
  });
  const table = await readRows(file, reader, budget);
  if (table.rows !== lines.length) {
    throw importError(file.name, `it has ${table.rows} rows, but ${exportedIndex} ${lines.length} lines`);
  }
  const width = outputWidth(table);
  return listOf(table.rows, (row) => {
    const outputs = table.outputs.subarray(row * width, (row + 1) * width);
    const { label: _label, targets: _targets, ...properties } = propertiesOf(lines[row]);
    return {
      ...properties,
      ...(task === "regression" ? { targets: Array.from(outputs) } : { label: table.labels?.[outputs[0]] ?? "" }),
      values: table.inputs.subarray(row * channels.length, (row + 1) * channels.length),
    };
  });
}
