import { createRequire } from "node:module";
import { join } from "node:path";
import type * as TensorFlow from "@tensorflow/tfjs";
import { copySamples } from "../dataset/samples";
import { allRows, inputWidth, outputWidth, type Table } from "../dataset/table";
import { TinymlError } from "../errors";
import { applyFeatures } from "../features/features";
import type { PointwiseBlock } from "../model/metadata";
import { classWeightsOf } from "./class-weights";
import { bothOf, type Network } from "./network";
import type { Recipe } from "./recipe";
import { invalidRecipe } from "./recipe-error";
import type { Optimizer, TrainingSettings } from "./recipe-settings";
import { createTfjsNetwork, type Tfjs } from "./tfjs-network";
import type { Trainer } from "./trainer";

/*
 * Training by TensorFlow.js instead of our kernels: the optional engine "tfjs-node". It is the user's own installation,
 * which this package neither brings nor needs.
 */

/** The optional engine's package. */
const packageName = "@tensorflow/tfjs-node";

/**
 * TensorFlow for Node as the user has installed it.
 * @param folder where it is looked for, with the folders above: the user directory, or where the command is run
 * @throws TinymlError TINYML_ENGINE_MISSING, which says what to type
 */
export function loadTfjsNode(folder: string): Tfjs {
  try {
    return createRequire(join(folder, "package.json"))(packageName);
  } catch (error) {
    throw new TinymlError(
      "TINYML_ENGINE_MISSING",
      `${packageName} is not installed, or does not run on this machine. Type "npm install ${packageName}" in ${folder}, or train with the built-in engine, which needs nothing.`,
      { cause: error },
    );
  }
}

/**
 * A network in training on TensorFlow.js. Its weights differ from those of our kernels in the last digits, and from machine
 * to machine; dropout is drawn by TensorFlow.js.
 * @throws TinymlError TINYML_RECIPE_INVALID for what TensorFlow.js does not have
 */
export function createTfjsTrainer(
  tf: Tfjs,
  network: Network,
  recipe: Recipe,
  features: readonly PointwiseBlock[],
): Trainer {
  const settings = recipe.training;
  refuseUnknown(recipe);
  const { model } = network;
  const inputShape = model.tensors[model.inputs[0]].shape.slice(1);
  const twin = createTfjsNetwork(tf, inputShape, recipe.layers, network.model);
  const optimizer = optimizerOf(tf, settings.optimizer);
  const lossOf = lossFunction(tf, settings);
  const classification = recipe.task === "classification";
  const outputs = twin.model.outputs[0].shape[1] ?? 1;

  /** The samples of some rows, and what is wanted of them. */
  const batchOf = (table: Table, rows: ArrayLike<number>) => {
    const values = applyFeatures(features, copySamples(table.inputs, inputWidth(table), rows), table.channels.length);
    const width = outputWidth(table);
    const wanted = Float32Array.from({ length: rows.length * width }, (_, i) => {
      const row = rows[Math.floor(i / width)];
      return table.outputs[row * width + (i % width)];
    });
    const samples = tf.tensor(values, [rows.length, ...inputShape]);
    if (!classification) return { samples, targets: tf.tensor2d(wanted, [rows.length, width]), wanted };
    if (outputs === 1) return { samples, targets: tf.tensor2d(wanted, [rows.length, 1]), wanted };
    return { samples, targets: tf.oneHot(Int32Array.from(wanted), outputs).toFloat(), wanted };
  };

  const forEachBatch = (rows: ArrayLike<number>, visit: (batch: Uint32Array) => boolean | undefined): void => {
    const all = Uint32Array.from(rows);
    for (let from = 0; from < all.length; from += settings.batchSize) {
      const stops = tf.tidy(() => visit(all.subarray(from, from + settings.batchSize)));
      if (stops === true) return;
    }
  };

  return {
    wakeDeadUnits: () => undefined,
    trainEpoch(table, order, { learningRate, ask, onBatch } = {}) {
      // the property is there in every optimizer, if only protected
      if (learningRate !== undefined) setLearningRate(optimizer, learningRate);
      const weights = classWeightsOf(settings, table, order);
      let seen = 0;
      let sum = 0;
      forEachBatch(order, (rows) => {
        const asked = ask?.() ?? 0;
        const { samples, targets, wanted } = batchOf(table, rows);
        const each = weights && tf.tensor1d(Float32Array.from(wanted, (label) => weights[label]));
        const cost = optimizer.minimize(() => {
          const losses = lossOf(targets, run(twin.model, samples, true));
          const data = (each === undefined ? losses : losses.mul(each)).mean<TensorFlow.Scalar>();
          const penalties = twin.model.calculateLosses();
          return penalties.reduce<TensorFlow.Scalar>((total, penalty) => total.add(penalty), data);
        }, true);
        seen += rows.length;
        sum += rows.length * (cost?.dataSync()[0] ?? Number.NaN);
        return onBatch?.(asked, { rows: seen, loss: sum, right: 0 });
      });
      return sum / seen;
    },
    score(table, rows = allRows(table)) {
      let sum = 0;
      // how many are right, or the sum of the mean squared errors
      let hits = 0;
      forEachBatch(rows, (batch) => {
        const { samples, targets, wanted } = batchOf(table, batch);
        const predictions = run(twin.model, samples, false);
        sum += lossOf(targets, predictions).sum().dataSync()[0];
        const scores = predictions.dataSync();
        if (!classification) {
          scores.forEach((score, i) => {
            hits += (score - wanted[i]) ** 2 / outputs;
          });
          return undefined;
        }
        wanted.forEach((label, i) => {
          const own = scores.subarray(i * outputs, (i + 1) * outputs);
          const best = outputs === 1 ? Number(own[0] > 0.5) : own.indexOf(Math.max(...own));
          if (best === label) hits++;
        });
        return undefined;
      });
      const penalty = tf.tidy(() =>
        twin.model.calculateLosses().reduce((total, each) => total + each.dataSync()[0], 0),
      );
      return { loss: sum / rows.length + penalty, metric: hits / rows.length };
    },
    copyWeights: () => Float32Array.from(twin.weights().flatMap(({ values }) => [...values])),
    setWeights(all) {
      let at = 0;
      twin.setWeights(
        twin.weights().map(({ name, shape, values }) => {
          at += values.length;
          return { name, shape, values: all.subarray(at - values.length, at) };
        }),
      );
    },
    // the predictions of a step are gone when it is done
    epochAccuracy: () => undefined,
    culprit: () => undefined,
    saveState: () => notKept(),
    restoreState: () => notKept(),
    trainedModel: () => twin.trainedModel(),
    dispose() {
      twin.model.dispose();
      optimizer.dispose();
    },
  };
}

