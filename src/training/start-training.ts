import type { Table } from "../dataset/table";
import type { Model } from "../model/model";
import { runInThread, type ThreadOptions } from "../worker-thread";
import type { TrainingProgress, TrainingTask } from "./train-recipe";

/**
 * Trains in worker threads, in its turn; see `runInThread`. The weights don't depend on the number of threads. The table's
 * numbers are copied once, into memory that all threads see, unless they lie there or in a file already.
 * @throws TinymlError (as a rejection) what `trainRecipe` and `runInThread` throw
 */
export function startTraining(task: TrainingTask, options: ThreadOptions<TrainingProgress> = {}): Promise<Model> {
  const { inputs, outputs } = task.table;
  const table: Table = { ...task.table, inputs: "file" in inputs ? inputs : shared(inputs), outputs: shared(outputs) };
  return runInThread("training-worker.js", { ...task, table }, options);
}

/** The same numbers where all threads see them. */
function shared<Numbers extends Float32Array | Uint8Array>(numbers: Numbers): Numbers;
function shared(numbers: Float32Array | Uint8Array): Float32Array | Uint8Array {
  if (numbers.buffer instanceof SharedArrayBuffer) return numbers;
  const memory = new SharedArrayBuffer(numbers.byteLength);
  const copy = numbers instanceof Float32Array ? new Float32Array(memory) : new Uint8Array(memory);
  copy.set(numbers);
  return copy;
}
