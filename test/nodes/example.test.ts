import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { examplePath } from "../../build/node-red";
import { packagePath } from "../../build/package-files";
import { listDatasets } from "../../nodes/datasets";
import { parseConfig, recipeOf } from "../../nodes/train/config";
import { createSignal } from "../../src/hardware/signal";
import { parseRecipe } from "../../src/training/recipe";
import { idxBytes } from "../dataset/support/idx";
import { temporaryFolder } from "../support/folders";
import { startFlow } from "./support/flow";

interface FlowNode {
  id: string;
  type: string;
  z?: string;
  name?: string;
  x?: number;
  y?: number;
  wires?: string[][];
  dataset?: string;
  broker?: string;
  func?: string;
  props?: { v: string }[];
}

async function readExample(name = "Potentiometer to LED"): Promise<FlowNode[]> {
  return JSON.parse(await readFile(examplePath(name), "utf8"));
}

const names = [
  "Potentiometer to LED",
  "Digits with a dense network",
  "Digits with a CNN",
  "Gestures",
  "Predictions to MQTT",
];

for (const name of names) {
  it(`example flow ${name} is whole: every wire and every dataset leads somewhere, ids are unique, nothing overlaps`, async () => {
    const nodes = await readExample(name);
    const ids = new Set(nodes.map(({ id }) => id));
    assert.equal(ids.size, nodes.length);
    for (const { wires = [], dataset = "", broker, z } of nodes) {
      for (const id of wires.flat()) assert.ok(ids.has(id), id);
      if (dataset !== "") assert.ok(ids.has(dataset), dataset);
      if (z !== undefined) assert.ok(ids.has(z), z);
      // Of an mqtt node; the broker's own says where it is.
      if (z !== undefined && broker !== undefined) assert.ok(ids.has(broker), broker);
    }
    const placed = nodes.flatMap(({ x, y, name = "" }) =>
      x === undefined || y === undefined ? [] : [{ x, y, name, half: 30 + 4 * name.length }],
    );
    for (const [index, a] of placed.entries()) {
      for (const b of placed.slice(index + 1)) {
        const apart = Math.abs(a.y - b.y) >= 40 || Math.abs(a.x - b.x) >= a.half + b.half;
        assert.ok(apart, `"${a.name}" and "${b.name}" overlap`);
      }
    }
  });
}

for (const { name, id, stored, recipe } of [
  { name: "Digits with a dense network", id: "tinyml-digits", stored: "digits", recipe: "digits-dense" },
  { name: "Digits with a CNN", id: "tinyml-digits-cnn", stored: "digits-cnn", recipe: "digits-cnn" },
]) {
  describe(`example flow ${name}`, () => {
    it("has the network and the training of examples/recipes", async () => {
      const node = (await readExample(name)).find(({ type }) => type === "tinyml-train");
      const subject = { task: "classification", shape: [28, 28, 1], outputs: 10 } as const;
      const text = await readFile(packagePath("examples", "recipes", `${recipe}.json`), "utf8");
      const { $schema, ...wanted } = parseRecipe(JSON.parse(text));
      assert.deepEqual(parseRecipe(recipeOf(parseConfig(node), subject)), wanted);
    });

    it("trains, quantizes and evaluates on IDX files, with our nodes' settings as they stand there", async function () {
      this.timeout(60_000);
      const folder = await temporaryFolder();
      // Bars at one of ten places, in pictures as large as MNIST's.
      for (const [part, count] of [
        ["train", 200],
        ["t10k", 50],
      ] as const) {
        const pixels = Array.from({ length: count * 784 }, (_, i) =>
          (i % 28) >> 1 === Math.floor(i / 784) % 10 ? 255 : (i * 7) % 50,
        );
        const labels = Array.from({ length: count }, (_, i) => i % 10);
        await writeFile(
          path.join(folder, `${part}-images-idx3-ubyte.gz`),
          gzipSync(idxBytes("uint8", [count, 28, 28], pixels)),
        );
        await writeFile(
          path.join(folder, `${part}-labels-idx1-ubyte.gz`),
          gzipSync(idxBytes("uint8", [count], labels)),
        );
      }
      const example = await readExample(name);
      const nodes = example
        .filter(({ type }) => type === "tab" || type.startsWith("tinyml-"))
        .map((node) => ({
          ...node,
          ...(node.type === "tinyml-dataset" && { path: folder }),
          ...(node.wires && { wires: node.wires.map((_, i) => (i === 0 ? ["out"] : [])) }),
        }));
      const z = `${id}-flow`;
      const helpers = [
        { id: "errors", z, type: "helper" },
        { id: "out", z, type: "helper" },
        { id: "catch", z, type: "catch", scope: null, wires: [["errors"]] },
      ];
      const flow = await startFlow([...nodes, ...helpers], { userFolder: await temporaryFolder() });
      const arrived = (what: (message: Record<string, unknown>) => boolean) =>
        flow.until("it arrives", () => [...flow.received("out"), ...flow.received("errors")].some(what));
      flow.send(`${id}-train`, {});
      await arrived(({ model, error }) => error !== undefined || (model as { name?: string })?.name === stored);
      flow.send(`${id}-quantize`, {});
      await arrived(
        ({ model, error }) => error !== undefined || (model as { name?: string })?.name === `${stored}-int8`,
      );
      for (const evaluation of [`${id}-evaluate`, `${id}-evaluate-int8`]) {
        const before = flow.received("out").length;
        flow.send(evaluation, {});
        await arrived(({ error }) => error !== undefined || flow.received("out").length > before);
        const { report } = flow.received("out").at(-1) as { report?: { accuracy: number; samples: number } };
        assert.deepEqual([report?.samples, report?.accuracy], [50, 1], evaluation);
      }
      assert.deepEqual(flow.received("errors"), []);
    });
  });
}

