import * as tf from "@tensorflow/tfjs";
import { createRandom } from "../../src/dataset/random";
import type { Table } from "../../src/dataset/table";
import { elementCount } from "../../src/model/tensor";
import { compileRecipe } from "../../src/training/compile-recipe";
import { parseRecipe, type Recipe, type RecipeInput } from "../../src/training/recipe";
import { createTrainer } from "../../src/training/trainer";
import { assertSameWeights, createTwin } from "../support/tfjs";

/*
 * Five steps of training beside TensorFlow.js: the same network, weights, samples and optimizer give the same weights. It
 * can't train dilated convolutions, and its gradient of average pooling counts the padding: those are left out here, and
 * compared with finite differences in picture-gradients.test.ts.
 */

type LayerInput = RecipeInput["layers"][number];
type Optimizer = NonNullable<RecipeInput["training"]["optimizer"]>;

interface Comparison {
  /** Of a sample. */
  shape: number[];
  /** The last one with a softmax: a classification; else a regression. */
  layers: LayerInput[];
  optimizers: readonly (keyof typeof optimizers)[];
  /** How far a weight may be from theirs. */
  tolerance: number;
}

const optimizers = {
  sgd: {
    ours: { type: "sgd", learningRate: 0.1 } satisfies Optimizer,
    theirs: () => tf.train.sgd(0.1),
  },
  adam: {
    ours: { type: "adam", learningRate: 0.01 } satisfies Optimizer,
    theirs: () => tf.train.adam(0.01),
  },
};

const all = ["sgd", "adam"] as const;
const classes: LayerInput[] = [{ type: "flatten" }, { type: "dense", units: 3, activation: "softmax" }];

const networks: Readonly<Record<string, Comparison>> = {
  "a dense network": {
    shape: [6],
    layers: [
      { type: "dense", units: 8, activation: "relu" },
      { type: "dense", units: 3, activation: "softmax" },
    ],
    optimizers: all,
    tolerance: 1e-5,
  },
  "the book's CNN, made small": {
    shape: [12, 12, 1],
    layers: [
      { type: "conv2d", filters: 4, kernelSize: 3, activation: "relu" },
      { type: "maxPooling2d" },
      { type: "conv2d", filters: 6, kernelSize: 3, activation: "relu" },
      { type: "maxPooling2d" },
      ...classes,
    ],
    optimizers: all,
    tolerance: 1e-4,
  },
  "strides and average pooling, same padding": {
    shape: [11, 6, 2],
    layers: [
      { type: "conv2d", filters: 5, kernelSize: [5, 3], strides: 2, padding: "same", activation: "relu6" },
      { type: "averagePooling2d", poolSize: 2, strides: 1 },
      { type: "conv2d", filters: 4, kernelSize: 3, padding: "same", useBias: false, activation: "tanh" },
      { type: "maxPooling2d", poolSize: 3, strides: 2, padding: "same" },
      ...classes,
    ],
    optimizers: all,
    tolerance: 1e-4,
  },
  "depthwise and separable convolutions": {
    shape: [9, 7, 3],
    layers: [
      { type: "depthwiseConv2d", kernelSize: 3, depthMultiplier: 2, activation: "relu" },
      { type: "separableConv2d", filters: 8, kernelSize: 3, padding: "same", activation: "relu" },
      { type: "depthwiseConv2d", kernelSize: 3, strides: 2, padding: "same" },
      { type: "globalAveragePooling2d" },
      { type: "dense", units: 3, activation: "softmax" },
    ],
    optimizers: all,
    tolerance: 1e-4,
  },
  "windows of readings": {
    shape: [20, 3],
    layers: [
      { type: "conv1d", filters: 6, kernelSize: 5, activation: "relu" },
      { type: "maxPooling1d" },
      { type: "conv1d", filters: 5, kernelSize: 3, padding: "same", activation: "relu" },
      { type: "averagePooling1d" },
      ...classes,
    ],
    optimizers: all,
    tolerance: 1e-4,
  },
  "zeros around and the largest of all places, a regression": {
    shape: [7, 6, 2],
    layers: [
      {
        type: "zeroPadding2d",
        padding: [
          [2, 1],
          [0, 3],
        ],
      },
      { type: "conv2d", filters: 5, kernelSize: 3, activation: "relu" },
      { type: "zeroPadding2d" },
      { type: "conv2d", filters: 4, kernelSize: 2 },
      { type: "globalMaxPooling2d" },
      { type: "dense", units: 2 },
    ],
    optimizers: all,
    tolerance: 1e-4,
  },
};

