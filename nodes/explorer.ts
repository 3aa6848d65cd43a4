import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset } from "../src/dataset/dataset";
import { type DatasetDescription, fixedLabels, readDescription } from "../src/dataset/description";
import { indexFile } from "../src/dataset/events";
import { type Envelope, thinReadings } from "../src/dataset/explore/envelope";
import { readMappable, type SampleMap } from "../src/dataset/explore/map-samples";
import { computeSpectrogram } from "../src/dataset/explore/spectrogram";
import { startMapping } from "../src/dataset/explore/start-mapping";
import { datasetFolder } from "../src/dataset/folder";
import { openStoredDataset } from "../src/dataset/open-dataset";
import { readSampleIndex } from "../src/dataset/open-samples";
import { readDataset } from "../src/dataset/read-dataset";
import { readStoredSample, type StoredSample } from "../src/dataset/read-sample";
import { shortestDecimal } from "../src/dataset/sample-content";
import { hasEnded, type SampleEntry, type SampleIndex } from "../src/dataset/sample-index";
import { outputWidth, type Split } from "../src/dataset/table";
import { TinymlError } from "../src/errors";

/** The sides of a split; "undecided" are the samples that are left to chance. */
export const splitSides = ["training", "validation", "test", "undecided"] as const;
export type Side = (typeof splitSides)[number];

/** How many samples of a label are on each side of the split. */
export type LabelCount = { label: string } & Record<Side, number>;

/** What the explorer shows of a dataset as a whole. */
export interface ExploredDataset extends Pick<DatasetDescription, "kind" | "task" | "channels" | "targets" | "rateHz"> {
  name: string;
  /** The labels that a sample may get where only these are allowed. */
  fixedLabels?: readonly string[];
  /** By label; one count with the label "" where the samples have none. */
  counts: LabelCount[];
  samples: number;
  deleted: number;
}

/** A piece of the list of a dataset's samples. */
export interface SamplePage {
  dataset: ExploredDataset;
  /** How many samples the list has. */
  matching: number;
  /** The place of the first of these samples in the list. */
  offset: number;
  samples: readonly SampleEntry[];
}

/** Which samples are listed. */
export interface SampleFilter {
  label?: string;
  side?: Side;
  /** The deleted samples instead of the others. */
  deleted?: boolean;
}

/** A sample as it is drawn. */
export interface SampleView {
  entry: SampleEntry;
  plot:
    | { type: "row"; values: number[] }
    | { type: "lines"; envelope: Envelope }
    | { type: "sound"; envelope: Envelope; spectrogram: SpectrogramView }
    | { type: "picture"; width: number; height: number };
}

/** A spectrogram whose levels are text, base64. */
export interface SpectrogramView {
  columns: number;
  bands: number;
  highestHz: number;
  levels: string;
}

/** The map of a dataset's samples. */
export interface MapView extends Pick<SampleMap, "shown"> {
  /** How many samples there are, those included that have no point. */
  samples: number;
  /** How many of them can't be read. */
  unreadable: number;
  ids: number[];
  x: number[];
  y: number[];
  /** The sample's label in `labels`; of regressions its first target. */
  values: (number | null)[];
  labels?: string[];
}

/** What is known of a dataset whose index has not changed since. */
interface Known {
  state: string;
  /** Tells this dataset from another one that was made under its name, whose samples have the same numbers. */
  identity: string;
  description: DatasetDescription;
  index: SampleIndex;
  all: readonly SampleEntry[];
  view: ExploredDataset;
  /** Of a table with targets: those of each sample, once somebody has asked for them. */
  targets?: Promise<ReadonlyMap<number, readonly number[]>>;
}

/** A map that was made. */
interface KnownMap {
  /** That of its dataset. */
  identity: string;
  map: SampleMap;
  /** The samples that it was made of. */
  mapped: ReadonlySet<number>;
}

/** By folder; few, for they take memory and nobody looks at more. */
const known = new Map<string, Known>();
const maps = new Map<string, KnownMap>();
const mostKnown = 3;

/** The maps that are being made, by folder, and the state of the dataset for which they were asked. */
const underWay = new Map<string, { state: string; made: Promise<KnownMap> }>();

