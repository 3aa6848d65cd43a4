import { basename, extname } from "node:path";
import { isHeader } from "../csv";
import type { NewSample } from "../dataset";
import { decodeJpeg } from "../decode-jpeg";
import { decodePng } from "../decode-png";
import { decodeWav } from "../decode-wav";
import { columnNames, fixedLabels, parseDescription } from "../description";
import { indexFile } from "../events";
import { parseRecordings } from "../recordings";
import { outputWidth } from "../table";
import { TableReader } from "../table-reader";
import {
  type ExportedSample,
  exportedDescription,
  exportedIndex,
  exportedRows,
  parseExportedSample,
} from "./exported-files";
import type { ImportedSamples } from "./imported";
import { importError, type NamedBytes } from "./named-bytes";

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
export function readExported(files: readonly NamedBytes[], folder: string): ImportedSamples {
  const byName = new Map(files.map((file) => [file.name, file]));
  const take = (name: string, by: string): NamedBytes => {
    const file = byName.get(folder + name);
    if (file === undefined) throw importError(by, `${JSON.stringify(folder + name)} is not there, or is named twice`);
    byName.delete(folder + name);
    return file;
  };
  const index = take(exportedIndex, folder + exportedIndex);
  const description = readDescription(take(exportedDescription, index.name));
  const lines = readIndex(index);
  const samples =
    description.kind === "table"
      ? lines.length === 0
        ? []
        : readRows(take(exportedRows, index.name), lines, description)
      : lines.map((line, i) => {
          if (line.file === undefined) throw importError(index.name, `line ${i + 1} names no file`);
          return readSample(take(line.file, index.name), line, description);
        });
  return { description, samples, passedOver: [...byName.keys()] };
}

function readDescription({ name, bytes }: NamedBytes): Description {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (error) {
    throw importError(name, "it is no whole JSON file", error);
  }
  const description = parseDescription(parsed);
  if (typeof description === "string") throw importError(name, description);
  return description;
}

function readIndex({ name, bytes }: NamedBytes): ExportedSample[] {
  const lines = Buffer.from(bytes).toString("utf8").split("\n");
  if (lines.pop() !== "") throw importError(name, "it is cut short in its last line");
  return lines.map((line, i) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw importError(name, `line ${i + 1} is no JSON`, error);
    }
    const sample = parseExportedSample(value);
    if (typeof sample !== "string") return sample;
    throw importError(name, `line ${i + 1} can't be understood (${sample})`);
  });
}

function propertiesOf({ file: _, ...properties }: ExportedSample): Omit<ExportedSample, "file"> {
  return properties;
}

function readSample(file: NamedBytes, line: ExportedSample, { kind, channels, rateHz }: Description): NewSample {
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
  const { recordings, values } = parseRecordings(bytes, name, columns);
  if (recordings.length !== 1) throw importError(name, "blank lines part it into several recordings");
  return { ...properties, values };
}

function readRows(file: NamedBytes, lines: readonly ExportedSample[], description: Description): NewSample[] {
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
  reader.push(file.bytes);
  const table = reader.finish(file.name, true);
  if (table.rows !== lines.length) {
    throw importError(file.name, `it has ${table.rows} rows, but ${exportedIndex} ${lines.length} lines`);
  }
  const width = outputWidth(table);
  return lines.map((line, row) => {
    const outputs = table.outputs.subarray(row * width, (row + 1) * width);
    const { label: _label, targets: _targets, ...properties } = propertiesOf(line);
    return {
      ...properties,
      ...(task === "regression" ? { targets: Array.from(outputs) } : { label: table.labels?.[outputs[0]] ?? "" }),
      values: table.inputs.slice(row * channels.length, (row + 1) * channels.length),
    };
  });
}
