import { createRandom } from "../dataset/random";
import { splitRows } from "../dataset/split-rows";
import { inputsInMemory, outputWidth, sampleShape, selectRows, type Table } from "../dataset/table";
import { TinymlError } from "../errors";
import { applyFeatures } from "../features/features";
import type { Metadata, TrainingReport } from "../model/metadata";
import type { Model } from "../model/model";
import { compileRecipe } from "./compile-recipe";
import { fitFeatures } from "./fit-features";
import { foldTraining } from "./fold-training";
import type { Recipe } from "./recipe";
import { invalidRecipe } from "./recipe-error";
import { learningRateAt } from "./schedules";
import { createTrainer, type Trainer } from "./trainer";

/** What to train. Plain data, so that it can be posted to a worker thread. */
export interface TrainingTask {
  recipe: Recipe;
  table: Table;
  /** The name the model gets. */
  name: string;
}

/** Where a training stands, after each epoch. */
export interface TrainingProgress {
  /** The epoch that has just ended, 1-based, and how many there are at most. */
  epoch: number;
  epochs: number;
  loss: number;
  validationLoss: number;
  validationMetric: number;
  seconds: number;
}

export interface TrainingHooks {
  onProgress?(progress: TrainingProgress): void;
  /** Asked after each epoch: true stops the training with TINYML_TRAINING_CANCELLED. */
  shouldStop?(): boolean;
}

/**
 * Trains a recipe on a table, in this thread, and gives the model with its metadata (report, features, recipe). The
 * same recipe, table and seed give the same weights on every machine.
 *
 * @throws TinymlError TINYML_DATASET_EMPTY, TINYML_DATASET_MISMATCH, TINYML_ONE_CLASS, TINYML_RECIPE_INVALID,
 *   TINYML_TRAINING_DIVERGED, TINYML_TRAINING_CANCELLED, TINYML_OUT_OF_MEMORY
 */
export function trainRecipe({ recipe, table, name }: TrainingTask, hooks: TrainingHooks = {}): Model {
  checkTable(recipe, table);
  const settings = recipe.training;
  const rowsOf = splitRows(table, { validation: settings.validation, seed: settings.splitSeed });
  const split = { training: selectRows(table, rowsOf.training), validation: selectRows(table, rowsOf.validation) };
  if (split.training.rows === 0 || split.validation.rows === 0) {
    const rows = `${table.rows} ${table.rows === 1 ? "row is" : "rows are"}`;
    throw new TinymlError(
      "TINYML_DATASET_EMPTY",
      `${rows} too few to train and to validate with a share of ${settings.validation}; record more, or change the share.`,
    );
  }
  const channels = table.channels.length;
  const features = fitFeatures(recipe.features, table, rowsOf.training);
  const prepare = (rows: Table): Table => ({
    ...rows,
    inputs: applyFeatures(features, inputsInMemory(rows), channels),
  });
  const random = createRandom(settings.seed);
  const outputs = table.task === "classification" ? (table.labels?.length ?? 0) : outputWidth(table);
  const trainer = createTrainer(
    compileRecipe(recipe, outputs, random),
    settings,
    Math.max(split.training.rows, split.validation.rows),
  );
  try {
    const training = prepare(split.training);
    trainer.wakeDeadUnits(training);
    const report = runEpochs(trainer, recipe, training, prepare(split.validation), random.shuffle, hooks);
    const metadata: Metadata = {
      version: 1,
      name,
      task: table.task,
      inputs: table.channels,
      ...(table.task === "classification" ? { labels: table.labels ?? [] } : { targets: table.targets ?? [] }),
      features,
      recipe,
      report,
      compression: [],
    };
    return { ...foldTraining(trainer.trainedModel()), metadata };
  } finally {
    trainer.dispose();
  }
}

