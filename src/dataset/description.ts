import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { TinymlError } from "../errors";
import { isPrintable, showUnprintable, unprintable } from "../printable";
import { isMissing, toStorageError } from "../storage";

/** What a dataset holds; stored beside the samples as dataset.json. */
export const descriptionFile = "dataset.json";

/** The name of the column that holds the label of a row. */
export const labelColumn = "label";

const text = v.pipe(
  v.string(),
  v.check(isPrintable, ({ input }) => `${showUnprintable(input)}, ${unprintable}`),
);
const name = v.pipe(text, v.nonEmpty());
const channel = v.object({
  name,
  unit: text,
  range: v.exactOptional(v.pipe(v.tuple([v.number(), v.number()]), v.readonly())),
});
const channels = v.pipe(v.array(channel), v.minLength(1), v.readonly());

const datasetDescription = v.object({
  version: v.literal(1),
  /** What a sample is: a row of one table, a recording of readings, a sound or a picture, each of these in a file of its own. */
  kind: v.picklist(["table", "timeseries", "audio", "image"]),
  task: v.picklist(["classification", "regression"]),
  /** The measured quantities, one number each per reading; of pictures their colours, of sounds one. */
  channels,
  /** Classification: the labels that may be recorded; missing or empty: any, in the order in which they are met. */
  labels: v.exactOptional(v.pipe(v.array(name), v.readonly())),
  /** Regression: the quantities to predict. */
  targets: v.exactOptional(channels),
  /** Readings per second, where the source has a steady rate; sounds always have one. */
  rateHz: v.exactOptional(v.pipe(v.number(), v.gtValue(0))),
  /** How many megabytes (of a million bytes) its samples may take; those that were deleted don't count. */
  quotaMegabytes: v.exactOptional(v.pipe(v.number(), v.gtValue(0))),
});

/** What a dataset holds: the quantities and labels of its samples. */
export type DatasetDescription = v.InferOutput<typeof datasetDescription>;

/** What a sample of a dataset is. */
export type DatasetKind = DatasetDescription["kind"];

/** The columns of rows.csv in order: the channels, then the label or the targets. */
export function columnNames(description: DatasetDescription): string[] {
  const measured = description.channels.map((each) => each.name);
  const wanted = description.task === "classification" ? [labelColumn] : description.targets?.map((each) => each.name);
  return [...measured, ...(wanted ?? [])];
}

/** The labels that may be recorded, or undefined where any label may. */
export function fixedLabels(description: DatasetDescription): readonly string[] | undefined {
  return description.labels?.length ? description.labels : undefined;
}

/**
 * A dataset's description from JSON or a node's settings. Returns a sentence about the first fault instead where there is one.
 */
export function parseDescription(value: unknown): DatasetDescription | string {
  const parsed = v.safeParse(datasetDescription, value);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return `${v.getDotPath(issue) ?? "the description"}: ${issue.message}`;
  }
  const description = parsed.output;
  if (description.task === "regression" && !description.targets) return "regression needs at least one target";
  if (description.kind === "audio") {
    if (description.channels.length !== 1) return "sounds have one channel";
    const { rateHz } = description;
    if (rateHz === undefined || !Number.isInteger(rateHz))
      return "sounds need a rate, a whole number of samples per second";
  }
  if (description.kind === "image" && ![1, 3].includes(description.channels.length)) {
    return "pictures have one channel (grey) or three (red, green, blue)";
  }
  const columns = columnNames(description);
  const twice = columns.find((each, index) => columns.indexOf(each) !== index);
  if (twice !== undefined) return `two columns have the name "${twice}"; give each channel and target its own`;
  return description;
}

/** A description as the text of dataset.json. */
export function formatDescription(description: DatasetDescription): string {
  return `${JSON.stringify(description, undefined, 2)}\n`;
}

/**
 * The description stored in a dataset's folder, or undefined where there is none.
 * Throws TINYML_DATASET_CORRUPT when it can't be understood.
 */
export async function readDescription(folder: string): Promise<DatasetDescription | undefined> {
  const path = join(folder, descriptionFile);
  let json: string;
  try {
    json = await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw toStorageError(error, path);
  }
  let fault: string;
  try {
    const description = parseDescription(JSON.parse(json));
    if (typeof description !== "string") return description;
    fault = description;
  } catch (error) {
    fault = error instanceof Error ? error.message : String(error);
  }
  throw new TinymlError(
    "TINYML_DATASET_CORRUPT",
    `${path} can't be understood (${fault}). Correct it; or delete it, and the dataset's settings are written anew.`,
  );
}

function listChannels(list: DatasetDescription["channels"] | undefined): string {
  return (list ?? []).map((each) => (each.unit ? `${each.name} (${each.unit})` : each.name)).join(", ");
}

/**
 * How the rows recorded under `stored` differ from what `wanted` asks for, as a sentence part; undefined when they fit. Ranges, the rate
 * and labels that were not met yet may change: they say nothing of the recorded rows. `met` are the labels of those.
 */
export function findMismatch(
  stored: DatasetDescription,
  wanted: DatasetDescription,
  met: Iterable<string>,
): string | undefined {
  if (stored.kind !== wanted.kind) return `holds samples of kind ${stored.kind}, the settings say ${wanted.kind}`;
  if (stored.kind === "audio" && stored.rateHz !== wanted.rateHz) {
    return `has sounds with ${stored.rateHz} samples per second, the settings say ${wanted.rateHz}`;
  }
  if (stored.task !== wanted.task) return `was recorded for ${stored.task}, the settings say ${wanted.task}`;
  for (const [list, what] of [["channels", "the channels"] as const, ["targets", "the targets"] as const]) {
    const before = listChannels(stored[list]);
    const after = listChannels(wanted[list]);
    if (before !== after) return `has ${what} ${before}, the settings say ${after}`;
  }
  const allowed = fixedLabels(wanted);
  const missing = allowed && [...met].find((label) => !allowed.includes(label));
  if (missing !== undefined) return `has rows with the label "${missing}", which the settings do not list`;
  return undefined;
}

/**
 * How two descriptions under which the same rows can be recorded differ beyond that, as a sentence part; undefined where only the rate does.
 */
export function findDifference(one: DatasetDescription, other: DatasetDescription): string | undefined {
  const before = fixedLabels(one);
  const after = fixedLabels(other);
  if (JSON.stringify(before) !== JSON.stringify(after)) {
    const list = (labels: readonly string[] | undefined): string => labels?.join(", ") ?? "(any)";
    return `has the labels ${list(before)}, the settings say ${list(after)}`;
  }
  for (const [list, what] of [["channels", "channel"] as const, ["targets", "target"] as const]) {
    const range = (description: DatasetDescription, i: number): string =>
      description[list]?.[i]?.range?.join(" to ") ?? "(none)";
    for (const [i, { name }] of (one[list] ?? []).entries()) {
      if (range(one, i) !== range(other, i)) {
        return `the range of its ${what} ${name} is ${range(one, i)}, the settings say ${range(other, i)}`;
      }
    }
  }
  return undefined;
}

/** The description, once it makes sense. Throws TINYML_CONFIG_INVALID. */
export function assertDescription(description: DatasetDescription): DatasetDescription {
  const parsed = parseDescription(description);
  if (typeof parsed !== "string") return parsed;
  throw new TinymlError("TINYML_CONFIG_INVALID", `The dataset's settings are wrong: ${parsed}.`);
}