function notKept(): never {
  throw new TinymlError(
    "TINYML_CHECKPOINT_MISMATCH",
    "A training by tfjs-node can't be resumed: TensorFlow.js does not give its optimizer's state. Start it anew.",
  );
}

function run(model: TensorFlow.LayersModel, samples: TensorFlow.Tensor, training: boolean): TensorFlow.Tensor {
  const output = model.apply(samples, { training });
  if ("dataSync" in output && !Array.isArray(output)) return output;
  throw new TinymlError("TINYML_INTERNAL", "The network has several outputs.");
}

function setLearningRate(optimizer: TensorFlow.Optimizer, rate: number): void {
  if ("setLearningRate" in optimizer && typeof optimizer.setLearningRate === "function")
    optimizer.setLearningRate(rate);
  else Object.assign(optimizer, { learningRate: rate });
}

/** What a recipe may ask of our kernels, but not of TensorFlow.js. */
function refuseUnknown({ layers, training }: Recipe): void {
  const refuse = (path: string): never => {
    throw invalidRecipe(path, "the engine tfjs-node does not have it; train with the built-in engine");
  };
  if (training.optimizer.type === "adamw") refuse("training.optimizer.type");
  if (training.clipNorm !== undefined) refuse("training.clipNorm");
  if (training.clipValue !== undefined) refuse("training.clipValue");
  if (training.augmentation.length > 0) refuse("training.augmentation");
  layers.forEach((layer, index) => {
    // it runs both, but has no gradients of them
    if ("dilationRate" in layer && bothOf(layer.dilationRate).some((distance) => distance > 1))
      refuse(`layers.${index}.dilationRate`);
    if (layer.type === "batchNormalization" && !layer.center) refuse(`layers.${index}.center`);
    if (layer.type === "batchNormalization" && !layer.scale) refuse(`layers.${index}.scale`);
  });
}

function optimizerOf(tf: Tfjs, optimizer: Optimizer): TensorFlow.Optimizer {
  const { learningRate } = optimizer;
  switch (optimizer.type) {
    case "sgd":
      return optimizer.momentum === 0
        ? tf.train.sgd(learningRate)
        : tf.train.momentum(learningRate, optimizer.momentum, optimizer.nesterov);
    case "rmsprop":
      return tf.train.rmsprop(learningRate, optimizer.rho, optimizer.momentum, optimizer.epsilon);
    case "adam":
    case "adamw":
      return tf.train.adam(learningRate, optimizer.beta1, optimizer.beta2, optimizer.epsilon);
  }
}

type LossFunction = (targets: TensorFlow.Tensor, predictions: TensorFlow.Tensor) => TensorFlow.Tensor;

/** The loss of each sample. */
function lossFunction(tf: Tfjs, { loss, labelSmoothing, huberDelta }: TrainingSettings): LossFunction {
  const { metrics } = tf;
  switch (loss) {
    case "meanSquaredError":
      return metrics.meanSquaredError;
    case "meanAbsoluteError":
      return metrics.meanAbsoluteError;
    case "huber":
      return (targets, predictions) => {
        const size = predictions.sub(targets).abs();
        const small = size.minimum(huberDelta);
        return small.square().mul(0.5).add(size.sub(small).mul(huberDelta)).mean(-1);
      };
    case "categoricalCrossentropy":
    case "sparseCategoricalCrossentropy":
      return (targets, predictions) => {
        const classes = targets.shape[1] ?? 1;
        return metrics.categoricalCrossentropy(
          targets.mul(1 - labelSmoothing).add(labelSmoothing / classes),
          predictions,
        );
      };
    case "binaryCrossentropy":
      return (targets, predictions) =>
        metrics.binaryCrossentropy(targets.mul(1 - labelSmoothing).add(labelSmoothing / 2), predictions);
  }
}
