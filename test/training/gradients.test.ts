import assert from "node:assert/strict";
import { createRandom } from "../../src/dataset/random";
import type { Table } from "../../src/dataset/table";
import type { Model } from "../../src/model/model";
import { buildNetwork, compileRecipe } from "../../src/training/compile-recipe";
import { networkOf } from "../../src/training/network";
import { parseRecipe, type RecipeInput } from "../../src/training/recipe";
import { createTrainer } from "../../src/training/trainer";
import { pictureNetwork } from "../tflite/models";

/*
 * One step of plain gradient descent moves every weight by −rate × its gradient, so the gradients can be read off the
 * weights. They are compared with central differences of the loss of the same network written out in float64 below.
 */

type Layer = Extract<RecipeInput["layers"][number], { type: "dense" }>;

const networks: { name: string; layers: Layer[] }[] = [
  { name: "one linear layer", layers: [{ type: "dense", units: 2 }] },
  {
    name: "a layer without bias",
    layers: [
      { type: "dense", units: 5, activation: "tanh", useBias: false },
      { type: "dense", units: 2 },
    ],
  },
  ...(["relu", "relu6", "sigmoid", "tanh"] as const).map((activation) => ({
    name: `two hidden layers with ${activation}`,
    layers: [
      { type: "dense" as const, units: 7, activation },
      { type: "dense" as const, units: 9, activation },
      { type: "dense" as const, units: 2 },
    ],
  })),
  {
    name: "a sigmoid at the end",
    layers: [
      { type: "dense", units: 6, activation: "relu" },
      { type: "dense", units: 2, activation: "sigmoid" },
    ],
  },
];

const classifier: Layer[] = [
  { type: "dense", units: 6, activation: "tanh" },
  { type: "dense", units: 3, activation: "softmax" },
];

function recipe(task: "classification" | "regression", layers: Layer[], rows: number): RecipeInput {
  const loss = task === "classification" ? "categoricalCrossentropy" : "meanSquaredError";
  const optimizer = { type: "sgd" as const, learningRate: 1 };
  return { version: 1, task, input: { shape: [3] }, layers, training: { loss, optimizer, batchSize: rows } };
}

function randomTable(task: "classification" | "regression", rows: number): Table<Float32Array> {
  const random = createRandom(rows);
  const draw = (count: number): Float32Array => Float32Array.from({ length: count }, () => 4 * random.uniform() - 2);
  const channels = ["a", "b", "c"].map((name) => ({ name, unit: "" }));
  return task === "classification"
    ? {
        task,
        channels,
        labels: ["x", "y", "z"],
        inputs: draw(3 * rows),
        outputs: Float32Array.from({ length: rows }, () => random.below(3)),
        rows,
      }
    : { task, channels, targets: channels.slice(0, 2), inputs: draw(3 * rows), outputs: draw(2 * rows), rows };
}

/** The batch's loss in float64; `weights` holds each layer's weights [units][inputs], then its bias. */
function referenceLoss(layers: readonly Layer[], weights: Float64Array, table: Table<Float32Array>): number {
  const width = table.outputs.length / table.rows;
  let loss = 0;
  for (let row = 0; row < table.rows; row++) {
    let values = Array.from(table.inputs.subarray(row * 3, row * 3 + 3));
    let at = 0;
    for (const { units, activation = "linear", useBias = true } of layers) {
      const inputs = values;
      const sums = Array.from({ length: units }, (_, unit) => {
        const start = at + unit * inputs.length;
        return inputs.reduce((sum, value, i) => sum + value * weights[start + i], 0);
      });
      at += units * inputs.length;
      values = sums.map((sum, unit) => sum + (useBias ? weights[at + unit] : 0));
      if (useBias) at += units;
      values = activate(activation, values);
    }
    for (let i = 0; i < width; i++) {
      const target = table.outputs[row * width + i];
      if (table.task === "classification") loss -= Math.log(values[target]) / table.rows;
      else loss += (values[i] - target) ** 2 / (table.rows * width);
    }
  }
  return loss;
}

function activate(activation: NonNullable<Layer["activation"]>, values: readonly number[]): number[] {
  const sum = values.reduce((total, value) => total + Math.exp(value), 0);
  const functions = {
    linear: (x: number) => x,
    relu: (x: number) => Math.max(0, x),
    relu6: (x: number) => Math.min(6, Math.max(0, x)),
    sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
    tanh: Math.tanh,
    softmax: (x: number) => Math.exp(x) / sum,
  };
  assert.ok(activation in functions, `there is no ${activation} here`);
  return values.map(Object.entries(functions).find(([name]) => name === activation)?.[1] ?? functions.linear);
}

function checkGradients(task: "classification" | "regression", layers: Layer[], rows: number): void {
  const parsed = parseRecipe(recipe(task, layers, rows));
  const table = randomTable(task, rows);
  const trainer = createTrainer(
    compileRecipe(parsed, layers[layers.length - 1].units, createRandom(11)),
    parsed.training,
    rows,
  );
  try {
    const before = Float64Array.from(trainer.copyWeights());
    const loss = trainer.trainEpoch(
      table,
      Uint32Array.from({ length: rows }, (_, row) => row),
    );
    const after = trainer.copyWeights();
    assert.ok(Math.abs(loss - referenceLoss(layers, before, table)) < 1e-5, `loss ${loss}`);
    before.forEach((weight, i) => {
      const nudged = (by: number): number => referenceLoss(layers, before.with(i, weight + by), table);
      const expected = (nudged(1e-5) - nudged(-1e-5)) / 2e-5;
      const found = weight - after[i];
      assert.ok(
        Math.abs(found - expected) <= 2e-6 + 2e-5 * Math.abs(expected),
        `weight ${i}: ${found}, not ${expected}`,
      );
    });
  } finally {
    trainer.dispose();
  }
}

