import assert from "node:assert/strict";
import path from "node:path";
import { openDataset } from "../../src/dataset/open-dataset";
import { pngBytes } from "../dataset/support/pictures";
import { folderOf } from "../dataset/support/tree";
import { temporaryFolder } from "../support/folders";
import { labelledDataset, motionDataset, picturesDataset, soundsDataset } from "./support/datasets";
import { type Received, startFlow, type TestFlow, tab } from "./support/flow";

const node = { id: "samples", z: "tab", type: "tinyml-samples", dataset: "dataset", wires: [["out"]] };
const base = [
  ...tab,
  { id: "out", z: "tab", type: "helper" },
  { id: "complete", z: "tab", type: "complete", scope: ["samples"], wires: [["completed"]] },
  { id: "completed", z: "tab", type: "helper" },
];
const channels = [
  { name: "x", unit: "g" },
  { name: "y", unit: "g" },
];
const described = {
  version: 1,
  kind: "timeseries",
  task: "classification",
  channels,
  labels: [],
  rateHz: 100,
} as const;
const labels = ["wave", "rest", "wave", "rest", "wave"];

/** A user folder with a dataset of five recordings of two readings. */
async function recordedMotion(): Promise<string> {
  const userFolder = await temporaryFolder();
  const dataset = await openDataset(path.join(userFolder, "tinyml", "datasets", "motion"), described);
  await dataset.addAll(labels.map((label, i) => ({ values: Float32Array.of(i, 1, 2, 3), label, source: "imu" })));
  await dataset.close();
  return userFolder;
}

async function startMotion(settings: object = {}): Promise<TestFlow> {
  return startFlow([...base, motionDataset, { ...node, ...settings }], { userFolder: await recordedMotion() });
}

async function ask(flow: TestFlow, message: object): Promise<Received> {
  flow.send("samples", message);
  return flow.next("out");
}

const idsOf = ({ payload }: Received) => (payload as Array<{ id: number }>).map(({ id }) => id);

