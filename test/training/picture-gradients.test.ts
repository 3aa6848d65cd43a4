import assert from "node:assert/strict";
import fc from "fast-check";
import { createRandom } from "../../src/dataset/random";
import type { Table } from "../../src/dataset/table";
import { elementCount } from "../../src/model/tensor";
import { compileRecipe } from "../../src/training/compile-recipe";
import type { Network } from "../../src/training/network";
import { parseRecipe, type RecipeInput } from "../../src/training/recipe";
import { createTrainer } from "../../src/training/trainer";
import { runReference } from "../support/reference-network";

/*
 * Layers over pictures and windows of readings: the gradients by which one step of plain gradient descent moves the weights,
 * against differences of the loss of the same network in float64 (test/support/reference-network.ts). A dense layer
 * before the one in question learns by the gradient of that one's input. A failure names its seed and its smallest
 * counterexample.
 */

type LayerInput = RecipeInput["layers"][number];

const size = fc.integer({ min: 1, max: 7 });
const window = fc.integer({ min: 1, max: 3 });
const step = fc.integer({ min: 1, max: 3 });
const padding = fc.constantFrom("valid" as const, "same" as const);
const activation = fc.constantFrom("linear" as const, "relu" as const, "relu6" as const, "tanh" as const);
const slid = {
  kernelSize: fc.tuple(window, window),
  strides: fc.tuple(step, step),
  dilationRate: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
  padding,
  activation,
  useBias: fc.boolean(),
};
const pooled = { poolSize: fc.tuple(window, window), strides: fc.tuple(step, step), padding };

/** Layers with random settings, some of them followed by what brings their output into a row. */
const layers: Readonly<Record<string, { rank: 2 | 3; layer: fc.Arbitrary<LayerInput> }>> = {
  conv2d: {
    rank: 3,
    layer: fc.record({ type: fc.constant("conv2d" as const), filters: fc.integer({ min: 1, max: 9 }), ...slid }),
  },
  depthwiseConv2d: {
    rank: 3,
    layer: fc.record({
      type: fc.constant("depthwiseConv2d" as const),
      depthMultiplier: fc.integer({ min: 1, max: 3 }),
      ...slid,
    }),
  },
  separableConv2d: {
    rank: 3,
    layer: fc.record({ type: fc.constant("separableConv2d" as const), filters: size, ...slid }),
  },
  conv1d: {
    rank: 2,
    layer: fc.record({
      ...slid,
      type: fc.constant("conv1d" as const),
      filters: size,
      kernelSize: window,
      strides: step,
      dilationRate: step,
    }),
  },
  maxPooling2d: { rank: 3, layer: fc.record({ type: fc.constant("maxPooling2d" as const), ...pooled }) },
  averagePooling2d: { rank: 3, layer: fc.record({ type: fc.constant("averagePooling2d" as const), ...pooled }) },
  maxPooling1d: {
    rank: 2,
    layer: fc.record({ type: fc.constant("maxPooling1d" as const), poolSize: window, strides: step, padding }),
  },
  averagePooling1d: {
    rank: 2,
    layer: fc.record({ type: fc.constant("averagePooling1d" as const), poolSize: window, strides: step, padding }),
  },
  globalMaxPooling2d: { rank: 3, layer: fc.constant({ type: "globalMaxPooling2d" }) },
  globalMaxPooling1d: { rank: 2, layer: fc.constant({ type: "globalMaxPooling1d" }) },
  globalAveragePooling2d: { rank: 3, layer: fc.constant({ type: "globalAveragePooling2d" }) },
  globalAveragePooling1d: { rank: 2, layer: fc.constant({ type: "globalAveragePooling1d" }) },
  zeroPadding2d: {
    rank: 3,
    layer: fc.record({
      type: fc.constant("zeroPadding2d" as const),
      padding: fc.tuple(fc.tuple(window, step), fc.tuple(step, fc.nat(2))),
    }),
  },
  zeroPadding1d: {
    rank: 2,
    layer: fc.record({ type: fc.constant("zeroPadding1d" as const), padding: fc.tuple(fc.nat(2), fc.nat(2)) }),
  },
};

interface Case {
  shape: number[];
  layer: LayerInput;
  rows: number;
  seed: number;
}

