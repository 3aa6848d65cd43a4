import type { Table } from "../dataset/table";
import type { Model } from "../model/model";
import { runInThread, type ThreadOptions } from "../worker-thread";

/** What to quantize, and the rows that set the ranges. Plain data, so that it can be posted to a worker thread. */
export interface QuantizingTask {
  model: Model;
  table: Table;
}

/**
 * Quantizes to int8 in a worker thread, in its turn; see `runInThread`.
 * @throws TinymlError (as a rejection) what `quantizeInt8` and `runInThread` throw
 */
export function startQuantizing(task: QuantizingTask, options: ThreadOptions<never> = {}): Promise<Model> {
  return runInThread("quantizing-worker.js", task, options);
}
