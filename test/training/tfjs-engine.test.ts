import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Table } from "../../src/dataset/table";
import { loadModel } from "../../src/runtime/load-model";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { evaluateModel } from "../../src/training/evaluate-model";
import { parseRecipe, type RecipeInput } from "../../src/training/recipe";
import { startTraining } from "../../src/training/start-training";
import { trainRecipe } from "../../src/training/train-recipe";
import { temporaryFolder } from "../support/folders";
import { cloudsTable, potentiometerTable } from "../support/potentiometer";

/*
 * The engine "tfjs-node" is tested through @tensorflow/tfjs, whose interface is the same: it stands here where the user would have
 * installed @tensorflow/tfjs-node.
 */

async function folderWithEngine(): Promise<string> {
  const folder = await temporaryFolder();
  const installed = path.join(folder, "node_modules", "@tensorflow", "tfjs-node");
  await mkdir(installed, { recursive: true });
  const tfjs = JSON.stringify(require.resolve("@tensorflow/tfjs"));
  await writeFile(
    path.join(installed, "index.js"),
    `const tf = require(${tfjs}); tf.env().set("IS_TEST", true); module.exports = tf;`,
  );
  return folder;
}

const clouds: RecipeInput = {
  version: 1,
  task: "classification",
  input: { shape: [2] },
  features: [{ block: "normalize" }],
  layers: [
    { type: "dense", units: 12, activation: "relu", kernelRegularizer: { l2: 1e-4 } },
    { type: "batchNormalization" },
    { type: "dropout", rate: 0.1 },
    { type: "dense", units: 3, activation: "softmax" },
  ],
  training: {
    loss: "categoricalCrossentropy",
    labelSmoothing: 0.05,
    classWeights: "balanced",
    optimizer: { type: "adam", learningRate: 0.02 },
    schedule: { type: "exponential" },
    epochs: 15,
  },
};

const line: RecipeInput = {
  version: 1,
  task: "regression",
  input: { shape: [1] },
  layers: [
    { type: "dense", units: 8, activation: "tanh" },
    { type: "dense", units: 1 },
  ],
  training: {
    loss: "huber",
    optimizer: { type: "sgd", learningRate: 0.3, momentum: 0.9, nesterov: true },
    epochs: 30,
    seed: 3,
  },
};

function pictures(): Table {
  const rows = 60;
  const inputs = new Float32Array(rows * 36);
  const outputs = Float32Array.from({ length: rows }, (_, row) => row % 2);
  // a bar that stands, or one that lies
  outputs.forEach((label, row) => {
    for (let i = 0; i < 6; i++) inputs[row * 36 + (label === 0 ? 6 * i + (row % 6) : 6 * (row % 6) + i)] = 1;
  });
  const channels = [{ name: "pixel", unit: "" }];
  return { task: "classification", channels, shape: [6, 6, 1], labels: ["stands", "lies"], inputs, outputs, rows };
}

const bars: RecipeInput = {
  version: 1,
  task: "classification",
  input: { shape: [6, 6, 1] },
  layers: [
    { type: "conv2d", filters: 4, kernelSize: 3, activation: "relu" },
    { type: "globalMaxPooling2d" },
    { type: "dense", units: 2, activation: "softmax" },
  ],
  training: {
    loss: "sparseCategoricalCrossentropy",
    optimizer: { type: "rmsprop", learningRate: 0.02 },
    epochs: 20,
    batchSize: 16,
  },
};

