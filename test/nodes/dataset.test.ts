import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { readTflite } from "../../src/tflite/read-tflite";
import { folderOf } from "../dataset/support/tree";
import { quickRecipe, storePotentiometer } from "./support/data";
import { potentiometerDataset, startFlow, type TestFlow, tab } from "./support/flow";

const record = { id: "record", z: "tab", type: "tinyml-record", dataset: "dataset", count: 1, wires: [["out"]] };
const base = [...tab, { id: "out", z: "tab", type: "helper" }];

describe("node dataset", () => {
  it("touches no file before it is used, and stores what its settings describe", async () => {
    const flow = await startFlow([...base, potentiometerDataset, record]);
    await assert.rejects(readdir(path.join(flow.storage, "datasets")));
    flow.send("record", { record: "start" });
    flow.send("record", { payload: 0.5, label: 1 });
    await flow.next("out");
    const folder = path.join(flow.storage, "datasets", "potentiometer");
    const { task, channels, targets } = JSON.parse(await readFile(path.join(folder, "dataset.json"), "utf8"));
    assert.deepEqual(
      { task, channels, targets },
      {
        task: "regression",
        channels: [{ name: "position", unit: "", range: [0, 1] }],
        targets: [{ name: "brightness", unit: "", range: [0, 1] }],
      },
    );
  });

  it("of files is read from them, and takes no readings", async () => {
    const folder = await folderOf({
      "table.csv": `x,y\n${Array.from({ length: 40 }, (_, i) => `${i / 40},${i / 20}\n`).join("")}`,
    });
    const dataset = {
      id: "dataset",
      type: "tinyml-dataset",
      name: "table",
      kind: "files",
      path: folder,
      task: "regression",
    };
    const train = { id: "train", z: "tab", type: "tinyml-train", dataset: "dataset", model: "m", wires: [["out"]] };
    const flow = await startFlow([...base, dataset, record, { ...train, ...quickRecipe, epochs: 2 }]);
    flow.send("train", {});
    const { payload } = await flow.next("out");
    const { metadata } = readTflite(payload as Buffer);
    assert.deepEqual(
      [metadata?.inputs, metadata?.targets, metadata?.report?.trainingSamples],
      [[{ name: "x", unit: "" }], [{ name: "y", unit: "" }], 30],
    );
    flow.send("record", { record: "start" });
    const { error } = await flow.next("errors");
    assert.equal(error?.code, "TINYML_CONFIG_INVALID");
    assert.match(error?.message ?? "", /"table" lie in files/);
    flow.send("record", { record: "clear" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_CONFIG_INVALID");
    await flow.redeploy([...base, { ...dataset, path: "none" }, { ...train, ...quickRecipe }]);
    flow.send("train", {});
    const missing = (await flow.next("errors")).error;
    assert.equal(missing?.code, "TINYML_FILE");
    assert.ok(missing?.message?.includes(path.resolve("none")), missing?.message);
  });

  it("refuses to mix readings of different kinds", async () => {
    const flow = await startFlow([...base, potentiometerDataset, record]);
    flow.send("record", { record: "start" });
    flow.send("record", { payload: 0.5, label: 1 });
    await flow.next("out");
    const channels = [{ name: "x" }, { name: "y" }];
    await flow.redeploy([...base, { ...potentiometerDataset, channels }, record]);
    flow.send("record", { record: "start" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_DATASET_MISMATCH");
    await flow.redeploy([...base, potentiometerDataset, record]);
    flow.send("record", { record: "start" });
    flow.send("record", { payload: 0.5, label: 1 });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 1, total: 2 });
  });

  it("is trained and quantized with today's settings, or not at all", async () => {
    const train = { id: "train", z: "tab", type: "tinyml-train", dataset: "dataset", model: "pot", wires: [["out"]] };
    const quantize = { id: "quantize", z: "tab", type: "tinyml-quantize", dataset: "dataset", model: "pot" };
    const settings = { ...quickRecipe, epochs: 2 };
    const nodes = (dataset: object) => [...base, dataset, { ...train, ...settings }, quantize];
    const range = { low: "0", high: "5" };
    const flow = await startFlow(nodes({ ...potentiometerDataset, channels: [{ name: "position", ...range }] }));
    await storePotentiometer(flow.storage, 100);
    flow.send("train", {});
    const { payload } = await flow.next("out");
    assert.deepEqual(readTflite(payload as Buffer).metadata?.inputs?.[0]?.range, [0, 5]);
    await flow.redeploy(nodes({ ...potentiometerDataset, channels: [{ name: "x" }] }));
    for (const id of ["train", "quantize"]) {
      flow.send(id, { payload });
      const { error } = await flow.next("errors");
      assert.deepEqual([error?.code, error?.source.id], ["TINYML_DATASET_MISMATCH", id]);
      assert.match(error?.message ?? "", /channels position, the settings say x.*msg\.record = "clear"/);
    }
  });

  it("takes the labels of today's settings", async () => {
    const moves = { ...potentiometerDataset, task: "classification", labels: "up, down, never" };
    const always = { ...record, always: true };
    const train = { id: "train", z: "tab", type: "tinyml-train", dataset: "dataset", model: "m", ...quickRecipe };
    const nodes = (labels: string) => [
      ...base,
      { ...moves, labels },
      always,
      { ...train, epochs: 2, wires: [["out"]] },
    ];
    const flow = await startFlow(nodes("up, down, never"));
    for (let i = 0; i < 20; i++) flow.send("record", { payload: i, label: i % 2 ? "up" : "down" });
    for (const [labels, expected] of [
      ["down, up", ["down", "up"]],
      ["", ["down", "up"]],
      ["other, up, down", ["other", "up", "down"]],
    ] as const) {
      await flow.redeploy(nodes(labels));
      flow.send("train", {});
      const { payload } = await flow.next("out");
      assert.deepEqual(readTflite(payload as Buffer).metadata?.labels, expected);
    }
    await flow.redeploy(nodes("up"));
    flow.send("train", {});
    assert.match((await flow.next("errors")).error?.message ?? "", /label "down"/);
  });

  it("is shared: two configuration nodes of one name write one dataset", async () => {
    const other = { ...potentiometerDataset, id: "twin" };
    const second = { ...record, id: "second", dataset: "twin" };
    const flow = await startFlow([...base, potentiometerDataset, other, record, second]);
    for (const id of ["record", "second"]) {
      flow.send(id, { record: "start" });
      flow.send(id, { payload: 0.5, label: 1 });
    }
    await flow.next("out");
    assert.deepEqual((await flow.next("out")).payload, { recorded: 1, total: 2 });
  });

  describe("whose name has variables", () => {
    const variable = (name: string) => `\${${name}}`;
    const gestures = `${variable("PUPIL")}-gestures`;
    /** A flow of a pupil: the same nodes with other ids, and a dataset of its own. */
    const pupilFlow = (id: string, env: readonly object[], name = gestures) => [
      { id, type: "tab", label: id, env },
      { ...potentiometerDataset, id: `${id}-dataset`, z: id, name },
      { ...record, id: `${id}-record`, z: id, dataset: `${id}-dataset` },
    ];
    const pupil = (value: string, type = "str") => [{ name: "PUPIL", value, type }];
    const recordOne = (flow: TestFlow, id: string) => {
      flow.send(id, { record: "start" });
      flow.send(id, { payload: 0.5, label: 1 });
    };

    it("keeps pupils apart who import the same flow", async () => {
      const flow = await startFlow([...base, ...pupilFlow("one", pupil("anna")), ...pupilFlow("two", pupil("ben"))]);
      for (const id of ["one", "two", "two"]) {
        recordOne(flow, `${id}-record`);
        await flow.next("out");
      }
      assert.deepEqual(
        flow.received("out").map(({ payload, topic }) => [topic, payload]),
        [
          ["anna-gestures", { recorded: 1, total: 1 }],
          ["ben-gestures", { recorded: 1, total: 1 }],
          ["ben-gestures", { recorded: 1, total: 2 }],
        ],
      );
      assert.deepEqual((await readdir(path.join(flow.storage, "datasets"))).sort(), ["anna-gestures", "ben-gestures"]);
    });

    for (const [name, expected] of [
      [variable("PUPIL"), "anna"],
      [`a ${variable("PUPIL")} ${variable("CLASS")}`, "a anna 7"],
      ["plain", "plain"],
    ] as const) {
      it(`is "${expected}" for "${name}"`, async () => {
        const env = [...pupil(" anna "), { name: "CLASS", value: "7", type: "num" }];
        const flow = await startFlow([...base, ...pupilFlow("one", env, name)]);
        recordOne(flow, "one-record");
        assert.equal((await flow.next("out")).topic, expected);
      });
    }

    it("takes the variables of a subflow's instance, and those of the system", async () => {
      process.env.TINYML_TEST_PUPIL = "carla";
      try {
        const subflow = [
          { id: "sub", type: "subflow", name: "s", in: [{ x: 0, y: 0, wires: [{ id: "inner" }] }], out: [], env: [] },
          {
            ...potentiometerDataset,
            id: "inner-dataset",
            z: "sub",
            name: `${variable("PUPIL")} ${variable("TINYML_TEST_PUPIL")}`,
          },
          { ...record, id: "inner", z: "sub", dataset: "inner-dataset", wires: [[]] },
          { id: "instance", type: "subflow:sub", z: "tab", env: pupil("dora") },
        ];
        const flow = await startFlow([...base, ...subflow]);
        recordOne(flow, "instance");
        const datasets = path.join(flow.storage, "datasets");
        await flow.until("it is recorded", () => existsSync(path.join(datasets, "dora carla", "rows.csv")));
      } finally {
        delete process.env.TINYML_TEST_PUPIL;
      }
    });

    for (const [title, env, message] of [
      ["nobody has set", [], /no variable PUPIL.*environment variables of the flow/],
      ["is empty", pupil(""), /variable PUPIL has no text/],
      ["leaves the folder", pupil("../../escape"), /letters, digits/],
      ["hides a file", pupil(".hidden"), /starts or ends with a dot/],
      ["is no text", pupil('{"a":1}', "json"), /no text/],
    ] as const) {
      it(`refuses a variable that ${title}`, async () => {
        const [own, ...others] = base;
        const dataset = { ...potentiometerDataset, z: "tab", name: gestures };
        const flow = await startFlow([{ ...own, env }, ...others, dataset, record]);
        flow.send("record", { record: "start" });
        const { error } = await flow.next("errors");
        assert.equal(error?.code, "TINYML_NAME_INVALID");
        assert.match(error.message, message);
        await assert.rejects(readdir(path.join(flow.storage, "datasets")));
      });
    }
  });
});
