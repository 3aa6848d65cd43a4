import { closeSync, openSync, readSync } from "node:fs";
import { TinymlError } from "../errors";
import { toStorageError } from "../storage";

/**
 * The numbers of many samples, one sample after another: in memory or, where they would fill it, in a file of which a
 * sample is read when it is needed. Plain data, so it can be posted to a worker thread.
 */
export type Samples = SamplesInMemory | SampleFile;

/** The numbers of samples in memory: bytes where they are a picture's. */
export type SamplesInMemory = Float32Array | Uint8Array;

/** Numbers in a file, little-endian, one sample after another from `offset` on. */
export interface SampleFile {
  file: string;
  type: "float32" | "uint8";
  /** Where the first sample begins, in bytes. */
  offset: number;
}

/** Reads samples by their number. */
export interface SampleReader {
  /**
   * Copies a sample's numbers to `to`, from the place `at` on.
   * @throws TinymlError TINYML_STORAGE, TINYML_DATASET_CORRUPT when the file has become shorter
   */
  copy(sample: number, to: Float32Array, at: number): void;
  /** Closes the file, where there is one. */
  close(): void;
}

/**
 * Opens samples for reading.
 * @param width numbers per sample
 * @throws TinymlError TINYML_STORAGE
 */
export function openSamples(samples: Samples, width: number): SampleReader {
  if ("file" in samples) return openSampleFile(samples, width);
  return {
    copy(sample, to, at) {
      const from = sample * width;
      // By hand where a sample is so short that a call would cost more than the copy.
      if (width > 16) to.set(samples.subarray(from, from + width), at);
      else for (let i = 0; i < width; i++) to[at + i] = samples[from + i];
    },
    close: () => undefined,
  };
}

/** The numbers of the samples at `indices`, in that order, in memory. @throws what reading throws */
export function copySamples(samples: Samples, width: number, indices: ArrayLike<number>): Float32Array {
  const copy = new Float32Array(indices.length * width);
  const reader = openSamples(samples, width);
  try {
    for (let i = 0; i < indices.length; i++) reader.copy(indices[i], copy, i * width);
  } finally {
    reader.close();
  }
  return copy;
}

function openSampleFile({ file, type, offset }: SampleFile, width: number): SampleReader {
  const stored = type === "uint8" ? new Uint8Array(width) : new Float32Array(width);
  const bytes = new Uint8Array(stored.buffer);
  const attempt = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      throw toStorageError(error, file);
    }
  };
  const descriptor = attempt(() => openSync(file, "r"));
  return {
    copy(sample, to, at) {
      const start = offset + sample * bytes.length;
      const found = attempt(() => readSync(descriptor, bytes, 0, bytes.length, start));
      if (found < bytes.length) {
        throw new TinymlError(
          "TINYML_DATASET_CORRUPT",
          `The file ${file} ends within sample ${sample + 1}. Copy or download it again.`,
        );
      }
      to.set(stored, at);
    },
    close: () => closeSync(descriptor),
  };
}