/** A network with the layer in it, or undefined where its window does not fit into what it gets. */
function networkWith({ shape, layer, rows, seed }: Case): { network: Network; recipe: RecipeInput } | undefined {
  const recipe = (outputs: number): RecipeInput => ({
    version: 1,
    task: "regression",
    input: { shape },
    layers: [
      { type: "dense", units: 1 + (seed % 5) },
      layer,
      { type: "flatten" },
      ...(outputs > 0 ? [{ type: "dense" as const, units: outputs }] : []),
    ],
    training: { loss: "meanSquaredError", optimizer: { type: "sgd", learningRate: 1 }, batchSize: rows },
  });
  try {
    return { network: compileRecipe(parseRecipe(recipe(2)), 2, createRandom(seed)), recipe: recipe(2) };
  } catch (error) {
    if (error instanceof Error && /does not fit into/.test(error.message)) return undefined;
    throw error;
  }
}

function randomTable({ shape, rows, seed }: Case): Table<Float32Array> {
  const random = createRandom(seed + 1);
  const draw = (length: number): Float32Array => Float32Array.from({ length }, () => 4 * random.uniform() - 2);
  const channels = Array.from({ length: shape[shape.length - 1] }, (_, i) => ({ name: `c${i}`, unit: "" }));
  const targets = ["a", "b"].map((name) => ({ name, unit: "" }));
  return {
    task: "regression",
    channels,
    shape,
    targets,
    inputs: draw(rows * elementCount(shape)),
    outputs: draw(2 * rows),
    rows,
  };
}

/** The weights by tensor, from all in one piece. */
function byTensor({ model }: Network, all: Float64Array): Map<number, Float64Array> {
  let at = 0;
  const weights = new Map<number, Float64Array>();
  model.tensors.forEach(({ data }, index) => {
    if (!(data instanceof Float32Array)) return;
    weights.set(index, all.subarray(at, at + data.length));
    at += data.length;
  });
  return weights;
}

function referenceLoss(network: Network, all: Float64Array, table: Table<Float32Array>): number {
  const width = elementCount(table.shape ?? []);
  const weights = byTensor(network, all);
  let sum = 0;
  for (let row = 0; row < table.rows; row++) {
    const found = runReference(network.model, table.inputs.subarray(row * width, (row + 1) * width), weights);
    for (let i = 0; i < found.length; i++) sum += (found[i] - table.outputs[row * found.length + i]) ** 2;
  }
  return sum / table.outputs.length;
}

function checkGradients(drawn: Case): void {
  const made = networkWith(drawn);
  if (made === undefined) return;
  const { network } = made;
  const table = randomTable(drawn);
  const trainer = createTrainer(network, parseRecipe(made.recipe).training, table.rows);
  try {
    const before = Float64Array.from(trainer.copyWeights());
    const order = Uint32Array.from({ length: table.rows }, (_, row) => row);
    const loss = trainer.trainEpoch(table, order);
    const after = trainer.copyWeights();
    const expectedLoss = referenceLoss(network, before, table);
    assert.ok(Math.abs(loss - expectedLoss) <= 1e-5 * (1 + expectedLoss), `loss ${loss}, not ${expectedLoss}`);
    before.forEach((weight, i) => {
      const slope = (by: number): number =>
        (referenceLoss(network, before.with(i, weight + by), table) - expectedLoss) / by;
      const [forwards, backwards] = [slope(1e-6), slope(-1e-6)];
      const expected = (forwards + backwards) / 2;
      // Where a relu or the place of a maximum changes in between there is no slope.
      if (Math.abs(forwards - backwards) > 3e-5 * (1 + Math.abs(expected))) return;
      const found = weight - after[i];
      assert.ok(
        Math.abs(found - expected) <= 2e-5 * (1 + expectedLoss + Math.abs(expected)),
        `weight ${i}: ${found}, not ${expected}`,
      );
    });
  } finally {
    trainer.dispose();
  }
}

describe("gradients of layers over pictures and windows against finite differences", () => {
  for (const [name, { rank, layer }] of Object.entries(layers)) {
    it(name, () => {
      const shape = fc.array(size, { minLength: rank, maxLength: rank });
      const rows = fc.integer({ min: 1, max: 3 });
      fc.assert(fc.property(fc.record({ shape, layer, rows, seed: fc.nat(1000) }), checkGradients), { numRuns: 40 });
    }).timeout(60000);
  }
});
