/** A dataset of recordings of an accelerometer with two axes. */
export const motionDataset = {
  id: "dataset",
  type: "tinyml-dataset",
  name: "motion",
  kind: "timeseries",
  task: "classification",
  channels: [
    { name: "x", unit: "g", low: "", high: "" },
    { name: "y", unit: "g", low: "", high: "" },
  ],
  labels: "",
  rateHz: "100",
};

/** A dataset of sounds. */
export const soundsDataset = { ...motionDataset, name: "sounds", kind: "audio", rateHz: "8000" };

/** A dataset of grey pictures. */
export const picturesDataset = { ...motionDataset, name: "pictures", kind: "image", colours: "grey" };

/** A table of labelled readings of two channels. */
export const labelledDataset = { ...motionDataset, name: "positions", kind: "table" };

/** A window message of `readings` readings of two channels that count up from `start`. */
export function windowMessage(readings: number, start = 0, rateHz = 100): object {
  return {
    payload: Float32Array.from({ length: 2 * readings }, (_, i) => start + i),
    window: { shape: [readings, 2], rateHz, channels: ["x", "y"] },
  };
}
