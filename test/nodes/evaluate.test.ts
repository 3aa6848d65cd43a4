import assert from "node:assert/strict";
import path from "node:path";
import { quantizeInt8 } from "../../src/compression/quantize-int8";
import { readDataset } from "../../src/dataset/read-dataset";
import { evaluateRows } from "../../src/training/evaluate-rows";
import { record } from "../cli/support/tinyml";
import { cloudsTable, potentiometerTable } from "../support/potentiometer";
import { cloudsModel, fileOf, potentiometerModel, storeModelFile, storePotentiometer } from "./support/data";
import { potentiometerDataset, type Received, startFlow, type TestFlow, tab } from "./support/flow";

const cloudsDataset = {
  id: "cloudsDataset",
  type: "tinyml-dataset",
  name: "clouds",
  task: "classification",
  channels: ["x", "y"].map((name) => ({ name, unit: "g" })),
  labels: "left, right, below",
};
const evaluator = {
  id: "evaluate",
  z: "tab",
  type: "tinyml-evaluate",
  dataset: "cloudsDataset",
  split: "validation",
  model: "",
  wires: [["out"], ["picture"]],
};
const base = [
  ...tab,
  potentiometerDataset,
  cloudsDataset,
  { id: "out", z: "tab", type: "helper" },
  { id: "picture", z: "tab", type: "helper" },
];

/** A comparison's figures, as a report has them. */
interface Compared {
  model: string;
  metric: string;
  value: number;
  samples: number;
  split: string;
}

interface NodeReport {
  model: string;
  split: string;
  samples: number;
  warnings: { type: string }[];
  comparison: Compared[];
}

const reportOf = (message: Received): NodeReport => (message as Received & { report: NodeReport }).report;
const names = (message: Received): string[] => reportOf(message).comparison.map(({ model }) => model);

/** Waits until the newest status of a node is this one. */
const shows = (flow: TestFlow, id: string, fill: string, text: string): Promise<void> =>
  flow.until(`${id} shows ${text}`, () => {
    const last = flow.statuses(id).at(-1);
    return last?.fill === fill && last.text === text;
  });

