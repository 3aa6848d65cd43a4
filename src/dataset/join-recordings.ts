import type { Dataset } from "./dataset";
import { mostInMemory, tooLarge } from "./numbers";

/** The recordings of a dataset, one after the other. */
export interface JoinedRecordings {
  channels: readonly string[];
  /** Row-major, all readings × channels. */
  values: Float32Array;
  /** How many readings each recording has, and its label. */
  parts: readonly { readings: number; label?: string }[];
  /** Readings per second, where the dataset says it. */
  rateHz?: number;
}

/**
 * All recordings or sounds of a dataset, in the order in which they were made; undefined for a dataset of another kind. Those that are still being recorded are left out.
 *
 * @throws TinymlError TINYML_DATASET_TOO_LARGE, and what reading a sample throws
 */
export async function joinRecordings(dataset: Dataset): Promise<JoinedRecordings | undefined> {
  const { kind, channels, rateHz } = dataset.description;
  if (kind !== "timeseries" && kind !== "audio") return undefined;
  const entries = (await dataset.samples()).filter(({ readings }) => readings !== undefined && readings > 0);
  const total = entries.reduce((sum, { readings = 0 }) => sum + readings, 0);
  if (4 * total * channels.length > mostInMemory) throw tooLarge(dataset.folder, "Replay a smaller dataset.");
  const values = new Float32Array(total * channels.length);
  const parts: { readings: number; label?: string }[] = [];
  let at = 0;
  for (const { id, label } of entries) {
    const { values: sample } = await dataset.readSample(id);
    values.set(sample, at);
    at += sample.length;
    const readings = sample.length / channels.length;
    parts.push(label === undefined ? { readings } : { readings, label });
  }
  return {
    channels: channels.map(({ name }) => name),
    values: values.subarray(0, at),
    parts,
    ...(rateHz !== undefined && { rateHz }),
  };
}
