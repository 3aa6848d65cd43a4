import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import type { SampleEntry } from "../../src/dataset/dataset";
import { openStoredDataset } from "../../src/dataset/open-dataset";
import { pngBytes } from "../dataset/support/pictures";
import { wavBytes } from "../dataset/support/wav";
import { labelledDataset, motionDataset, picturesDataset, soundsDataset, windowMessage } from "./support/datasets";
import { startFlow, type TestFlow, tab } from "./support/flow";

const recorder = {
  id: "record",
  z: "tab",
  type: "tinyml-record",
  dataset: "dataset",
  length: 3,
  lengthUnit: "readings",
  wires: [["out"]],
};
const base = [
  ...tab,
  { id: "out", z: "tab", type: "helper" },
  { id: "complete", z: "tab", type: "complete", scope: ["record"], wires: [["completed"]] },
  { id: "completed", z: "tab", type: "helper" },
];

/** What is on disk of a dataset, once nobody records into it. */
async function stored(flow: TestFlow, name: string): Promise<{ samples: SampleEntry[]; files: string[] }> {
  const folder = path.join(flow.storage, "datasets", name);
  const dataset = await openStoredDataset(folder);
  const samples = [...(await dataset.samples())];
  await dataset.close();
  const files = await Promise.all(
    samples.map(({ file }) => (file === undefined ? "" : readFile(path.join(folder, file), "utf8"))),
  );
  return { samples, files };
}

const known = (samples: readonly SampleEntry[]) => samples.map(({ id, label, readings }) => [id, label, readings]);

