import { createRandom } from "../dataset/random";
import { splitRows } from "../dataset/split-rows";
import { outputWidth, sampleShape, type Table } from "../dataset/table";
import { TinymlError } from "../errors";
import type { Metadata } from "../model/metadata";
import type { Model } from "../model/model";
import { createTeam, joinTeam, type TeamMember } from "../thread-team";
import { compileRecipe } from "./compile-recipe";
import { fitFeatures, splitFeatures } from "./fit-features";
import { foldTraining } from "./fold-training";
import type { Recipe } from "./recipe";
import { invalidRecipe } from "./recipe-error";
import { runEpochs, type TrainingRun } from "./run-epochs";
import { shapeTable } from "./shape-table";
import { planShards } from "./shard-plan";
import { createTfjsTrainer, loadTfjsNode } from "./tfjs-trainer";
import { createTrainer } from "./trainer";

/** What to train. Plain data, so that it can be posted to a worker thread. */
export interface TrainingTask {
  recipe: Recipe;
  table: Table;
  /** The name the model gets. */
  name: string;
  /** Where the training is kept while it runs, so that it can be resumed when it is cut off. */
  checkpoint?: CheckpointTask;
  /** Trains by the user's own TensorFlow for Node, which is looked for in `folder` and above; by our kernels where absent. */
  tfjsNode?: { folder: string };
}

export interface CheckpointTask {
  /** Written every few seconds and when the training is stopped; removed when it has come to its end. */
  file: string;
  /** Goes on from the file. The model is the same, to the last bit, as if the training had never been cut off. */
  resume?: boolean;
  /** Milliseconds between two writings; 5000 where absent. */
  interval?: number;
}

/** Where a training stands, after each epoch. */
export interface TrainingProgress {
  /** The epoch that has just ended, 1-based, and how many there are at most. */
  epoch: number;
  epochs: number;
  loss: number;
  /** Classification: the share of the training rows that was right when they were met; the engine tfjs-node does not tell it. */
  accuracy?: number;
  validationLoss: number;
  /** The share of the validation rows that is right, or the mean squared error over them. */
  validationMetric: number;
  seconds: number;
}

export interface TrainingHooks {
  onProgress?(progress: TrainingProgress): void;
  /** Asked before each batch: true stops the training with TINYML_TRAINING_CANCELLED. */
  shouldStop?(): boolean;
}

/**
 * Trains a recipe on a table, in this thread, and gives the model with its metadata (report, features, recipe). The
 * same recipe, table and seed give the same weights on every machine.
 *
 * @throws TinymlError TINYML_DATASET_EMPTY, TINYML_DATASET_MISMATCH, TINYML_ONE_CLASS, TINYML_RECIPE_INVALID,
 *   TINYML_TRAINING_DIVERGED, TINYML_TRAINING_CANCELLED, TINYML_OUT_OF_MEMORY, TINYML_NO_CHECKPOINT,
 *   TINYML_CHECKPOINT_MISMATCH, TINYML_ENGINE_MISSING, TINYML_STORAGE
 */
export function trainRecipe(task: TrainingTask, hooks: TrainingHooks = {}): Model {
  const [member] = createTeam(1);
  const model = trainAsMember(task, hooks, member);
  if (model === undefined) throw new TinymlError("TINYML_INTERNAL", "The only thread of a training gave no model.");
  return model;
}

/**
 * The same as one of several threads, which are all given the same task; the weights don't depend on how many there are.
 * The first one (rank 0) tells the progress and gives the model.
 *
 * @throws TinymlError what `trainRecipe` throws, and BrokenTeam when another thread failed
 */
export function trainAsMember(
  { recipe, table, name, checkpoint, tfjsNode }: TrainingTask,
  hooks: TrainingHooks,
  member: TeamMember,
): Model | undefined {
  checkTable(recipe, table);
  const settings = recipe.training;
  const rows = splitRows(table, { validation: settings.validation, seed: settings.splitSeed });
  if (rows.training.length === 0 || rows.validation.length === 0) {
    const found = `${table.rows} ${table.rows === 1 ? "row is" : "rows are"}`;
    throw new TinymlError(
      "TINYML_DATASET_EMPTY",
      `${found} too few to train and to validate with a share of ${settings.validation}; record more, or change the share.`,
    );
  }
  const random = createRandom(settings.seed);
  const outputs = table.task === "classification" ? (table.labels?.length ?? 0) : outputWidth(table);
  const network = compileRecipe(recipe, outputs, random);
  const mostRows = Math.max(rows.training.length, rows.validation.length);
  if (tfjsNode !== undefined && member.rank > 0) return undefined;
  const shards = planShards(network.model, Math.min(settings.batchSize, mostRows));
  if (member.rank >= shards.count) return undefined;
  const team = joinTeam(member, tfjsNode === undefined ? Math.min(member.size, shards.count) : 1);
  const { shaping, pointwise } = splitFeatures(recipe.features);
  const shaped = shapeTable(shaping, table);
  const features = fitFeatures(pointwise, shaped, rows.training);
  const trainer =
    tfjsNode === undefined
      ? createTrainer(network, settings, mostRows, { features, team })
      : createTfjsTrainer(loadTfjsNode(tfjsNode.folder), network, recipe, features);
  try {
    const run: TrainingRun = { trainer, team, recipe, table: shaped, rows, random, hooks };
    // TensorFlow.js does not give the state of its optimizers, so there is nothing to keep.
    const isKept = checkpoint !== undefined && (tfjsNode === undefined || checkpoint.resume === true);
    const report = runEpochs(isKept ? { ...run, checkpoint } : run);
    if (team.rank > 0) return undefined;
    const metadata: Metadata = {
      version: 1,
      name,
      task: table.task,
      inputs: table.channels,
      ...(table.task === "classification" ? { labels: table.labels ?? [] } : { targets: table.targets ?? [] }),
      ...(recipe.input.shape.length > 1 && { window: { shape: recipe.input.shape, ...recipe.input.window } }),
      features: [...shaping, ...features],
      recipe,
      report,
      compression: [],
    };
    return { ...foldTraining(trainer.trainedModel()), metadata };
  } finally {
    trainer.dispose();
  }
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
