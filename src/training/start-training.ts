import { availableParallelism } from "node:os";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { type ErrorCode, TinymlError } from "../errors";
import type { Model } from "../model/model";
import { packageFolder } from "../package-folder";
import type { TrainingProgress, TrainingTask } from "./train-recipe";

/** What the worker thread posts. */
export type WorkerMessage =
  | { type: "progress"; progress: TrainingProgress }
  | { type: "model"; model: Model }
  | { type: "error"; code: ErrorCode; message: string };

export interface StartTrainingOptions {
  onProgress?(progress: TrainingProgress): void;
  /** Called while the training waits for a free core: how many are ahead of it. */
  onWaiting?(ahead: number): void;
  /** Cancels the training, waiting or running; the promise rejects with TINYML_TRAINING_CANCELLED. */
  signal?: AbortSignal;
}

/** How many trainings run at once: one core stays free for Node-RED itself. */
const maximumRunning = Math.max(1, availableParallelism() - 1);

interface Waiting {
  start(): void;
  options: StartTrainingOptions;
}

let running = 0;
const queue: Waiting[] = [];

/**
 * Trains in a worker thread, so that the caller's event loop stays free. As many trainings run at once as the machine
 * has cores but one; others wait in the order in which they came.
 *
 * @throws TinymlError (as a rejection) what `trainRecipe` throws, and TINYML_WORKER_FAILED when the thread died
 */
export async function startTraining(task: TrainingTask, options: StartTrainingOptions = {}): Promise<Model> {
  await waitForTurn(options);
  try {
    return await runWorker(task, options);
  } finally {
    running--;
    startNext();
  }
}

function waitForTurn(options: StartTrainingOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const { signal } = options;
    const cancel = (): void => {
      const at = queue.indexOf(waiting);
      if (at >= 0) queue.splice(at, 1);
      tellPositions();
      reject(new TinymlError("TINYML_TRAINING_CANCELLED", "Training was stopped while it waited for its turn."));
    };
    const waiting: Waiting = {
      options,
      start() {
        signal?.removeEventListener("abort", cancel);
        running++;
        resolve();
      },
    };
    if (signal?.aborted) {
      cancel();
      return;
    }
    signal?.addEventListener("abort", cancel);
    queue.push(waiting);
    startNext();
  });
}

function startNext(): void {
  if (running < maximumRunning) queue.shift()?.start();
  tellPositions();
}

function tellPositions(): void {
  queue.forEach((waiting, i) => {
    waiting.options.onWaiting?.(running + i);
  });
}

function runWorker(task: TrainingTask, { onProgress, signal }: StartTrainingOptions): Promise<Model> {
  return new Promise((resolve, reject) => {
    const stopFlag = new SharedArrayBuffer(4);
    const worker = new Worker(path.join(packageFolder(), "dist", "training-worker.js"), {
      workerData: { task, stopFlag },
    });
    const stop = (): void => {
      Atomics.store(new Int32Array(stopFlag), 0, 1);
    };
    let settled = false;
    const settle = (finish: () => void): void => {
      if (settled) return;
      settled = true;
      signal?.removeEventListener("abort", stop);
      finish();
    };
    const fail = (cause: unknown): void =>
      settle(() => reject(new TinymlError("TINYML_WORKER_FAILED", workerFailure(cause), { cause })));

    worker.on("message", (message: WorkerMessage) => {
      if (message.type === "progress") {
        if (!settled) onProgress?.(message.progress);
      } else if (message.type === "model") {
        settle(() => resolve(message.model));
      } else {
        settle(() => reject(new TinymlError(message.code, message.message)));
      }
    });
    worker.on("error", fail);
    worker.on("exit", (code) => fail(`its thread ended with code ${code}`));
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
  });
}

function workerFailure(cause: unknown): string {
  const why = cause instanceof Error ? cause.message : String(cause);
  return `Training ended unexpectedly: ${why}. If the machine ran out of memory, use a smaller network or batch.`;
}
