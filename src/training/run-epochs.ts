import type { Random } from "../dataset/random";
import type { SplitRows } from "../dataset/split-rows";
import type { Table } from "../dataset/table";
import { TinymlError } from "../errors";
import type { TrainingReport } from "../model/metadata";
import type { Team } from "../thread-team";
import { type EpochResult, readCheckpoint, removeCheckpoint, writeCheckpoint } from "./checkpoint";
import { diverged, findWrongRow } from "./divergence";
import type { Recipe } from "./recipe";
import { learningRateAt } from "./schedules";
import { tableDigest } from "./table-digest";
import type { CheckpointTask, TrainingHooks } from "./train-recipe";
import type { EpochPlace, Trainer } from "./trainer";

/** A training that is about to begin, or to go on. */
export interface TrainingRun {
  trainer: Trainer;
  team: Team;
  recipe: Recipe;
  table: Table;
  rows: SplitRows;
  /** As the network's first weights have left it. */
  random: Random;
  hooks: TrainingHooks;
  checkpoint?: CheckpointTask;
}

/** What the first thread asks of all before a batch. */
const stopping = 1;
const saving = 2;

/** Milliseconds between two checkpoints. */
const usualInterval = 5000;

const start: EpochPlace = { rows: 0, loss: 0, right: 0 };
const none: EpochResult = { epoch: 0, validationLoss: Number.POSITIVE_INFINITY, validationMetric: 0, loss: 0 };

/**
 * Trains epoch by epoch until they are all done or early stopping ends it; the trainer has the best epoch's weights then, in
 * the first thread.
 * @throws TinymlError TINYML_TRAINING_DIVERGED, TINYML_TRAINING_CANCELLED, TINYML_NO_CHECKPOINT, TINYML_CHECKPOINT_MISMATCH, TINYML_STORAGE
 */
