import { TinymlError } from "../errors";
import { formatCells } from "./csv";
import { decodeJpeg } from "./decode-jpeg";
import { decodePng } from "./decode-png";
import { decodeWav } from "./decode-wav";
import type { DatasetDescription } from "./description";
import { encodeWav } from "./encode-wav";
import type { SampleFileType } from "./events";
import type { Picture } from "./picture";
import { assertNumbers } from "./row";

/**
 * What a sample holds: the numbers of a recording or sound (row-major, readings × channels), or of a row of a table; or the file of a
 * sound or picture as it came.
 */
export type SampleContent =
  | { readonly values: Float32Array }
  | { readonly bytes: Uint8Array; readonly type: Exclude<SampleFileType, "csv"> };

/** A sample's file: its bytes, and how many readings they hold; pictures have none. */
export interface EncodedSample {
  type: SampleFileType;
  bytes: Uint8Array;
  readings?: number;
}

/** A picture's pixels. @throws TinymlError TINYML_DATASET_CORRUPT, TINYML_DATASET_TOO_LARGE, naming `file` */
export function decodePicture(bytes: Uint8Array, type: "jpg" | "png", file: string): Picture {
  return type === "png" ? decodePng(bytes, file) : decodeJpeg(bytes, file);
}

/**
 * What a sample holds as the file that a dataset of that description keeps it in. Files are decoded once, so that none is kept that can't be
 * read again.
 *
 * @throws TinymlError TINYML_CHANNEL_COUNT, TINYML_NOT_A_NUMBER, TINYML_SAMPLES_DIFFER for a sample of another kind or rate,
 *   TINYML_DATASET_CORRUPT for a damaged file
 */
export function encodeSample(description: DatasetDescription, content: SampleContent): EncodedSample {
  const { kind, channels, rateHz = 1 } = description;
  if ("values" in content) {
    const { values } = content;
    const readings = values.length / channels.length;
    if (values.length === 0 || !Number.isInteger(readings)) {
      throw new TinymlError(
        "TINYML_CHANNEL_COUNT",
        `A sample of this dataset has ${channels.length} numbers per reading (${listNames(description)}), but ${values.length} numbers came, which are no whole readings.`,
      );
    }
    if (kind === "timeseries")
      return { type: "csv", bytes: Buffer.from(formatRecording(description, values)), readings };
    if (kind === "audio") return { type: "wav", bytes: encodeWav(values, rateHz), readings };
    throw otherKind(description, "numbers");
  }
  const { bytes, type } = content;
  if (type === "wav") {
    if (kind !== "audio") throw otherKind(description, "a sound");
    const sound = decodeWav(bytes, "that came");
    if (sound.rateHz !== rateHz) {
      throw new TinymlError(
        "TINYML_SAMPLES_DIFFER",
        `The dataset has sounds with ${rateHz} samples per second, but one with ${sound.rateHz} came. Convert it.`,
      );
    }
    return { type, bytes, readings: sound.samples.length };
  }
  if (kind !== "image") throw otherKind(description, "a picture");
  decodePicture(bytes, type, "that came");
  return { type, bytes };
}

/** The header of a recording's file. */
export function formatHeader({ channels }: DatasetDescription): string {
  return formatCells(channels.map(({ name }) => name));
}

/** A reading as a line of its recording's file. @throws TinymlError TINYML_CHANNEL_COUNT, TINYML_NOT_A_NUMBER */
export function formatReading({ channels }: DatasetDescription, values: readonly number[]): string {
  return formatCells(assertNumbers(values, channels, "channels"));
}

function formatRecording(description: DatasetDescription, values: Float32Array): string {
  const width = description.channels.length;
  let text = formatHeader(description);
  for (let at = 0; at < values.length; at += width) {
    text += formatReading(description, Array.from(values.subarray(at, at + width), shortestDecimal));
  }
  return text;
}

/** Of the decimal numbers that are read as this float32 again, a short one: 0.1 and not 0.10000000149011612. */
export function shortestDecimal(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function listNames({ channels }: DatasetDescription): string {
  return channels.map(({ name }) => name).join(", ");
}

function otherKind({ kind }: DatasetDescription, found: string): TinymlError {
  const wanted = {
    table: "rows of numbers",
    timeseries: "recordings of numbers",
    audio: "sounds",
    image: "pictures (JPEG or PNG)",
  }[kind];
  return new TinymlError("TINYML_SAMPLES_DIFFER", `The dataset holds ${wanted}, but ${found} came.`);
}