describe("the engine tfjs-node", function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await folderWithEngine();
  });

  it("gives the same kind of model: it names what ours names, in a thread", async () => {
    const task = { recipe: parseRecipe(clouds), table: cloudsTable(), name: "clouds" };
    const theirs = await startTraining({ ...task, tfjsNode: { folder } });
    const ours = trainRecipe(task);
    assert.deepEqual(theirs.metadata?.labels, ours.metadata?.labels);
    assert.deepEqual(theirs.metadata?.features, ours.metadata?.features);
    assert.deepEqual(
      theirs.operators.map(({ type }) => type),
      ours.operators.map(({ type }) => type),
    );
    const stored = readTflite(writeTflite(theirs));
    assert.ok(evaluateModel(stored, cloudsTable()).value > 0.95);
    assert.equal(theirs.metadata?.report?.epochs, 15);
  });

  it("learns what our kernels learn: the same weights after some epochs, within rounding", () => {
    const recipe = parseRecipe({ ...line, training: { ...line.training, epochs: 3, earlyStopping: false } });
    const task = { recipe, table: potentiometerTable(), name: "line" };
    const [ours, theirs] = [trainRecipe(task), trainRecipe({ ...task, tfjsNode: { folder } })];
    const answers = [ours, theirs].map((model) => {
      const loaded = loadModel(model);
      const found = [0, 0.3, 0.6, 0.9].map((x) => Number(loaded.run([Float32Array.of(x)])[0][0]));
      loaded.dispose();
      return found;
    });
    answers[0].forEach((value, i) => {
      assert.ok(Math.abs(value - answers[1][i]) < 1e-3, `${answers[0]} and ${answers[1]}`);
    });
  });

  it("reports what our kernels report: the loss with what weights add to it, and of a regression the mean squared error", () => {
    const recipe = parseRecipe({
      ...line,
      layers: [{ type: "dense", units: 1, kernelRegularizer: { l2: 0.3 } }],
      training: { ...line.training, loss: "meanAbsoluteError", epochs: 3 },
    });
    const task = { recipe, table: potentiometerTable(), name: "line" };
    const [ours, theirs] = [task, { ...task, tfjsNode: { folder } }].map((each) => trainRecipe(each).metadata?.report);
    for (const figure of ["validationLoss", "validationMetric"] as const) {
      const [own, other] = [ours?.[figure] ?? Number.NaN, theirs?.[figure] ?? Number.NaN];
      assert.ok(Math.abs(own - other) < 1e-3, `${figure}: ${own} and ${other}`);
    }
  });

  it("trains convolutions", () => {
    const model = trainRecipe({ recipe: parseRecipe(bars), table: pictures(), name: "bars", tfjsNode: { folder } });
    assert.ok(evaluateModel(model, pictures()).value > 0.9);
  });

  const refused: {
    what: string;
    training?: Partial<RecipeInput["training"]>;
    layer?: RecipeInput["layers"][number];
    says: RegExp;
  }[] = [
    {
      what: "AdamW",
      training: { optimizer: { type: "adamw" } },
      says: /training\.optimizer\.type .*tfjs-node does not/,
    },
    { what: "clipped gradients", training: { clipNorm: 1 }, says: /training\.clipNorm/ },
    {
      what: "augmentation",
      training: { augmentation: [{ type: "noise", deviation: 1 }] },
      says: /training\.augmentation/,
    },
    {
      what: "windows of elements that are no neighbours",
      layer: { type: "conv2d", filters: 2, kernelSize: 2, dilationRate: [1, 2] },
      says: /layers\.0\.dilationRate/,
    },
    {
      what: "normalization without an offset",
      layer: { type: "batchNormalization", center: false },
      says: /layers\.0\.center/,
    },
    {
      what: "normalization without a factor",
      layer: { type: "batchNormalization", scale: false },
      says: /layers\.0\.scale/,
    },
  ];
  for (const { what, training = {}, layer, says } of refused) {
    it(`refuses ${what}, which TensorFlow.js can't train`, () => {
      const layers = layer === undefined ? bars.layers : [layer, ...bars.layers];
      const recipe = parseRecipe({ ...bars, layers, training: { ...bars.training, ...training } });
      assert.throws(() => trainRecipe({ recipe, table: pictures(), name: "c", tfjsNode: { folder } }), {
        code: "TINYML_RECIPE_INVALID",
        message: says,
      });
    });
  }

  it("says what to install where it is missing", async () => {
    const empty = await temporaryFolder();
    const task = { recipe: parseRecipe(line), table: potentiometerTable(), name: "line", tfjsNode: { folder: empty } };
    assert.throws(() => trainRecipe(task), {
      code: "TINYML_ENGINE_MISSING",
      message: /npm install @tensorflow\/tfjs-node/,
    });
    await assert.rejects(startTraining(task), { code: "TINYML_ENGINE_MISSING" });
  });
});
