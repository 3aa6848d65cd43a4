import { readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TinymlError, toTinymlError } from "../src/errors";
import type { TrainingReport } from "../src/model/metadata";
import { writeFileAtomic } from "../src/storage";
import type { Recipe } from "../src/training/recipe";
import { addPoint, type Curve, emptyCurve } from "./curve";
import { modelFile } from "./models";

/** A training run of this runtime: what the sidebar lists and the dialog draws. */
export interface Run {
  id: string;
  /** The training node's id. */
  node: string;
  /** In a subflow: the id of the node in its template, which is the one that the editor knows. */
  alias?: string;
  model: string;
  dataset: string;
  /** Readings of the dataset, those of the validation share included; a run of an older version has none. */
  readings?: number;
  state: "running" | "finished" | "stopped" | "failed";
  /** Milliseconds since 1970. */
  started: number;
  seconds: number;
  epoch: number;
  epochs: number;
  /** While it waits for a free core: how many trainings are ahead of it. */
  ahead?: number;
  /** While it runs: of the last epoch. When it is finished: of the epoch that was kept, which is what the stored model has. */
  loss?: number;
  validationLoss?: number;
  /** Classification: the share of the validation rows that is right, in the same epoch. */
  accuracy?: number;
  /** What it was trained by; a run of an older version has none. */
  recipe?: Recipe;
  /** Finished: the epoch whose weights were kept. */
  bestEpoch?: number;
  curve: Curve;
  error?: { code: string; message: string };
}

/** What a run begins with. */
export interface RunStart {
  node: string;
  alias?: string;
  model: string;
  dataset: string;
  readings: number;
  epochs: number;
  recipe: Recipe;
}

/** What a training tells after an epoch. */
export interface RunProgress {
  epoch: number;
  epochs: number;
  loss: number;
  /** Classification: the share of the training rows that was right. */
  accuracy?: number;
  validationLoss: number;
  /** Classification: the accuracy on the validation rows. */
  validationMetric: number;
  seconds: number;
}

/** A run that is under way. */
export interface OpenRun {
  readonly run: Run;
  /** Where what is needed to resume it is kept. */
  readonly checkpoint: string;
  /** Tells how many trainings are ahead of it; undefined when its turn has come. */
  waiting(ahead: number | undefined): void;
  /** Counts an epoch in. */
  progress(progress: RunProgress): void;
  /** Stops the training; the run ends when the training has. */
  stop(): void;
  /** Closes the run with what its model reached, and stores it. */
  finish(report: TrainingReport): Promise<void>;
  /** Closes the run with what it failed with, and stores it. */
  fail(thrown: unknown): Promise<void>;
}

/** Milliseconds between two publications of a run. */
const interval = 200;
/** Runs that are kept. */
const kept = 50;

const openRuns = new Map<string, OpenRun>();
const storedRuns = new Map<string, Promise<Run[]>>();
/** The files of the models that are being trained. */
const busy = new Set<string>();
let counter = 0;

/**
 * Keeps a model's name to one training at a time, whichever node it is in: of two, the one that ends last would win.
 * The function it returns gives the name free. TINYML_TRAINING_BUSY, TINYML_NAME_INVALID.
 */
export function claimModel(storage: string, model: string): () => void {
  const file = modelFile(storage, model);
  if (busy.has(file)) {
    throw new TinymlError(
      "TINYML_TRAINING_BUSY",
      `"${model}" is being trained already, by this node or another one. Wait for it, stop it with msg.train = "stop" or in the sidebar, or give this node another model name.`,
    );
  }
  busy.add(file);
  return () => busy.delete(file);
}

/**
 * Begins a run under `<storage>/runs/<id>/`. `publish` is called with the run at once, at most five times a second while it
 * goes on, and when it has ended. Who stops the run aborts the controller.
 * @param interrupted the run that is resumed, if one is
 */
export async function beginRun(
  storage: string,
  start: RunStart,
  controller: AbortController,
  publish: (run: Run) => void,
  interrupted?: Run,
): Promise<OpenRun> {
  const earlier = await readRuns(storage);
  const run = interrupted ?? newRun(start);
  run.state = "running";
  delete run.error;
  let due = 0;
  let timer: NodeJS.Timeout | undefined;
  const tell = () => {
    clearTimeout(timer);
    timer = undefined;
    due = Date.now() + interval;
    publish(run);
  };
  const close = (): Promise<void> => {
    delete run.ahead;
    openRuns.delete(run.id);
    tell();
    return storeRun(storage, run);
  };
  const open: OpenRun = {
    run,
    checkpoint: checkpointFile(storage, run.id),
    waiting(ahead) {
      if (run.ahead === ahead) return;
      if (ahead === undefined) delete run.ahead;
      else run.ahead = ahead;
      tell();
    },
    progress({ epoch, epochs, loss, accuracy, validationLoss, validationMetric, seconds }) {
      const reached = { epoch, loss, validationLoss, ...accuracyOf(run, validationMetric) };
      Object.assign(run, { ...reached, epochs, seconds });
      addPoint(run.curve, accuracy === undefined ? reached : { ...reached, trainingAccuracy: accuracy });
      if (timer === undefined) timer = setTimeout(tell, Math.max(0, due - Date.now()));
    },
    stop: () => controller.abort(),
    finish({ loss, validationLoss, validationMetric, bestEpoch, epochs: epoch, seconds, curve }) {
      // The report has every loss in full; what was published while it ran are samples of them.
      const whole = {
        ...run.curve,
        epoch: [...curve.epoch],
        loss: [...curve.loss],
        validationLoss: [...curve.validationLoss],
      };
      const accuracy = accuracyOf(run, validationMetric);
      const state = "finished";
      Object.assign(run, { state, loss, validationLoss, ...accuracy, bestEpoch, epoch, seconds, curve: whole });
      return close();
    },
    fail(thrown) {
      const { code, message } = toTinymlError(thrown);
      run.state = code === "TINYML_TRAINING_CANCELLED" ? "stopped" : "failed";
      run.error = { code, message };
      return close();
    },
  };
  openRuns.set(run.id, open);
  if (interrupted === undefined) earlier.unshift(run);
  await forgetOldRuns(storage, earlier);
  await storeRun(storage, run);
  tell();
  return open;
}

