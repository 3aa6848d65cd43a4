import { readdir } from "node:fs/promises";
import { basename, extname } from "node:path";
import { type DatasetDescription, descriptionFile, parseDescription } from "../description";
import { indexFile } from "../events";
import { isIdx } from "../idx";
import { createPause } from "../pause";
import { isIdxName } from "../read-idx";
import { type PlacedFile, placeFiles, propertiesOf, readPictureSample, readSoundSample } from "./class-files";
import { readCsvFiles } from "./csv-files";
import { type Acquisition, isAcquisition, readAcquisition, readParts, samplesOf } from "./edge-impulse";
import { gatherFiles } from "./gather-files";
import { readIdxFiles } from "./idx-files";
import {
  assertLabelled,
  type ImportedSamples,
  type ImportOptions,
  joinUnderstood,
  labelsIn,
  type Understood,
} from "./imported";
import { infoLabels, readInfoLabels } from "./info-labels";
import { createSampleBudget, createUnpackBudget, importError, type NamedBytes, type SampleBudget } from "./named-bytes";
import { findExported, readExported } from "./read-exported";
import { importStored } from "./read-stored";
import { isTeachableMachine, readTeachableMachine } from "./teachable-machine";
import { unpack } from "./unpack";

export type { ImportedSamples, ImportOptions, SampleList } from "./imported";
export type { NamedBytes } from "./named-bytes";

/**
 * The samples in files, or at a path: CSV tables and recordings, IDX files, WAV, JPEG and PNG files in folders of classes, Edge Impulse's data acquisition
 * format (JSON, CBOR) and its exports with info.labels, Teachable Machine's image and pose projects; each also in zip and tar archives. What a file is its
 * content tells, its name where that can't. Nothing is written anywhere.
 *
 * @throws TinymlError TINYML_IMPORT_INVALID for a hostile or damaged archive or file, naming it; TINYML_SAMPLES_DIFFER for files that make no one dataset;
 *   TINYML_NO_LABEL; TINYML_FILE; and what the readers of the formats throw
 */
export async function importSamples(
  source: string | readonly NamedBytes[],
  options: ImportOptions = {},
): Promise<ImportedSamples> {
  if (typeof source === "string" && (await isDataset(source))) return importStored(source);
  const given = typeof source === "string" ? await gatherFiles(source) : source;
  const name = typeof source === "string" ? basename(source) : (given[0]?.name ?? "The import");
  const files = await unpack(given, createUnpackBudget(options.limits));
  // Teachable Machine saves the samples of one class as "Class 1-samples.zip".
  const label = options.label ?? /^(.+)-samples\.zip$/i.exec(basename(name))?.[1];
  const exported = findExported(files, name);
  if (exported !== undefined) return readExported(files, exported);
  const { parts, passedOver } = await understand(files, name, { ...options, ...(label !== undefined && { label }) });
  if (parts.length === 0) {
    const some = passedOver.slice(0, 3).join(", ");
    throw importError(
      name,
      `it holds no CSV, IDX, WAV, JPEG or PNG file and nothing of Edge Impulse or Teachable Machine${some && ` (but ${some})`}`,
    );
  }
  const joined = joinUnderstood(parts);
  return { description: describe(joined, name), samples: joined.samples, passedOver };
}

/** Whether a path is the folder of a dataset. */
async function isDataset(path: string): Promise<boolean> {
  const names: readonly string[] = await readdir(path).catch(() => []);
  return names.includes(descriptionFile) && names.includes(indexFile);
}

interface Reading {
  parts: Understood[];
  passedOver: string[];
}

async function understand(files: readonly NamedBytes[], source: string, options: ImportOptions): Promise<Reading> {
  const infos = files.filter(({ name }) => basename(name) === infoLabels);
  if (infos.length > 0) return readEdgeImpulseExport(files, infos, options);
  const plain = isTeachableMachine(files) ? readTeachableMachine(files, source) : files;
  const known: { file: NamedBytes; format: Format }[] = [];
  const passedOver: string[] = [];
  for (const file of plain) {
    const format = formatOf(file, plain.length === 1);
    if (format === undefined) passedOver.push(file.name);
    else known.push({ file, format });
  }
  const budget = createSampleBudget();
  const pause = createPause();
  const parts: Understood[] = [];
  const csv: PlacedFile[] = [];
  const idx: NamedBytes[] = [];
  const placed = placeFiles(known.map(({ file }) => file));
  for (const [i, { format }] of known.entries()) {
    if (format === "csv") csv.push(placed[i]);
    else if (format === "idx") idx.push(placed[i]);
    else parts.push(await readOne(placed[i], format, options, budget));
    await pause();
  }
  if (idx.length > 0) parts.push(await readIdxFiles(idx, source, options, budget));
  if (csv.length > 0) parts.push(...(await readCsvFiles(csv, options, budget)));
  return { parts, passedOver };
}

type Format = "idx" | "wav" | "png" | "jpg" | "acquisition" | "csv";