describe("models that can't be trained", () => {
  const { training } = parseRecipe({
    version: 1,
    task: "regression",
    input: { shape: [1] },
    layers: [{ type: "dense", units: 1 }],
    training: { loss: "meanSquaredError", optimizer: { type: "sgd", learningRate: 0.1 }, batchSize: 4, epochs: 1 },
  } satisfies RecipeInput);
  it("name their operator", () => {
    const tensor = (name: string) => ({ name, type: "float32" as const, shape: [1, 2] });
    const exponential: Model = {
      description: "",
      tensors: [tensor("x"), tensor("y")],
      operators: [{ type: "EXP", inputs: [0], outputs: [1], options: {} }],
      inputs: [0],
      outputs: [1],
    };
    assert.throws(() => createTrainer(networkOf(exponential), training, 4), {
      code: "TINYML_NOT_TRAINABLE",
      message: /it has EXP, which can't be trained yet/,
    });
    assert.throws(() => createTrainer(networkOf(pictureNetwork(true)), training, 4), {
      code: "TINYML_NOT_TRAINABLE",
      message: /it is quantized/,
    });
  });
});

describe("gradients against finite differences", () => {
  for (const rows of [1, 5, 16]) {
    for (const { name, layers } of networks) {
      it(`mean squared error, ${name}, ${rows} rows`, () => checkGradients("regression", layers, rows));
    }
    it(`cross-entropy behind a softmax, ${rows} rows`, () => checkGradients("classification", classifier, rows));
  }
});

describe("optimizers against their formulas in float64", () => {
  const table = randomTable("regression", 8);
  const layers: Layer[] = [
    { type: "dense", units: 4, activation: "tanh" },
    { type: "dense", units: 2 },
  ];
  const order = Uint32Array.from({ length: 8 }, (_, row) => row);

  /** The weights after five steps of the trainer, and of `update` with gradients from central differences. */
  function compare(
    optimizer: RecipeInput["training"]["optimizer"],
    update: (state: { m: number; v: number }, gradient: number, step: number) => number,
  ): void {
    const base = recipe("regression", layers, 8);
    const parsed = parseRecipe({ ...base, training: { ...base.training, optimizer } });
    const trainer = createTrainer(compileRecipe(parsed, 2, createRandom(3)), parsed.training, 8);
    const expected = Float64Array.from(trainer.copyWeights());
    const states = Array.from(expected, () => ({ m: 0, v: 0 }));
    for (let step = 1; step <= 5; step++) {
      trainer.trainEpoch(table, order);
      const now = expected.slice();
      expected.forEach((weight, i) => {
        const nudged = (by: number): number => referenceLoss(layers, now.with(i, weight + by), table);
        expected[i] += update(states[i], (nudged(1e-6) - nudged(-1e-6)) / 2e-6, step);
      });
    }
    trainer.copyWeights().forEach((weight, i) => {
      assert.ok(Math.abs(weight - expected[i]) < 1e-5, `weight ${i}: ${weight}, not ${expected[i]}`);
    });
    trainer.dispose();
  }

  it("sgd with momentum", () => {
    compare({ type: "sgd", learningRate: 0.05, momentum: 0.9 }, (state, gradient) => {
      state.m = 0.9 * state.m - 0.05 * gradient;
      return state.m;
    });
  });

  it("adam", () => {
    compare({ type: "adam", learningRate: 0.01 }, (state, gradient, step) => {
      state.m = 0.9 * state.m + 0.1 * gradient;
      state.v = 0.999 * state.v + 0.001 * gradient ** 2;
      return (-0.01 * (state.m / (1 - 0.9 ** step))) / (Math.sqrt(state.v / (1 - 0.999 ** step)) + 1e-7);
    });
  });
});

describe("waking dead relu units", () => {
  const windows = parseRecipe({
    version: 1,
    task: "regression",
    input: { shape: [2, 1] },
    layers: [
      { type: "dense", units: 2, activation: "relu", name: "first", useBias: false },
      { type: "globalAveragePooling1d" },
      { type: "dense", units: 1 },
    ],
    training: { loss: "meanSquaredError" },
  });

  it("turns the weights of a unit around that no reading of a window activates, and of no other", () => {
    const network = buildNetwork([2, 1], windows.layers, ({ layer, shape }) =>
      layer === 0 ? Float32Array.of(-1, 1) : new Float32Array(shape.reduce((a, b) => a * b)),
    );
    const wake = (inputs: number[]): number[] => {
      const trainer = createTrainer(network, windows.training, 1);
      const channels = [{ name: "x", unit: "" }];
      trainer.wakeDeadUnits({
        task: "regression",
        channels,
        shape: [2, 1],
        targets: channels,
        rows: 1,
        inputs: Float32Array.from(inputs),
        outputs: Float32Array.of(0),
      });
      const weights = Array.from(trainer.copyWeights().slice(0, 2));
      trainer.dispose();
      return weights;
    };
    assert.deepEqual(wake([3, 2]), [1, 1], "the first unit has only negative sums");
    assert.deepEqual(wake([3, -2]), [-1, 1], "the second reading activates it");
  });
});
