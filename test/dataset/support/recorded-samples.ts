import type { DatasetDescription, NewSample } from "../../../src/dataset/dataset";

/** What the process that fills a dataset of recordings puts into it. */
export const describeSamples: DatasetDescription = {
  version: 1,
  kind: "timeseries",
  task: "classification",
  channels: [
    { name: "number", unit: "" },
    { name: "x", unit: "V" },
  ],
};

/** A reading of a recording that is stored as it comes, by its number. */
export function recordedReading(number: number): number[] {
  return [number, number / 3];
}

/** Samples that are added together: one to five of them, by the group's number. */
export function groupOfSamples(group: number): NewSample[] {
  return Array.from({ length: 1 + (group % 5) }, (_, i) => ({
    values: Float32Array.from([group, i, group, i]),
    label: "added",
    group: String(group),
  }));
}