describe("node record, of recordings", () => {
  it("makes a recording of as many readings as it is told to, and of as many of them", async () => {
    const flow = await startFlow([...base, motionDataset, { ...recorder, samples: 2 }]);
    flow.send("record", { payload: [9, 9], label: "early" });
    flow.send("record", { record: "start" });
    for (let i = 0; i < 8; i++) flow.send("record", { payload: [i, i + 1], label: "wave", topic: "imu" });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 2, total: 2 });
    const { samples, files } = await stored(flow, "motion");
    assert.deepEqual(known(samples), [
      [1, "wave", 3],
      [2, "wave", 3],
    ]);
    assert.deepEqual(files, ["x,y\n0,1\n1,2\n2,3\n", "x,y\n3,4\n4,5\n5,6\n"]);
    assert.equal(samples[0]?.source, "imu");
    await flow.until("every message is done once", () => flow.received("completed").length === 10);
    assert.deepEqual(flow.received("errors"), []);
  });

  it("records from start to stop, and a reading is done when it is on disk", async () => {
    const flow = await startFlow([...base, motionDataset, { ...recorder, length: 0 }]);
    flow.send("record", { record: "start" });
    for (let i = 0; i < 5; i++) flow.send("record", { payload: [i, i], label: "wave" });
    await flow.until("all are done", () => flow.received("completed").length === 6);
    const file = path.join(flow.storage, "datasets", "motion", "samples", "1.csv");
    assert.equal((await readFile(file, "utf8")).split("\n").length, 7);
    flow.send("record", { record: "stop" });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 1, total: 1 });
    assert.deepEqual(known((await stored(flow, "motion")).samples), [[1, "wave", 5]]);
  });

  it("counts seconds by the rate of the dataset, or by the clock where that is not known", async () => {
    const seconds = { ...recorder, length: 0.05, lengthUnit: "seconds" };
    const flow = await startFlow([
      ...base,
      motionDataset,
      seconds,
      { ...motionDataset, id: "other", name: "unknown", rateHz: "" },
      { ...seconds, id: "clock", dataset: "other" },
    ]);
    flow.send("record", { record: "start" });
    for (let i = 0; i < 20; i++) flow.send("record", { payload: [i, i], label: "wave" });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 1, total: 1 });
    assert.deepEqual(known((await stored(flow, "motion")).samples), [[1, "wave", 5]]);
    flow.send("clock", { record: "start" });
    flow.send("clock", { payload: [1, 1], label: "wave" });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 1, total: 1 });
    assert.deepEqual(known((await stored(flow, "unknown")).samples), [[1, "wave", 1]]);
  });

  it("begins another recording when another label comes", async () => {
    const flow = await startFlow([...base, motionDataset, { ...recorder, length: 0, samples: 0 }]);
    flow.send("record", { record: "start" });
    for (const label of ["a", "a", "b", "a"]) flow.send("record", { payload: [1, 2], label });
    flow.send("record", { record: "stop" });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 3, total: 3 });
    assert.deepEqual(known((await stored(flow, "motion")).samples), [
      [1, "a", 2],
      [2, "b", 1],
      [3, "a", 1],
    ]);
  });

  it("takes whole windows, and lists of readings", async () => {
    const flow = await startFlow([...base, motionDataset, { ...recorder, samples: 3 }]);
    flow.send("record", { record: "start" });
    flow.send("record", { ...windowMessage(2), label: "wave", group: "anna", split: "test", time: 5 });
    const nested = [
      [1, 2],
      [3, 4],
    ];
    flow.send("record", { payload: nested, label: "rest" });
    flow.send("record", { payload: [0, 0, 0, 1], window: { shape: [2, 2] }, label: "rest" });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 3, total: 3 });
    const { samples, files } = await stored(flow, "motion");
    const { group, split, time } = samples[0] ?? {};
    assert.deepEqual([group, split, time], ["anna", "test", 5]);
    assert.deepEqual(files, ["x,y\n0,1\n2,3\n", "x,y\n1,2\n3,4\n", "x,y\n0,0\n0,1\n"]);
  });

  it("counts down before each recording, and ignores what comes meanwhile", async () => {
    const flow = await startFlow([...base, motionDataset, { ...recorder, samples: 2, countdown: 0.3 }]);
    flow.send("record", { record: "start" });
    flow.send("record", { payload: [9, 9], label: "early" });
    let value = 0;
    // Readings come all the time, as a sensor sends them.
    const source = setInterval(() => {
      value += 1;
      flow.send("record", { payload: [value, 0], label: "wave" });
    }, 20);
    const { payload } = await flow.next("out").finally(() => clearInterval(source));
    assert.deepEqual(payload, { recorded: 2, total: 2 });
    const { samples, files } = await stored(flow, "motion");
    assert.deepEqual(known(samples), [
      [1, "wave", 3],
      [2, "wave", 3],
    ]);
    const [first, second] = files.map((file) =>
      file
        .split("\n")
        .slice(1, 4)
        .map((line) => Number(line.split(",")[0])),
    );
    assert.ok((first?.[0] ?? 0) > 1, "nothing of the first countdown");
    assert.ok((second?.[0] ?? 0) > (first?.[2] ?? 0) + 1, "nothing of the second");
    assert.ok(flow.statuses("record").some(({ text }) => text === "status.countdown"));
  });

  it("stops while it counts down", async () => {
    const flow = await startFlow([...base, motionDataset, { ...recorder, countdown: 3600 }]);
    flow.send("record", { record: "start" });
    flow.send("record", { record: "stop" });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 0, total: 0 });
    flow.send("record", { payload: [1, 2], label: "wave" });
    await flow.until("it is passed over", () => flow.received("completed").length === 3);
    assert.deepEqual((await stored(flow, "motion")).samples, []);
  });

  it("finishes the recording when the flow is deployed", async () => {
    const flow = await startFlow([...base, motionDataset, { ...recorder, length: 0 }]);
    flow.send("record", { record: "start" });
    for (let i = 0; i < 4; i++) flow.send("record", { payload: [i, i], label: "wave" });
    await flow.redeploy();
    assert.deepEqual(known((await stored(flow, "motion")).samples), [[1, "wave", 4]]);
    const index = await readFile(path.join(flow.storage, "datasets", "motion", "index.ndjson"), "utf8");
    assert.match(index, /"event":"end"/, "its end was written, not found out when it was opened again");
    assert.deepEqual(flow.received("errors"), []);
  });

  it("loses nothing of twenty channels at a thousand readings per second", async () => {
    const channels = Array.from({ length: 20 }, (_, i) => ({ name: `c${i}`, unit: "" }));
    const flow = await startFlow([...base, { ...motionDataset, channels, rateHz: "1000" }, { ...recorder, length: 0 }]);
    flow.send("record", { record: "start" });
    const readings = 3000;
    for (let i = 0; i < readings; i++) {
      flow.send("record", { payload: channels.map((_, channel) => i + channel / 100), label: "wave" });
      if (i % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
    }
    flow.send("record", { record: "stop" });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 1, total: 1 });
    const { samples, files } = await stored(flow, "motion");
    assert.deepEqual(known(samples), [[1, "wave", readings]]);
    const firsts = (files[0] ?? "")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => Number(line.split(",")[0]));
    assert.deepEqual(
      firsts,
      Array.from({ length: readings }, (_, i) => i),
    );
  });

  it("tells what is wrong with a sample, and goes on", async () => {
    const flow = await startFlow([...base, { ...motionDataset, labels: "wave, rest" }, { ...recorder, samples: 2 }]);
    flow.send("record", { record: "start" });
    const label = "wave";
    const wrong: Array<[object, string]> = [
      [{ payload: [1, Number.NaN], label }, "TINYML_NOT_A_NUMBER"],
      [{ payload: [1, "2"], label }, "TINYML_NOT_A_NUMBER"],
      [{ payload: "1,2", label }, "TINYML_NOT_A_NUMBER"],
      [{ payload: Buffer.from("RIFF"), label }, "TINYML_NOT_A_NUMBER"],
      [{ payload: [1, 2, 3], label }, "TINYML_CHANNEL_COUNT"],
      [{ payload: 1, label }, "TINYML_CHANNEL_COUNT"],
      [{ payload: [], label }, "TINYML_CHANNEL_COUNT"],
      [{ payload: [[]], label }, "TINYML_CHANNEL_COUNT"],
      [{ payload: [[1, 2], [3]], label }, "TINYML_CHANNEL_COUNT"],
      [{ payload: [[1, 2, 3]], label }, "TINYML_CHANNEL_COUNT"],
      [{ payload: [[1, Number.NaN]], label }, "TINYML_NOT_A_NUMBER"],
      [{ payload: Float32Array.of(1, Number.NaN), window: { shape: [1, 2] }, label }, "TINYML_NOT_A_NUMBER"],
      [{ payload: new Float32Array(12), window: { shape: [4, 3] }, label }, "TINYML_CHANNEL_COUNT"],
      [{ payload: new Float32Array(12), window: { shape: [7, 2] }, label }, "TINYML_CHANNEL_COUNT"],
      [{ payload: new Float32Array(0), window: { shape: [0, 2] }, label }, "TINYML_CHANNEL_COUNT"],
      [{ payload: new Float32Array(12), window: { shape: ["a", 2] }, label }, "TINYML_CHANNEL_COUNT"],
      [{ payload: new Float32Array(4e6 + 2), window: { shape: [2e6 + 1, 2] }, label }, "TINYML_DATASET_TOO_LARGE"],
      [{ ...windowMessage(3, 0, 50), label }, "TINYML_SAMPLES_DIFFER"],
      [{ ...windowMessage(3), label: "jump" }, "TINYML_UNKNOWN_LABEL"],
      [{ ...windowMessage(3) }, "TINYML_NO_LABEL"],
      [{ ...windowMessage(3), label, split: "exam" }, "TINYML_UNKNOWN_COMMAND"],
      [{ payload: [1, 2], label: "jump" }, "TINYML_UNKNOWN_LABEL"],
      [{ payload: [1, 2] }, "TINYML_NO_LABEL"],
      [{ record: ["stop"] }, "TINYML_UNKNOWN_COMMAND"],
    ];
    for (const [message, code] of wrong) {
      flow.send("record", message);
      assert.equal((await flow.next("errors")).error?.code, code, JSON.stringify(message).slice(0, 100));
    }
    for (let i = 0; i < 6; i++) flow.send("record", { payload: [i, i], label });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 2, total: 2 });
    assert.equal(flow.received("errors").length, wrong.length);
    assert.equal((await stored(flow, "motion")).samples.length, 2);
  });

  it("tells a failure of the disk once, and keeps what is stored", async () => {
    const flow = await startFlow([...base, motionDataset, { ...recorder, length: 0 }]);
    flow.send("record", { record: "start" });
    flow.send("record", { payload: [1, 1], label: "wave" });
    await flow.until("it is stored", () => flow.received("completed").length === 2);
    await rm(path.join(flow.storage, "datasets", "motion"), { recursive: true });
    for (let i = 0; i < 50; i++) flow.send("record", { payload: [i, i], label: "wave" });
    const { error } = await flow.next("errors");
    assert.equal(error?.code, "TINYML_DATASET_MISSING");
    assert.match(error.message, / 50 readings were not stored\.$/);
    await flow.until("the others are done", () => flow.received("completed").length === 51);
    assert.equal(flow.received("errors").length, 1);
  });

  it("ends when the dataset has used up its space, with what fitted in", async () => {
    const flow = await startFlow([...base, { ...motionDataset, quotaMegabytes: "0.0001" }, { ...recorder, length: 0 }]);
    flow.send("record", { record: "start" });
    for (let i = 0; i < 40; i++) flow.send("record", { payload: [i, i], label: "wave" });
    const { error } = await flow.next("errors");
    assert.equal(error?.code, "TINYML_QUOTA_EXCEEDED");
    await flow.until("the others are done", () => flow.received("completed").length === 40);
    assert.equal(flow.received("errors").length, 1);
    const { samples, files } = await stored(flow, "motion");
    assert.equal(samples.length, 1);
    assert.ok((files[0] ?? "").length <= 104);
    flow.send("record", { record: "start" });
    flow.send("record", { ...windowMessage(30), label: "wave" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_QUOTA_EXCEEDED");
  });
});

