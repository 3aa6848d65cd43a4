import { readFileSync, rmSync } from "node:fs";
import { basename } from "node:path";
import type { RandomState } from "../dataset/random";
import { TinymlError } from "../errors";
import { isMissing, toStorageError, writeFileAtomicSync } from "../storage";
import type { Recipe } from "./recipe";
import type { EpochPlace, TrainerState } from "./trainer";

/** The best epoch so far, or that of the last progress, as early stopping counts it. */
export interface EpochResult {
  epoch: number;
  loss: number;
  validationLoss: number;
  validationMetric: number;
}

/** All that a training needs to go on as if it had never been cut off. */
export interface Checkpoint {
  recipe: Recipe;
  /** Of the data, from `tableDigest`. */
  digest: string;
  /** The epoch that it is in, 1-based, and how far. */
  epoch: number;
  place: EpochPlace;
  random: RandomState;
  /** Of the epochs so far. */
  losses: readonly number[];
  validationLosses: readonly number[];
  best?: EpochResult;
  lastProgress?: EpochResult;
  seconds: number;
  /** The rows' order in this epoch. */
  order: Uint32Array;
  bestWeights: Float32Array;
  state: TrainerState;
}

const signature = "TINYMLCHECKPNT1\n";

/** Writes a checkpoint in one step. @throws TinymlError TINYML_STORAGE, TINYML_DISK_FULL */
export function writeCheckpoint(file: string, checkpoint: Checkpoint): void {
  const { order, bestWeights, state, ...plain } = checkpoint;
  const arrays = [order, bestWeights, state.weights, state.optimizer];
  const header = JSON.stringify({ ...plain, steps: state.steps, lengths: arrays.map(({ length }) => length) });
  // The header's length in front of it; filled up so that the numbers behind it begin at a multiple of four.
  const text = Buffer.from(header);
  const padded = Buffer.alloc(Math.ceil(text.length / 4) * 4, " ");
  text.copy(padded);
  writeFileAtomicSync(file, [
    Buffer.from(signature),
    Uint8Array.of(...[0, 8, 16, 24].map((shift) => (padded.length >>> shift) & 255)),
    padded,
    ...arrays.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
  ]);
}

/** @throws TinymlError TINYML_NO_CHECKPOINT when there is none, or none that can be read */
export function readCheckpoint(file: string): Checkpoint {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    if (!isMissing(error)) throw toStorageError(error, file);
    throw new TinymlError(
      "TINYML_NO_CHECKPOINT",
      "There is no interrupted training to resume. One is kept from some seconds after its start on; start it anew.",
    );
  }
  try {
    return parseCheckpoint(bytes);
  } catch (error) {
    throw new TinymlError(
      "TINYML_NO_CHECKPOINT",
      `The interrupted training can't be resumed: ${file} is damaged, or of another version. Start it anew.`,
      { cause: error },
    );
  }
}

/** Removes a checkpoint, where there is one. @throws TinymlError TINYML_STORAGE, as for a folder of its name */
export function removeCheckpoint(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch (error) {
    throw toStorageError(error, basename(file));
  }
}

function parseCheckpoint(bytes: Buffer): Checkpoint {
  const start = signature.length + 4;
  if (bytes.toString("latin1", 0, signature.length) !== signature) throw new Error("it has another beginning");
  const headerLength = bytes.readUInt32LE(signature.length);
  // Only this package writes it, all at once; what is cut off or foreign fails at its lengths.
  const { steps, lengths, ...plain } = JSON.parse(bytes.toString("utf8", start, start + headerLength));
  let at = start + headerLength;
  const expected = at + 4 * lengths.reduce((sum: number, length: number) => sum + length, 0);
  if (bytes.length !== expected) throw new Error(`it has ${bytes.length} bytes, not ${expected}`);
  const next = (length: number): ArrayBuffer => {
    const copy = new ArrayBuffer(4 * length);
    new Uint8Array(copy).set(bytes.subarray(at, at + 4 * length));
    at += 4 * length;
    return copy;
  };
  const order = new Uint32Array(next(lengths[0]));
  const bestWeights = new Float32Array(next(lengths[1]));
  const weights = new Float32Array(next(lengths[2]));
  const optimizer = new Float32Array(next(lengths[3]));
  return { ...plain, order, bestWeights, state: { weights, optimizer, steps } };
}
