import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { createRandom } from "../../src/dataset/random";
import type { Table } from "../../src/dataset/table";
import { elementCount } from "../../src/model/tensor";
import { compileRecipe } from "../../src/training/compile-recipe";
import { parseRecipe, type Recipe, type RecipeInput } from "../../src/training/recipe";
import { createTrainer } from "../../src/training/trainer";
import { assertSameWeights, createTwin } from "../support/tfjs";

/*
 * Five steps of training, each of one batch, beside TensorFlow.js with the same weights and batches. After five steps an
 * error in any gradient, loss or optimizer shows in the weights.
 */

interface Case {
  name: string;
  inputShape: readonly number[];
  layers: RecipeInput["layers"];
  training: Partial<RecipeInput["training"]> & { loss: RecipeInput["training"]["loss"] };
  rows?: number;
  tolerance?: number;
  /** The loss where TensorFlow.js has it by no name. */
  loss?: (wanted: tf.Tensor, found: tf.Tensor) => tf.Tensor;
  /** What it is to learn, of a batch. */
  wanted?: (outputs: Float32Array, width: number) => tf.Tensor;
}

type Layers = RecipeInput["layers"];

const softmax: Layers[number] = { type: "dense", units: 3, activation: "softmax" };
const hidden: Layers = [
  { type: "dense", units: 7, activation: "tanh" },
  { type: "dense", units: 6, activation: "relu" },
];
const regressor: Layers = [...hidden, { type: "dense", units: 2 }];
const classifier: Layers = [...hidden, softmax];

const oneHot = (outputs: Float32Array): tf.Tensor => tf.oneHot(tf.tensor1d(outputs, "int32"), 3);

const optimizers: {
  name: string;
  ours: NonNullable<RecipeInput["training"]["optimizer"]>;
  theirs: () => tf.Optimizer;
}[] = [
  { name: "sgd", ours: { type: "sgd", learningRate: 0.1 }, theirs: () => tf.train.sgd(0.1) },
  {
    name: "sgd with momentum",
    ours: { type: "sgd", learningRate: 0.05, momentum: 0.9 },
    theirs: () => tf.train.momentum(0.05, 0.9),
  },
  {
    name: "sgd with Nesterov's momentum",
    ours: { type: "sgd", learningRate: 0.05, momentum: 0.9, nesterov: true },
    theirs: () => tf.train.momentum(0.05, 0.9, true),
  },
  {
    name: "rmsprop",
    ours: { type: "rmsprop", learningRate: 0.01, rho: 0.8 },
    theirs: () => tf.train.rmsprop(0.01, 0.8, 0, 1e-7),
  },
  {
    name: "rmsprop with momentum",
    ours: { type: "rmsprop", learningRate: 0.01, rho: 0.8, momentum: 0.7 },
    theirs: () => tf.train.rmsprop(0.01, 0.8, 0.7, 1e-7),
  },
  {
    name: "adam",
    ours: { type: "adam", learningRate: 0.01, beta1: 0.8, beta2: 0.99 },
    theirs: () => tf.train.adam(0.01, 0.8, 0.99, 1e-7),
  },
];

const losses: Case[] = [
  { name: "mean squared error", inputShape: [4], layers: regressor, training: { loss: "meanSquaredError" } },
  { name: "mean absolute error", inputShape: [4], layers: regressor, training: { loss: "meanAbsoluteError" } },
  {
    name: "huber",
    inputShape: [4],
    layers: regressor,
    training: { loss: "huber", huberDelta: 0.7 },
    loss: (wanted, found) => tf.losses.huberLoss(wanted, found, undefined, 0.7),
  },
  {
    name: "categorical cross-entropy",
    inputShape: [4],
    layers: classifier,
    training: { loss: "categoricalCrossentropy" },
  },
  {
    name: "categorical cross-entropy with label smoothing",
    inputShape: [4],
    layers: classifier,
    training: { loss: "categoricalCrossentropy", labelSmoothing: 0.2 },
    wanted: (outputs) =>
      oneHot(outputs)
        .mul(0.8)
        .add(0.2 / 3),
  },
  {
    name: "sparse categorical cross-entropy",
    inputShape: [4],
    layers: classifier,
    training: { loss: "sparseCategoricalCrossentropy" },
    wanted: (outputs) => tf.tensor2d(outputs, [outputs.length, 1]),
  },
  {
    name: "binary cross-entropy, one sigmoid per label",
    inputShape: [4],
    layers: [...hidden, { type: "dense", units: 3, activation: "sigmoid" }],
    training: { loss: "binaryCrossentropy" },
  },
  {
    name: "binary cross-entropy with label smoothing",
    inputShape: [4],
    layers: [...hidden, { type: "dense", units: 3, activation: "sigmoid" }],
    training: { loss: "binaryCrossentropy", labelSmoothing: 0.1 },
    wanted: (outputs) => oneHot(outputs).mul(0.9).add(0.05),
  },
];