describe("node evaluate", function () {
  this.timeout(30_000);
  const clouds = cloudsModel();
  const file = fileOf(clouds);
  const storeClouds = (flow: TestFlow, rows = 300): Promise<void> =>
    record(path.join(flow.storage, "datasets", "clouds"), cloudsTable(5, rows));

  it("passes a model on with a report, and sends a picture", async () => {
    const flow = await startFlow([...base, evaluator]);
    await storeClouds(flow);
    flow.send("evaluate", { payload: file, model: { name: "clouds" }, other: 1 });
    const message = await flow.next("out");
    assert.ok(file.equals(message.payload as Buffer));
    const table = await readDataset(path.join(flow.storage, "datasets", "clouds"));
    const { dataset: _, ...expected } = evaluateRows({ model: clouds, table, split: "validation" });
    const { comparison, dataset: __, ...report } = reportOf(message) as NodeReport & { dataset?: string };
    assert.deepEqual(report, expected);
    const { metric, value, samples, split } = expected;
    assert.deepEqual(comparison, [{ model: "clouds", metric, value, samples, split }]);
    assert.deepEqual([(message as { other?: unknown }).other, message.model], [1, { name: "clouds" }]);

    const picture = await flow.next("picture");
    assert.match(String(picture.payload), /^<svg .*clouds.*<\/svg>$/s);
    assert.deepEqual(reportOf(picture), reportOf(message));
    assert.equal((picture as { other?: unknown }).other, 1);
    await shows(flow, "evaluate", "green", "status.accuracy");
    assert.equal(flow.statuses("evaluate").at(0)?.text, "status.evaluating");
  });

  it("takes the stored model for any other message, and the rows of its settings", async () => {
    const nodes = ["training", "all", "test"].map((split) => ({ ...evaluator, id: split, split, model: "stored" }));
    const flow = await startFlow([...base, ...nodes]);
    await storeClouds(flow);
    await storeModelFile(flow.storage, "stored", file);
    for (const [split, samples] of [
      ["training", 225],
      ["all", 300],
    ] as const) {
      flow.send(split, { payload: Date.now() });
      const message = await flow.next("out");
      assert.ok(file.equals(message.payload as Buffer));
      assert.deepEqual([reportOf(message).split, reportOf(message).samples], [split, samples]);
      assert.deepEqual(
        reportOf(message).warnings.map(({ type }) => type),
        ["seenInTraining"],
      );
      await shows(flow, split, "yellow", "status.warnings");
    }
    flow.send("test", { payload: 1 });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_DATASET_EMPTY");
  });

  it("judges numbers, float and int8, side by side", async () => {
    const flow = await startFlow([...base, { ...evaluator, dataset: "dataset" }]);
    await storePotentiometer(flow.storage);
    const float = potentiometerModel();
    flow.send("evaluate", { payload: fileOf(float) });
    flow.send("evaluate", { payload: fileOf(quantizeInt8(float, potentiometerTable(1, 400))) });
    assert.deepEqual(names(await flow.next("out")), ["potentiometer"]);
    const second = await flow.next("out");
    assert.deepEqual(names(second), ["potentiometer", "potentiometer-int8"]);
    for (const { metric, value } of reportOf(second).comparison) assert.ok(metric === "mse" && value < 0.01);
    const pictures = [await flow.next("picture"), await flow.next("picture")].map(({ payload }) => String(payload));
    assert.doesNotMatch(pictures[0], /potentiometer-int8/);
    assert.match(pictures[1], /potentiometer-int8/);
    await shows(flow, "evaluate", "green", "status.rmse");
  });

  it("compares models by the names that messages give them, until one says complete", async () => {
    const flow = await startFlow([...base, evaluator]);
    await storeClouds(flow);
    const send = async (name: string, more: object = {}): Promise<string[]> => {
      flow.send("evaluate", { payload: file, model: { name }, ...more });
      return names(await flow.next("out"));
    };
    assert.deepEqual(await send("a"), ["a"]);
    assert.deepEqual(await send("b"), ["a", "b"]);
    assert.deepEqual(await send("a"), ["b", "a"], "a model of the same name takes its place");
    assert.deepEqual(await send("c", { complete: true }), ["b", "a", "c"], "the last one");
    assert.deepEqual(await send("d"), ["d"], "a new comparison");
    assert.deepEqual(await send("e", { complete: false }), ["d", "e"]);

    // A message's picture comes after its report.
    await flow.until("each of the six has its picture", () => flow.received("picture").length === 6);
    flow.send("evaluate", { complete: true, topic: "end" });
    await flow.until("the picture comes once more", () => flow.received("picture").length === 7);
    const last = flow.received("picture").at(-1);
    assert.ok(last !== undefined);
    assert.deepEqual([last.topic, names(last)], ["end", ["d", "e"]]);
    assert.deepEqual(await send("f"), ["f"]);
    assert.equal(flow.received("out").length, 7, "what closes a comparison brings no model");
    flow.send("evaluate", { complete: true });
    flow.send("evaluate", { complete: true });
    await shows(flow, "evaluate", "grey", "status.complete");
    assert.deepEqual(flow.received("errors"), []);
  });

  it("compares the newest twelve", async () => {
    const flow = await startFlow([...base, evaluator]);
    await storeClouds(flow);
    for (let i = 0; i < 14; i++) flow.send("evaluate", { payload: file, model: { name: `model ${i}` } });
    await flow.until("all are evaluated", () => flow.received("out").length === 14);
    const last = flow.received("out").at(-1);
    assert.ok(last !== undefined);
    assert.deepEqual(
      names(last),
      Array.from({ length: 12 }, (_, i) => `model ${i + 2}`),
    );
  });

  it("says when readings were recorded since the training", async () => {
    const flow = await startFlow([...base, evaluator]);
    await storeClouds(flow, 330);
    flow.send("evaluate", { payload: file });
    const { warnings } = reportOf(await flow.next("out"));
    assert.deepEqual(
      warnings.map(({ type }) => type),
      ["otherData"],
    );
    await shows(flow, "evaluate", "yellow", "status.warnings");
  });

  it("evaluates many rows in a thread, and lets go of them when its flow is closed", async () => {
    const flow = await startFlow([...base, evaluator]);
    await storeClouds(flow, 5000);
    flow.send("evaluate", { payload: file });
    assert.equal(reportOf(await flow.next("out")).samples, 1250);
    flow.send("evaluate", { payload: file });
    await flow.until("it evaluates", () => flow.statuses("evaluate").at(-1)?.text === "status.evaluating");
    await flow.redeploy();
    flow.send("evaluate", { payload: file, model: { name: "after" } });
    assert.deepEqual(names(await flow.next("out")), ["after"]);
    assert.deepEqual(flow.received("errors"), []);
  });

  it("says what is wrong", async () => {
    const flow = await startFlow([
      ...base,
      evaluator,
      { ...evaluator, id: "unset", dataset: "" },
      { ...evaluator, id: "escape", model: "../../etc" },
      { ...evaluator, id: "strange", split: "most" },
    ]);
    const codeOf = async (id: string, payload: unknown): Promise<string | undefined> => {
      flow.send(id, { payload });
      return (await flow.next("errors")).error?.code;
    };
    assert.equal(await codeOf("strange", file), "TINYML_CONFIG_INVALID");
    assert.equal(await codeOf("unset", file), "TINYML_DATASET_NOT_SET");
    assert.equal(await codeOf("evaluate", file), "TINYML_DATASET_MISSING");
    await storeClouds(flow);
    assert.equal(await codeOf("evaluate", 1), "TINYML_NO_MODEL");
    assert.equal(await codeOf("escape", 1), "TINYML_NAME_INVALID");
    assert.match((await codeOf("evaluate", file.subarray(0, 500))) ?? "", /^TINYML_MODEL_/);
    assert.equal(await codeOf("evaluate", fileOf(potentiometerModel())), "TINYML_DATASET_MISMATCH");
    flow.send("evaluate", { payload: file });
    assert.equal(reportOf(await flow.next("out")).samples, 75, "it goes on");
  });
});
