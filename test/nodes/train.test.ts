import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { isTflite } from "../../src/tflite/is-tflite";
import { readTflite } from "../../src/tflite/read-tflite";
import { endlessRecipe, quickRecipe, storePotentiometer } from "./support/data";
import { potentiometerDataset, startFlow, type TestFlow, tab } from "./support/flow";

const trainer = { id: "train", z: "tab", type: "tinyml-train", dataset: "dataset", model: "pot", wires: [["out"]] };
const base = [
  ...tab,
  potentiometerDataset,
  { id: "out", z: "tab", type: "helper" },
  { id: "done", z: "tab", type: "complete", scope: ["train", "record"], wires: [["completed"]] },
  { id: "completed", z: "tab", type: "helper" },
];

interface PublishedRun {
  id: string;
  node: string;
  state: string;
  epoch: number;
  validationLoss: number;
  readings: number;
  curve: { epoch: number[]; loss: number[]; validationLoss: number[] };
  error?: { code: string };
}

/** What a flow's training nodes publish to the editor. */
function watchRuns(): { topics: string[]; runs: PublishedRun[] } {
  const { events } = require("@node-red/util");
  const seen = { topics: [] as string[], runs: [] as PublishedRun[] };
  const listener = ({ topic, data }: { topic: string; data: PublishedRun }): void => {
    if (!topic.startsWith("tinyml/training/")) return;
    seen.topics.push(topic);
    seen.runs.push(structuredClone(data));
  };
  events.on("comms", listener);
  stopWatching.push(() => events.off("comms", listener));
  return seen;
}
const stopWatching: Array<() => void> = [];

async function isTraining(flow: TestFlow, seen: { runs: PublishedRun[] }): Promise<void> {
  await flow.until("it trains", () => seen.runs.some(({ state, epoch }) => state === "running" && epoch > 0));
}