function runEpochs(
  trainer: Trainer,
  recipe: Recipe,
  training: Table,
  validation: Table,
  shuffle: (order: Uint32Array) => void,
  hooks: TrainingHooks,
): TrainingReport {
  const { epochs, earlyStopping } = recipe.training;
  const order = Uint32Array.from({ length: training.rows }, (_, row) => row);
  const losses: number[] = [];
  const validationLosses: number[] = [];
  let best = { epoch: 0, validationLoss: Number.POSITIVE_INFINITY, validationMetric: 0, loss: 0 };
  let bestWeights = trainer.copyWeights();
  let lastProgress = best;
  const start = performance.now();
  const secondsSoFar = (): number => (performance.now() - start) / 1000;

  for (let epoch = 1; epoch <= epochs; epoch++) {
    shuffle(order);
    const learningRate = learningRateAt(recipe.training, epoch, validationLosses);
    const loss = trainer.trainEpoch(training, order, learningRate, hooks.shouldStop);
    if (hooks.shouldStop?.()) {
      throw new TinymlError("TINYML_TRAINING_CANCELLED", `Training was stopped in epoch ${epoch} of ${epochs}.`);
    }
    const score = trainer.score(validation);
    if (!Number.isFinite(loss) || !Number.isFinite(score.loss)) throw diverged(epoch, recipe);
    losses.push(loss);
    validationLosses.push(score.loss);
    const now = { epoch, loss, validationLoss: score.loss, validationMetric: score.metric };
    hooks.onProgress?.({ ...now, epochs, seconds: secondsSoFar() });
    // The best epoch is kept without early stopping, too: a constant learning rate leaves the loss wobbling to the end.
    if (score.loss < best.validationLoss) {
      best = now;
      bestWeights = trainer.copyWeights();
    }
    if (earlyStopping !== false) {
      if (score.loss < lastProgress.validationLoss - earlyStopping.minDelta) lastProgress = now;
      else if (epoch - lastProgress.epoch >= earlyStopping.patience) break;
    }
  }
  trainer.setWeights(bestWeights);
  return {
    metric: recipe.task === "classification" ? "accuracy" : "mse",
    epochs: losses.length,
    bestEpoch: best.epoch,
    seconds: secondsSoFar(),
    trainingSamples: training.rows,
    validationSamples: validation.rows,
    loss: best.loss,
    validationLoss: best.validationLoss,
    validationMetric: best.validationMetric,
    curve: thinCurve(losses, validationLosses),
  };
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

function diverged(epoch: number, recipe: Recipe): TinymlError {
  const rate = recipe.training.optimizer.learningRate;
  const advice = recipe.features.length === 0 ? "switch on normalizing, or use" : "use";
  return new TinymlError(
    "TINYML_TRAINING_DIVERGED",
    `The loss left the range of numbers in epoch ${epoch}; ${advice} a learning rate below ${rate}.`,
  );
}

/** What can be known to fail before training is said before training. */
function checkTable(recipe: Recipe, table: Table): void {
  if (table.rows === 0)
    throw new TinymlError("TINYML_DATASET_EMPTY", "The dataset has no rows yet; record some first.");
  if (table.task !== recipe.task) {
    throw new TinymlError(
      "TINYML_DATASET_MISMATCH",
      `The recipe is for ${recipe.task}, but the dataset is for ${table.task}.`,
    );
  }
  const shape = sampleShape(table);
  if (`${recipe.input.shape}` !== `${shape}`) {
    throw invalidRecipe(
      "input.shape",
      `it says [${recipe.input.shape.join(", ")}], but the dataset's samples are [${shape.join(", ")}]`,
    );
  }
  if (table.task !== "classification") {
    // Its square must be a float32, or the loss overflows before anything is learned.
    const largest = table.outputs.reduce((most, target) => Math.max(most, Math.abs(target)), 0);
    if (largest > 1e18) {
      throw new TinymlError(
        "TINYML_NOT_A_NUMBER",
        `A number to learn is ${largest}, too large to train with; use another unit, so that the numbers get smaller.`,
      );
    }
    return;
  }
  const classes = table.labels?.length ?? 0;
  const met = new Set(table.outputs);
  for (const index of met) {
    if (!Number.isInteger(index) || index < 0 || index >= classes) {
      throw new TinymlError(
        "TINYML_UNKNOWN_LABEL",
        `The class index ${index} is none of the dataset's ${classes} labels.`,
      );
    }
  }
  if (met.size < 2) {
    throw new TinymlError(
      "TINYML_ONE_CLASS",
      `All rows have the label "${table.labels?.[table.outputs[0]] ?? ""}"; record at least two different labels.`,
    );
  }
}
