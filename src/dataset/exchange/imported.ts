import { TinymlError } from "../../errors";
import type { Channel, Task } from "../../model/metadata";
import type { NewSample } from "../dataset";
import type { DatasetDescription } from "../description";
import { importError } from "./named-bytes";

/** Samples whose number is known. Not each needs to be in memory: a table makes its rows as they are asked for. */
export interface SampleList extends Iterable<NewSample> {
  readonly length: number;
}

/** A list whose samples are made as they are asked for. */
export function listOf(length: number, sampleAt: (index: number) => NewSample): SampleList {
  return {
    length,
    *[Symbol.iterator]() {
      for (let i = 0; i < length; i++) yield sampleAt(i);
    },
  };
}

/** What was understood of files: what a dataset of it is, and its samples. Nothing of it is on disk yet. */
export interface ImportedSamples {
  description: DatasetDescription;
  samples: SampleList;
  /** Files that hold nothing of the kind and were passed over. */
  passedOver: readonly string[];
}

/** What is known of files that don't say it themselves. */
export interface ImportOptions {
  /** What the samples are for; where absent, what they hold decides. */
  task?: Task;
  /** Regression: how many columns at the end of a CSV file are targets; 1 where absent. */
  targets?: number;
  /** The label of samples whose files say none; the lines of a CSV file that holds numbers alone are a recording of it. */
  label?: string;
  /** Readings per second of recordings whose files don't say it. */
  rateHz?: number;
  /** Whether a CSV file's lines are the readings of a recording, one after another, or rows of a table; where absent, blank lines tell. */
  recordings?: boolean;
  /** What archives may unpack to; 512 MiB and 100,000 entries where absent. */
  limits?: { bytes: number; entries: number };
}

/** Samples of one kind, as the reader of one format understood them. */
export interface Understood {
  kind: DatasetDescription["kind"];
  task: Task;
  channels: readonly Channel[];
  targets?: readonly Channel[];
  labels?: readonly string[];
  rateHz?: number;
  /** The labels that its samples have; where absent, each is asked. */
  met?: readonly string[];
  samples: SampleList;
  /** The file that they come from, or the first of several. */
  name: string;
}

/** The labels that samples have. */
export function labelsIn({ met, samples }: Understood): readonly string[] {
  return met ?? [...samples].flatMap(({ label }) => label ?? []);
}

/** Joins what several files hold. @throws TinymlError TINYML_SAMPLES_DIFFER where it does not fit together */
export function joinUnderstood(parts: readonly Understood[]): Understood {
  const [first, ...others] = parts;
  for (const other of others) {
    const difference = findDifference(first, other);
    if (difference === undefined) continue;
    throw new TinymlError(
      "TINYML_SAMPLES_DIFFER",
      `${first.name} and ${other.name} don't fit into one dataset: ${difference}. Import them one by one.`,
    );
  }
  // Grey pictures and coloured ones make coloured ones.
  const { channels } = parts.find((part) => part.channels.length > first.channels.length) ?? first;
  const met = [...new Set(parts.flatMap(labelsIn))];
  return { ...first, channels, met, samples: others.length === 0 ? first.samples : joinLists(parts) };
}

function joinLists(parts: readonly Understood[]): SampleList {
  return {
    length: parts.reduce((sum, { samples }) => sum + samples.length, 0),
    *[Symbol.iterator]() {
      for (const { samples } of parts) yield* samples;
    },
  };
}

function findDifference(one: Understood, other: Understood): string | undefined {
  if (one.kind !== other.kind || one.task !== other.task) {
    return `the first holds ${describe(one)}, the other ${describe(other)}`;
  }
  for (const list of ["channels", "targets"] as const) {
    if (one.kind === "image") continue;
    const [before, after] = [one, other].map((each) => each[list]?.map(({ name, unit }) => `${name} ${unit}`.trim()));
    if (JSON.stringify(before) !== JSON.stringify(after)) {
      return `the first has the ${list} ${before?.join(", ")}, the other ${after?.join(", ")}`;
    }
  }
  // Clocks of boards give intervals that differ in their last digits.
  const rates = [one.rateHz ?? 0, other.rateHz ?? 0];
  if (Math.abs(rates[0] - rates[1]) > (one.kind === "audio" ? 0 : 0.01 * rates[0])) {
    return `the first has ${rates[0]} readings per second, the other ${rates[1]}`;
  }
  return undefined;
}

function describe({ kind, task }: Understood): string {
  const whats = { table: "rows of a table", timeseries: "recordings", audio: "sounds", image: "pictures" };
  return `${whats[kind]} for ${task}`;
}

/** The samples that take a label, once each has one. @throws TinymlError TINYML_NO_LABEL */
export function assertLabelled(label: string | undefined, name: string): string {
  if (label !== undefined && label.trim() !== "") return label;
  throw new TinymlError(
    "TINYML_NO_LABEL",
    `Nothing says what ${name} shows. Give the import a label, or put the files into folders with the names of their labels, in a zip archive.`,
  );
}

/** Something of a parsed JSON or CBOR file as an object. */
export function asObject(value: unknown, name: string, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw importError(name, `${what} is missing or is no object`);
}