/** "2" comes before "10". */
const byLabel = new Intl.Collator("en", { numeric: true });

/** Samples in a page at most. */
const longestPage = 1000;

/** A piece of the list of a dataset's samples. TINYML_DATASET_MISSING, TINYML_DATASET_CORRUPT, TINYML_NAME_INVALID, TINYML_STORAGE */
export async function listSamples(
  storage: string,
  name: string,
  filter: SampleFilter = {},
  { offset = 0, limit = 100 }: { offset?: number; limit?: number } = {},
): Promise<SamplePage> {
  const found = await look(storage, name);
  const { all, view } = found;
  const { label, side, deleted = false } = filter;
  const listed = all.filter(
    (entry) =>
      (entry.deleted ?? false) === deleted &&
      (label === undefined || (entry.label ?? "") === label) &&
      (side === undefined || (entry.split ?? "undecided") === side),
  );
  const start = Math.max(0, offset);
  const samples = listed.slice(start, start + Math.min(longestPage, Math.max(0, limit)));
  return { dataset: view, matching: listed.length, offset: start, samples: await withTargets(storage, found, samples) };
}

/** Samples with their targets: the index of a table doesn't have them, its rows do. */
async function withTargets(
  storage: string,
  found: Known,
  samples: readonly SampleEntry[],
): Promise<readonly SampleEntry[]> {
  const { kind, task } = found.description;
  if (kind !== "table" || task !== "regression" || samples.every(({ targets }) => targets !== undefined))
    return samples;
  found.targets ??= readTargets(datasetFolder(storage, found.view.name), found.all).catch((error) => {
    // What was wrong with the rows may be right at the next try.
    delete found.targets;
    throw error;
  });
  const targets = await found.targets;
  return samples.map((entry) => {
    const own = entry.targets ?? targets.get(entry.id);
    return own === undefined ? entry : { ...entry, targets: own };
  });
}

async function readTargets(
  folder: string,
  all: readonly SampleEntry[],
): Promise<ReadonlyMap<number, readonly number[]>> {
  const kept = all.filter((entry) => !entry.deleted);
  if (kept.length === 0) return new Map();
  const table = await readDataset(folder);
  const width = outputWidth(table);
  return new Map(
    kept
      .slice(0, table.rows)
      .map(({ id }, row) => [id, Array.from(table.outputs.subarray(row * width, (row + 1) * width), shortestDecimal)]),
  );
}

/** A sample as it is drawn. TINYML_UNKNOWN_SAMPLE, and what reading it throws */
export async function viewSample(storage: string, name: string, id: number): Promise<SampleView> {
  const { sample, description } = await readOne(storage, name, id);
  const { entry, values, shape } = sample;
  const { kind, channels, rateHz = 1 } = description;
  if (kind === "table") return { entry, plot: { type: "row", values: Array.from(values) } };
  if (kind === "image") return { entry, plot: { type: "picture", height: shape[0] ?? 0, width: shape[1] ?? 0 } };
  const envelope = thinReadings(values, channels.length);
  if (kind === "timeseries") return { entry, plot: { type: "lines", envelope } };
  const { levels, ...spectrogram } = computeSpectrogram(values, rateHz);
  return {
    entry,
    plot: {
      type: "sound",
      envelope,
      spectrogram: { ...spectrogram, levels: Buffer.from(levels).toString("base64") },
    },
  };
}

/** The file of a sound or picture. TINYML_UNKNOWN_SAMPLE for a sample without one */
export async function sampleFileOf(
  storage: string,
  name: string,
  id: number,
): Promise<NonNullable<StoredSample["file"]>> {
  const { sample } = await readOne(storage, name, id);
  if (sample.file !== undefined) return sample.file;
  throw new TinymlError("TINYML_UNKNOWN_SAMPLE", `Sample ${id} of the dataset ${name} is no sound and no picture.`);
}

/**
 * The map of a dataset's samples. Where they lie is computed in a thread, and anew only when samples came that have no place yet; who asks meanwhile
 * waits for the same map.
 * @throws TinymlError what `mapSamples` throws
 */
