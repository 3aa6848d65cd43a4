import { parentPort, workerData } from "node:worker_threads";
import { toTinymlError } from "../errors";
import type { WorkerMessage } from "./start-training";
import { type TrainingTask, trainRecipe } from "./train-recipe";

/*
 * The worker thread's whole program: trains the task it was started with, posts progress, then the model or the error.
 * Progress is posted at most 20 times a second: a small network has thousands of epochs a second, and every message
 * costs the main thread time.
 */

const pauseBetweenPosts = 50;

function post(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

const { task, stopFlag }: { task: TrainingTask; stopFlag: SharedArrayBuffer } = workerData;
const stop = new Int32Array(stopFlag);
let lastPost = Number.NEGATIVE_INFINITY;

try {
  const model = trainRecipe(task, {
    onProgress(progress) {
      const now = performance.now();
      if (now - lastPost < pauseBetweenPosts && progress.epoch < progress.epochs) return;
      lastPost = now;
      post({ type: "progress", progress });
    },
    shouldStop: () => Atomics.load(stop, 0) !== 0,
  });
  post({ type: "model", model });
} catch (thrown) {
  const { code, message } = toTinymlError(thrown);
  post({ type: "error", code, message });
}
