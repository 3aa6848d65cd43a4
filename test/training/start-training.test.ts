import assert from "node:assert/strict";
import { writeTflite } from "../../src/tflite/write-tflite";
import { parseRecipe, type Recipe } from "../../src/training/recipe";
import { startTraining } from "../../src/training/start-training";
import { type TrainingProgress, trainRecipe } from "../../src/training/train-recipe";
import { potentiometerTable } from "../support/potentiometer";

function recipe(epochs: number): Recipe {
  return parseRecipe({
    version: 1,
    task: "regression",
    input: { shape: [1] },
    layers: [
      { type: "dense", units: 8, activation: "relu" },
      { type: "dense", units: 1 },
    ],
    training: { loss: "meanSquaredError", batchSize: 50, epochs, earlyStopping: false },
  });
}

describe("training in a worker thread", () => {
  const table = potentiometerTable();

  it("gives the same weights as training in this thread", async () => {
    const task = { recipe: recipe(20), table, name: "pot" };
    const model = await startTraining(task);
    assert.equal(model.metadata?.name, "pot");
    assert.deepEqual(writeTflite(model, { metadata: false }), writeTflite(trainRecipe(task), { metadata: false }));
  });

  it("tells how far it is, the last epoch included", async () => {
    const seen: TrainingProgress[] = [];
    await startTraining({ recipe: recipe(400), table, name: "pot" }, { onProgress: (progress) => seen.push(progress) });
    assert.equal(seen.at(-1)?.epoch, 400);
    assert.ok(seen.every(({ epoch }, i) => i === 0 || epoch > seen[i - 1].epoch));
  });

  it("can be stopped while it runs and while it waits", async () => {
    const long = { recipe: recipe(1_000_000), table, name: "pot" };
    const running = new AbortController();
    const waiting = Array.from({ length: 64 }, () => new AbortController());
    const first = startTraining(long, { signal: running.signal, onProgress: () => running.abort() });
    const others = waiting.map(({ signal }) => startTraining(long, { signal }));
    const last = startTraining({ ...long, recipe: recipe(1) });
    for (const controller of waiting) controller.abort();
    for (const outcome of await Promise.allSettled([first, ...others])) {
      assert.equal(outcome.status === "rejected" && outcome.reason.code, "TINYML_TRAINING_CANCELLED");
    }
    assert.equal((await last).metadata?.report?.epochs, 1);
  });

  it("ends soon after it was stopped, however long an epoch takes", async () => {
    const { training, layers, ...rest } = recipe(10);
    const wide = [{ ...layers[0], units: 7000 }, { ...layers[0], units: 7000 }, layers[1]];
    const controller = new AbortController();
    const slow = startTraining(
      { recipe: { ...rest, layers: wide, training }, table, name: "pot" },
      { signal: controller.signal },
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    controller.abort();
    await assert.rejects(slow, { code: "TINYML_TRAINING_CANCELLED" });
  });

  it("does not begin when it was stopped before", async () => {
    const training = startTraining({ recipe: recipe(1), table, name: "pot" }, { signal: AbortSignal.abort() });
    await assert.rejects(training, { code: "TINYML_TRAINING_CANCELLED" });
  });

  it("two at once do not disturb each other", async () => {
    const tasks = [1, 2].map((seed) => {
      const { training, ...rest } = recipe(50);
      return { recipe: { ...rest, training: { ...training, seed } }, table, name: `pot${seed}` };
    });
    const models = await Promise.all(tasks.map((task) => startTraining(task)));
    models.forEach((model, i) => {
      assert.deepEqual(
        writeTflite(model, { metadata: false }),
        writeTflite(trainRecipe(tasks[i]), { metadata: false }),
      );
    });
  });

  it("brings the error of the thread with its code", async () => {
    const empty = { ...table, rows: 0, inputs: new Float32Array(), outputs: new Float32Array() };
    await assert.rejects(startTraining({ recipe: recipe(1), table: empty, name: "pot" }), {
      code: "TINYML_DATASET_EMPTY",
    });
  });
});
