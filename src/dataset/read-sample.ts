import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { TinymlError } from "../errors";
import { isMissing, toStorageError } from "../storage";
import { decodeWav } from "./decode-wav";
import type { DatasetDescription } from "./description";
import { readRowAt, rowsFile } from "./open-table";
import { readRecordings } from "./recordings";
import { decodePicture } from "./sample-content";
import type { SampleEntry, SampleIndex } from "./sample-index";

/** A sample as it is stored. */
export interface StoredSample {
  readonly entry: SampleEntry;
  /** Its numbers, row-major in the shape; a picture's are its bytes, 0 … 255. */
  readonly values: Float32Array;
  /** [channels] of a row, [readings, channels] of a recording or sound, [height, width, channels] of a picture. */
  readonly shape: readonly number[];
  /** The file of a sound or picture, as it was added. */
  readonly file?: { readonly bytes: Uint8Array; readonly type: "wav" | "jpg" | "png" };
}

/**
 * Reads a sample of the dataset in `folder`.
 * @param index all samples, which tells the place of a table's row
 * @throws TinymlError TINYML_DATASET_CORRUPT naming its file when that is gone or damaged, TINYML_STORAGE
 */
export async function readStoredSample(
  folder: string,
  description: DatasetDescription,
  entry: SampleEntry,
  index: SampleIndex,
): Promise<StoredSample> {
  const path = entry.file === undefined ? join(folder, rowsFile) : join(folder, entry.file);
  try {
    if (entry.file === undefined) {
      const place = index.list({ deleted: true }).findIndex(({ id }) => id === entry.id);
      const { values, targets } = await readRowAt(folder, description, place);
      const known = entry.targets === undefined && targets !== undefined ? { ...entry, targets } : entry;
      return { entry: known, values: Float32Array.from(values), shape: [values.length] };
    }
    if (entry.file.endsWith(".csv")) {
      const columns = description.channels.map(({ name }) => name);
      const { values } = await readRecordings(path, columns);
      return { entry, values, shape: [values.length / columns.length, columns.length] };
    }
    const bytes = await readFile(path);
    if (entry.file.endsWith(".wav")) {
      const { samples } = decodeWav(bytes, path);
      return { entry, values: samples, shape: [samples.length, 1], file: { bytes, type: "wav" } };
    }
    const type = entry.file.endsWith(".png") ? "png" : "jpg";
    const { width, height, channels, pixels } = decodePicture(bytes, type, path);
    return { entry, values: Float32Array.from(pixels), shape: [height, width, channels], file: { bytes, type } };
  } catch (error) {
    if (!isMissing(error)) throw toStorageError(error, path);
    throw missingFile(basename(folder), entry, path);
  }
}

/** The error about a sample whose file is gone. */
export function missingFile(dataset: string, { id }: SampleEntry, path: string): TinymlError {
  return new TinymlError(
    "TINYML_DATASET_CORRUPT",
    `The file of sample ${id} of the dataset ${dataset} is gone: ${path}. Restore it, or delete the sample.`,
  );
}
