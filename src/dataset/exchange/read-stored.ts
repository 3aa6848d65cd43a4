import { readdir, readFile } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { TinymlError } from "../../errors";
import { isMissing, toStorageError } from "../../storage";
import type { NewSample } from "../dataset";
import { type DatasetDescription, readDescription } from "../description";
import type { SampleFileType } from "../events";
import { readSampleIndex } from "../open-samples";
import { readDataset } from "../read-dataset";
import { missingFile } from "../read-sample";
import { parseRecordings } from "../recordings";
import { shortestDecimal } from "../sample-content";
import { type SampleEntry, samplesFolder } from "../sample-index";
import { outputWidth } from "../table";
import type { ImportedSamples } from "./imported";

const types: readonly SampleFileType[] = ["csv", "wav", "jpg", "png"];

/** A sample as it is stored: what is known of it, and its numbers or its file. */
export interface StoredContent {
  entry: SampleEntry;
  values?: Float32Array;
  file?: { bytes: Uint8Array; type: SampleFileType };
}

/** A dataset as it is on disk, but for what its sample files hold. */
export interface Stored {
  folder: string;
  description: DatasetDescription;
  entries: readonly SampleEntry[];
  /** The numbers of a table's rows, one row after another, and the answers to them. */
  rows?: { values: Float32Array; answers: readonly (readonly (number | string)[])[] };
}

/**
 * What is known of a dataset's samples, deleted ones left out, in the order in which they were added. Nothing is changed or mended.
 * @throws TinymlError TINYML_DATASET_MISSING, TINYML_DATASET_CORRUPT also where files of samples are gone, TINYML_STORAGE
 */
export async function readStored(location: string): Promise<Stored> {
  const folder = resolve(location);
  const description = await readDescription(folder);
  if (description === undefined) {
    throw new TinymlError("TINYML_DATASET_MISSING", `There is no dataset "${basename(folder)}" (${folder}).`);
  }
  try {
    const entries = (await readSampleIndex(folder)).list();
    await assertFilesThere(folder, entries);
    if (description.kind !== "table" || entries.length === 0) return { folder, description, entries };
    const table = await readDataset(folder);
    const width = outputWidth(table);
    const answers = Array.from({ length: table.rows }, (_, row) => {
      const outputs = Array.from(table.outputs.subarray(row * width, (row + 1) * width), shortestDecimal);
      return table.task === "regression" ? outputs : [table.labels?.[outputs[0]] ?? ""];
    });
    // What was appended between both readings is left out.
    const known = entries.slice(0, table.rows);
    return { folder, description, entries: known, rows: { values: Float32Array.from(table.inputs), answers } };
  } catch (error) {
    throw toStorageError(error, `the dataset ${basename(folder)}`);
  }
}

/** Tells of all files that are gone at once, and before anything is made of the others. */
async function assertFilesThere(folder: string, entries: readonly SampleEntry[]): Promise<void> {
  const names = new Set(await readdir(join(folder, samplesFolder)).catch(() => []));
  const lost = entries.filter(({ file }) => file !== undefined && !names.has(basename(file)));
  const [first] = lost;
  if (first === undefined) return;
  if (lost.length === 1) throw missingFile(basename(folder), first, join(folder, first.file ?? ""));
  const listed = `${lost
    .slice(0, 10)
    .map(({ id }) => id)
    .join(", ")}${lost.length > 10 ? ", …" : ""}`;
  throw new TinymlError(
    "TINYML_DATASET_CORRUPT",
    `The files of ${lost.length} samples of the dataset ${basename(folder)} are gone from ${join(folder, samplesFolder)}: those of the samples ${listed}. Restore them, or delete the samples.`,
  );
}

/** What each sample holds; of a recording that is under way the readings that are on disk. */
export async function* readContents({ folder, description, entries, rows }: Stored): AsyncGenerator<StoredContent> {
  const width = description.channels.length;
  for (const [row, entry] of entries.entries()) {
    if (rows !== undefined) {
      const [answer, ...more] = rows.answers[row];
      const known = typeof answer === "string" ? { label: answer } : { targets: [answer, ...more.map(Number)] };
      yield { entry: { ...entry, ...known }, values: rows.values.subarray(row * width, (row + 1) * width) };
      continue;
    }
    const file = await readSampleFile(folder, entry);
    if (file === undefined) continue;
    const columns = description.channels.map(({ name }) => name);
    const content =
      file.type === "csv" ? { values: parseRecordings(file.bytes, entry.file ?? "", columns).values } : {};
    yield { entry, file, ...content };
  }
}

/** The file of a sample; undefined for a recording without a reading yet. */
export async function readSampleFile(
  folder: string,
  entry: SampleEntry,
): Promise<{ bytes: Uint8Array; type: SampleFileType } | undefined> {
  const path = join(folder, entry.file ?? "");
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw isMissing(error) ? missingFile(basename(folder), entry, path) : toStorageError(error, path);
  }
  const type = types.find((each) => extname(path) === `.${each}`);
  if (type === undefined) throw missingFile(basename(folder), entry, path);
  if (type !== "csv") return { bytes, type };
  // A line that is being written has no line break yet.
  const whole = bytes.subarray(0, bytes.lastIndexOf("\n") + 1);
  return whole.indexOf("\n") === whole.length - 1 ? undefined : { bytes: whole, type };
}

/** The samples of a dataset's folder, for another dataset. @throws as `readStored` */
export async function importStored(folder: string): Promise<ImportedSamples> {
  const stored = await readStored(folder);
  const samples: NewSample[] = [];
  for await (const { entry, values, file } of readContents(stored)) {
    const { label, targets, split, group, source, time } = entry;
    const properties = { label, targets, split, group, source, time };
    if (file !== undefined && file.type !== "csv") samples.push({ ...properties, bytes: file.bytes, type: file.type });
    else if (values !== undefined) samples.push({ ...properties, values });
  }
  return { description: stored.description, samples, passedOver: [] };
}
