import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parentPort, Worker, workerData } from "node:worker_threads";
import { type ErrorCode, TinymlError, toTinymlError } from "./errors";
import { packageFolder } from "./package-folder";

/** What a worker thread posts. */
type ThreadMessage<Progress, Result> =
  | { type: "progress"; progress: Progress }
  | { type: "result"; result: Result }
  | { type: "error"; code: ErrorCode; message: string };

export interface ThreadOptions<Progress> {
  onProgress?(progress: Progress): void;
  /** Called while the task waits for a free core: how many are ahead of it. */
  onWaiting?(ahead: number): void;
  /** Cancels the task, waiting or running; the promise rejects with TINYML_TRAINING_CANCELLED. */
  signal?: AbortSignal;
}

/** What a task may do while it runs in its thread. */
export interface ThreadHooks<Progress> {
  /** Tells the main thread how far the task is. */
  onProgress(progress: Progress): void;
  /** Whether the main thread has cancelled the task. */
  shouldStop(): boolean;
}

/** How many threads of one kind work at once: one core stays free for Node-RED itself. */
export const threadsAtOnce = Math.max(1, availableParallelism() - 1);

/** Milliseconds in which a task that was told to stop must end by itself; after them its thread is ended. */
const patience = 1000;

interface Waiting {
  start(): void;
  onWaiting: ((ahead: number) => void) | undefined;
}

let running = 0;
const queue: Waiting[] = [];

/**
 * Runs a long computation in a worker thread of its own, so that the caller's event loop stays free. As many run at once
 * as the machine has cores but one; others wait in the order in which they came.
 *
 * @param script the file in dist/ that calls `serveThread`
 * @param task plain data that is copied to the thread
 * @throws TinymlError (as a rejection) what the task throws, TINYML_TRAINING_CANCELLED, and TINYML_WORKER_FAILED when
 *   the thread died
 */
export async function runInThread<Task, Progress, Result>(
  script: string,
  task: Task,
  options: ThreadOptions<Progress> = {},
): Promise<Result> {
  await waitForTurn(options.signal, options.onWaiting);
  try {
    return await runThread(script, task, options);
  } finally {
    running--;
    startNext();
  }
}

/** The whole program of a worker thread: runs the task it was started with, posts progress, then the result or the error. */
export function serveThread<Task, Progress, Result>(work: (task: Task, hooks: ThreadHooks<Progress>) => Result): void {
  const post = (message: ThreadMessage<Progress, Result>): void => parentPort?.postMessage(message);
  const { task, stopFlag }: { task: Task; stopFlag: SharedArrayBuffer } = workerData;
  const stop = new Int32Array(stopFlag);
  try {
    const result = work(task, {
      onProgress: (progress) => post({ type: "progress", progress }),
      shouldStop: () => Atomics.load(stop, 0) !== 0,
    });
    post({ type: "result", result });
  } catch (thrown) {
    const { code, message } = toTinymlError(thrown);
    post({ type: "error", code, message });
  }
}

function waitForTurn(signal: AbortSignal | undefined, onWaiting: Waiting["onWaiting"]): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = (): void => {
      const at = queue.indexOf(waiting);
      if (at >= 0) queue.splice(at, 1);
      tellPositions();
      reject(new TinymlError("TINYML_TRAINING_CANCELLED", "It was stopped while it waited for its turn."));
    };
    const waiting: Waiting = {
      onWaiting,
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
  if (running < threadsAtOnce) queue.shift()?.start();
  tellPositions();
}

function tellPositions(): void {
  queue.forEach((waiting, i) => {
    waiting.onWaiting?.(running + i);
  });
}

function runThread<Task, Progress, Result>(
  script: string,
  task: Task,
  { onProgress, signal }: ThreadOptions<Progress>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stopFlag = new SharedArrayBuffer(4);
    const worker = startThread(script, { task, stopFlag }, (error) => settle(() => reject(error)));
    let killer: NodeJS.Timeout | undefined;
    const stop = (): void => {
      Atomics.store(new Int32Array(stopFlag), 0, 1);
      killer = setTimeout(() => {
        settle(() => reject(new TinymlError("TINYML_TRAINING_CANCELLED", "It was stopped while it ran.")));
        void worker.terminate();
      }, patience);
    };
    let settled = false;
    const settle = (finish: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(killer);
      signal?.removeEventListener("abort", stop);
      finish();
    };

    worker.on("message", (message: ThreadMessage<Progress, Result>) => {
      if (message.type === "progress") {
        if (!settled) onProgress?.(message.progress);
      } else if (message.type === "result") {
        settle(() => resolve(message.result));
      } else {
        settle(() => reject(new TinymlError(message.code, message.message)));
      }
    });
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
  });
}

/**
 * Starts a script of dist/ in a thread of its own.
 * @param onEnd told, once, when the thread is no more: TINYML_WORKER_FAILED with the reason
 */
export function startThread(script: string, workerData: unknown, onEnd: (error: TinymlError) => void): Worker {
  const worker = new Worker(join(packageFolder(), "dist", script), { workerData });
  let ended = false;
  const end = (cause: unknown): void => {
    if (ended) return;
    ended = true;
    onEnd(new TinymlError("TINYML_WORKER_FAILED", describeFailure(cause), { cause }));
  };
  worker.on("error", end);
  worker.on("exit", (code) => end(`its thread ended with code ${code}`));
  return worker;
}

function describeFailure(cause: unknown): string {
  const why = cause instanceof Error ? cause.message : String(cause);
  return `The computation ended unexpectedly: ${why}. If the machine ran out of memory, use a smaller model or batch.`;
}
