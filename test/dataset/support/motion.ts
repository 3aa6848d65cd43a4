import type { DatasetDescription } from "../../../src/dataset/dataset";

/** Twenty channels, as a body full of sensors has them. */
export const describeMotion: DatasetDescription = {
  version: 1,
  kind: "timeseries",
  task: "classification",
  channels: Array.from({ length: 20 }, (_, i) => ({ name: `c${i}`, unit: "" })),
  rateHz: 1000,
};

/** How many readings a recording gets that is not interrupted. */
export const readingsPerRecording = 200;

/** The reading of that number in a sample: every one is another. */
export function motionReading(sample: number, number: number): number[] {
  return Array.from({ length: 20 }, (_, channel) => sample * 1000 + number + channel / 32);
}
