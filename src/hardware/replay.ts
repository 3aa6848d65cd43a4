import { TinymlError } from "../errors";
import type { Signal, SignalReading } from "./signal";

/** Recorded readings, to be sent again. */
export interface Recorded {
  channels: readonly string[];
  /** Row-major, readings × channels. */
  values: ArrayLike<number>;
  /** The recordings in them, in their order. */
  parts: readonly { readings: number; label?: string }[];
}

/** Recorded readings as a signal. */
export interface Replay extends Omit<Signal, "at"> {
  /** The readings of all recordings and of the pauses behind them. */
  readonly length: number;
  /** The reading with this number, from 0; undefined in a pause. After the end it begins anew. */
  at(number: number): SignalReading | undefined;
}

/**
 * Recorded readings as a signal, one recording after the other. Behind each is a pause, as long as so many readings would take: by
 * it whoever cuts windows knows that a recording has ended. Throws TINYML_DATASET_EMPTY where there are no readings.
 */
export function createReplay({ channels, values, parts }: Recorded, pause: number): Replay {
  const width = channels.length;
  const spans: { from: number; row: number; readings: number; label: string | undefined }[] = [];
  let length = 0;
  let row = 0;
  for (const { readings, label } of parts) {
    spans.push({ from: length, row, readings, label });
    row += readings;
    length += readings + pause;
  }
  if (row === 0) {
    throw new TinymlError(
      "TINYML_DATASET_EMPTY",
      "There are no readings to replay. Record some first, or choose another file.",
    );
  }
  let current = 0;
  return {
    channels,
    length,
    at(number) {
      const within = number % length;
      // They are read one after the other, and from the start again after the end.
      if (within < (spans[current]?.from ?? 0)) current = 0;
      while ((spans[current + 1]?.from ?? length) <= within) current += 1;
      const span = spans[current];
      const reading = span === undefined ? 0 : within - span.from;
      if (span === undefined || reading >= span.readings) return undefined;
      const first = (span.row + reading) * width;
      const { label } = span;
      const read = Array.from({ length: width }, (_, i) => values[first + i] ?? 0);
      return label === undefined ? { values: read } : { values: read, label };
    },
  };
}