export async function viewMap(storage: string, name: string): Promise<MapView> {
  const folder = datasetFolder(storage, name);
  for (;;) {
    const { map, identity } = await findMap(folder, await look(storage, name));
    const now = await look(storage, name);
    // A dataset that was made anew meanwhile has other samples under the same numbers.
    if (now.identity === identity) return drawn(map, now);
  }
}

function drawn({ ids, points, targets, shown, unreadable }: SampleMap, { all, view }: Known): MapView {
  const entries = new Map(all.flatMap((entry) => (entry.deleted ? [] : [[entry.id, entry]])));
  const labels = view.counts.map(({ label }) => label);
  const classes = new Map(labels.map((label, i) => [label, i]));
  const map: MapView = {
    ids: [],
    x: [],
    y: [],
    values: [],
    shown,
    samples: entries.size,
    unreadable: unreadable.filter((id) => entries.has(id)).length,
  };
  if (view.task === "classification") map.labels = labels;
  for (const [i, id] of ids.entries()) {
    const entry = entries.get(id);
    if (entry === undefined) continue;
    map.ids.push(id);
    map.x.push(Number(points[2 * i].toPrecision(5)));
    map.y.push(Number(points[2 * i + 1].toPrecision(5)));
    const value = entry.targets?.[0] ?? targets?.[i] ?? Number.NaN;
    // JSON has no NaN.
    map.values.push(map.labels ? (classes.get(entry.label ?? "") ?? 0) : Number.isFinite(value) ? value : null);
  }
  return map;
}

/** A map in which each sample that can have a place has one: that of before, the one that is being made, or a new one. */
async function findMap(folder: string, found: Known): Promise<KnownMap> {
  for (;;) {
    const before = maps.get(folder);
    if (before !== undefined && (await isCurrent(before, folder, found))) return before;
    const other = underWay.get(folder);
    if (other?.state === found.state) return await other.made;
    if (other === undefined) return await makeMap(folder, found);
    // It may lack a sample. Why it fails is told to those who asked for it.
    await other.made.catch(() => undefined);
  }
}

async function isCurrent({ identity, map, mapped }: KnownMap, folder: string, found: Known): Promise<boolean> {
  const { description, index, all } = found;
  if (identity !== found.identity) return false;
  if (all.some((entry) => !entry.deleted && hasEnded(description, entry) && !mapped.has(entry.id))) return false;
  for (const id of map.unreadable) {
    const entry = index.get(id);
    if (entry === undefined || entry.deleted) continue;
    // Somebody has repaired it.
    if ((await readMappable(folder, description, entry, index)) !== undefined) return false;
  }
  return true;
}

function makeMap(folder: string, { state, identity }: Known): Promise<KnownMap> {
  const made = startMapping(folder)
    .then((map) => {
      const place = { identity, map, mapped: new Set(map.samples) };
      remember(maps, folder, place);
      return place;
    })
    .finally(() => underWay.delete(folder));
  underWay.set(folder, { state, made });
  return made;
}

/** What may be done to samples, by the name that stands in the address. */
const changes: Readonly<Record<string, (dataset: Dataset, ids: readonly number[], body: Body) => Promise<void>>> = {
  relabel: (dataset, ids, { label, targets }) => {
    if (dataset.description.task === "classification") {
      if (typeof label !== "string" || label === "") throw wrong("say a label");
      return dataset.relabel(ids, { label });
    }
    if (!isNumbers(targets)) throw wrong("say a number for each target");
    return dataset.relabel(ids, { targets });
  },
  split: (dataset, ids, { split }) => {
    if (split !== undefined && split !== null && !isSplit(split)) throw wrong('say "training", "validation" or "test"');
    return dataset.assignSplit(ids, split ?? undefined);
  },
  delete: (dataset, ids) => dataset.remove(ids),
  restore: (dataset, ids) => dataset.restore(ids),
};

type Body = Readonly<Record<string, unknown>>;

/**
 * Does something to samples of a stored dataset: relabel, split, delete or restore.
 * @param body from elsewhere: `ids`, and what the action takes
 * @throws TinymlError TINYML_CONFIG_INVALID, TINYML_DATASET_MISSING, TINYML_UNKNOWN_SAMPLE, TINYML_UNKNOWN_LABEL, TINYML_DISK_FULL, …
 */
