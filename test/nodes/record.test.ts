import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import path from "node:path";
import { readDataset } from "../../src/dataset/read-dataset";
import { potentiometerDataset, startFlow, tab } from "./support/flow";

const recorder = { id: "record", z: "tab", type: "tinyml-record", dataset: "dataset", count: 3, wires: [["out"]] };
const base = [
  ...tab,
  potentiometerDataset,
  { id: "out", z: "tab", type: "helper" },
  { id: "complete", z: "tab", type: "complete", scope: ["record"], wires: [["completed"]] },
  { id: "completed", z: "tab", type: "helper" },
];

describe("node record", () => {
  it("takes as many readings as it is told to, tells when they are on disk, and ignores others", async () => {
    const flow = await startFlow([...base, recorder]);
    flow.send("record", { payload: 9, label: 9 });
    flow.send("record", { record: "start" });
    for (let i = 0; i < 5; i++) flow.send("record", { payload: i / 10, label: i, topic: "adc/0" });
    const { payload, topic } = await flow.next("out");
    assert.deepEqual(payload, { recorded: 3, total: 3 });
    assert.equal(topic, "potentiometer");
    const table = await readDataset(path.join(flow.storage, "datasets", "potentiometer"));
    assert.deepEqual(
      Array.from(table.inputs),
      [0, 0.1, 0.2].map((value) => Math.fround(value)),
    );
    assert.deepEqual(Array.from(table.outputs), [0, 1, 2]);
    // Every message is done once: one before, the command, five readings.
    await flow.until("all messages are done", () => flow.received("completed").length >= 7);
    assert.deepEqual(flow.received("errors"), []);
    assert.equal(flow.received("out").length, 1);
  });

  it("adds with the next start, stops on command and clears", async () => {
    const flow = await startFlow([...base, { ...recorder, count: 0 }]);
    flow.send("record", { record: "start" });
    flow.send("record", { payload: 0.1, label: 1 });
    flow.send("record", { payload: 0.2, label: 2 });
    await flow.until("both are stored", () => flow.received("completed").length >= 3);
    flow.send("record", { record: "Stop " });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 2, total: 2 });
    flow.send("record", { record: "start" });
    flow.send("record", { payload: 0.3, label: 3 });
    flow.send("record", { record: "stop" });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 1, total: 3 });
    flow.send("record", { record: "clear" });
    await flow.until("the dataset is cleared", () => flow.received("completed").length >= 8);
    flow.send("record", { record: "start" });
    flow.send("record", { payload: 0.4, label: 4 });
    flow.send("record", { record: "stop" });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 1, total: 1 });
  });

  it("counts anew when the dataset is cleared during a recording", async () => {
    const flow = await startFlow([...base, recorder]);
    flow.send("record", { record: "start" });
    for (const value of [1, 2]) flow.send("record", { payload: value, label: value });
    await flow.until("two are stored", () => flow.received("completed").length >= 3);
    flow.send("record", { record: "clear" });
    for (const value of [3, 4, 5]) flow.send("record", { payload: value, label: value });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 3, total: 3 });
    const { inputs } = await readDataset(path.join(flow.storage, "datasets", "potentiometer"));
    assert.deepEqual(Array.from(inputs), [3, 4, 5]);
  });

  it("clears a dataset that was recorded under other settings", async () => {
    const flow = await startFlow([...base, recorder]);
    flow.send("record", { record: "start" });
    for (const value of [1, 2, 3]) flow.send("record", { payload: value, label: value });
    await flow.next("out");
    const channels = [{ name: "x" }, { name: "y" }];
    await flow.redeploy(
      [...base, { ...potentiometerDataset, channels }, recorder].filter((n) => n !== potentiometerDataset),
    );
    flow.send("record", { record: "start" });
    const { error } = await flow.next("errors");
    assert.equal(error?.code, "TINYML_DATASET_MISMATCH");
    assert.match(error.message, /msg\.record = "clear"/);
    flow.send("record", { record: "clear" });
    flow.send("record", { record: "start" });
    for (const value of [1, 2, 3]) flow.send("record", { payload: [value, value], label: value });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 3, total: 3 });
  });

  for (const always of [false, true]) {
    it(`tells a failure of the disk once, with the number of lost readings (always: ${always})`, async () => {
      const flow = await startFlow([...base, { ...recorder, count: 0, always }]);
      const folder = path.join(flow.storage, "datasets", "potentiometer");
      flow.send("record", { record: "start" });
      flow.send("record", { payload: 1, label: 1 });
      await flow.until("it is stored", () => flow.received("completed").length >= 2);
      await rm(folder, { recursive: true });
      for (let i = 0; i < 50; i++) flow.send("record", { payload: i, label: i });
      const { error } = await flow.next("errors");
      assert.equal(error?.code, "TINYML_DATASET_MISSING");
      assert.match(error.message, / 50 readings were not stored\.$/);
      await flow.until("the others are done", () => flow.received("completed").length >= 51);
      assert.equal(flow.received("errors").length, 1);
    });
  }

  it("tells what is wrong with a reading, and goes on", async () => {
    const flow = await startFlow([...base, recorder]);
    flow.send("record", { record: "start" });
    const wrong: Array<[object, string]> = [
      [{ payload: "0.5", label: 1 }, "TINYML_NOT_A_NUMBER"],
      [{ payload: Number.NaN, label: 1 }, "TINYML_NOT_A_NUMBER"],
      [{ payload: [Number.POSITIVE_INFINITY], label: 1 }, "TINYML_NOT_A_NUMBER"],
      [{ label: 1 }, "TINYML_NOT_A_NUMBER"],
      [{ payload: null, label: 1 }, "TINYML_NOT_A_NUMBER"],
      [{ payload: Buffer.from("x"), label: 1 }, "TINYML_NOT_A_NUMBER"],
      [{ payload: {}, label: 1 }, "TINYML_NOT_A_NUMBER"],
      [{ payload: [1, 2], label: 1 }, "TINYML_CHANNEL_COUNT"],
      [{ payload: [], label: 1 }, "TINYML_CHANNEL_COUNT"],
      [{ payload: 1 }, "TINYML_NO_LABEL"],
      [{ payload: 1, label: "bright" }, "TINYML_NOT_A_NUMBER"],
      [{ payload: 1, label: [1, 2] }, "TINYML_CHANNEL_COUNT"],
      [{ record: "begin" }, "TINYML_UNKNOWN_COMMAND"],
      [{ record: 7 }, "TINYML_UNKNOWN_COMMAND"],
    ];
    for (const [message, code] of wrong) {
      flow.send("record", message);
      const { error } = await flow.next("errors");
      assert.equal(error?.code, code, JSON.stringify(message));
      assert.equal(error?.source.id, "record");
    }
    for (let i = 0; i < 3; i++) flow.send("record", { payload: i, label: i });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 3, total: 3 });
    assert.equal(flow.received("errors").length, wrong.length);
    assert.ok(flow.statuses("record").some(({ fill }) => fill === "red"));
    assert.equal(flow.statuses("record").at(-1)?.fill, "red", "an error stays for a while");
    await flow.until("the status recovers", () => flow.statuses("record").at(-1)?.text === "status.recorded");
  });

  it("names what came instead of a number to learn", async () => {
    const flow = await startFlow([...base, { ...recorder, always: true }]);
    for (const [label, named] of [
      ["0.3", /the text "0\.3"/],
      [{ a: 1 }, /an object/],
    ] as const) {
      flow.send("record", { payload: 1, label });
      assert.match((await flow.next("errors")).error?.message ?? "", named);
    }
  });

  it("records everything when it is set so", async () => {
    const flow = await startFlow([...base, { ...recorder, always: true }]);
    for (let i = 0; i < 5; i++) flow.send("record", { payload: i, label: i });
    await flow.until("all are stored", () => flow.received("completed").length >= 5);
    const { rows } = await readDataset(path.join(flow.storage, "datasets", "potentiometer"));
    assert.equal(rows, 5);
  });

  it("takes labels from other properties and from its settings", async () => {
    const dataset = { ...potentiometerDataset, name: "moves", task: "classification", labels: "" };
    const nodes = [
      ...base.filter((node) => node !== potentiometerDataset),
      dataset,
      { ...recorder, always: true, label: "move.name", labelType: "msg" },
      { ...recorder, id: "fixed", always: true, label: "still", labelType: "str" },
    ];
    const flow = await startFlow(nodes);
    flow.send("record", { payload: 1, move: { name: "shake" } });
    flow.send("record", { payload: 1, move: { name: 5 } });
    flow.send("fixed", { payload: 1 });
    flow.send("record", { payload: 1 });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_NO_LABEL");
    await flow.until("both are stored", () => flow.received("completed").length >= 2);
    const folder = path.join(flow.storage, "datasets", "moves");
    await flow.until("the third is on disk, too", () => flow.statuses("fixed").length > 1);
    const { labels } = await readDataset(folder);
    assert.deepEqual(labels?.toSorted(), ["5", "shake", "still"]);
  });

  it("says that a dataset is missing, and that its settings are wrong", async () => {
    const nodes = [
      ...base,
      { ...recorder, dataset: "" },
      { ...recorder, id: "other", dataset: "gone" },
      { ...recorder, id: "third", dataset: "broken" },
      { ...potentiometerDataset, id: "broken", name: "../escape" },
      { ...recorder, id: "fourth", dataset: "empty" },
      { ...potentiometerDataset, id: "empty", channels: [] },
      { ...recorder, id: "off", dataset: "disabled" },
      { ...potentiometerDataset, id: "disabled", d: true },
    ];
    const flow = await startFlow(nodes);
    const expected = {
      record: ["TINYML_DATASET_NOT_SET", /chosen/],
      other: ["TINYML_DATASET_NOT_SET", /deleted/],
      off: ["TINYML_DATASET_NOT_SET", /disabled/],
      third: ["TINYML_NAME_INVALID", /escape/],
      fourth: ["TINYML_CONFIG_INVALID", /list "What a reading holds" is empty/],
    } as const;
    for (const [id, [code, message]] of Object.entries(expected)) {
      flow.send(id, { record: "start" });
      const { error } = await flow.next("errors");
      assert.equal(error?.code, code, id);
      assert.match(error.message, message);
    }
  });

  it("has wrong settings said at the start and with every message, and lives on", async () => {
    const flow = await startFlow([...base, { ...recorder, count: "many" }]);
    assert.equal(flow.statuses("record").at(-1)?.fill, "red");
    flow.send("record", { record: "start" });
    flow.send("record", { payload: 1 });
    for (let i = 0; i < 2; i++) assert.equal((await flow.next("errors")).error?.code, "TINYML_CONFIG_INVALID");
  });

  it("ends the recording when the dataset's folder is deleted, and starts anew on command", async () => {
    const flow = await startFlow([...base, { ...recorder, count: 100 }]);
    const folder = path.join(flow.storage, "datasets", "potentiometer");
    flow.send("record", { record: "start" });
    flow.send("record", { payload: 1, label: 1 });
    await flow.until("it is stored", () => flow.received("completed").length >= 2);
    await rm(folder, { recursive: true });
    flow.send("record", { payload: 2, label: 2 });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_DATASET_MISSING");
    flow.send("record", { payload: 3, label: 3 });
    flow.send("record", { record: "start" });
    await flow.until("the command is done", () => flow.received("completed").length >= 4);
    flow.send("record", { payload: 4, label: 4 });
    await flow.until("the new reading is stored", () => flow.received("completed").length >= 5);
    assert.deepEqual(Array.from((await readDataset(folder)).inputs), [4]);
    assert.equal(flow.received("errors").length, 1);
  });

  it("keeps what was recorded over a deploy, and two nodes share one dataset", async () => {
    const nodes = [...base, { ...recorder, always: true }, { ...recorder, id: "second", always: true }];
    const flow = await startFlow(nodes);
    flow.send("record", { payload: 1, label: 1 });
    flow.send("second", { payload: 2, label: 2 });
    await flow.redeploy();
    flow.send("second", { payload: 3, label: 3 });
    await flow.redeploy();
    const { inputs } = await readDataset(path.join(flow.storage, "datasets", "potentiometer"));
    assert.deepEqual(Array.from(inputs), [1, 2, 3]);
    assert.deepEqual(flow.received("errors"), []);
  });
});
