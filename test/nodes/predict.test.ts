import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createRandom } from "../../src/dataset/random";
import type { Model } from "../../src/model/model";
import { createPredictor } from "../../src/runtime/predictor";
import { writeFileAtomic } from "../../src/storage";
import { temporaryFolder } from "../support/folders";
import { largeScalingModel, scalingModel } from "../support/models";
import {
  cloudsModel,
  fileOf,
  potentiometerModel,
  quickRecipe,
  storeModelFile,
  storePotentiometer,
} from "./support/data";
import { forgetCalls, potentiometerDataset, startFlow, tab } from "./support/flow";

const predictor = { id: "predict", z: "tab", type: "tinyml-predict", model: "", wires: [["out"]] };
const base = [
  ...tab,
  { id: "out", z: "tab", type: "helper" },
  { id: "complete", z: "tab", type: "complete", scope: ["predict"], wires: [["completed"]] },
  { id: "completed", z: "tab", type: "helper" },
];

describe("node predict", () => {
  const model = potentiometerModel();
  const file = fileOf(model);
  const clouds = fileOf(cloudsModel());

  it("predicts with the model that a message brought, and keeps the message's other properties", async () => {
    const flow = await startFlow([...base, predictor]);
    flow.send("predict", { payload: file });
    flow.send("predict", { payload: 0.25, topic: "adc/0", other: { deep: 1 } });
    const { payload, topic, other } = await flow.next("out");
    assert.equal(payload, createPredictor(model).predict([0.25]));
    assert.deepEqual({ topic, other }, { topic: "adc/0", other: { deep: 1 } });
    flow.send("predict", { payload: [0.25] });
    assert.equal((await flow.next("out")).payload, payload);
    flow.send("predict", { payload: Float32Array.of(0.25) });
    assert.equal((await flow.next("out")).payload, payload);
    assert.equal(flow.received("out").length, 3, "a model is not passed on");
  });

  it("gives labels with scores, or the bare label", async () => {
    const flow = await startFlow([...base, predictor, { ...predictor, id: "bare", onlyLabel: true }]);
    for (const id of ["predict", "bare"]) {
      flow.send(id, { payload: clouds });
      flow.send(id, { payload: [1, 1] });
    }
    const answer = (await flow.next("out")).payload as { label: string; confidence: number; scores: object };
    assert.equal(answer.label, "right");
    assert.ok(answer.confidence > 0.5 && answer.confidence <= 1);
    assert.deepEqual(Object.keys(answer.scores), ["left", "right", "below"]);
    assert.equal((await flow.next("out")).payload, "right");
  });

  it("drops readings without an error while there is no model, and says so", async () => {
    const flow = await startFlow([...base, { ...predictor, model: "not-there-yet" }]);
    for (let i = 0; i < 3; i++) flow.send("predict", { payload: i });
    await flow.until("they are done", () => flow.received("completed").length >= 3);
    assert.deepEqual(flow.received("out"), []);
    assert.deepEqual(flow.received("errors"), []);
    assert.deepEqual(flow.statuses("predict").at(-1), { fill: "yellow", shape: "ring", text: "status.waiting" });
  });

  it("uses the stored model from the start, and a new one as soon as it is trained", async () => {
    const userFolder = await temporaryFolder();
    const storage = path.join(userFolder, "tinyml");
    await storeModelFile(storage, "pot", file);
    await storePotentiometer(storage, 200);
    const train = { id: "train", z: "tab", type: "tinyml-train", dataset: "dataset", model: "pot", ...quickRecipe };
    const flow = await startFlow([...base, potentiometerDataset, train, { ...predictor, model: "pot" }], {
      userFolder,
    });
    await flow.until("it is loaded", () => flow.statuses("predict").at(-1)?.text === "status.loaded");
    flow.send("predict", { payload: 0.5 });
    const before = (await flow.next("out")).payload;
    assert.equal(before, createPredictor(model).predict([0.5]));
    flow.send("train", {});
    await flow.until("it is trained", () => flow.statuses("train").at(-1)?.text === "status.trained");
    flow.send("predict", { payload: 0.5 });
    assert.notEqual((await flow.next("out")).payload, before);
    assert.deepEqual(flow.received("errors"), []);
  });

  it("tells what is wrong with a reading", async () => {
    const flow = await startFlow([...base, predictor]);
    flow.send("predict", { payload: file });
    const wrong: Array<[unknown, string]> = [
      ["0.5", "TINYML_NOT_A_NUMBER"],
      [Number.NaN, "TINYML_NOT_A_NUMBER"],
      [[Number.NEGATIVE_INFINITY], "TINYML_NOT_A_NUMBER"],
      [["1"], "TINYML_NOT_A_NUMBER"],
      [undefined, "TINYML_NOT_A_NUMBER"],
      [{ value: 1 }, "TINYML_NOT_A_NUMBER"],
      [true, "TINYML_NOT_A_NUMBER"],
      [[], "TINYML_CHANNEL_COUNT"],
      [[1, 2], "TINYML_CHANNEL_COUNT"],
    ];
    for (const [payload, code] of wrong) {
      flow.send("predict", { payload });
      assert.equal((await flow.next("errors")).error?.code, code, String(payload));
    }
    flow.send("predict", { payload: 1 });
    await flow.next("out");
  });

  it("refuses a damaged model and keeps the one before", async () => {
    const flow = await startFlow([...base, predictor]);
    flow.send("predict", { payload: file });
    for (const length of [8, 20, 300, file.length / 2]) {
      flow.send("predict", { payload: file.subarray(0, length) });
      assert.match((await flow.next("errors")).error?.code ?? "", /^TINYML_MODEL_/, `${length} bytes`);
    }
    flow.send("predict", { payload: file.subarray(0, 5) });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_NOT_A_NUMBER");
    flow.send("predict", { payload: 0.5 });
    assert.equal((await flow.next("out")).payload, createPredictor(model).predict([0.5]));
  });

  it("says so when what came instead of its first model is none", async () => {
    const flow = await startFlow([...base, predictor]);
    for (const payload of [
      Buffer.from("no model"),
      file.subarray(0, 300),
      file.toString("utf8"),
      file.toString("latin1"),
    ]) {
      flow.send("predict", { payload });
      assert.equal((await flow.next("errors")).error?.code, "TINYML_MODEL_INVALID");
    }
    flow.send("predict", { predict: "reload" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_NO_MODEL");
  });

  it("says that a stored model is damaged", async () => {
    const userFolder = await temporaryFolder();
    await storeModelFile(path.join(userFolder, "tinyml"), "pot", file.subarray(0, 400));
    const flow = await startFlow([...base, { ...predictor, model: "pot" }], { userFolder });
    assert.match((await flow.next("errors")).error?.code ?? "", /^TINYML_MODEL_/);
    flow.send("predict", { payload: 1 });
    // Longer than an error stays when something else is to be said.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.equal(flow.statuses("predict").at(-1)?.fill, "red", "readings don't hide it");
  });

  it("answers 10,000 readings by the model before them, while models come between them", async function () {
    this.timeout(60_000);
    const flow = await startFlow([...base, predictor]);
    const files = [1, 2].map((factor) => fileOf(scalingModel(factor)));
    const random = createRandom(1);
    const wanted: number[] = [];
    let factor = 1;
    let swaps = 0;
    flow.send("predict", { payload: files[0] });
    for (let i = 0; i < 10_000; i++) {
      if (random.uniform() < 0.005) {
        factor = 3 - factor;
        swaps++;
        flow.send("predict", { payload: files[factor - 1] });
      }
      flow.send("predict", { payload: i, number: i });
      wanted.push(factor * i);
    }
    await flow.until("all are predicted", () => flow.received("out").length >= wanted.length);
    assert.ok(swaps >= 24, `${swaps} swaps`);
    assert.deepEqual(
      flow.received("out").map(({ payload }) => payload),
      wanted,
    );
    assert.deepEqual(flow.received("errors"), []);
  });

  it("does so with large models, which predict in a thread, and in turns with small ones", async function () {
    this.timeout(60_000);
    const flow = await startFlow([...base, predictor]);
    const files = [1, 2, 3].map((factor) => fileOf(factor === 3 ? scalingModel(factor) : largeScalingModel(factor)));
    const wanted: number[] = [];
    for (let i = 0; i < 480; i++) {
      const factor = 1 + ((i >> 3) % 3);
      if (i % 8 === 0) flow.send("predict", { payload: files[factor - 1] });
      flow.send("predict", { payload: i });
      wanted.push(factor * i);
      // No more on their way than may wait.
      await flow.until("some are predicted", () => flow.received("out").length > i - 12);
    }
    await flow.until("all are predicted", () => flow.received("out").length >= wanted.length);
    assert.deepEqual(
      flow.received("out").map(({ payload }) => Math.round(Number(payload))),
      wanted,
    );
    assert.deepEqual(flow.received("errors"), []);
  });

  it("drops the oldest readings when they come too fast, tells each so once, and counts them in its status", async () => {
    const flow = await startFlow([...base, predictor]);
    flow.send("predict", { payload: fileOf(largeScalingModel(1)) });
    flow.send("predict", { payload: 0 });
    await flow.next("out");
    for (let i = 1; i <= 200; i++) flow.send("predict", { payload: i });
    const done = () => flow.received("out").length + flow.received("errors").length;
    await flow.until("each is answered or refused", () => done() >= 201);
    const refused = flow.received("errors");
    assert.ok(refused.length >= 100, `${refused.length} dropped`);
    assert.ok(refused.every(({ error }) => error?.code === "TINYML_BUSY"));
    const numbers = [...flow.received("out"), ...refused].map(({ payload }) => Math.round(Number(payload)));
    assert.deepEqual(
      numbers.sort((a, b) => a - b),
      Array.from({ length: 201 }, (_, i) => i),
      "none is lost or answered twice",
    );
    assert.equal(Math.round(Number(flow.received("out").at(-1)?.payload)), 200, "the newest is answered");
    await flow.until("the status counts", () => flow.statuses("predict").at(-1)?.text === "status.dropped");
  });

  it("closes while readings wait for a large model, without an error", async () => {
    const flow = await startFlow([...base, predictor]);
    flow.send("predict", { payload: fileOf(largeScalingModel(1)) });
    for (let i = 0; i < 10; i++) flow.send("predict", { payload: i });
    await flow.redeploy();
    flow.send("predict", { payload: file });
    flow.send("predict", { payload: 0.5 });
    const answer = createPredictor(model).predict([0.5]);
    await flow.until("it predicts again", () => flow.received("out").at(-1)?.payload === answer);
    assert.deepEqual(flow.received("errors"), []);
  });

  it("uses the model of a file, and reads it again when told to", async () => {
    const userFolder = await temporaryFolder();
    const path1 = path.join(userFolder, "models", "scaling.tflite");
    await writeFileAtomic(path1, fileOf(scalingModel(2)));
    const own = { ...predictor, source: "file", file: "models/scaling.tflite" };
    const flow = await startFlow([...base, own], { userFolder });
    await flow.until("it is loaded", () => flow.statuses("predict").at(-1)?.text === "status.loaded");
    flow.send("predict", { payload: 1 });
    assert.equal((await flow.next("out")).payload, 2);
    await writeFileAtomic(path1, fileOf(scalingModel(3)));
    flow.send("predict", { payload: 1 });
    flow.send("predict", { predict: "reload" });
    flow.send("predict", { payload: 1 });
    assert.equal((await flow.next("out")).payload, 2);
    assert.equal((await flow.next("out")).payload, 3);
    await rm(path1);
    flow.send("predict", { predict: "reload" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_FILE");
    flow.send("predict", { payload: 1 });
    assert.equal((await flow.next("out")).payload, 3);
    flow.send("predict", { predict: "again" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_UNKNOWN_COMMAND");
  });

  for (const [what, name, code] of [
    ["is not there", "none.tflite", "TINYML_FILE"],
    ["is a folder", ".", "TINYML_FILE"],
    ["has no end", "/dev/zero", "TINYML_FILE"],
    ["holds no model", "text.tflite", "TINYML_MODEL_INVALID"],
    ["is not given", "", "TINYML_CONFIG_INVALID"],
  ]) {
    it(`says so when its file ${what}`, async () => {
      const userFolder = await temporaryFolder();
      await writeFileAtomic(path.join(userFolder, "text.tflite"), Buffer.from("no model"));
      const flow = await startFlow([...base, { ...predictor, source: "file", file: name }], { userFolder });
      // Wrong settings are told to whoever sends a message.
      if (name === "") flow.send("predict", { payload: 1 });
      assert.equal((await flow.next("errors")).error?.code, code);
      assert.equal(flow.statuses("predict").at(-1)?.fill, "red");
    });
  }

  it("takes several inputs by name, and gives several outputs by name", async () => {
    const flow = await startFlow([...base, predictor]);
    flow.send("predict", { payload: fileOf(twoWayModel) });
    flow.send("predict", { payload: { b: 2, a: 1 } });
    assert.deepEqual((await flow.next("out")).payload, { "a again": [1], "b again": [2] });
    flow.send("predict", { payload: [3, 4] });
    assert.deepEqual((await flow.next("out")).payload, { "a again": [3], "b again": [4] });
    flow.send("predict", { payload: { a: 1 } });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_MODEL_MISMATCH");
  });

  it("predicts 50,000 readings in one go with its memory flat and its status calm", async function () {
    this.timeout(60_000);
    const flow = await startFlow([...base.slice(0, 4), { ...predictor, wires: [] }]);
    const predict = flow.node("predict");
    predict.receive({ payload: file });
    const pump = (readings: number): Promise<void> =>
      new Promise((resolve) => {
        let sent = 0;
        const burst = (): void => {
          for (let i = 0; i < 100 && sent < readings; i++, sent++) predict.receive({ payload: sent / readings });
          if (sent < readings) setImmediate(burst);
          else setImmediate(() => setImmediate(resolve));
        };
        burst();
      });
    await pump(5_000);
    const before = memoryInUse();
    const statuses = flow.statuses("predict").length;
    const start = performance.now();
    await pump(50_000);
    const seconds = (performance.now() - start) / 1000;
    const grown = memoryInUse() - before;
    // 20 bytes a reading would be a megabyte.
    assert.ok(grown < 1e6, `memory grew by ${grown} bytes`);
    const shown = flow.statuses("predict").length - statuses;
    assert.ok(shown <= 4 * seconds + 2, `${shown} statuses in ${seconds} s`);
  });
});

/** Two inputs that are given as two outputs. */
const twoWayModel: Model = {
  description: "",
  tensors: ["a", "b", "a again", "b again"].map((name) => ({ name, type: "float32", shape: [1, 1] })),
  operators: [0, 1].map((i) => ({ type: "RESHAPE", inputs: [i, -1], outputs: [i + 2], options: { newShape: [1, 1] } })),
  inputs: [0, 1],
  outputs: [2, 3],
};

/** Bytes that are still in use after a garbage collection, WebAssembly memory and buffers included. */
function memoryInUse(): number {
  // The test helper's spies keep every call.
  forgetCalls();
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