const normalized: Layers = [
  { type: "dense", units: 8, useBias: false },
  { type: "batchNormalization", momentum: 0.9 },
  { type: "activation", activation: "relu" },
  { type: "dense", units: 6, useBias: false },
  { type: "batchNormalization", momentum: 0.7, epsilon: 0.01 },
  softmax,
];

const networks: Case[] = [
  ...(["relu", "relu6", "leakyRelu", "elu", "sigmoid", "tanh"] as const).map(
    (activation): Case => ({
      name: `dense layers with ${activation}`,
      inputShape: [5],
      layers: [
        { type: "dense", units: 9, activation },
        { type: "activation", activation },
        { type: "dense", units: 2 },
      ],
      training: { loss: "meanSquaredError" },
    }),
  ),
  {
    name: "the layer leakyReLU, without biases",
    inputShape: [5],
    layers: [{ type: "dense", units: 9, useBias: false }, { type: "leakyReLU", alpha: 0.1 }, softmax],
    training: { loss: "categoricalCrossentropy" },
  },
  {
    name: "residual blocks",
    inputShape: [6],
    layers: [
      { type: "dense", units: 6, activation: "relu", name: "a" },
      { type: "dense", units: 6, activation: "tanh" },
      { type: "add", inputs: ["a", "dense2", "input"], name: "sum" },
      { type: "dense", units: 6, activation: "relu" },
      { type: "add", inputs: ["sum", "dense4"] },
      softmax,
    ].map((layer, i) => (i === 1 || i === 3 ? { ...layer, name: `dense${i + 1}` } : layer)) as Layers,
    training: { loss: "categoricalCrossentropy" },
  },
  {
    name: "one layer added to itself, and joined with itself",
    inputShape: [4],
    layers: [
      { type: "dense", units: 5, activation: "tanh", name: "a" },
      { type: "add", inputs: ["a", "a"], name: "b" },
      { type: "concatenate", inputs: ["b", "a", "b"] },
      softmax,
    ],
    training: { loss: "categoricalCrossentropy" },
  },
  ...([1, 2, -1] as const).map(
    (axis): Case => ({
      name: `rows of readings, joined along axis ${axis}`,
      inputShape: [3, 4],
      layers: [
        { type: "dense", units: 4, activation: "tanh", name: "a" },
        { type: "dense", units: 4, activation: "sigmoid", inputs: ["input"], name: "b" },
        { type: "concatenate", axis, inputs: ["a", "b", "input"] },
        { type: "flatten" },
        softmax,
      ],
      training: { loss: "categoricalCrossentropy" },
    }),
  ),
  {
    name: "L1 and L2",
    inputShape: [4],
    layers: [
      { type: "dense", units: 7, activation: "tanh", kernelRegularizer: { l1: 0.01, l2: 0.02 } },
      { type: "dense", units: 2, kernelRegularizer: { l2: 0.1 } },
    ],
    training: { loss: "meanSquaredError" },
  },
  {
    name: "batch normalization",
    inputShape: [4],
    layers: normalized,
    training: { loss: "categoricalCrossentropy" },
    tolerance: 1e-4,
  },
  {
    name: "batch normalization of rows of readings, and as the first layer",
    inputShape: [5, 3],
    layers: [
      { type: "batchNormalization" },
      { type: "dense", units: 11, activation: "relu" },
      { type: "batchNormalization" },
      { type: "flatten" },
      softmax,
    ],
    training: { loss: "categoricalCrossentropy" },
    tolerance: 1e-4,
  },
];

const classes: Layers = [{ type: "flatten" }, softmax];

/*
 * TensorFlow.js can't train dilated convolutions, and its gradient of average pooling counts the padding: those are left
 * out here, and compared with finite differences in picture-gradients.test.ts.
 */
