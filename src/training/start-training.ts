import type { Model } from "../model/model";
import { runInThread, type ThreadOptions } from "../worker-thread";
import type { TrainingProgress, TrainingTask } from "./train-recipe";

/**
 * Trains in a worker thread, in its turn; see `runInThread`.
 * @throws TinymlError (as a rejection) what `trainRecipe` and `runInThread` throw
 */
export function startTraining(task: TrainingTask, options: ThreadOptions<TrainingProgress> = {}): Promise<Model> {
  return runInThread("training-worker.js", task, options);
}