const endings: Readonly<Record<string, Format>> = {
  ".wav": "wav",
  ".jpg": "jpg",
  ".jpeg": "jpg",
  ".png": "png",
  ".csv": "csv",
  ".tsv": "csv",
  ".cbor": "acquisition",
};

/** What a file is, by its first bytes; by its name's ending where these tell nothing. */
function formatOf(file: NamedBytes, isOnly: boolean): Format | undefined {
  const { name, bytes } = file;
  const start = Buffer.from(bytes.subarray(0, 12)).toString("latin1");
  if (start.startsWith("\x89PNG")) return "png";
  if (start.startsWith("\xff\xd8\xff")) return "jpg";
  if (start.startsWith("RIFF") && start.slice(8) === "WAVE") return "wav";
  if (isAcquisition(file)) return "acquisition";
  if (isIdxName(basename(name)) || isIdx(bytes)) return "idx";
  const ending = endings[extname(name).toLowerCase()];
  if (ending !== undefined) return ending;
  return isOnly && looksLikeCsv(bytes) ? "csv" : undefined;
}

/** Whether a file without a telling name begins with a line of several columns. */
function looksLikeCsv(bytes: Uint8Array): boolean {
  const [first] = Buffer.from(bytes.subarray(0, 4096)).toString("utf8").split("\n");
  return /[,;\t]/.test(first) && !/[<>{}\uFFFD]/.test(first) && !first.includes("\0");
}

async function readOne(
  file: PlacedFile,
  format: "wav" | "png" | "jpg" | "acquisition",
  options: ImportOptions,
  budget: SampleBudget,
): Promise<Understood> {
  if (format === "wav") return readSoundSample(file, options);
  if (format === "png" || format === "jpg") return readPictureSample(file, format, options);
  const acquisition = await readAcquisition(file, budget);
  const { label = undefined, split } = acquisition.parts ? file : propertiesOf(file, options);
  const samples = samplesOf(acquisition, { ...(label !== undefined && { label }), ...(split && { split }) });
  return { ...withoutValues(acquisition), samples };
}

/** What an acquisition says of its samples. */
function withoutValues({ name, kind, task, channels, rateHz }: Acquisition): Omit<Understood, "samples"> {
  return { name, kind, task, channels, ...(rateHz !== undefined && { rateHz }) };
}

/** The samples that one or several info.labels list; of a list above others these are passed over. */
async function readEdgeImpulseExport(
  files: readonly NamedBytes[],
  infos: readonly NamedBytes[],
  options: ImportOptions,
): Promise<Reading> {
  const byPath = new Map(files.map((file) => [file.name, file]));
  const depthOf = ({ name }: NamedBytes): number => name.split("/").length;
  const highest = Math.min(...infos.map(depthOf));
  const parts: Understood[] = [];
  const budget = createSampleBudget();
  const pause = createPause();
  const listed = new Set(infos.map(({ name }) => name));
  for (const info of infos.filter((each) => depthOf(each) === highest)) {
    for (const { path, label, split, parts: labels } of readInfoLabels(info)) {
      const file = byPath.get(path);
      if (file === undefined) throw importError(info.name, `it lists ${JSON.stringify(path)}, which is not there`);
      listed.add(path);
      const placed: PlacedFile = { ...file, ...(label !== undefined && { label }), ...(split && { split }) };
      parts.push(await readListed(placed, labels, info.name, options, budget));
      await pause();
    }
  }
  return { parts, passedOver: files.map(({ name }) => name).filter((name) => !listed.has(name)) };
}

async function readListed(
  file: PlacedFile,
  labels: unknown,
  info: string,
  options: ImportOptions,
  budget: SampleBudget,
): Promise<Understood> {
  const format = formatOf(file, false);
  if (format === undefined || format === "idx" || format === "csv") {
    throw importError(
      info,
      `it lists ${file.name}, which is no sample that can be read here (JSON, CBOR, WAV, JPEG, PNG)`,
    );
  }
  if (format !== "acquisition" && labels === undefined) return readOne(file, format, options, budget);
  if (format !== "acquisition") throw importError(info, `${file.name} has several labels`);
  const acquisition = await readAcquisition(file, budget);
  const split = file.split && { split: file.split };
  if (labels !== undefined) {
    const parts = readParts(file.name, labels, acquisition.readings);
    return { ...withoutValues(acquisition), samples: samplesOf(acquisition, { ...split }, parts) };
  }
  const label = assertLabelled(file.label ?? options.label, file.name);
  return { ...withoutValues(acquisition), samples: samplesOf(acquisition, { label, ...split }, []) };
}

/** The description of what was understood, once a dataset can have it. Any label may be recorded later. */
function describe(understood: Understood, source: string): DatasetDescription {
  const { kind, task, channels, targets, labels, rateHz } = understood;
  const description: DatasetDescription = {
    version: 1,
    kind,
    task,
    channels,
    ...(task === "classification" ? labels && { labels } : targets !== undefined && { targets }),
    ...(rateHz !== undefined && { rateHz }),
  };
  const met = labelsIn(understood);
  const fault = parseDescription({ ...description, ...(met.length > 0 && { labels: met }) });
  if (typeof fault === "string") throw importError(source, fault);
  return description;
}
