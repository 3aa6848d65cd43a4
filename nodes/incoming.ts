import type { DatasetDescription } from "../src/dataset/description";
import { encodePng } from "../src/dataset/encode-png";
import type { SampleProperties } from "../src/dataset/events";
import type { SampleContent } from "../src/dataset/sample-content";
import { describe, isList } from "../src/describe";
import { TinymlError } from "../src/errors";
import { commandOf, readingOf } from "./readings";
import { windowOf } from "./windows";

/** What a message brings to a dataset: one of many readings, or whole samples. */
export type Incoming = { readonly reading: readonly number[] } | { readonly samples: readonly SampleContent[] };

const splits = ["training", "validation", "test"] as const;

/** The most numbers of a sample in one message: writing it holds up everything else that runs in Node-RED. */
const mostNumbers = 4e6;

/**
 * What `msg.payload` brings to a dataset of that description: a number or a list of numbers is a reading, or a whole sound where the dataset
 * has these; with `msg.window`, or as a list of lists, it is a window of readings; a Buffer is a WAV, JPEG or PNG file, and with `msg.image` a
 * picture's pixels. A window's readings are rows of a table.
 *
 * @throws TinymlError TINYML_NOT_A_NUMBER, TINYML_CHANNEL_COUNT, TINYML_SAMPLES_DIFFER, TINYML_DATASET_TOO_LARGE
 */
export function incomingOf(description: DatasetDescription, message: object): Incoming {
  const { payload, window, image }: { payload?: unknown; window?: unknown; image?: unknown } = message;
  const { kind, channels } = description;
  if (kind === "image") return { samples: [pictureOf(payload, image)] };
  if (kind === "audio" && payload instanceof Uint8Array) return { samples: [soundFile(payload)] };
  if (isList(payload)) assertSize(payload.length);
  const readings = windowOf({ payload, window });
  if (readings === undefined) {
    if (kind !== "audio") return { reading: readingOf(payload) };
    if (isList(payload)) return { samples: [{ values: soundOf(payload) }] };
    throw new TinymlError(
      "TINYML_SAMPLES_DIFFER",
      `The dataset holds whole sounds: msg.payload must be a list of numbers from -1 to 1 or a WAV file, but it is ${describe(payload)}.`,
    );
  }
  assertSize(readings.values.length);
  assertRate(description, readings.rateHz);
  // Features, or a window of a single reading, may come as a window for a table.
  const isRow = kind === "table" && readings.values.length === channels.length;
  if (readings.channels !== channels.length && !isRow) {
    const names = channels.map(({ name }) => name).join(", ");
    throw new TinymlError(
      "TINYML_CHANNEL_COUNT",
      `A reading of this dataset has ${channels.length} numbers (${names}), but one of the window has ${readings.channels}.`,
    );
  }
  if (kind !== "table") return { samples: [{ values: readings.values }] };
  const rows = Array.from({ length: readings.values.length / channels.length }, (_, row) => ({
    values: readings.values.subarray(row * channels.length, (row + 1) * channels.length),
  }));
  return { samples: rows };
}

/** What else a message says of its sample: `msg.topic`, `msg.group`, `msg.split` and `msg.time`. TINYML_UNKNOWN_COMMAND for another split. */
export function sampleProperties(message: object): SampleProperties {
  const { topic, group, split, time }: Record<"topic" | "group" | "split" | "time", unknown> = {
    topic: undefined,
    group: undefined,
    split: undefined,
    time: undefined,
    ...message,
  };
  return {
    ...(typeof topic === "string" && topic !== "" && { source: topic }),
    ...(typeof group === "string" && group !== "" && { group }),
    ...(typeof split === "string" && split !== "" && { split: commandOf(split, "split", splits) }),
    ...(typeof time === "number" && Number.isFinite(time) && { time }),
  };
}

function soundOf(list: ArrayLike<unknown>): Float32Array {
  if (list instanceof Float32Array) return list;
  return Float32Array.from(Array.from(list), (value, index) => {
    if (typeof value === "number") return value;
    throw new TinymlError(
      "TINYML_NOT_A_NUMBER",
      `msg.payload must hold numbers, but number ${index + 1} in it is ${describe(value)}.`,
    );
  });
}

function assertSize(numbers: number): void {
  if (numbers <= mostNumbers) return;
  throw new TinymlError(
    "TINYML_DATASET_TOO_LARGE",
    `The sample has ${numbers} numbers, more than 4 million. Send it in shorter pieces.`,
  );
}

/** Windows may be measured a little faster or slower than they were meant to be, but not be of another kind of source. */
function assertRate({ kind, rateHz }: DatasetDescription, found: number | undefined): void {
  if (rateHz === undefined || found === undefined || kind === "table") return;
  const tolerance = kind === "audio" ? 0 : 0.1;
  if (Math.abs(found / rateHz - 1) <= tolerance) return;
  throw new TinymlError(
    "TINYML_SAMPLES_DIFFER",
    `The dataset has ${rateHz} readings per second, the window has ${found}. Change the rate in the dataset's settings, or that of the source.`,
  );
}

function soundFile(bytes: Uint8Array): SampleContent {
  if (startsWith(bytes, "RIFF")) return { bytes, type: "wav" };
  throw new TinymlError(
    "TINYML_SAMPLES_DIFFER",
    "The dataset holds sounds, and msg.payload is a buffer that is no WAV file.",
  );
}

function pictureOf(payload: unknown, image: unknown): SampleContent {
  if (payload instanceof Uint8Array) {
    if (typeof image === "object" && image !== null) return { bytes: encodePixels(payload, image), type: "png" };
    if (startsWith(payload, "\x89PNG")) return { bytes: payload, type: "png" };
    if (startsWith(payload, "\xff\xd8\xff")) return { bytes: payload, type: "jpg" };
  }
  throw new TinymlError(
    "TINYML_SAMPLES_DIFFER",
    `The dataset holds pictures: msg.payload must be a buffer with a JPEG or PNG file, but it is ${describe(payload)}.`,
  );
}

function encodePixels(pixels: Uint8Array, image: object): Uint8Array {
  const { width, height, channels }: { width?: unknown; height?: unknown; channels?: unknown } = image;
  const sizes = [width, height].every((size) => typeof size === "number" && Number.isInteger(size) && size > 0);
  const known = channels === 1 || channels === 3;
  if (!sizes || !known || Number(width) * Number(height) * channels !== pixels.length) {
    throw new TinymlError(
      "TINYML_SAMPLES_DIFFER",
      `msg.image must have width, height and channels (1 or 3), and msg.payload so many bytes; it has ${pixels.length}.`,
    );
  }
  return encodePng({ width: Number(width), height: Number(height), channels, pixels });
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return Buffer.from(bytes.subarray(0, text.length)).toString("latin1") === text;
}
