import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { strToU8, zipSync } from "fflate";
import { TinymlError } from "../../src/errors";
import { importKeras } from "../../src/keras/import-keras";
import { readKeras } from "../../src/keras/read-keras";
import { tinyml, tinymlJson } from "../cli/support/tinyml";
import { temporaryFolder } from "../support/folders";
import {
  anySample,
  beside,
  loadTfjs,
  networks,
  predictOurs,
  predictTfjs,
  saveTfjs,
  scatterWeights,
} from "./tfjs-models";

/*
 * Files as Keras 2 (.h5) and Keras 3 (.keras) write them: their layout is made here, by the HDF Group's own library; the weights and
 * the answers are TensorFlow.js's.
 */

interface Named {
  /** "conv2d_1/kernel" */
  name: string;
  shape: number[];
  values: Float32Array;
}

async function h5Of(fill: (file: import("h5wasm/node").File) => void): Promise<Uint8Array> {
  const h5wasm = await import("h5wasm/node");
  await h5wasm.ready;
  const file = path.join(await temporaryFolder(), "model.h5");
  const opened = new h5wasm.File(file, "w");
  fill(opened);
  opened.close();
  return readFile(file);
}

async function weightsOf(model: tf.LayersModel): Promise<{ topology: Record<string, unknown>; weights: Named[] }> {
  const { json, weights } = await saveTfjs(model);
  const { modelTopology, weightsManifest } = JSON.parse(json);
  const specs: { name: string; shape: number[] }[] = weightsManifest[0].weights;
  let at = 0;
  const named = specs.map(({ name, shape }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const values = new Float32Array(weights.slice(at, at + 4 * count).buffer);
    at += 4 * count;
    return { name, shape, values };
  });
  return { topology: modelTopology, weights: named };
}

/** Keras 2: the topology in an attribute, a group per layer with its weights under their whole name. */
async function kerasTwo(model: tf.LayersModel): Promise<Uint8Array> {
  const { topology, weights } = await weightsOf(model);
  const layers = [...new Set(weights.map(({ name }) => name.split("/")[0]))];
  return h5Of((file) => {
    file.create_attribute("model_config", JSON.stringify(topology));
    const group = file.create_group("model_weights");
    group.create_attribute("layer_names", layers);
    for (const layer of layers) {
      const own = weights.filter(({ name }) => name.startsWith(`${layer}/`));
      const inner = group.create_group(layer);
      inner.create_attribute(
        "weight_names",
        own.map(({ name }) => `${name}:0`),
      );
      const nested = inner.create_group(layer);
      for (const { name, shape, values } of own) {
        nested.create_dataset({ name: `${name.split("/")[1]}:0`, data: values, shape });
      }
    }
  });
}

/** Keras 3: weights by the number of their layer in its class, and by their own number. */
async function kerasThree(model: tf.LayersModel): Promise<Uint8Array> {
  const { topology, weights } = await weightsOf(model);
  const config = topology as { config: { layers: { class_name: string; config: { name: string } }[] } };
  const used = new Map<string, number>();
  const snake: Record<string, string> = {
    Conv2D: "conv2d",
    Dense: "dense",
    BatchNormalization: "batch_normalization",
    DepthwiseConv2D: "depthwise_conv2d",
    SeparableConv2D: "separable_conv2d",
  };
  const order = [
    "depthwise_kernel",
    "pointwise_kernel",
    "kernel",
    "bias",
    "gamma",
    "beta",
    "moving_mean",
    "moving_variance",
  ];
  const bytes = await h5Of((file) => {
    const root = file.create_group("layers");
    for (const { class_name: type, config: inner } of config.config.layers) {
      const known = snake[type];
      if (known === undefined) continue;
      const count = used.get(known) ?? 0;
      used.set(known, count + 1);
      const vars = root.create_group(count === 0 ? known : `${known}_${count}`).create_group("vars");
      weights
        .filter(({ name }) => name.startsWith(`${inner.name}/`))
        .sort((a, b) => order.indexOf(a.name.split("/")[1]) - order.indexOf(b.name.split("/")[1]))
        .forEach(({ shape, values }, i) => {
          vars.create_dataset({ name: String(i), data: values, shape });
        });
    }
  });
  return zipSync({
    "metadata.json": strToU8("{}"),
    "config.json": strToU8(JSON.stringify(topology)),
    "model.weights.h5": bytes,
  });
}

