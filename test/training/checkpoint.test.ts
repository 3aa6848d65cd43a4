import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { createRandom } from "../../src/dataset/random";
import type { Table } from "../../src/dataset/table";
import type { Model } from "../../src/model/model";
import { packageFolder } from "../../src/package-folder";
import { writeTflite } from "../../src/tflite/write-tflite";
import { readCheckpoint } from "../../src/training/checkpoint";
import { parseRecipe, type Recipe } from "../../src/training/recipe";
import { startTraining } from "../../src/training/start-training";
import { type TrainingTask, trainRecipe } from "../../src/training/train-recipe";
import { temporaryFolder } from "../support/folders";
import { cloudsTable } from "../support/potentiometer";

/** A network with all that a checkpoint must keep: momenta, moving means, dropout, a schedule that looks back, early stopping. */
function recipe(training: object = {}): Recipe {
  return parseRecipe({
    version: 1,
    task: "classification",
    input: { shape: [2] },
    features: [{ block: "normalize" }],
    layers: [
      { type: "dense", units: 12 },
      { type: "batchNormalization" },
      { type: "activation", activation: "relu" },
      { type: "dropout", rate: 0.2 },
      { type: "dense", units: 3, activation: "softmax" },
    ],
    training: {
      loss: "categoricalCrossentropy",
      optimizer: { type: "adam", learningRate: 0.003 },
      schedule: { type: "reduceOnPlateau", patience: 2 },
      batchSize: 16,
      epochs: 40,
      earlyStopping: { patience: 30 },
      ...training,
    },
  });
}

/** All that must be the same: weights, and what is reported but for the time. */
function figures(model: Model): unknown {
  const { report, ...metadata } = model.metadata ?? {};
  return [writeTflite(model, { metadata: false }), metadata, { ...report, seconds: 0 }];
}