describe("example flow Potentiometer to LED", () => {
  it("keeps the ids of the buttons that scripts press", async () => {
    const buttons = (await readExample()).filter(({ type }) => type === "inject").map(({ id }) => id);
    assert.deepEqual(buttons.sort(), [
      "tinyml-press-export",
      "tinyml-press-quantize",
      "tinyml-press-record",
      "tinyml-press-train",
    ]);
  });

  it("runs to the sketch with our nodes' settings as they stand there", async function () {
    this.timeout(60_000);
    const ours = (await readExample()).filter(({ type }) => type === "tab" || type.startsWith("tinyml-"));
    const errors = { id: "errors", z: "tinyml-potentiometer-flow", type: "helper" };
    const out = { id: "out", z: "tinyml-potentiometer-flow", type: "helper" };
    const watched = new Set(["tinyml-record", "tinyml-train", "tinyml-quantize", "tinyml-export", "tinyml-led"]);
    const known = new Set(ours.map(({ id }) => id));
    const nodes = ours.map((node) => {
      if (node.wires === undefined) return node;
      const wires = node.wires.map((ids) => [
        ...ids.filter((id) => known.has(id)),
        ...(watched.has(node.id) ? ["out"] : []),
      ]);
      return { ...node, wires };
    });
    const target = { id: "catch", z: "tinyml-potentiometer-flow", type: "catch", scope: null, wires: [["errors"]] };
    const flow = await startFlow([...nodes, target, errors, out], { userFolder: await temporaryFolder() });
    const arrived = (topic: (message: Record<string, unknown>) => boolean) =>
      flow.until("it arrives", () => flow.received("out").some((message) => topic(message)));

    flow.send("tinyml-record", { record: "start" });
    for (let i = 0; i < 1000; i++) {
      const payload = ((i * 89) % 1024) / 1023;
      flow.send("tinyml-record", { payload, label: Math.sin(Math.PI * payload) });
    }
    await arrived(({ payload }) => (payload as { recorded?: number })?.recorded === 1000);
    flow.send("tinyml-train", {});
    await arrived(({ model }) => (model as { name?: string })?.name === "potentiometer");
    // The simulated potentiometer turns all the time: now its LED follows.
    await flow.until("the LED is on", () => flow.statuses("tinyml-led").some(({ text }) => text === "status.level"));
    flow.send("tinyml-quantize", {});
    await arrived(({ model }) => (model as { name?: string })?.name === "potentiometer-int8");
    flow.send("tinyml-export", {});
    await arrived(({ payload }) => (payload as { board?: string })?.board === "uno");
    assert.deepEqual(flow.received("errors"), []);
  });

  it("adds a noise that is the same in each recording and has the book's size", async () => {
    const { func = "" } = (await readExample()).find(({ type }) => type === "function") ?? {};
    const state = new Map<string, number>();
    const context = {
      get: (key: string) => state.get(key),
      set: (key: string, value: number) => state.set(key, value),
    };
    const work = new Function("msg", "context", func);
    const record = (): number[] => {
      const start = { record: "start" };
      assert.equal(work(start, context), start);
      return Array.from({ length: 20_000 }, () => work({ payload: 0 }, context).label as number);
    };
    const noise = record();
    assert.deepEqual(record(), noise);
    const mean = noise.reduce((sum, value) => sum + value) / noise.length;
    const deviation = Math.sqrt(noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noise.length);
    assert.ok(Math.abs(mean) < 0.002, `mean ${mean}`);
    assert.ok(Math.abs(deviation - 0.05) < 0.001, `deviation ${deviation}`);
  });
});

