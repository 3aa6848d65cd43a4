import { TinymlError } from "../errors";
import type { AnalogReading } from "./analog-input";

/** The units in which a reading is passed on. */
export type ReadingScale = "fraction" | "volts" | "raw";

/**
 * A reading as one number: "fraction" of full scale, 0..1 (a code below zero gives 0); "volts" at the pin; "raw", the converter's code.
 * Throws TINYML_HARDWARE_FAILED for volts from a driver that does not know them.
 */
export function scaleReading(reading: AnalogReading, scale: ReadingScale): number {
  switch (scale) {
    case "fraction":
      return Math.min(1, Math.max(0, reading.code / reading.fullScale));
    case "raw":
      return reading.code;
    case "volts":
      if (reading.volts !== undefined) return reading.volts;
      throw new TinymlError(
        "TINYML_HARDWARE_FAILED",
        "The converter's driver does not say how many volts a step has. Choose 0..1 or raw as the unit.",
      );
  }
}

/** Two readings, and what was true when they came. */
export interface Calibration {
  readonly measured: readonly [low: number, high: number];
  readonly actual: readonly [low: number, high: number];
}

/**
 * A function that corrects readings by the straight line through two of which the truth is known.
 * Throws TINYML_CONFIG_INVALID where both readings are the same.
 */
export function createCalibration({ measured, actual }: Calibration): (value: number) => number {
  const slope = (actual[1] - actual[0]) / (measured[1] - measured[0]);
  if (!Number.isFinite(slope)) {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      "A calibration needs two different readings. Measure at two points that lie far apart.",
    );
  }
  return (value) => actual[0] + slope * (value - measured[0]);
}

/** A function that takes readings one by one and gives the mean of every `count` of them, undefined in between. */
export function createAverage(count: number): (value: number) => number | undefined {
  let sum = 0;
  let taken = 0;
  return (value) => {
    sum += value;
    taken += 1;
    if (taken < count) return undefined;
    const mean = sum / taken;
    sum = 0;
    taken = 0;
    return mean;
  };
}

/**
 * A function that tells whether a value differs by at least `width` from the last one it let pass; the first always passes, and with
 * width 0 all do.
 */
export function createDeadband(width: number): (value: number) => boolean {
  let last: number | undefined;
  return (value) => {
    if (last !== undefined && Math.abs(value - last) < width) return false;
    last = value;
    return true;
  };
}
