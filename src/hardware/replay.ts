import { TinymlError } from "../errors";
import type { Signal } from "./signal";

/** Recorded readings, to be sent again. */
export interface Recorded {
  channels: readonly string[];
  /** Row-major, readings × channels. */
  values: ArrayLike<number>;
  /** The recordings in them, in their order. */
  parts: readonly { readings: number; label?: string }[];
}

/** A signal that ends. */
export interface ReplayedSignal extends Signal {
  /** Its readings. */
  readonly length: number;
  /** Where a new recording begins: their first readings. */
  isStart(number: number): boolean;
}

/** Recorded readings as a signal, a recording after the other. Throws TINYML_DATASET_EMPTY where there are none. */
export function createReplay({ channels, values, parts }: Recorded): ReplayedSignal {
  const width = channels.length;
  const starts: number[] = [];
  let length = 0;
  for (const part of parts) {
    starts.push(length);
    length += part.readings;
  }
  if (length === 0)
    throw new TinymlError(
      "TINYML_DATASET_EMPTY",
      "There are no readings to replay. Record some first, or choose another file.",
    );
  const firsts = new Set(starts);
  let current = 0;
  return {
    channels,
    length,
    isStart: (number) => firsts.has(number % length),
    at(number) {
      const reading = number % length;
      // They are read one after the other, from the start again after the end.
      if (reading < starts[current]) current = 0;
      while (current + 1 < starts.length && starts[current + 1] <= reading) current += 1;
      const label = parts[current]?.label;
      const row = Array.from({ length: width }, (_, i) => values[reading * width + i]);
      return { values: row, ...(label !== undefined && { label }) };
    },
  };
}