describe("example flow Gestures", () => {
  it("records, trains, quantizes, evaluates and recognizes, with our nodes' settings as they stand there", async function () {
    this.timeout(60_000);
    const example = (await readExample("Gestures")).filter(({ type }) => type === "tab" || type.startsWith("tinyml-"));
    const known = new Set(example.map(({ id }) => id));
    const z = "tinyml-gestures-flow";
    const nodes = example
      // The simulated hand takes its time; the test makes its readings at once.
      .filter(({ type }) => type !== "tinyml-sensor")
      .map((node) => {
        const wires = node.wires?.map((ids, i) => [...ids.filter((id) => known.has(id)), ...(i === 0 ? ["out"] : [])]);
        return { ...node, ...(wires !== undefined && { wires: node.type === "tinyml-window" ? node.wires : wires }) };
      });
    const helpers = [
      { id: "errors", z, type: "helper" },
      { id: "out", z, type: "helper" },
      { id: "catch", z, type: "catch", scope: null, wires: [["errors"]] },
    ];
    const flow = await startFlow([...nodes, ...helpers], { userFolder: await temporaryFolder() });
    const arrived = (what: (message: Record<string, unknown>) => boolean) =>
      flow.until("it arrives", () => flow.received("out").some(what));
    const hand = createSignal({ kind: "gestures", gesture: "all", pause: 1 }, 100);
    let made = 0;
    /** The gestures of so many seconds, one every two. */
    const move = async (seconds: number): Promise<void> => {
      for (const end = made + 100 * seconds; made < end; made++) {
        // So that no more windows wait than of a hand.
        if (made % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        const { values, label } = hand.at(made);
        flow.send("tinyml-gestures-window", { payload: values, label, time: 10 * made, channels: hand.channels });
      }
    };
    flow.send("tinyml-gestures-record", { record: "start" });
    await move(160);
    await arrived(({ payload }) => (payload as { recorded?: number })?.recorded === 72);
    const { perLabel } = (await listDatasets(flow.storage))[0];
    assert.deepEqual(perLabel, { circ: 12, flex: 12, hori: 12, punch: 12, vert: 12, rest: 12 });
    flow.send("tinyml-gestures-train", {});
    await arrived(({ model }) => (model as { name?: string })?.name === "gestures");
    flow.send("tinyml-gestures-quantize", {});
    await arrived(({ model }) => (model as { name?: string })?.name === "gestures-int8");
    flow.send("tinyml-gestures-evaluate", {});
    await arrived(({ report }) => report !== undefined);
    const { report } = flow.received("out").find((message) => "report" in message) as { report?: { accuracy: number } };
    assert.ok((report?.accuracy ?? 0) >= 0.9, `${report?.accuracy}`);
    // The stored model is in use as soon as it is there.
    await flow.until("predict has it", () =>
      flow.statuses("tinyml-gestures-predict").some(({ text }) => text === "status.loaded"),
    );
    const before = flow.received("out").length;
    await move(40);
    const named = () =>
      flow
        .received("out")
        .slice(before)
        .flatMap(({ payload, ...rest }) => {
          const { label } = (payload ?? {}) as { label?: string };
          return label === undefined ? [] : [{ label, made: "label" in rest ? rest.label : undefined }];
        });
    await flow.until("twenty gestures are named", () => named().length >= 19);
    const right = named().filter(({ label, made: wanted }) => label === wanted).length;
    assert.ok(right >= 0.9 * named().length, `${right} of ${named().length}`);
    assert.deepEqual(flow.received("errors"), []);
  });
});