describe("a training that was cut off", () => {
  const table = cloudsTable();
  let file: string;

  beforeEach(async () => {
    file = path.join(await temporaryFolder(), "checkpoint");
  });

  /** Trains until so many batches are done, keeping the state every so many milliseconds. */
  function cutOff(task: TrainingTask, batches: number, interval = 0): void {
    let asked = 0;
    const hooks = { shouldStop: () => ++asked > batches };
    assert.throws(() => trainRecipe({ ...task, checkpoint: { file, interval } }, hooks), {
      code: "TINYML_TRAINING_CANCELLED",
    });
  }

  it("gives the same model when it is resumed, wherever it was stopped, and however often", () => {
    const task = { recipe: recipe(), table, name: "clouds" };
    const whole = figures(trainRecipe(task));
    const { below } = createRandom(11);
    for (let round = 0; round < 6; round++) {
      cutOff(task, 1 + below(500), 1e9);
      // and again, at once or later
      let asked = 0;
      const again = 1 + below(60);
      const resumed = { ...task, checkpoint: { file, resume: true } };
      assert.throws(() => trainRecipe(resumed, { shouldStop: () => ++asked > again }), {
        code: "TINYML_TRAINING_CANCELLED",
      });
      assert.deepEqual(figures(trainRecipe(resumed)), whole, `round ${round}`);
      assert.equal(existsSync(file), false, "what is finished needs no checkpoint");
    }
  });

  it("goes on in another number of threads", async () => {
    const random = createRandom(3);
    const wide: Table = {
      task: "regression",
      channels: Array.from({ length: 200 }, (_, i) => ({ name: `${i}`, unit: "" })),
      targets: [{ name: "y", unit: "" }],
      inputs: Float32Array.from({ length: 200 * 700 }, random.uniform),
      outputs: Float32Array.from({ length: 700 }, random.uniform),
      rows: 700,
    };
    const layers = [
      { type: "dense", units: 400, activation: "relu" },
      { type: "dense", units: 1 },
    ];
    const training = { loss: "meanSquaredError", batchSize: 256, epochs: 6 };
    const task: TrainingTask = {
      recipe: parseRecipe({ version: 1, task: "regression", input: { shape: [200] }, layers, training }),
      table: wide,
      name: "wide",
    };
    const whole = figures(trainRecipe(task));
    const controller = new AbortController();
    const stopped = startTraining(
      { ...task, checkpoint: { file } },
      { threads: 3, signal: controller.signal, onProgress: () => controller.abort() },
    );
    await assert.rejects(stopped, { code: "TINYML_TRAINING_CANCELLED" });
    const resumed = await startTraining({ ...task, checkpoint: { file, resume: true } }, { threads: 2 });
    assert.deepEqual(figures(resumed), whole);
  });

  it("survives kill -9 at any moment", async function () {
    this.timeout(120_000);
    const task = { recipe: recipe({ epochs: 400, earlyStopping: false }), table, name: "clouds" };
    const taskFile = path.join(path.dirname(file), "task.json");
    await writeFile(
      taskFile,
      JSON.stringify({ ...task, table: { ...table, inputs: [...table.inputs], outputs: [...table.outputs] } }),
    );
    const whole = figures(trainRecipe(task));
    const { below } = createRandom(Date.now());
    let finished: string | undefined;
    for (let kills = 0; kills < 8; kills++) {
      finished = await trainInProcess(taskFile, file, 50 + below(300));
      if (finished !== undefined) break;
      // What was begun but not finished must not be taken for the whole.
      if (existsSync(file)) readCheckpoint(file);
    }
    if (finished === undefined) {
      assert.deepEqual(figures(trainRecipe({ ...task, checkpoint: { file, resume: true } })), whole);
    } else {
      assert.deepEqual(new Uint8Array(await readFile(finished)), writeTflite(trainRecipe(task), { metadata: false }));
    }
  });

  it("is refused when its data or its recipe is another one now", () => {
    const task = { recipe: recipe(), table, name: "clouds" };
    cutOff(task, 30);
    const resume = { checkpoint: { file, resume: true } };
    const changes: { what: string; task: TrainingTask; says: RegExp }[] = [
      {
        what: "a number",
        task: { ...task, table: { ...table, inputs: table.inputs.with(17, 0.5) } },
        says: /data has changed/,
      },
      {
        what: "a label",
        task: { ...task, table: { ...table, outputs: table.outputs.with(0, 2) } },
        says: /data has changed/,
      },
      {
        what: "a side",
        task: { ...task, table: { ...table, splits: Array.from({ length: 300 }, () => undefined) } },
        says: /data has changed/,
      },
      { what: "the recipe", task: { ...task, recipe: recipe({ batchSize: 20 }) }, says: /recipe has changed/ },
    ];
    for (const { what, task: changed, says } of changes) {
      assert.throws(
        () => trainRecipe({ ...changed, ...resume }),
        { code: "TINYML_CHECKPOINT_MISMATCH", message: says },
        what,
      );
    }
    assert.equal(trainRecipe({ ...task, ...resume }).metadata?.name, "clouds");
  });

  it("is refused before an epoch is trained where no checkpoint can be: a folder has its name", async () => {
    const task = { recipe: recipe({ epochs: 2 }), table, name: "clouds", checkpoint: { file: path.dirname(file) } };
    let epochs = 0;
    assert.throws(() => trainRecipe(task, { onProgress: () => epochs++ }), { code: "TINYML_STORAGE" });
    assert.equal(epochs, 0);
  });

  it("is refused when nothing was kept, or what was kept is damaged", async () => {
    const task: TrainingTask = { recipe: recipe(), table, name: "clouds", checkpoint: { file, resume: true } };
    assert.throws(() => trainRecipe(task), { code: "TINYML_NO_CHECKPOINT", message: /no interrupted training/ });
    cutOff(task, 5);
    const { length } = await readFile(file);
    for (const kept of [length - 1, 100, 10, 0]) {
      await truncate(file, kept);
      assert.throws(() => trainRecipe(task), { code: "TINYML_NO_CHECKPOINT", message: /damaged/ }, `${kept} bytes`);
    }
  });
});

/** Trains in a process of its own, resuming where a checkpoint is; kills it after the delay. Gives the model's file when it was faster. */
function trainInProcess(taskFile: string, checkpoint: string, delay: number): Promise<string | undefined> {
  const out = `${taskFile}.tflite`;
  const program = `
    const { readFileSync, writeFileSync, existsSync } = require("node:fs");
    const { trainRecipe, writeTflite } = require(${JSON.stringify(path.join(packageFolder(), "dist", "lib.js"))});
    const task = JSON.parse(readFileSync(${JSON.stringify(taskFile)}, "utf8"));
    task.table.inputs = Float32Array.from(task.table.inputs);
    task.table.outputs = Float32Array.from(task.table.outputs);
    const file = ${JSON.stringify(checkpoint)};
    process.stdout.write("ready");
    const model = trainRecipe({ ...task, checkpoint: { file, interval: 0, resume: existsSync(file) } });
    writeFileSync(${JSON.stringify(out)}, writeTflite(model, { metadata: false }));`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), delay));
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (code === 0) resolve(out);
      else if (signal === "SIGKILL") resolve(undefined);
      else reject(new Error(`it ended with ${code}`));
    });
  });
}
