import { basename, resolve } from "node:path";
import { TinymlError } from "../../errors";
import { type DatasetDescription, readDescription } from "../description";
import { readSampleIndex } from "../open-samples";
import { pictureChannels } from "../picture";
import { createRandom } from "../random";
import { readDataset } from "../read-dataset";
import { readStoredSample, type StoredSample } from "../read-sample";
import { hasEnded, type SampleEntry, type SampleIndex } from "../sample-index";
import { outputWidth, selectRows, type Table } from "../table";
import { findPrincipalComponents } from "./principal-components";
import { computeSpectrogram } from "./spectrogram";

/** Samples as points of a plane in which those that are alike lie close together. */
export interface SampleMap {
  /** The samples that have a point, in the order of the points. */
  ids: Uint32Array;
  /** Two coordinates per sample. */
  points: Float32Array;
  /** Which share of all differences between the samples the plane shows, 0 … 1. */
  shown: number;
  /** All samples that the map was made of, those included that have no point: left out by chance, or unreadable. */
  samples: Uint32Array;
  /** Regression: the first target of each sample that has a point, for what is colored by it. */
  targets?: Float32Array;
  /** The samples that can't be read. */
  unreadable: Uint32Array;
}

/** Points of a map at most: what more there are is left out by chance, for nobody could tell them apart. */
const mostPoints = 20_000;

/** Numbers that a recording is described with at most, and the grids for sounds (moments × bands) and pictures. */
const mostNumbers = 512;
const soundGrid = { columns: 16, bands: 32 };
const pictureGrid = 20;

/** Files that are read at once: the disk works while others are taken apart. */
const readAtOnce = 16;

type Inputs = Table<Float32Array>;
type Described = Pick<Inputs, "inputs" | "shape" | "channels" | "rows"> & {
  entries: readonly SampleEntry[];
  targets?: Float32Array;
  unreadable: readonly SampleEntry[];
};

/**
 * The map of the samples of the dataset in `folder`: their first two principal components. What is compared are the numbers of a row; the readings
 * of a recording, cut or filled up (with its last reading) to the median length and, where they are many, averaged piece by piece; the spectrogram of a
 * sound, cut or filled up likewise; the pixels of a picture, averaged to 20 × 20. A recording that is under way is left out until it has ended.
 *
 * @throws TinymlError TINYML_DATASET_MISSING, TINYML_DATASET_CORRUPT, TINYML_STORAGE
 */
export async function mapSamples(folder: string): Promise<SampleMap> {
  const description = await readDescription(folder);
  if (description === undefined) {
    throw new TinymlError("TINYML_DATASET_MISSING", `There is no dataset "${basename(resolve(folder))}" (${folder}).`);
  }
  const index = await readSampleIndex(folder);
  const all = index.list().filter((entry) => hasEnded(description, entry));
  const described =
    description.kind === "table"
      ? await describeRows(folder, all)
      : await describeFiles(folder, description, index, choose(all));
  const { points, variances, total } = findPrincipalComponents(described);
  return {
    ids: Uint32Array.from(described.entries, ({ id }) => id),
    points,
    ...(described.targets && { targets: described.targets }),
    shown: total > 0 ? Math.min(1, (variances[0] + variances[1]) / total) : 0,
    samples: Uint32Array.from(all, ({ id }) => id),
    unreadable: Uint32Array.from(described.unreadable, ({ id }) => id),
  };
}

/** A sample that a map can show; undefined where its file is gone, damaged or empty. */
export async function readMappable(
  ...[folder, description, entry, index]: Parameters<typeof readStoredSample>
): Promise<StoredSample | undefined> {
  // One damaged file must not hide all others; the explorer says what is wrong with it when it is chosen.
  const sample = await readStoredSample(folder, description, entry, index).catch(() => undefined);
  return sample === undefined || sample.values.length === 0 ? undefined : sample;
}

/** All of some things, or as many of them as a map shows, by chance and in their order. */
function choose<T>(all: readonly T[]): readonly T[] {
  if (all.length <= mostPoints) return all;
  const places = Uint32Array.from(all, (_, place) => place);
  createRandom(1).shuffle(places);
  return Array.from(places.subarray(0, mostPoints).sort(), (place) => all[place]);
}

async function describeRows(folder: string, all: readonly SampleEntry[]): Promise<Described> {
  if (all.length === 0) return { inputs: new Float32Array(0), channels: [], rows: 0, entries: [], unreadable: [] };
  const table = await readDataset(folder);
  // Rows that somebody wrote into the file have no sample yet: opening the dataset makes one of each.
  const rows = choose(Array.from({ length: Math.min(table.rows, all.length) }, (_, row) => row));
  const { inputs, channels, outputs } = selectRows(table, rows);
  const width = outputWidth(table);
  return {
    inputs,
    channels,
    rows: rows.length,
    entries: rows.map((row) => all[row]),
    unreadable: [],
    ...(table.task === "regression" && { targets: outputs.filter((_, i) => i % width === 0) }),
  };
}

