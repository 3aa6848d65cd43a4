import { inputWidth } from "../dataset/table";
import { summarizeModel } from "../model/summarize";
import { runInThread, type ThreadOptions } from "../worker-thread";
import { type EvaluationReport, type EvaluationTask, evaluateRows } from "./evaluate-rows";

/** Multiplications that take a few milliseconds, and how many a prediction costs beside its own. */
const quickMacs = 5e6;
const macsPerPrediction = 10_000;

/**
 * Evaluates in a worker thread, in its turn (see `runInThread`); at once and here what takes only a few milliseconds.
 * @throws TinymlError (as a rejection) what `evaluateRows` and `runInThread` throw
 */
export async function startEvaluating(
  task: EvaluationTask,
  options: ThreadOptions<never> = {},
): Promise<EvaluationReport> {
  const { model, table } = task;
  const cost = table.rows * (summarizeModel(model, 0).macs + macsPerPrediction + inputWidth(table));
  return cost < quickMacs ? evaluateRows(task) : runInThread("evaluating-worker.js", task, options);
}