describe("node record, of other samples", () => {
  const label = "clap";

  it("takes sounds, as files and as numbers", async () => {
    const flow = await startFlow([...base, soundsDataset, { ...recorder, samples: 3 }]);
    flow.send("record", { record: "start" });
    const wrong: Array<[object, string]> = [
      [{ payload: 0.5, label }, "TINYML_SAMPLES_DIFFER"],
      [{ payload: "clap", label }, "TINYML_SAMPLES_DIFFER"],
      [{ payload: [0.5, 2], label }, "TINYML_NOT_A_NUMBER"],
      [{ payload: [0.5, "0.1"], label }, "TINYML_NOT_A_NUMBER"],
      [{ payload: [], label }, "TINYML_CHANNEL_COUNT"],
      [{ ...windowMessage(3, 0, 8000), label }, "TINYML_CHANNEL_COUNT"],
      [{ payload: Float32Array.of(0, 0), window: { shape: [2, 1], rateHz: 16000 }, label }, "TINYML_SAMPLES_DIFFER"],
      [{ payload: Buffer.from("no sound"), label }, "TINYML_SAMPLES_DIFFER"],
      [{ payload: wavBytes(Buffer.alloc(8), { rateHz: 16000 }), label }, "TINYML_SAMPLES_DIFFER"],
      [{ payload: wavBytes(Buffer.alloc(8)).subarray(0, 40), label }, "TINYML_IMPORT_INVALID"],
    ];
    for (const [message, code] of wrong) {
      flow.send("record", message);
      assert.equal((await flow.next("errors")).error?.code, code, JSON.stringify(message).slice(0, 100));
    }
    flow.send("record", { payload: wavBytes(Buffer.alloc(8)), label });
    flow.send("record", { payload: Float32Array.of(0, 0.5, -1), window: { shape: [3, 1], rateHz: 8000 }, label });
    flow.send("record", { payload: [0, 0.25], label });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 3, total: 3 });
    assert.deepEqual(known((await stored(flow, "sounds")).samples), [
      [1, label, 4],
      [2, label, 3],
      [3, label, 2],
    ]);
  });

  it("takes pictures, as files and as pixels", async () => {
    const flow = await startFlow([...base, picturesDataset, { ...recorder, samples: 2 }]);
    flow.send("record", { record: "start" });
    const picture = pngBytes(2, 1, Uint8Array.of(7, 9));
    const wrong: Array<[object, string]> = [
      [{ payload: 0.5, label }, "TINYML_SAMPLES_DIFFER"],
      [{ payload: [1, 2], label }, "TINYML_SAMPLES_DIFFER"],
      [{ payload: Buffer.from("no picture"), label }, "TINYML_SAMPLES_DIFFER"],
      [{ payload: picture.subarray(0, 30), label }, "TINYML_IMPORT_INVALID"],
      [{ payload: picture }, "TINYML_NO_LABEL"],
      [{ payload: Uint8Array.of(1, 2), image: { width: 2, height: 2, channels: 1 }, label }, "TINYML_SAMPLES_DIFFER"],
    ];
    for (const [message, code] of wrong) {
      flow.send("record", message);
      assert.equal((await flow.next("errors")).error?.code, code, JSON.stringify(message).slice(0, 100));
    }
    flow.send("record", { payload: picture, label });
    flow.send("record", { payload: Uint8Array.of(1, 2), image: { width: 2, height: 1, channels: 1 }, label });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 2, total: 2 });
    const folder = path.join(flow.storage, "datasets", "pictures");
    assert.deepEqual(await readFile(path.join(folder, "samples", "1.png")), picture, "as it came");
  });

  it("takes a window's readings as rows of a table, all or none", async () => {
    const flow = await startFlow([...base, labelledDataset, { ...recorder, count: 5 }]);
    flow.send("record", { record: "start" });
    flow.send("record", { payload: [[1, 2], [3, Number.NaN]], label }); // biome-ignore format: a window
    assert.equal((await flow.next("errors")).error?.code, "TINYML_NOT_A_NUMBER");
    flow.send("record", { ...windowMessage(4), label });
    flow.send("record", { payload: [8, 9], label });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 5, total: 5 });
  });
});

