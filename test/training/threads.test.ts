import assert from "node:assert/strict";
import { createRandom } from "../../src/dataset/random";
import type { Table } from "../../src/dataset/table";
import type { Model } from "../../src/model/model";
import { writeTflite } from "../../src/tflite/write-tflite";
import { createTeam, joinTeam } from "../../src/thread-team";
import { compileRecipe } from "../../src/training/compile-recipe";
import { parseRecipe, type Recipe } from "../../src/training/recipe";
import { planShards } from "../../src/training/shard-plan";
import { startTraining } from "../../src/training/start-training";
import { trainRecipe } from "../../src/training/train-recipe";

/** Rows of 300 random numbers in four classes that depend on them. */
function wideTable(rows: number): Table<Float32Array> {
  const random = createRandom(7);
  const inputs = Float32Array.from({ length: 300 * rows }, random.uniform);
  return {
    task: "classification",
    channels: Array.from({ length: 300 }, (_, i) => ({ name: `${i}`, unit: "" })),
    labels: ["a", "b", "c", "d"],
    inputs,
    outputs: Float32Array.from(
      { length: rows },
      (_, row) => (inputs[300 * row] > 0.5 ? 2 : 0) + (inputs[300 * row + 1] > 0.5 ? 1 : 0),
    ),
    rows,
  };
}

/** So large that a batch of 256 is worth four shards. */
function wideRecipe(training: object = {}): Recipe {
  return parseRecipe({
    version: 1,
    task: "classification",
    input: { shape: [300] },
    features: [{ block: "normalize" }],
    layers: [
      { type: "dense", units: 220, activation: "relu" },
      { type: "dense", units: 4, activation: "softmax" },
    ],
    training: { loss: "categoricalCrossentropy", batchSize: 256, epochs: 3, ...training },
  });
}

/** All that must be the same: weights, and what is reported but for the time. */
function figures(model: Model): unknown {
  const { report, ...metadata } = model.metadata ?? {};
  return [writeTflite(model, { metadata: false }), metadata, { ...report, seconds: 0 }];
}

describe("threads that train one network", () => {
  // the last batch has 25 samples, fewer than a shard; the one of the validation rows is no whole one either
  const table = wideTable(1076);
  const cases: { optimizer: object; threads: number }[] = [
    { optimizer: { type: "adam" }, threads: 2 },
    { optimizer: { type: "adam" }, threads: 3 },
    { optimizer: { type: "adam" }, threads: 4 },
    { optimizer: { type: "adam" }, threads: 7 },
    { optimizer: { type: "sgd", momentum: 0.9 }, threads: 2 },
  ];
  for (const { optimizer, threads } of cases) {
    it(`${threads} give the same bits as one: ${JSON.stringify(optimizer)}`, async () => {
      const task = { recipe: wideRecipe({ optimizer }), table, name: "wide" };
      assert.deepEqual(figures(await startTraining(task, { threads })), figures(trainRecipe(task)));
    });
  }

  it("2 give the same bits as one with sums of the whole batch, dropout, frozen weights and a norm", async () => {
    const shape = [20, 20, 3];
    const rows = 150;
    const random = createRandom(5);
    const pictures: Table = {
      task: "classification",
      channels: ["red", "green", "blue"].map((name) => ({ name, unit: "" })),
      shape,
      labels: ["a", "b"],
      inputs: Uint8Array.from({ length: rows * 1200 }, () => random.below(256)),
      outputs: Float32Array.from({ length: rows }, () => random.below(2)),
      rows,
    };
    const recipe = parseRecipe({
      version: 1,
      task: "classification",
      input: { shape },
      features: [{ block: "normalize" }],
      layers: [
        { type: "conv2d", filters: 16, kernelSize: 3, kernelRegularizer: { l2: 0.01 } },
        { type: "batchNormalization" },
        { type: "activation", activation: "relu" },
        { type: "maxPooling2d" },
        { type: "dropout", rate: 0.3 },
        { type: "flatten" },
        { type: "dense", units: 2, activation: "softmax" },
      ],
      training: {
        loss: "categoricalCrossentropy",
        batchSize: 64,
        epochs: 2,
        clipNorm: 0.5,
        classWeights: "balanced",
        schedule: { type: "cosine" },
        augmentation: [{ type: "shift", range: 0.1 }, { type: "flip" }],
      },
    });
    assert.ok(planShards(compileRecipe(recipe, 2, createRandom(1)).model, 64).count > 1);
    const task = { recipe, table: pictures, name: "pictures" };
    const alone = figures(trainRecipe(task));
    assert.deepEqual(figures(await startTraining(task, { threads: 2 })), alone);
    assert.deepEqual(figures(await startTraining(task, { threads: 4 })), alone);
  });

  it("a network that is too small for them is trained by one", async () => {
    const task = { recipe: wideRecipe({ batchSize: 16, epochs: 1 }), table: wideTable(64), name: "wide" };
    assert.deepEqual(figures(await startTraining(task, { threads: 2 })), figures(trainRecipe(task)));
  });

  it("end together when they are stopped, and when one of them fails", async () => {
    const controller = new AbortController();
    const endless = { recipe: wideRecipe({ epochs: 1e6 }), table, name: "wide" };
    const stopped = startTraining(endless, {
      threads: 2,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await assert.rejects(stopped, { code: "TINYML_TRAINING_CANCELLED" });
    const diverging = wideRecipe({ optimizer: { type: "sgd", learningRate: 1e30 } });
    await assert.rejects(startTraining({ recipe: diverging, table, name: "wide" }, { threads: 2 }), {
      code: "TINYML_TRAINING_DIVERGED",
    });
    assert.equal((await startTraining({ ...endless, recipe: wideRecipe({ epochs: 1 }) })).metadata?.report?.epochs, 1);
  });

  it("a thread alone waits for nobody", () => {
    const [member] = createTeam(3);
    const team = joinTeam(member, 1);
    team.barrier();
    assert.equal(team.share(8).byteLength, 8);
  });
});