export function runEpochs({
  trainer,
  team,
  recipe,
  table,
  rows,
  random,
  hooks,
  checkpoint,
}: TrainingRun): TrainingReport {
  const { epochs, earlyStopping } = recipe.training;
  const first = team.rank === 0;
  const order = Uint32Array.from(rows.training);
  const losses: number[] = [];
  const validationLosses: number[] = [];
  let best = none;
  let lastProgress = none;
  let bestWeights = trainer.copyWeights();
  let epoch = 1;
  let place = start;
  let secondsBefore = 0;
  const began = performance.now();
  const secondsSoFar = (): number => secondsBefore + (performance.now() - began) / 1000;
  const digest = checkpoint !== undefined && first ? tableDigest(table) : "";

  if (checkpoint?.resume) {
    const saved = readCheckpoint(checkpoint.file);
    // The first thread's next checkpoint must not be what another one reads.
    team.barrier();
    if (first) checkSame(saved, { recipe, digest });
    trainer.restoreState(saved.state);
    random.restore(saved.random);
    order.set(saved.order);
    losses.push(...saved.losses);
    validationLosses.push(...saved.validationLosses);
    best = saved.best ?? none;
    lastProgress = saved.lastProgress ?? none;
    bestWeights = saved.bestWeights;
    ({ epoch, place } = saved);
    secondsBefore = saved.seconds;
  } else {
    // That of another training; a place where none can be shows here, not when all is trained.
    if (checkpoint !== undefined && first) removeCheckpoint(checkpoint.file);
    trainer.wakeDeadUnits(table, rows.training);
    bestWeights = trainer.copyWeights();
  }

  let due = performance.now() + (checkpoint?.interval ?? usualInterval);
  const ask = (): number => {
    if (hooks.shouldStop?.()) return stopping;
    return checkpoint !== undefined && performance.now() >= due ? saving : 0;
  };
  const save = ({ file, interval = usualInterval }: CheckpointTask): void => {
    const state = trainer.saveState();
    if (first) {
      const results = best === none ? {} : { best, ...(lastProgress !== none && { lastProgress }) };
      const where = { epoch, place, random: random.save(), losses, validationLosses, seconds: secondsSoFar() };
      writeCheckpoint(file, { recipe, digest, ...where, ...results, order, bestWeights, state });
    }
    // Nobody ends, and ends the others, before it is written.
    team.barrier();
    due = performance.now() + interval;
  };
  const onBatch = (asked: number, now: EpochPlace): boolean => {
    if (asked === 0) return false;
    place = now;
    if (checkpoint !== undefined) save(checkpoint);
    if (asked === stopping) {
      throw new TinymlError("TINYML_TRAINING_CANCELLED", `Training was stopped in epoch ${epoch} of ${epochs}.`);
    }
    return false;
  };

  for (; epoch <= epochs; epoch++) {
    if (place === start) random.shuffle(order);
    const learningRate = learningRateAt(recipe.training, epoch, validationLosses);
    const loss = trainer.trainEpoch(table, order, { learningRate, epoch, from: place, ask, onBatch });
    place = start;
    if (!Number.isFinite(loss)) throw diverged(epoch, recipe, findWrongRow(table, rows.training) ?? trainer.culprit());
    const score = trainer.score(table, rows.validation);
    if (!Number.isFinite(score.loss)) throw diverged(epoch, recipe, findWrongRow(table, rows.validation));
    losses.push(loss);
    validationLosses.push(score.loss);
    const now = { epoch, loss, validationLoss: score.loss, validationMetric: score.metric };
    const accuracy = trainer.epochAccuracy();
    hooks.onProgress?.({ ...now, ...(accuracy !== undefined && { accuracy }), epochs, seconds: secondsSoFar() });
    // The best epoch is kept without early stopping, too: a constant learning rate leaves the loss wobbling to the end.
    if (score.loss < best.validationLoss) {
      best = now;
      if (first) bestWeights = trainer.copyWeights();
    }
    if (earlyStopping !== false) {
      if (score.loss < lastProgress.validationLoss - earlyStopping.minDelta) lastProgress = now;
      else if (epoch - lastProgress.epoch >= earlyStopping.patience) break;
    }
  }
  trainer.setWeights(bestWeights);
  if (checkpoint !== undefined && first) removeCheckpoint(checkpoint.file);
  return {
    metric: recipe.task === "classification" ? "accuracy" : "mse",
    epochs: losses.length,
    bestEpoch: best.epoch,
    seconds: secondsSoFar(),
    trainingSamples: rows.training.length,
    validationSamples: rows.validation.length,
    loss: best.loss,
    validationLoss: best.validationLoss,
    validationMetric: best.validationMetric,
    curve: thinCurve(losses, validationLosses),
  };
}

/** What is resumed must be what was cut off: with other data or another recipe the result would be neither's. */
function checkSame(saved: { recipe: Recipe; digest: string }, now: { recipe: Recipe; digest: string }): void {
  const refuse = (what: string): never => {
    throw new TinymlError(
      "TINYML_CHECKPOINT_MISMATCH",
      `The interrupted training can't be resumed: ${what} since. Start it anew, or bring that back.`,
    );
  };
  if (saved.digest !== now.digest) refuse("its data has changed");
  if (JSON.stringify(saved.recipe) !== JSON.stringify(now.recipe)) refuse("its recipe has changed");
}

/** At most 100 of the epochs, evenly spread from the first to the last, with four digits: enough for a chart, and small. */
function thinCurve(losses: readonly number[], validationLosses: readonly number[]): TrainingReport["curve"] {
  const points = Math.min(100, losses.length);
  const epoch = Array.from(
    { length: points },
    (_, i) => 1 + Math.round((i * (losses.length - 1)) / Math.max(1, points - 1)),
  );
  const at = (values: readonly number[]): number[] => epoch.map((e) => Number(values[e - 1].toPrecision(4)));
  return { epoch, loss: at(losses), validationLoss: at(validationLosses) };
}