export async function changeSamples(storage: string, name: string, action: string, body: unknown): Promise<void> {
  const folder = datasetFolder(storage, name);
  const change = Object.hasOwn(changes, action) ? changes[action] : undefined;
  if (change === undefined) throw wrong(`there is no "${action}"`);
  const fields: Body = isBody(body) ? body : {};
  const { ids } = fields;
  if (!isNumbers(ids) || ids.length === 0) throw wrong("say the ids of the samples, as numbers");
  const dataset = await openStoredDataset(folder);
  try {
    await change(dataset, ids, fields);
  } finally {
    await dataset.close();
  }
}

function wrong(what: string): TinymlError {
  return new TinymlError("TINYML_CONFIG_INVALID", `Samples can't be changed like this: ${what}.`);
}

function isBody(value: unknown): value is Body {
  return typeof value === "object" && value !== null;
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => typeof each === "number" && Number.isFinite(each));
}

function isSplit(value: unknown): value is Split {
  return value === "training" || value === "validation" || value === "test";
}

async function readOne(storage: string, name: string, id: number) {
  const { description, index } = await look(storage, name);
  const entry = index.get(id);
  if (entry === undefined) {
    throw new TinymlError("TINYML_UNKNOWN_SAMPLE", `There is no sample ${id} in the dataset ${name}.`);
  }
  return { description, sample: await readStoredSample(datasetFolder(storage, name), description, entry, index) };
}

/** Reads a dataset's index, where it has changed. What is on disk only: a sample counts once it is there. */
async function look(storage: string, name: string): Promise<Known> {
  const folder = datasetFolder(storage, name);
  const description = await readDescription(folder);
  if (description === undefined) {
    throw new TinymlError("TINYML_DATASET_MISSING", `There is no dataset "${name}". Check its name.`);
  }
  const found = await stat(join(folder, indexFile), { bigint: true }).catch(() => undefined);
  // File systems give the number of a removed file to the next new one.
  const file = `${found?.ino} ${found?.birthtimeNs} ${JSON.stringify(description)}`;
  const state = `${found?.size} ${found?.mtimeNs} ${file}`;
  const before = known.get(folder);
  if (before?.state === state) return before;
  const index = await readSampleIndex(folder);
  const all = index.list({ deleted: true });
  const now: Known = {
    state,
    // Some file systems know no time of birth.
    identity: `${all[0]?.time} ${file}`,
    description,
    index,
    all,
    view: summarize(name, description, all),
  };
  remember(known, folder, now);
  return now;
}

function summarize(name: string, description: DatasetDescription, all: readonly SampleEntry[]): ExploredDataset {
  const { kind, task, channels, targets, rateHz } = description;
  const fixed = task === "classification" ? fixedLabels(description) : undefined;
  const countsOf = (label: string): LabelCount => ({ label, training: 0, validation: 0, test: 0, undecided: 0 });
  const counts = new Map((fixed ?? []).map((label) => [label, countsOf(label)]));
  let samples = 0;
  for (const { deleted, label = "", split = "undecided" } of all) {
    if (deleted) continue;
    samples += 1;
    const count = counts.get(label) ?? countsOf(label);
    count[split] += 1;
    counts.set(label, count);
  }
  return {
    name,
    kind,
    task,
    channels,
    ...(targets !== undefined && { targets }),
    ...(rateHz !== undefined && { rateHz }),
    ...(fixed !== undefined && { fixedLabels: fixed }),
    // By the alphabet, not as they were met: relabelling the first sample would turn the order, and the colours, round.
    counts: [...counts.values()].sort((a, b) => (fixed === undefined ? byLabel.compare(a.label, b.label) : 0)),
    samples,
    deleted: all.length - samples,
  };
}

/** Keeps something under a key, and the few newest ones only. */
function remember<Value>(kept: Map<string, Value>, key: string, value: Value): void {
  kept.delete(key);
  kept.set(key, value);
  for (const oldest of [...kept.keys()].slice(0, -mostKnown)) kept.delete(oldest);
}
