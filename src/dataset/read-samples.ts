import { basename, join } from "node:path";
import { TinymlError } from "../errors";
import { isMissing } from "../storage";
import { type DatasetDescription, fixedLabels } from "./description";
import { orderLabels } from "./labels";
import { mostInMemory, tooLarge } from "./numbers";
import { readSampleIndex } from "./open-samples";
import { decodeClassFiles } from "./read-class-folders";
import type { ReadOptions } from "./read-options";
import { missingFile } from "./read-sample";
import { readRecordings } from "./recordings";
import type { SampleEntry } from "./sample-index";
import type { SamplesInMemory } from "./samples";
import type { Table } from "./table";
import { cutWindows, type Stretch } from "./windows";

/**
 * The table of a dataset whose samples have files of their own. Recordings become windows of `options.shape`, cut every `options.stride` readings, of one
 * group; without a shape they all have one length. Sounds and pictures are read as those in folders of classes are.
 *
 * @throws TinymlError TINYML_DATASET_EMPTY, TINYML_SAMPLES_DIFFER, TINYML_UNKNOWN_LABEL for a label that is none of the settings',
 *   TINYML_DATASET_CORRUPT naming a file, TINYML_DATASET_TOO_LARGE, TINYML_STORAGE
 */
export async function readSampleFiles(
  folder: string,
  description: DatasetDescription,
  options: ReadOptions,
): Promise<Table<SamplesInMemory>> {
  const name = basename(folder);
  const entries = (await readSampleIndex(folder))
    .list()
    .filter(({ readings }) => description.kind === "image" || readings);
  if (entries.length === 0) {
    throw new TinymlError(
      "TINYML_DATASET_EMPTY",
      `There are no samples in the dataset "${name}" yet. Record some first.`,
    );
  }
  const read = description.kind === "timeseries" ? readStretches : readFiles;
  const { inputs, shape, channels, from, leftOut } = await read(folder, description, entries, options);
  const of = (row: number): SampleEntry => entries[from?.[row] ?? row];
  const rows = from?.length ?? entries.length;
  const list = <T>(value: (entry: SampleEntry) => T): T[] => Array.from({ length: rows }, (_, row) => value(of(row)));
  const cut = from !== undefined && from.length > new Set(from).size;
  return {
    name,
    task: description.task,
    channels,
    shape,
    ...answersOf(
      name,
      description,
      list((entry) => entry),
    ),
    inputs,
    ...((cut || entries.some(({ group }) => group)) && {
      groups: list(({ group, id }) => group ?? (cut ? `sample ${id}` : "")),
    }),
    ...(entries.some(({ split }) => split) && { splits: list(({ split }) => split) }),
    ...(leftOut > 0 && { leftOut }),
    rows,
  };
}

interface ReadInputs {
  inputs: SamplesInMemory;
  shape: readonly number[];
  channels: Table["channels"];
  /** The sample of each row, where they are not the same. */
  from?: Uint32Array;
  leftOut: number;
}

async function readStretches(
  folder: string,
  { channels }: DatasetDescription,
  entries: readonly SampleEntry[],
  { shape, stride }: ReadOptions,
): Promise<ReadInputs> {
  const columns = channels.map(({ name }) => name);
  const stretches: Stretch[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const path = join(folder, entry.file ?? "");
    const read = await readRecordings(path, columns).catch((error) => {
      throw isMissing(error) ? missingFile(basename(folder), entry, path) : error;
    });
    bytes += read.values.byteLength;
    if (bytes > mostInMemory) throw tooLarge(path, "Delete some samples.");
    stretches.push({ values: read.values, channels: channels.length });
  }
  const [first] = entries;
  const readings = shape?.[0] ?? first.readings ?? 0;
  const other = shape === undefined ? entries.find((entry) => entry.readings !== readings) : undefined;
  if (other !== undefined) {
    throw new TinymlError(
      "TINYML_SAMPLES_DIFFER",
      `Sample ${first.id} of the dataset "${basename(folder)}" has ${readings} readings, sample ${other.id} ${other.readings}. Say how long a window is, and it is cut out of each.`,
    );
  }
  const { values, from, leftOut } = cutWindows(stretches, readings, stride ?? readings, basename(folder));
  return { inputs: values, shape: [readings, channels.length], channels, from, leftOut };
}

async function readFiles(
  folder: string,
  _description: DatasetDescription,
  entries: readonly SampleEntry[],
  options: ReadOptions,
): Promise<ReadInputs> {
  const files = entries.map((entry) => ({ path: join(folder, entry.file ?? ""), label: "" }));
  const read = await decodeClassFiles(files, options).catch((error) => {
    const entry = isMissing(error)
      ? entries.find(({ file }) => "path" in error && error.path === join(folder, file ?? ""))
      : undefined;
    throw entry === undefined ? error : missingFile(basename(folder), entry, join(folder, entry.file ?? ""));
  });
  return { ...read, leftOut: 0 };
}

/** What is to be learned from each row. */
function answersOf(
  name: string,
  description: DatasetDescription,
  rows: readonly SampleEntry[],
): Pick<Table, "labels" | "targets" | "outputs"> {
  if (description.task === "regression") {
    const targets = description.targets ?? [];
    return {
      targets,
      outputs: Float32Array.from(rows.flatMap((entry) => entry.targets ?? targets.map(() => Number.NaN))),
    };
  }
  const labels = fixedLabels(description) ?? orderLabels(rows.map(({ label = "" }) => label));
  const index = new Map(labels.map((label, i) => [label, i]));
  const outputs = Float32Array.from(rows, ({ id, label = "" }) => {
    const found = index.get(label);
    if (found !== undefined) return found;
    throw new TinymlError(
      "TINYML_UNKNOWN_LABEL",
      `Sample ${id} of the dataset "${name}" has the label "${label}", which is none of the dataset's labels (${labels.join(", ")}). Add it to them, or relabel the sample.`,
    );
  });
  return { labels, outputs };
}