describe("node train", () => {
  afterEach(() => {
    for (const stop of stopWatching.splice(0)) stop();
  });

  it("trains, emits and stores the model, and publishes its run", async () => {
    const seen = watchRuns();
    const flow = await startFlow([...base, { ...trainer, ...quickRecipe }]);
    await storePotentiometer(flow.storage);
    flow.send("train", { payload: "go", other: "kept" });
    const { payload, model, other } = await flow.next("out");
    assert.ok(isTflite(payload));
    assert.equal(other, "kept");
    const { name, task, parameters } = model as { name: string; task: string; parameters: number };
    assert.deepEqual({ name, task, parameters }, { name: "pot", task: "regression", parameters: 177 });
    const stored = await readFile(path.join(flow.storage, "models", "pot", "model.tflite"));
    assert.ok(stored.equals(payload));
    const report = readTflite(payload).metadata?.report;
    assert.ok(report !== undefined && report.validationLoss < 0.02, `validation loss ${report?.validationLoss}`);
    const last = seen.runs.at(-1);
    assert.equal(seen.topics.at(-1), "tinyml/training/train");
    assert.equal(last?.state, "finished");
    assert.equal(last?.readings, 400);
    // What is shown is what the stored model has, not what the last epoch happened to have.
    assert.equal(last?.validationLoss, report.validationLoss);
    assert.equal(last?.curve.epoch.at(-1), 60);
    const runFile = path.join(flow.storage, "runs", last?.id ?? "", "run.json");
    assert.deepEqual(JSON.parse(await readFile(runFile, "utf8")), last);
    await flow.until("the status says it", () => flow.statuses("train").at(-1)?.text === "status.trained");
  });

  it("gives the same model for the same seed, and another for another", async () => {
    const flow = await startFlow([...base, { ...trainer, ...quickRecipe, epochs: 3 }]);
    await storePotentiometer(flow.storage, 100);
    const weights: unknown[] = [];
    for (const message of [{}, { seed: 1 }, { seed: 2 }]) {
      flow.send("train", message);
      const { payload } = await flow.next("out");
      weights.push(readTflite(payload as Buffer).tensors.map(({ data }) => data));
    }
    assert.deepEqual(weights[0], weights[1]);
    assert.notDeepEqual(weights[0], weights[2]);
  });

  it("takes a recipe from the message, and says what is wrong with one", async () => {
    const flow = await startFlow([...base, { ...trainer, ...endlessRecipe }]);
    await storePotentiometer(flow.storage, 50);
    const recipe = {
      version: 1,
      task: "regression",
      input: { shape: [1] },
      layers: [{ type: "dense", units: 1 }],
      training: { loss: "meanSquaredError", epochs: 2 },
    };
    flow.send("train", { recipe });
    const { model } = await flow.next("out");
    assert.equal((model as { parameters: number }).parameters, 2);
    for (const message of [
      { recipe: "deep" },
      { recipe: { ...recipe, layers: [] } },
      { seed: "seven" },
      { seed: -1 },
    ]) {
      flow.send("train", message);
      assert.equal((await flow.next("errors")).error?.code, "TINYML_RECIPE_INVALID", JSON.stringify(message));
    }
  });

  it("is stopped by a message, and refuses a second start meanwhile", async () => {
    const seen = watchRuns();
    const flow = await startFlow([...base, { ...trainer, ...endlessRecipe }]);
    await storePotentiometer(flow.storage, 100);
    flow.send("train", {});
    flow.send("train", {});
    assert.equal((await flow.next("errors")).error?.code, "TINYML_TRAINING_BUSY");
    await isTraining(flow, seen);
    const statuses = flow.statuses("train").length;
    flow.send("train", { train: "stop" });
    await flow.until("the status", () => flow.statuses("train").at(-1)?.text === "status.stopped");
    assert.equal(seen.runs.at(-1)?.state, "stopped");
    await flow.until("both messages are done", () => flow.received("completed").length >= 2);
    assert.deepEqual(
      flow
        .statuses("train")
        .slice(statuses)
        .map(({ fill }) => fill)
        .filter((fill) => fill === "red"),
      [],
    );
    await assert.rejects(readFile(path.join(flow.storage, "models", "pot", "model.tflite")));
    flow.send("train", { train: "halt" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_UNKNOWN_COMMAND");
    flow.send("train", { train: "stop" });
    seen.runs.length = 0;
    flow.send("train", { train: "start" });
    await isTraining(flow, seen);
    assert.equal(flow.received("errors").length, 2);
  });

  it("is stopped by a message, or a deploy, that comes while it reads the dataset", async () => {
    const seen = watchRuns();
    const flow = await startFlow([...base, { ...trainer, ...endlessRecipe }]);
    await storePotentiometer(flow.storage, 100);
    flow.send("train", {});
    flow.send("train", { train: "stop" });
    await flow.until("it is stopped", () => flow.statuses("train").at(-1)?.text === "status.cancelled");
    await flow.until("both messages are done", () => flow.received("completed").length >= 2);
    flow.send("train", {});
    await flow.redeploy();
    assert.deepEqual(seen.runs, []);
    assert.deepEqual(flow.received("errors"), []);
  });

  it("is cancelled by a deploy, and the new node trains", async () => {
    const seen = watchRuns();
    const flow = await startFlow([...base, { ...trainer, ...endlessRecipe }]);
    await storePotentiometer(flow.storage, 100);
    flow.send("train", {});
    await isTraining(flow, seen);
    const logged: string[] = [];
    flow.node("train").log = (line: string) => logged.push(line);
    await flow.redeploy([...base, { ...trainer, ...quickRecipe }]);
    assert.deepEqual(logged, ["log.stopped"]);
    await flow.until("the new node says it", () => flow.statuses("train").at(-1)?.text === "status.stopped");
    assert.equal(seen.runs.at(-1)?.state, "stopped");
    assert.equal(seen.runs.at(-1)?.error?.code, "TINYML_TRAINING_CANCELLED");
    flow.send("train", {});
    assert.ok(isTflite((await flow.next("out")).payload));
    assert.equal(seen.runs.at(-1)?.state, "finished");
  });

  it("resumes what was stopped, by a message or by a deploy, to the model of an undisturbed training", async () => {
    const seen = watchRuns();
    // some seconds of training, so that it can be stopped on its way
    const long = { ...trainer, ...quickRecipe, epochs: 10_000 };
    const flow = await startFlow([...base, long, { ...long, id: "undisturbed", model: "other" }]);
    await storePotentiometer(flow.storage, 400);
    flow.send("train", { train: "resume" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_NO_CHECKPOINT");
    flow.send("train", {});
    await isTraining(flow, seen);
    flow.send("train", { train: "stop" });
    await flow.until("it is stopped", () => seen.runs.at(-1)?.state === "stopped");
    await flow.until("both messages are done", () => flow.received("completed").length >= 2);
    const { id, epoch } = seen.runs.at(-1) ?? { id: "", epoch: 0 };
    seen.runs.length = 0;
    flow.send("train", { train: "resume" });
    await flow.until("it goes on", () => seen.runs.some((run) => run.epoch > epoch));
    await flow.redeploy();
    seen.runs.length = 0;
    flow.send("train", { train: "resume" });
    const weights = ({ payload }: { payload?: unknown }) =>
      readTflite(payload as Buffer).tensors.map(({ data }) => data);
    const resumed = await flow.next("out");
    assert.equal(seen.runs.at(-1)?.id, id, "it is the same run");
    assert.equal(seen.runs.at(-1)?.state, "finished");
    flow.send("undisturbed", {});
    assert.deepEqual(weights(resumed), weights(await flow.next("out")));
    flow.send("train", { train: "resume" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_NO_CHECKPOINT");
  });

  it("does not resume on other readings", async () => {
    const seen = watchRuns();
    const flow = await startFlow([...base, { ...trainer, ...endlessRecipe }]);
    await storePotentiometer(flow.storage, 100);
    flow.send("train", {});
    await isTraining(flow, seen);
    flow.send("train", { train: "stop" });
    await flow.until("it is stopped", () => seen.runs.at(-1)?.state === "stopped");
    await flow.until("both messages are done", () => flow.received("completed").length >= 2);
    await storePotentiometer(flow.storage, 20);
    flow.send("train", { train: "resume" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_CHECKPOINT_MISMATCH");
  });

  it("thirty trainings at once wait for their turn, and say how many are ahead", async function () {
    this.timeout(60_000);
    const ids = Array.from({ length: 30 }, (_, i) => `train${i}`);
    const nodes = ids.map((id) => ({ ...trainer, ...quickRecipe, epochs: 3, id, model: id }));
    const flow = await startFlow([...base, ...nodes]);
    await storePotentiometer(flow.storage, 50);
    for (const id of ids) flow.send(id, {});
    const names = new Set<unknown>();
    for (const _ of ids) names.add(Object((await flow.next("out")).model).name);
    assert.equal(names.size, 30);
    assert.deepEqual(flow.received("errors"), []);
    const waited = ids.filter((id) => flow.statuses(id).some(({ text }) => text === "status.waiting"));
    // some of the first are through before the last have read their data
    assert.ok(waited.length >= 10, `${waited.length} nodes said that they wait`);
    await flow.until("all say it", () => ids.every((id) => flow.statuses(id).at(-1)?.text === "status.trained"));
  });

  it("trains in two nodes at once", async () => {
    const seen = watchRuns();
    const second = { ...trainer, ...quickRecipe, id: "second", model: "pot2" };
    const flow = await startFlow([...base, { ...trainer, ...quickRecipe }, second]);
    await storePotentiometer(flow.storage, 200);
    flow.send("train", {});
    flow.send("second", {});
    const names = [await flow.next("out"), await flow.next("out")].map(({ model }) => (model as { name: string }).name);
    assert.deepEqual(names.sort(), ["pot", "pot2"]);
    assert.deepEqual(new Set(seen.runs.map(({ node }) => node)), new Set(["train", "second"]));
    assert.deepEqual(flow.received("errors"), []);
  });

  it("doesn't train one model in two nodes at once", async () => {
    const seen = watchRuns();
    const flow = await startFlow([
      ...base,
      { ...trainer, ...endlessRecipe },
      { ...trainer, ...quickRecipe, id: "second", epochs: 2 },
    ]);
    await storePotentiometer(flow.storage, 100);
    flow.send("train", {});
    flow.send("second", {});
    const { error } = await flow.next("errors");
    assert.deepEqual([error?.code, error?.source.id], ["TINYML_TRAINING_BUSY", "second"]);
    await isTraining(flow, seen);
    flow.send("train", { train: "stop" });
    await flow.until("it is stopped", () => flow.received("completed").length >= 2);
    flow.send("second", {});
    assert.ok(isTflite((await flow.next("out")).payload));
  });

  it("says what is wrong with the dataset", async () => {
    const labels = { ...potentiometerDataset, id: "one", name: "single", task: "classification", labels: "" };
    const record = { id: "record", z: "tab", type: "tinyml-record", dataset: "one", always: true };
    const flow = await startFlow([
      ...base,
      { ...trainer, ...quickRecipe },
      { ...trainer, ...quickRecipe, id: "unset", dataset: "" },
      labels,
      { ...trainer, ...quickRecipe, id: "classes", dataset: "one" },
      record,
    ]);
    const codeOf = async (id: string): Promise<string | undefined> => {
      flow.send(id, {});
      return (await flow.next("errors")).error?.code;
    };
    assert.equal(await codeOf("unset"), "TINYML_DATASET_NOT_SET");
    assert.equal(await codeOf("train"), "TINYML_DATASET_MISSING");
    const folder = path.join(flow.storage, "datasets", "potentiometer");
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, "dataset.json"), "{ broken");
    assert.equal(await codeOf("train"), "TINYML_DATASET_CORRUPT");
    for (let i = 0; i < 8; i++) flow.send("record", { payload: i, label: "same" });
    await flow.until("they are stored", () => flow.received("completed").length >= 8);
    assert.equal(await codeOf("classes"), "TINYML_ONE_CLASS");
    assert.ok(flow.statuses("classes").some(({ fill }) => fill === "red"));
  });

  it("sees the readings that were recorded a moment ago", async () => {
    const record = { id: "record", z: "tab", type: "tinyml-record", dataset: "dataset", count: 40, wires: [["train"]] };
    const flow = await startFlow([...base, record, { ...trainer, ...quickRecipe, epochs: 2 }]);
    flow.send("record", { record: "start" });
    for (let i = 0; i < 40; i++) flow.send("record", { payload: i / 40, label: i });
    const { payload } = await flow.next("out");
    const report = readTflite(payload as Buffer).metadata?.report;
    assert.equal((report?.trainingSamples ?? 0) + (report?.validationSamples ?? 0), 40);
  });

  it("says wrong settings at the start and lives on", async () => {
    const wrong = [
      { model: "" },
      { epochs: 0 },
      { layers: [{ units: -1 }] },
      { learningRate: "fast" },
      { validation: 0 },
      { batchSize: 0 },
    ];
    const nodes = wrong.map((settings, index) => ({ ...trainer, ...quickRecipe, ...settings, id: `train${index}` }));
    const flow = await startFlow([...base, ...nodes]);
    for (const { id } of nodes) {
      flow.send(id, {});
      assert.equal((await flow.next("errors")).error?.code, "TINYML_CONFIG_INVALID", id);
      assert.equal(flow.statuses(id)[0]?.fill, "red");
    }
    assert.match(flow.received("errors").at(-1)?.error?.message ?? "", /"Batch size" is 0/);
  });

  it("tells of a run that a crash has cut off", async () => {
    const flow = await startFlow(base);
    const folder = path.join(flow.storage, "runs", "cut-off");
    await mkdir(folder, { recursive: true });
    const curve = { step: 1, epoch: [1], loss: [1], validationLoss: [1] };
    const run = {
      id: "cut-off",
      node: "n",
      model: "pot",
      dataset: "d",
      state: "running",
      started: 1,
      seconds: 1,
      epoch: 1,
      epochs: 9,
    };
    await writeFile(path.join(folder, "run.json"), JSON.stringify({ ...run, curve }));
    await mkdir(path.join(flow.storage, "runs", "damaged"));
    await writeFile(path.join(flow.storage, "runs", "damaged", "run.json"), '{"id":"damaged"}');
    const { listRuns } = require("../../dist/lib.js");
    const [listed, ...others] = await listRuns(flow.storage);
    assert.equal(listed.state, "failed");
    assert.equal(listed.error.code, "TINYML_WORKER_FAILED");
    assert.deepEqual(others, []);
  });
});
