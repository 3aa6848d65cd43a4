import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type MessagePort, parentPort, Worker, workerData } from "node:worker_threads";
import { type ErrorCode, TinymlError, toTinymlError } from "./errors";
import { packageFolder } from "./package-folder";
import { BrokenTeam, breakTeam, createTeam, type TeamMember } from "./thread-team";

/** What a worker thread posts. */
type ThreadMessage<Progress, Result> =
  | { type: "progress"; progress: Progress }
  | { type: "result"; result: Result }
  | { type: "error"; code: ErrorCode; message: string }
  /** It ends because another thread of its team failed. */
  | { type: "broken" };

export interface ThreadOptions<Progress> {
  /** How many threads work on the task together, as a team; 1 where absent. */
  threads?: number;
  onProgress?(progress: Progress): void;
  /** Called while the task waits for a free core: how many are ahead of it. */
  onWaiting?(ahead: number): void;
  /** Called when its turn has come. */
  onStart?(): void;
  /** Cancels the task, waiting or running; the promise rejects with TINYML_TRAINING_CANCELLED. */
  signal?: AbortSignal;
}

/** What a task may do while it runs in its thread. */
export interface ThreadHooks<Progress> {
  /** Tells the main thread how far the task is. */
  onProgress(progress: Progress): void;
  /** Whether the main thread has cancelled the task. */
  shouldStop(): boolean;
  /** Its place among the threads that work on the task. Progress and the result of the first (rank 0) count. */
  member: TeamMember;
}

/** How many threads of one kind work at once: one core stays free for Node-RED itself. */
export const threadsAtOnce = Math.max(1, availableParallelism() - 1);

/** Milliseconds in which a task that was told to stop must end by itself; after them its thread is ended. */
const patience = 3000;

interface Waiting {
  threads: number;
  start(): void;
  onWaiting: ((ahead: number) => void) | undefined;
}

/** Threads, and the tasks that they work on. */
let running = 0;
let runningTasks = 0;
const queue: Waiting[] = [];

/**
 * Runs a long computation in worker threads of its own, so that the caller's event loop stays free. As many threads run at
 * once as the machine has cores but one; others wait in the order in which they came. A task of more threads runs alone.
 *
 * @template Task its typed arrays on SharedArrayBuffers are shared with the threads
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
  const threads = options.threads ?? 1;
  await waitForTurn(threads, options.signal, options.onWaiting);
  try {
    options.onStart?.();
    return await runThreads(script, task, threads, options);
  } finally {
    running -= threads;
    runningTasks--;
    startNext();
  }
}

/** The whole program of a worker thread: runs the task it was started with, posts progress, then the result or the error. */
export function serveThread<Task, Progress, Result>(work: (task: Task, hooks: ThreadHooks<Progress>) => Result): void {
  const post = (message: ThreadMessage<Progress, Result>): void => parentPort?.postMessage(message);
  const { task, stopFlag, member }: { task: Task; stopFlag: SharedArrayBuffer; member: TeamMember } = workerData;
  const stop = new Int32Array(stopFlag);
  try {
    const result = work(task, {
      onProgress: (progress) => post({ type: "progress", progress }),
      shouldStop: () => Atomics.load(stop, 0) !== 0,
      member,
    });
    if (member.rank === 0) post({ type: "result", result });
  } catch (thrown) {
    if (thrown instanceof BrokenTeam) {
      post({ type: "broken" });
      return;
    }
    const { code, message } = toTinymlError(thrown);
    post({ type: "error", code, message });
    breakTeam(member.control);
  } finally {
    for (const port of member.ports) port.close();
  }
}

function waitForTurn(threads: number, signal: AbortSignal | undefined, onWaiting: Waiting["onWaiting"]): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = (): void => {
      const at = queue.indexOf(waiting);
      if (at >= 0) queue.splice(at, 1);
      tellPositions();
      reject(new TinymlError("TINYML_TRAINING_CANCELLED", "It was stopped while it waited for its turn."));
    };
    const waiting: Waiting = {
      threads,
      onWaiting,
      start() {
        signal?.removeEventListener("abort", cancel);
        running += threads;
        runningTasks++;
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
  while (queue.length > 0 && (running === 0 || running + queue[0].threads <= threadsAtOnce)) queue.shift()?.start();
  tellPositions();
}

function tellPositions(): void {
  queue.forEach((waiting, i) => {
    waiting.onWaiting?.(runningTasks + i);
  });
}

function runThreads<Task, Progress, Result>(
  script: string,
  task: Task,
  threads: number,
  { onProgress, signal }: ThreadOptions<Progress>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stopFlag = new SharedArrayBuffer(4);
    const team = createTeam(threads);
    let killer: NodeJS.Timeout | undefined;
    let settled = false;
    const settle = (finish: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(killer);
      signal?.removeEventListener("abort", stop);
      finish();
    };
    const workers = team.map((member) => {
      let broken = false;
      const worker = startThread(
        script,
        { task, stopFlag, member },
        (error) => {
          // One that ends because another one failed, or because there is no work for it, is not the reason.
          if (broken || settled || (member.rank > 0 && error.cause === ended)) return;
          breakTeam(member.control);
          settle(() => reject(error));
        },
        member.ports,
      );
      worker.on("message", (message: ThreadMessage<Progress, Result>) => {
        if (message.type === "progress") {
          if (!settled) onProgress?.(message.progress);
        } else if (message.type === "result") {
          settle(() => resolve(message.result));
        } else if (message.type === "broken") {
          broken = true;
        } else {
          settle(() => reject(new TinymlError(message.code, message.message)));
        }
      });
      return worker;
    });
    const stop = (): void => {
      Atomics.store(new Int32Array(stopFlag), 0, 1);
      killer = setTimeout(() => {
        settle(() => reject(new TinymlError("TINYML_TRAINING_CANCELLED", "It was stopped while it ran.")));
        for (const worker of workers) void worker.terminate();
      }, patience);
    };
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
  });
}

/** Why a thread is no more that has come to its end. */
const ended = "its thread ended";

/**
 * Starts a script of dist/ in a thread of its own.
 * @param onEnd told, once, when the thread is no more: TINYML_WORKER_FAILED with the reason
 * @param transferList ports of workerData, which are moved to the thread
 */
export function startThread(
  script: string,
  workerData: unknown,
  onEnd: (error: TinymlError) => void,
  transferList: readonly MessagePort[] = [],
): Worker {
  const worker = new Worker(join(packageFolder(), "dist", script), {
    workerData,
    transferList: [...transferList],
  });
  let told = false;
  const end = (cause: unknown): void => {
    if (told) return;
    told = true;
    onEnd(new TinymlError("TINYML_WORKER_FAILED", describeFailure(cause), { cause }));
  };
  worker.on("error", end);
  worker.on("exit", (code) => end(code === 0 ? ended : `${ended} with code ${code}`));
  return worker;
}

function describeFailure(cause: unknown): string {
  const why = cause instanceof Error ? cause.message : String(cause);
  return `The computation ended unexpectedly: ${why}. If the machine ran out of memory, use a smaller model or batch.`;
}
