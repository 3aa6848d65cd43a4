import { TinymlError } from "../errors";

/** Two codes that a converter gave, and what was true then: at 20 °C it gave 310, at 60 °C 702. */
export interface Calibration {
  codes: readonly [number, number];
  values: readonly [number, number];
}

/** A function from codes to true values, on the line through the two points. @throws TinymlError TINYML_CONFIG_INVALID where they are one point */
export function createCalibration({ codes, values }: Calibration): (code: number) => number {
  const [first, second] = codes;
  const [low, high] = values;
  const slope = (high - low) / (second - first);
  if (!Number.isFinite(slope) || slope === 0) {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      "The two points of the calibration must have different numbers of the converter and different true values. Open the node and correct them.",
    );
  }
  // From the nearer point, so that both points come out as they were entered.
  return (code) =>
    Math.abs(code - first) <= Math.abs(code - second) ? low + (code - first) * slope : high + (code - second) * slope;
}