describe("node record, a goal and undo", () => {
  it("has enough of a label, says so and ends", async () => {
    const flow = await startFlow([
      ...base,
      motionDataset,
      { ...recorder, length: 1, samples: 0, label: "wave", labelType: "str", target: 3 },
    ]);
    flow.send("record", { record: "start" });
    for (let i = 0; i < 6; i++) flow.send("record", { payload: [i, i] });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 3, total: 3, enough: true });
    flow.send("record", { record: "start" });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 0, total: 3, enough: true });
    assert.equal((await stored(flow, "motion")).samples.length, 3);
    await flow.until("the status says so", () => flow.statuses("record").at(-1)?.text === "status.enough");
  });

  it("ends with enough recordings, the last of which is as long as the others", async () => {
    const fixed = { samples: 0, label: "wave", labelType: "str", target: 3 };
    const flow = await startFlow([...base, motionDataset, { ...recorder, ...fixed, length: 50 }]);
    flow.send("record", { record: "start" });
    // The second recording is on disk only when the third has begun.
    const source = setInterval(() => flow.send("record", { payload: [1, 2] }), 10);
    const { payload } = await flow.next("out").finally(() => clearInterval(source));
    assert.deepEqual(payload, { recorded: 3, total: 3, enough: true });
    assert.deepEqual(known((await stored(flow, "motion")).samples), [
      [1, "wave", 50],
      [2, "wave", 50],
      [3, "wave", 50],
    ]);
  });

  for (const [labelType, label, kept] of [
    ["num", "01", "1"],
    ["num", "1e3", "1000"],
  ] as const) {
    it(`has enough of a fixed label, and takes it back, however it is written (${labelType}: "${label}")`, async () => {
      const fixed = { ...recorder, count: 0, label, labelType, target: 2 };
      const flow = await startFlow([...base, labelledDataset, fixed]);
      flow.send("record", { record: "start" });
      for (let i = 0; i < 4; i++) flow.send("record", { payload: [i, i] });
      assert.deepEqual((await flow.next("out")).payload, { recorded: 2, total: 2, enough: true });
      flow.send("record", { record: "undo" });
      await flow.until("one is taken back", () => flow.received("completed").length === 6);
      const { samples } = await stored(flow, "positions");
      assert.deepEqual(
        samples.map((sample) => sample.label),
        [kept],
      );
    });
  }

  it("takes back a reading with a fixed number to predict", async () => {
    const numbers = { ...labelledDataset, task: "regression", targets: [{ name: "z", unit: "", low: "", high: "" }] };
    const flow = await startFlow([...base, numbers, { ...recorder, always: true, label: "5", labelType: "num" }]);
    for (const value of [1, 2]) flow.send("record", { payload: [value, value] });
    await flow.until("both are stored", () => flow.received("completed").length === 2);
    flow.send("record", { record: "undo" });
    await flow.until("one is taken back", () => flow.received("completed").length === 3);
    assert.equal((await stored(flow, "positions")).samples.length, 1);
  });

  it("passes over what there is enough of while other labels come", async () => {
    const flow = await startFlow([
      ...base,
      { ...labelledDataset, labels: "a, b" },
      { ...recorder, count: 0, target: 2 },
    ]);
    flow.send("record", { record: "start" });
    for (const label of ["a", "a", "a", "b", "a", "b", "b"]) flow.send("record", { payload: [1, 2], label });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 4, total: 4, enough: true });
    const { samples } = await stored(flow, "positions");
    assert.deepEqual(
      samples.map(({ label }) => label),
      ["a", "a", "b", "b"],
    );
    assert.deepEqual(flow.received("errors"), []);
  });

  it("takes the last sample back, so that it can be restored, and another takes its place", async () => {
    const flow = await startFlow([...base, motionDataset, { ...recorder, samples: 2 }]);
    flow.send("record", { record: "start" });
    flow.send("record", { ...windowMessage(2), label: "wrong" });
    await flow.until("it is stored", () => flow.received("completed").length === 2);
    flow.send("record", { record: "undo" });
    await flow.until("it is taken back", () => flow.received("completed").length === 3);
    for (const label of ["a", "b"]) flow.send("record", { ...windowMessage(2), label });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 2, total: 2 });
    flow.send("record", { record: "undo" });
    await flow.until("the last one is taken back", () => flow.received("completed").length === 6);
    const folder = path.join(flow.storage, "datasets", "motion");
    assert.deepEqual(known((await stored(flow, "motion")).samples), [[2, "a", 2]]);
    const dataset = await openStoredDataset(folder);
    await dataset.restore([1, 3]);
    assert.equal(dataset.count, 3);
    await dataset.close();
  });

  it("takes back the recording that is under way, and only samples of its own label", async () => {
    const fixed = { ...recorder, length: 0, labelType: "str", samples: 0 };
    const flow = await startFlow([
      ...base,
      motionDataset,
      { ...fixed, label: "wave" },
      { ...fixed, id: "rest", label: "rest" },
    ]);
    flow.send("rest", { record: "start" });
    flow.send("rest", { ...windowMessage(2) });
    flow.send("rest", { record: "stop" });
    await flow.next("out");
    flow.send("record", { record: "undo" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_DATASET_EMPTY");
    flow.send("record", { record: "start" });
    flow.send("record", { payload: [1, 1] });
    flow.send("record", { record: "undo" });
    await flow.until("the status says so", () => flow.statuses("record").at(-1)?.text === "status.discarded");
    flow.send("record", { payload: [2, 2] });
    flow.send("record", { record: "stop" });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 1, total: 2 });
    const { files } = await stored(flow, "motion");
    assert.deepEqual(files, ["x,y\n0,1\n2,3\n", "x,y\n2,2\n"]);
  });

  for (const samples of [0, 1, 2]) {
    it(`counts down before the recording that takes the place of the one taken back (recordings: ${samples})`, async () => {
      const fixed = { ...recorder, samples, length: 30, countdown: 0.4, label: "wave", labelType: "str" };
      const flow = await startFlow([...base, motionDataset, fixed]);
      const progressed = () => flow.statuses("record").at(-1)?.text === "status.recording";
      flow.send("record", { record: "start" });
      const begin = Date.now();
      const source = setInterval(() => flow.send("record", { payload: [Date.now() - begin, 0] }), 10);
      try {
        await new Promise((resolve) => setTimeout(resolve, 500));
        await flow.until("it records", progressed);
        const undone = Date.now() - begin;
        flow.send("record", { record: "undo" });
        await new Promise((resolve) => setTimeout(resolve, 1000));
        flow.send("record", { record: "stop" });
        await flow.next("out");
        const { files } = await stored(flow, "motion");
        const times = (files[0] ?? "").split("\n").slice(1, -1).map(Number.parseFloat);
        assert.ok((times[0] ?? 0) >= undone + 390, `nothing of the countdown: ${times[0]} after ${undone}`);
      } finally {
        clearInterval(source);
      }
    });
  }

  it("takes back the last recording that is wanted, and takes another in its place", async () => {
    const fixed = { samples: 0, length: 20, label: "wave", labelType: "str", target: 2 };
    const flow = await startFlow([...base, motionDataset, { ...recorder, ...fixed }]);
    flow.send("record", { record: "start" });
    for (let i = 0; i < 25; i++) flow.send("record", { payload: [i, i] });
    flow.send("record", { record: "undo" });
    await flow.until("it is taken back", () => flow.received("completed").length === 27);
    assert.deepEqual(flow.received("out"), []);
    for (let i = 0; i < 20; i++) flow.send("record", { payload: [i, i] });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 2, total: 2, enough: true });
    assert.deepEqual(known((await stored(flow, "motion")).samples), [
      [1, "wave", 20],
      [3, "wave", 20],
    ]);
  });

  it("takes back a row of a table", async () => {
    const flow = await startFlow([...base, labelledDataset, { ...recorder, always: true }]);
    for (const label of ["a", "b"]) flow.send("record", { payload: [1, 2], label });
    await flow.until("both are stored", () => flow.received("completed").length === 2);
    flow.send("record", { record: "undo" });
    await flow.until("one is taken back", () => flow.received("completed").length === 3);
    flow.send("record", { payload: [3, 4], label: "c" });
    await flow.until("another is stored", () => flow.received("completed").length === 4);
    const { samples } = await stored(flow, "positions");
    assert.deepEqual(
      samples.map(({ label }) => label),
      ["a", "c"],
    );
  });
});