const rows = 6;

function recipeOf({ shape, layers }: Comparison, optimizer: Optimizer): RecipeInput {
  const last = layers[layers.length - 1];
  const classifies = "activation" in last && last.activation === "softmax";
  return {
    version: 1,
    task: classifies ? "classification" : "regression",
    input: { shape },
    layers,
    training: {
      loss: classifies ? "categoricalCrossentropy" : "meanSquaredError",
      optimizer,
      batchSize: rows,
    },
  };
}

function tableOf({ task, input: { shape } }: Pick<Recipe, "task" | "input">, outputs: number): Table<Float32Array> {
  const random = createRandom(7);
  const name = (i: number) => ({ name: `c${i}`, unit: "" });
  return {
    task,
    channels: Array.from({ length: shape[shape.length - 1] }, (_, i) => name(i)),
    shape,
    ...(task === "classification"
      ? { labels: ["a", "b", "c"] }
      : { targets: Array.from({ length: outputs }, (_, i) => name(i)) }),
    inputs: Float32Array.from({ length: rows * elementCount(shape) }, () => 2 * random.uniform() - 1),
    outputs: Float32Array.from({ length: task === "classification" ? rows : rows * outputs }, () =>
      task === "classification" ? random.below(outputs) : random.uniform(),
    ),
    rows,
  };
}

/** The classes as TensorFlow.js wants them, or the targets. */
function theirOutputs(table: Table<Float32Array>, outputs: number): tf.Tensor {
  if (table.task === "regression") return tf.tensor2d(table.outputs, [table.rows, outputs]);
  return tf.tidy(() => tf.oneHot(tf.tensor1d(table.outputs, "int32"), outputs).toFloat());
}

async function compare(comparison: Comparison, optimizer: keyof typeof optimizers): Promise<void> {
  const recipe = parseRecipe(recipeOf(comparison, optimizers[optimizer].ours));
  const last = recipe.layers[recipe.layers.length - 1];
  const outputs = last.type === "dense" ? last.units : 0;
  const table = tableOf(recipe, outputs);
  const network = compileRecipe(recipe, outputs, createRandom(5));
  const trainer = createTrainer(network, recipe.training, rows);
  await tf.setBackend("cpu");
  const twin = createTwin(comparison.shape, recipe.layers, network.model);
  try {
    twin.model.compile({ optimizer: optimizers[optimizer].theirs(), loss: recipe.training.loss });
    const samples = tf.tensor(table.inputs, [rows, ...comparison.shape]);
    const wanted = theirOutputs(table, outputs);
    const order = Uint32Array.from({ length: rows }, (_, row) => row);
    for (let step = 0; step < 5; step++) {
      trainer.trainEpoch(table, order);
      await twin.model.trainOnBatch(samples, wanted);
    }
    assertSameWeights(twin.weightsOf(trainer.trainedModel()), twin.weights(), comparison.tolerance);
  } finally {
    trainer.dispose();
    tf.disposeVariables();
  }
}

describe("five steps of training against TensorFlow.js", () => {
  for (const [name, comparison] of Object.entries(networks)) {
    for (const optimizer of comparison.optimizers) {
      it(`${name}, ${optimizer}`, () => compare(comparison, optimizer)).timeout(60000);
    }
  }
});