describe("node samples", () => {
  it("lists all samples, or those with a label or on a side", async () => {
    const flow = await startMotion();
    const all = await ask(flow, { kept: 1 });
    assert.deepEqual(idsOf(all), [1, 2, 3, 4, 5]);
    assert.deepEqual([all.topic, "kept" in all], ["motion", true]);
    const [{ label, readings, source, file }] = all.payload as Array<Record<string, unknown>>;
    assert.deepEqual([label, readings, source, file], ["wave", 2, "imu", "samples/1.csv"]);
    assert.deepEqual(idsOf(await ask(flow, { samples: " List", label: "rest" })), [2, 4]);
    assert.deepEqual(idsOf(await ask(flow, { split: "test" })), []);
    assert.deepEqual(idsOf(await ask(flow, { id: [5, 1] })), [5, 1]);
    assert.deepEqual(idsOf(await ask(flow, { label: "unknown" })), []);
  });

  it("filters by its settings where the message says nothing", async () => {
    const flow = await startMotion({ label: "rest" });
    assert.deepEqual(idsOf(await ask(flow, {})), [2, 4]);
    assert.deepEqual(idsOf(await ask(flow, { label: "wave" })), [1, 3, 5]);
  });

  it("replays samples as windows", async () => {
    const flow = await startMotion({ command: "read" });
    const one = await ask(flow, { id: 4 });
    assert.deepEqual(one.payload, Float32Array.of(3, 1, 2, 3));
    const { window, label, topic } = { window: undefined, label: undefined, ...one };
    assert.deepEqual(
      { window, label, topic },
      {
        window: { shape: [2, 2], rateHz: 100, channels: ["x", "y"] },
        label: "rest",
        topic: "imu",
      },
    );
    flow.send("samples", { label: "wave" });
    const three = [await flow.next("out"), await flow.next("out"), await flow.next("out")];
    assert.deepEqual(
      three.map(({ payload }) => (payload as Float32Array)[0]),
      [0, 2, 4],
    );
    assert.deepEqual(
      three.map((message) => "parts" in message && (message.parts as { index: number }).index),
      [0, 1, 2],
    );
  });

  it("replays what a record node of another dataset takes", async () => {
    const copy = { ...motionDataset, id: "other", name: "copy" };
    const record = { id: "record", z: "tab", type: "tinyml-record", dataset: "other", always: true, wires: [[]] };
    const flow = await startFlow(
      [
        ...base,
        motionDataset,
        copy,
        { ...node, command: "read", wires: [["record"]] },
        record,
        { ...node, id: "copied", dataset: "other" },
      ],
      {
        userFolder: await recordedMotion(),
      },
    );
    flow.send("samples", {});
    await flow.until("all are recorded", () => flow.received("completed").length === 1);
    await flow.until("all are on disk", () => flow.statuses("record").length > 1);
    flow.send("copied", {});
    const { payload } = await flow.next("out");
    assert.deepEqual(
      (payload as Array<{ label: string }>).map(({ label }) => label),
      labels,
    );
  });

  it("relabels, deletes and restores", async () => {
    const flow = await startMotion();
    assert.deepEqual((await ask(flow, { samples: "relabel", id: 2, label: "wave" })).payload, {
      command: "relabel",
      ids: [2],
    });
    assert.deepEqual(idsOf(await ask(flow, { label: "wave" })), [1, 2, 3, 5]);
    assert.deepEqual((await ask(flow, { samples: "delete", label: "wave" })).payload, {
      command: "delete",
      ids: [1, 2, 3, 5],
    });
    assert.deepEqual(idsOf(await ask(flow, {})), [4]);
    assert.deepEqual((await ask(flow, { samples: "restore", id: [3] })).payload, { command: "restore", ids: [3] });
    assert.deepEqual((await ask(flow, { samples: "restore" })).payload, { command: "restore", ids: [1, 2, 5] });
    assert.deepEqual(idsOf(await ask(flow, {})), [1, 2, 3, 4, 5]);
  });

  it("splits, and lists the sides", async () => {
    const flow = await startMotion({ command: "split", validation: 20, test: 20 });
    assert.deepEqual((await ask(flow, {})).payload, { command: "split", training: 3, validation: 1, test: 1 });
    const sides = await Promise.all(
      ["training", "validation", "test"].map((split) => ask(flow, { samples: "list", split })),
    );
    assert.deepEqual(sides.flatMap(idsOf).sort(), [1, 2, 3, 4, 5]);
  });

  for (const [format, name] of [
    ["zip", "motion.zip"],
    ["csv", "motion.csv"],
    ["edge-impulse", "motion.zip"],
  ]) {
    it(`exports as ${format}, and another dataset imports it`, async () => {
      const copy = { ...motionDataset, id: "other", name: "copy" };
      const flow = await startFlow([...base, motionDataset, copy, node, { ...node, id: "copied", dataset: "other" }], {
        userFolder: await recordedMotion(),
      });
      const { payload, ...exported } = await ask(flow, { samples: "export", format });
      assert.ok(Buffer.isBuffer(payload));
      assert.equal("filename" in exported && exported.filename, name);
      flow.send("copied", { ...exported, samples: "import", payload });
      assert.deepEqual((await flow.next("out")).payload, { command: "import", ids: [1, 2, 3, 4, 5], passedOver: [] });
      flow.send("copied", { samples: "read", id: 5 });
      const read = await flow.next("out");
      assert.deepEqual(read.payload, Float32Array.of(4, 1, 2, 3));
      assert.equal("label" in read && read.label, "wave");
    });
  }

  it("imports the files at a path", async () => {
    const folder = await folderOf({
      "grey/one.png": pngBytes(2, 1, Uint8Array.of(1, 2)),
      "black/two.png": pngBytes(2, 1, Uint8Array.of(0, 0)),
    });
    const flow = await startFlow([...base, picturesDataset, { ...node, command: "import" }]);
    assert.deepEqual((await ask(flow, { payload: folder })).payload, {
      command: "import",
      ids: [1, 2],
      passedOver: [],
    });
    const read = await ask(flow, { samples: "read", label: "grey" });
    assert.deepEqual(read.payload, pngBytes(2, 1, Uint8Array.of(1, 2)));
  });

  it("replays sounds as windows of one channel, and rows of a table as readings", async () => {
    const record = { id: "record", z: "tab", type: "tinyml-record", dataset: "dataset", always: true, wires: [] };
    const sounds = await startFlow([...base, soundsDataset, record, node]);
    sounds.send("record", { payload: [0, 0.5], label: "clap" });
    await sounds.until("it is recorded", () => sounds.statuses("record").length > 1);
    const sound = await ask(sounds, { samples: "read" });
    assert.deepEqual([...(sound.payload as Float32Array)], [0, 0.5]);
    assert.deepEqual("window" in sound && sound.window, { shape: [2, 1], rateHz: 8000, channels: ["sound"] });
  });

  it("works on the rows of a table", async () => {
    const record = { id: "record", z: "tab", type: "tinyml-record", dataset: "dataset", always: true, wires: [] };
    const flow = await startFlow([...base, labelledDataset, record, node]);
    for (const label of ["a", "b", "a"]) flow.send("record", { payload: [1, 2], label });
    await flow.until("they are recorded", () => flow.statuses("record").length > 1);
    assert.deepEqual(idsOf(await ask(flow, { samples: "list" })), [1, 2, 3]);
    await ask(flow, { samples: "delete", id: 1 });
    await ask(flow, { samples: "relabel", id: 3, label: "c" });
    flow.send("samples", { samples: "read" });
    const rows = [await flow.next("out"), await flow.next("out")];
    assert.deepEqual(
      rows.map((row) => [row.payload, "label" in row && row.label]),
      [
        [[1, 2], "b"],
        [[1, 2], "c"],
      ],
    );
  });

  it("tells what is wrong, and changes nothing", async () => {
    const flow = await startMotion({ command: "split", validation: 60, test: 60 });
    const wrong: Array<[object, string]> = [
      [{}, "TINYML_CONFIG_INVALID"],
      [{ samples: "burn" }, "TINYML_UNKNOWN_COMMAND"],
      [{ samples: { command: "list" } }, "TINYML_UNKNOWN_COMMAND"],
      [{ samples: 5 }, "TINYML_UNKNOWN_COMMAND"],
      [{ samples: "list", split: "exam" }, "TINYML_UNKNOWN_COMMAND"],
      [{ samples: "list", split: ["test"] }, "TINYML_UNKNOWN_COMMAND"],
      [{ samples: "read", id: 6 }, "TINYML_UNKNOWN_SAMPLE"],
      [{ samples: "read", id: "1" }, "TINYML_UNKNOWN_SAMPLE"],
      [{ samples: "read", id: null }, "TINYML_UNKNOWN_SAMPLE"],
      [{ samples: "delete" }, "TINYML_UNKNOWN_SAMPLE"],
      [{ samples: "delete", id: [1, 2, 99] }, "TINYML_UNKNOWN_SAMPLE"],
      [{ samples: "restore", id: 1 }, "TINYML_UNKNOWN_SAMPLE"],
      [{ samples: "relabel", label: "wave" }, "TINYML_UNKNOWN_SAMPLE"],
      [{ samples: "relabel", id: 1 }, "TINYML_NO_LABEL"],
      [{ samples: "export", format: "xls" }, "TINYML_CONFIG_INVALID"],
      [{ samples: "export", format: 3 }, "TINYML_CONFIG_INVALID"],
      [{ samples: "import", payload: 7 }, "TINYML_IMPORT_INVALID"],
      [{ samples: "import", payload: "" }, "TINYML_IMPORT_INVALID"],
      [{ samples: "import", payload: "/nowhere/to/be/found" }, "TINYML_FILE"],
      [{ samples: "import", payload: Buffer.from([1, 2, 3]) }, "TINYML_IMPORT_INVALID"],
      [{ samples: "import", payload: pngBytes(1, 1, Uint8Array.of(1)), label: "wave" }, "TINYML_DATASET_MISMATCH"],
    ];
    for (const [message, code] of wrong) {
      flow.send("samples", message);
      assert.equal((await flow.next("errors")).error?.code, code, JSON.stringify(message).slice(0, 100));
    }
    assert.deepEqual(idsOf(await ask(flow, { samples: "list" })), [1, 2, 3, 4, 5]);
    assert.equal(flow.received("errors").length, wrong.length);
    assert.equal(flow.received("out").length, 1);
  });

  it("says that a dataset is missing, or consists of files", async () => {
    const files = {
      id: "archive",
      type: "tinyml-dataset",
      name: "f",
      kind: "files",
      path: "/x",
      task: "classification",
    };
    const flow = await startFlow([
      ...base,
      { ...node, dataset: "" },
      { ...node, id: "second", dataset: "archive" },
      files,
    ]);
    flow.send("samples", {});
    assert.equal((await flow.next("errors")).error?.code, "TINYML_DATASET_NOT_SET");
    flow.send("second", {});
    const { error } = await flow.next("errors");
    assert.equal(error?.code, "TINYML_CONFIG_INVALID");
    assert.match(error.message, /lie in files/);
  });
});