const nothing = (): undefined => undefined;

describe("import of Keras's files", () => {
  for (const [format, write] of [
    [".h5 of Keras 2", kerasTwo],
    [".keras of Keras 3", kerasThree],
  ] as const) {
    for (const { name, make } of networks.slice(0, 2)) {
      it(`${format}: ${name}`, async () => {
        const model = make();
        scatterWeights(model, 11);
        const imported = importKeras(readKeras(await write(model), nothing), { name: "m" });
        const sample = anySample(model, 2);
        const theirs = predictTfjs(model, sample);
        predictOurs(imported, sample).forEach((value, i) => {
          assert.ok(Math.abs(value - theirs[i]) < 1e-5, `${value}, ${theirs[i]}`);
        });
      });
    }
  }

  it("damaged .h5 files are told, whatever is wrong with them", async () => {
    const bytes = await kerasTwo(networks[0].make());
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
        try {
          importKeras(readKeras(cut ? bytes.slice(0, at) : new Uint8Array(bytes).with(at, byte), nothing), {
            name: "m",
          });
        } catch (error) {
          assert.ok(error instanceof TinymlError && error.code !== "TINYML_INTERNAL", String(error));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("weights without the model are told", async () => {
    const bytes = await h5Of((file) => void file.create_group("dense"));
    assert.throws(() => readKeras(bytes, nothing), { code: "TINYML_MODEL_INVALID", message: /holds weights only/ });
  });
});

describe("tinyml import and export --template tfjs", () => {
  it("take a model there and back", async () => {
    const folder = await temporaryFolder();
    const model = networks[0].make();
    scatterWeights(model, 2);
    const { json, weights } = await saveTfjs(model);
    await writeFile(path.join(folder, "model.json"), json);
    await writeFile(path.join(folder, "weights.bin"), weights);
    const report = await tinymlJson(folder, "import", "model.json", "--out", "m.tflite", "--labels", "a, b,c");
    assert.equal(report.out, "m.tflite");
    await tinymlJson(folder, "export", "m.tflite", "--template", "tfjs", "--out", "web");
    const [text, binary] = await Promise.all([
      readFile(path.join(folder, "web", "model.json"), "utf8"),
      readFile(path.join(folder, "web", "weights.bin")),
    ]);
    const sample = anySample(model, 3);
    const theirs = predictTfjs(model, sample);
    predictTfjs(await loadTfjs(text, binary), sample).forEach((value, i) => {
      assert.ok(Math.abs(value - theirs[i]) < 1e-5, `${value}, ${theirs[i]}`);
    });
    const { metadata } = importKeras(readKeras(strToU8(text), beside(binary)), { name: "m" });
    assert.deepEqual(metadata?.labels, ["a", "b", "c"]);
  });

  it("give a model the name and the labels of the command line, whatever its file says", async () => {
    const folder = await temporaryFolder();
    const { json, weights } = await saveTfjs(networks[0].make());
    await writeFile(path.join(folder, "model.json"), json);
    await writeFile(path.join(folder, "weights.bin"), weights);
    const take = async (model: string, ...more: string[]) => {
      await tinymlJson(folder, "import", model, "--out", "m.tflite", ...more);
      const { name, task, labels } = await tinymlJson(folder, "inspect", "m.tflite");
      return { name, task, labels };
    };
    const first = { name: "first", task: "classification", labels: ["a", "b", "c"] };
    assert.deepEqual(await take("model.json", "--name", "first", "--labels", "a,b,c"), first);
    await tinymlJson(folder, "export", "m.tflite", "--template", "tfjs", "--out", "web");
    assert.deepEqual(await take("web/model.json"), first);
    const second = { ...first, name: "second", labels: ["x", "y", "z"] };
    assert.deepEqual(await take("web/model.json", "--name", "second", "--labels", "x,y,z"), second);
    const { status, stderr } = await tinyml(folder, "import", "web/model.json", "--out", "m.tflite", "--labels", "a,b");
    assert.equal(status, 2);
    assert.match(stderr, /^TINYML_USAGE: --labels names 2 labels, but the model has 3 outputs/);
  });
});