const pictures: Case[] = [
  {
    name: "the book's CNN, made small",
    inputShape: [12, 12, 1],
    layers: [
      { type: "conv2d", filters: 4, kernelSize: 3, activation: "relu" },
      { type: "maxPooling2d" },
      { type: "conv2d", filters: 6, kernelSize: 3, activation: "relu" },
      { type: "maxPooling2d" },
      ...classes,
    ],
    training: { loss: "categoricalCrossentropy" },
    tolerance: 1e-4,
  },
  {
    name: "strides and average pooling, same padding",
    inputShape: [11, 6, 2],
    layers: [
      { type: "conv2d", filters: 5, kernelSize: [5, 3], strides: 2, padding: "same", activation: "relu6" },
      { type: "averagePooling2d", poolSize: 2, strides: 1 },
      { type: "conv2d", filters: 4, kernelSize: 3, padding: "same", useBias: false, activation: "tanh" },
      { type: "maxPooling2d", poolSize: 3, strides: 2, padding: "same" },
      ...classes,
    ],
    training: { loss: "categoricalCrossentropy" },
    tolerance: 1e-4,
  },
  {
    name: "depthwise and separable convolutions",
    inputShape: [9, 7, 3],
    layers: [
      { type: "depthwiseConv2d", kernelSize: 3, depthMultiplier: 2, activation: "relu" },
      { type: "separableConv2d", filters: 8, kernelSize: 3, padding: "same", activation: "relu" },
      { type: "depthwiseConv2d", kernelSize: 3, strides: 2, padding: "same" },
      { type: "globalAveragePooling2d" },
      { type: "dense", units: 3, activation: "softmax" },
    ],
    training: { loss: "categoricalCrossentropy" },
    tolerance: 1e-4,
  },
  {
    name: "windows of readings",
    inputShape: [20, 3],
    layers: [
      { type: "conv1d", filters: 6, kernelSize: 5, activation: "relu" },
      { type: "maxPooling1d" },
      { type: "conv1d", filters: 5, kernelSize: 3, padding: "same", activation: "relu" },
      { type: "averagePooling1d" },
      ...classes,
    ],
    training: { loss: "categoricalCrossentropy" },
    tolerance: 1e-4,
  },
  {
    name: "zeros around and the largest of all places, a regression",
    inputShape: [7, 6, 2],
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
    training: { loss: "meanSquaredError" },
    tolerance: 1e-4,
  },
];

function recipeOf({ inputShape, layers, training }: Case, rows: number): Recipe {
  const regression = ["meanSquaredError", "meanAbsoluteError", "huber"].includes(training.loss);
  return parseRecipe({
    version: 1,
    task: regression ? "regression" : "classification",
    input: { shape: [...inputShape] },
    layers,
    training: { batchSize: rows, ...training },
  });
}

/** Batches of random samples; with an offset, so that means are not 0. */
function randomBatches({ task, input }: Recipe, rows: number, batches: number): Table<Float32Array>[] {
  const random = createRandom(7);
  const width = elementCount(input.shape);
  const channels = Array.from({ length: input.shape.at(-1) ?? 1 }, (_, i) => ({ name: `c${i}`, unit: "" }));
  return Array.from({ length: batches }, () => {
    const inputs = Float32Array.from({ length: rows * width }, () => 3 * random.uniform() - 1);
    const common = { channels, shape: input.shape, inputs, rows };
    return task === "classification"
      ? {
          ...common,
          task,
          labels: ["a", "b", "c"],
          outputs: Float32Array.from({ length: rows }, () => random.below(3)),
        }
      : {
          ...common,
          task,
          targets: channels.slice(0, 2),
          outputs: Float32Array.from({ length: 2 * rows }, () => 2 * random.uniform() - 1),
        };
  });
}

/** Trains five batches on both sides and compares weights and losses. */
async function compare(each: Case, ours: RecipeInput["training"]["optimizer"], theirs: tf.Optimizer): Promise<void> {
  const rows = each.rows ?? 8;
  const recipe = recipeOf({ ...each, training: { ...each.training, optimizer: ours } }, rows);
  const width = recipe.task === "classification" ? 3 : 2;
  const network = compileRecipe(recipe, width, createRandom(5));
  const twin = createTwin(recipe.input.shape, recipe.layers, network.model);
  const trainer = createTrainer(network, recipe.training, rows);
  const tolerance = each.tolerance ?? 1e-5;
  try {
    twin.model.compile({ optimizer: theirs, loss: each.loss ?? recipe.training.loss });
    for (const table of randomBatches(recipe, rows, 5)) {
      const order = Uint32Array.from({ length: rows }, (_, row) => row);
      const found = trainer.trainEpoch(table, order);
      const x = tf.tensor(table.inputs, [rows, ...recipe.input.shape]);
      const plain = (outputs: Float32Array) =>
        recipe.task === "classification" ? oneHot(outputs) : tf.tensor2d(outputs, [rows, width]);
      const wanted = await twin.model.trainOnBatch(x, (each.wanted ?? plain)(table.outputs, width));
      assert.ok(typeof wanted === "number");
      assert.ok(Math.abs(found - wanted) <= 10 * tolerance, `loss ${found}, not ${wanted}`);
    }
    assertSameWeights(twin.weightsOf(trainer.trainedModel()), twin.weights(), tolerance);
  } finally {
    trainer.dispose();
    tf.disposeVariables();
  }
}

describe("five steps beside TensorFlow.js", () => {
  before(() => tf.setBackend("cpu"));

  for (const { name, ours, theirs } of optimizers) {
    it(name, () => compare(losses[3], ours, theirs()));
  }
  for (const each of [...losses, ...networks, ...pictures]) {
    it(each.name, () => compare(each, { type: "adam", learningRate: 0.01 }, tf.train.adam(0.01, 0.9, 0.999, 1e-7)));
    it(`${each.name}, plain steps`, () => compare(each, { type: "sgd", learningRate: 0.1 }, tf.train.sgd(0.1)));
  }
});