/** The runs of this runtime, newest first, those under way included. */
export async function listRuns(storage: string): Promise<readonly Run[]> {
  return readRuns(storage);
}

/** The newest run of a training node; undefined when it has none. */
export async function lastRunOf(storage: string, node: string): Promise<Run | undefined> {
  return (await readRuns(storage)).find((run) => run.node === node);
}

/**
 * The newest run of a training node, where it was interrupted and can be resumed.
 * @throws TinymlError TINYML_NO_CHECKPOINT
 */
export async function interruptedRunOf(storage: string, node: string): Promise<Run> {
  const run = await lastRunOf(storage, node);
  const isKept =
    run !== undefined && (await stat(checkpointFile(storage, run.id)).catch(() => undefined)) !== undefined;
  if (isKept && run.state !== "running") return run;
  throw new TinymlError(
    "TINYML_NO_CHECKPOINT",
    "This node has no interrupted training to resume. One is kept from some seconds after its start on; start it anew.",
  );
}

/** The metric of a classification is its accuracy; that of a regression is its loss once more. */
function accuracyOf({ recipe }: Run, metric: number): { accuracy?: number } {
  return recipe?.task === "classification" ? { accuracy: metric } : {};
}

function newRun(start: RunStart): Run {
  const started = Date.now();
  counter += 1;
  return {
    ...start,
    id: `${started.toString(36)}-${counter.toString(36)}`,
    state: "running",
    started,
    seconds: 0,
    epoch: 0,
    curve: emptyCurve(),
  };
}

/** Stops a run. False when no such run is under way. */
export function stopRun(id: string): boolean {
  const open = openRuns.get(id);
  open?.stop();
  return open !== undefined;
}

function runFile(storage: string, id: string): string {
  return join(storage, "runs", id, "run.json");
}

function checkpointFile(storage: string, id: string): string {
  return join(storage, "runs", id, "checkpoint");
}

/** Stores a run. It is kept for the display only: a disk that is full is told by the model that can't be stored. */
async function storeRun(storage: string, run: Run): Promise<void> {
  await writeFileAtomic(runFile(storage, run.id), JSON.stringify(run)).catch(() => undefined);
}

function readRuns(storage: string): Promise<Run[]> {
  let runs = storedRuns.get(storage);
  if (runs === undefined) {
    runs = readStoredRuns(storage);
    storedRuns.set(storage, runs);
  }
  return runs;
}

async function readStoredRuns(storage: string): Promise<Run[]> {
  const ids = await readdir(join(storage, "runs")).catch(() => []);
  const runs: Run[] = [];
  for (const id of ids) {
    try {
      const run: unknown = JSON.parse(await readFile(runFile(storage, id), "utf8"));
      if (!isRun(run) || run.id !== id) continue;
      // The process that trained it is gone: it was killed before it could store the end.
      if (run.state === "running") {
        run.state = "failed";
        const error = new TinymlError(
          "TINYML_WORKER_FAILED",
          'Node-RED stopped while this model was trained. Resume it with msg.train = "resume", or train it again.',
        );
        run.error = { code: error.code, message: error.message };
      }
      runs.push(run);
    } catch {
      // A run that can't be read is only missing from the list; nothing depends on it.
    }
  }
  return runs.sort((a, b) => b.started - a.started);
}

/** Whether a file's content is a run as `storeRun` writes it; anything else comes from another version or a human hand. */
function isRun(value: unknown): value is Run {
  if (typeof value !== "object" || value === null) return false;
  const run: Partial<Record<keyof Run, unknown>> = value;
  const curve: unknown = run.curve;
  return (
    [run.id, run.node, run.model, run.dataset, run.state].every((text) => typeof text === "string") &&
    [run.started, run.seconds, run.epoch, run.epochs].every((number) => typeof number === "number") &&
    typeof curve === "object" &&
    curve !== null &&
    ["epoch", "loss", "validationLoss"].every((key) =>
      Array.isArray(Object.entries(curve).find(([name]) => name === key)?.[1]),
    )
  );
}

async function forgetOldRuns(storage: string, runs: Run[]): Promise<void> {
  for (const run of runs.splice(kept)) {
    await rm(dirname(runFile(storage, run.id)), { recursive: true, force: true });
  }
}
