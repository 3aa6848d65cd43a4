import { TinymlError } from "../errors";

/** A sound: one number per moment, in −1..1. */
export interface Sound {
  samples: Float32Array;
  rateHz: number;
}

type ReadSample = (view: DataView, at: number) => number;

/** Readers of a sample by format (1: integers, 3: floats) and bits. Integers of 8 bits have no sign. */
const readers: Readonly<Record<string, ReadSample>> = {
  "1/8": (view, at) => (view.getUint8(at) - 128) / 128,
  "1/16": (view, at) => view.getInt16(at, true) / 2 ** 15,
  "1/24": (view, at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23,
  "1/32": (view, at) => view.getInt32(at, true) / 2 ** 31,
  "3/32": (view, at) => view.getFloat32(at, true),
  "3/64": (view, at) => view.getFloat64(at, true),
};

/** WAVE_FORMAT_EXTENSIBLE: the format stands further behind. */
const extensible = 0xfffe;

/** What writers put for the length of sounds whose end they don't know yet. */
const unknownLength = 0xffffffff;

/**
 * The sound in a WAV file (RIFF): integers of 8, 16, 24 or 32 bits or floats of 32 or 64. Several channels are mixed: their mean.
 * @throws TinymlError TINYML_DATASET_CORRUPT, TINYML_NOT_A_NUMBER, naming `file`
 */
export function decodeWav(bytes: Uint8Array, file: string): Sound {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = (at: number): string =>
    at + 4 <= bytes.length ? Buffer.from(bytes.subarray(at, at + 4)).toString("latin1") : "";
  if (text(0) !== "RIFF" || text(8) !== "WAVE") throw damaged(file, "it does not begin with RIFF and WAVE");
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    const start = at + 8;
    const rest = bytes.length - start;
    if (text(at) === "fmt ") {
      if (length < 16 || length > rest) throw damaged(file, "its format is cut short");
      format = readFormat(view, start, length, file);
    } else if (text(at) === "data") {
      if (format === undefined) throw damaged(file, "its sound comes before its format");
      if (length !== unknownLength && length > rest)
        throw damaged(file, `it ends ${length - rest} bytes before its sound does`);
      return readSound(view, start, Math.min(length, rest), format, file);
    }
    // Chunks begin at even places.
    at = start + length + (length % 2);
  }
  throw damaged(file, "it has no sound");
}

interface Format {
  channels: number;
  rateHz: number;
  bytes: number;
  read: ReadSample;
}

function readFormat(view: DataView, at: number, length: number, file: string): Format {
  const tag = view.getUint16(at, true);
  const code = tag === extensible && length >= 26 ? view.getUint16(at + 24, true) : tag;
  const channels = view.getUint16(at + 2, true);
  const rateHz = view.getUint32(at + 4, true);
  const bits = view.getUint16(at + 14, true);
  const read = readers[`${code}/${bits}`];
  if (read === undefined) {
    throw damaged(file, `its format (${code} with ${bits} bits) is not known here. Convert it to 16-bit PCM`);
  }
  if (channels === 0 || rateHz === 0) throw damaged(file, "its format has no channels or no sampling rate");
  return { channels, rateHz, bytes: bits / 8, read };
}

function readSound(view: DataView, start: number, length: number, format: Format, file: string): Sound {
  const { channels, rateHz, bytes, read } = format;
  const samples = new Float32Array(Math.floor(length / (channels * bytes)));
  let at = start;
  for (let i = 0; i < samples.length; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++, at += bytes) sum += read(view, at);
    samples[i] = sum / channels;
    if (Number.isFinite(samples[i])) continue;
    throw new TinymlError("TINYML_NOT_A_NUMBER", `Sample ${i + 1} of ${file} is no number. Record it again.`);
  }
  return { samples, rateHz };
}

function damaged(file: string, what: string): TinymlError {
  return new TinymlError("TINYML_DATASET_CORRUPT", `The WAV file ${file} can't be read: ${what}.`);
}