async function describeFiles(
  folder: string,
  description: DatasetDescription,
  index: SampleIndex,
  entries: readonly SampleEntry[],
): Promise<Described> {
  const describe = describer(description, entries);
  const readable: SampleEntry[] = [];
  const unreadable: SampleEntry[] = [];
  const descriptions: Float32Array[] = [];
  for (let start = 0; start < entries.length; start += readAtOnce) {
    const some = entries.slice(start, start + readAtOnce);
    const read = some.map((entry) => readMappable(folder, description, entry, index));
    for (const [i, sample] of (await Promise.all(read)).entries()) {
      (sample === undefined ? unreadable : readable).push(some[i]);
      if (sample !== undefined) descriptions.push(describe.numbers(sample));
    }
  }
  const width = describe.shape.reduce((product, size) => product * size, 1);
  const inputs = new Float32Array(readable.length * width);
  for (const [row, numbers] of descriptions.entries()) inputs.set(numbers, row * width);
  return {
    inputs,
    shape: describe.shape,
    channels: describe.channels,
    rows: readable.length,
    entries: readable,
    unreadable,
    ...(description.task === "regression" && {
      targets: Float32Array.from(readable, ({ targets }) => targets?.[0] ?? Number.NaN),
    }),
  };
}

interface Describer {
  shape: readonly number[];
  channels: Inputs["channels"];
  numbers(sample: StoredSample): Float32Array;
}

/** How samples are described, by what they are; their lengths are those that the entries tell. */
function describer(description: DatasetDescription, entries: readonly SampleEntry[]): Describer {
  const { kind, channels, rateHz = 1 } = description;
  const lengths = entries.map(({ readings = 0 }) => readings).sort((a, b) => a - b);
  const median = Math.max(1, lengths[lengths.length >> 1] ?? 1);
  if (kind === "image") {
    const shape = [pictureGrid, pictureGrid, channels.length];
    return {
      shape,
      channels: pictureChannels(channels.length),
      numbers: (sample) => averagePicture(sample, channels.length),
    };
  }
  if (kind === "audio") {
    const spectrogramOf = (values: Float32Array) => computeSpectrogram(fillUp(values, 1, median, 0), rateHz, soundGrid);
    const { columns, bands } = spectrogramOf(new Float32Array(1));
    return {
      shape: [columns * bands, 1],
      channels,
      numbers: ({ values }) => Float32Array.from(spectrogramOf(values).levels),
    };
  }
  const width = channels.length;
  const steps = Math.min(median, Math.max(1, Math.floor(mostNumbers / width)));
  return {
    shape: [steps, width],
    channels,
    numbers: ({ values }) => averageReadings(fillUp(values, width, median), width, steps),
  };
}

/** As many readings, cut off at the end or filled up with the last one, or with `filling`. */
function fillUp(values: Float32Array, width: number, readings: number, filling?: number): Float32Array {
  const wanted = readings * width;
  if (values.length >= wanted) return values.subarray(0, wanted);
  const filled = new Float32Array(wanted);
  filled.set(values);
  for (let i = values.length; i < wanted; i++) filled[i] = filling ?? filled[i - width];
  return filled;
}

/** Readings, averaged piece by piece to `steps` of them. */
function averageReadings(values: Float32Array, width: number, steps: number): Float32Array {
  const readings = values.length / width;
  if (steps === readings) return values;
  const averaged = new Float32Array(steps * width);
  for (let step = 0; step < steps; step++) {
    const start = Math.floor((step * readings) / steps);
    const end = Math.max(start + 1, Math.floor(((step + 1) * readings) / steps));
    for (let channel = 0; channel < width; channel++) {
      let sum = 0;
      for (let reading = start; reading < end; reading++) sum += values[reading * width + channel];
      averaged[step * width + channel] = sum / (end - start);
    }
  }
  return averaged;
}

/** A picture of any size, averaged to a grid; grey where colours are wanted is grey in all of them, and the other way round. */
function averagePicture({ values, shape: [height, width, found] }: StoredSample, channels: number): Float32Array {
  const grid = new Float32Array(pictureGrid * pictureGrid * channels);
  const piece = (size: number, place: number): [number, number] => {
    const start = Math.floor((place * size) / pictureGrid);
    return [start, Math.max(start + 1, Math.floor(((place + 1) * size) / pictureGrid))];
  };
  for (let row = 0; row < pictureGrid; row++) {
    const [top, bottom] = piece(height, row);
    for (let column = 0; column < pictureGrid; column++) {
      const [left, right] = piece(width, column);
      const at = (row * pictureGrid + column) * channels;
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          for (let channel = 0; channel < found; channel++) {
            const value = values[(y * width + x) * found + channel];
            if (found === channels) grid[at + channel] += value;
            else for (let other = 0; other < channels; other++) grid[at + other] += value / found;
          }
        }
      }
      const pixels = (bottom - top) * (right - left);
      for (let channel = 0; channel < channels; channel++) grid[at + channel] /= pixels;
    }
  }
  return grid;
}
