import { TinymlError } from "../errors";
import { mostInMemory, tooLarge } from "./numbers";

/** Readings in the order in which they were measured, row-major readings × channels. */
export interface Stretch {
  readonly values: Float32Array;
  readonly channels: number;
}

/** Windows of one length, one after another, and which stretch each is of. */
export interface Windows {
  readonly values: Float32Array;
  readonly from: Uint32Array;
  /** How many stretches are shorter than a window, and in none. */
  readonly leftOut: number;
}

/**
 * Cuts windows out of stretches of readings.
 * @param readings a window's length
 * @param stride readings from the beginning of a window to that of the next in the same stretch; at least 1
 * @throws TinymlError TINYML_SAMPLES_DIFFER when no stretch has as many readings; `name` is the dataset's
 */
export function cutWindows(stretches: readonly Stretch[], readings: number, stride: number, name: string): Windows {
  const starts: { at: number; stretch: number }[] = [];
  let leftOut = 0;
  let longest = 0;
  for (const [stretch, { values, channels }] of stretches.entries()) {
    const length = values.length / channels;
    longest = Math.max(longest, length);
    if (length < readings) leftOut += 1;
    for (let at = 0; at + readings <= length; at += stride) starts.push({ at, stretch });
  }
  if (starts.length === 0) {
    throw new TinymlError(
      "TINYML_SAMPLES_DIFFER",
      `No recording of the dataset "${name}" has the ${readings} readings of a window; the longest has ${longest}. Record longer, or make the window shorter.`,
    );
  }
  const bytes = 4 * starts.length * readings * stretches[starts[0].stretch].channels;
  if (bytes > mostInMemory)
    throw tooLarge(`the windows of "${name}"`, "Let them begin farther apart, or make them shorter.");
  const width = readings * stretches[starts[0].stretch].channels;
  const values = new Float32Array(starts.length * width);
  starts.forEach(({ at, stretch }, i) => {
    const { values: all, channels } = stretches[stretch];
    values.set(all.subarray(at * channels, at * channels + width), i * width);
  });
  return { values, from: Uint32Array.from(starts, ({ stretch }) => stretch), leftOut };
}
