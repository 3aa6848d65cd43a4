import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { strToU8, zipSync } from "fflate";
import { TinymlError } from "../../src/errors";
import { importKeras } from "../../src/keras/import-keras";
import { readKeras } from "../../src/keras/read-keras";
import { anySample, beside, networks, predictOurs, predictTfjs, saveTfjs, scatterWeights } from "./tfjs-models";

function assertClose(ours: readonly number[], theirs: readonly number[], what: string): void {
  assert.equal(ours.length, theirs.length, what);
  ours.forEach((value, i) => {
    assert.ok(
      Math.abs(value - theirs[i]) <= 1e-5 * Math.max(1, Math.abs(theirs[i])),
      `${what}: ${value}, ${theirs[i]}`,
    );
  });
}

describe("import of tfjs layers models, against TensorFlow.js", () => {
  for (const { name, make } of networks) {
    it(name, async () => {
      const model = make();
      scatterWeights(model, 7);
      const { json, weights } = await saveTfjs(model);
      const read = readKeras(strToU8(json), beside(weights));
      const imported = importKeras(read, { name: "imported" });
      for (const seed of [1, 2, 3]) {
        const sample = anySample(model, seed);
        assertClose(predictOurs(imported, sample), predictTfjs(model, sample), `sample ${seed}`);
      }
    });
  }

  it("reads weights that are stored in 8 and 16 bits", async () => {
    const [{ make }] = networks;
    const model = make();
    scatterWeights(model, 3);
    const { json, weights } = await saveTfjs(model);
    const parsed = JSON.parse(json);
    const floats = new Float32Array(weights.slice().buffer);
    const [first, ...others] = parsed.weightsManifest[0].weights;
    const count = first.shape[0] * first.shape[1];
    const low = Math.min(...floats.subarray(0, count));
    const scale = (Math.max(...floats.subarray(0, count)) - low) / 255;
    const bytes = Uint8Array.from(floats.subarray(0, count), (value) => Math.round((value - low) / scale));
    parsed.weightsManifest[0].weights = [{ ...first, quantization: { dtype: "uint8", min: low, scale } }, ...others];
    const stored = new Uint8Array([...bytes, ...weights.subarray(4 * count)]);
    const imported = importKeras(readKeras(strToU8(JSON.stringify(parsed)), beside(stored)), { name: "m" });
    const kernel = imported.tensors.find((tensor) => tensor.name.endsWith("kernel"));
    const ours = Array.from(kernel?.data ?? [], Number);
    const units = first.shape[1];
    ours.forEach((value, i) => {
      const wanted = floats[(i % 4) * units + Math.floor(i / 4)];
      assert.ok(Math.abs(value - wanted) <= scale / 2 + 1e-6, `${value}, ${wanted}`);
    });
  });
});

describe("import of Teachable Machine's archives", () => {
  const archive = async (metadata: unknown) => {
    const model = networks[4].make();
    scatterWeights(model, 9);
    const { json, weights } = await saveTfjs(model);
    const files = {
      "model.json": strToU8(json),
      "weights.bin": weights,
      "metadata.json": strToU8(JSON.stringify(metadata)),
    };
    return { model, zip: zipSync(files) };
  };

  it("takes the labels, and pixels from 0 to 255", async () => {
    const { model, zip } = await archive({
      packageName: "@teachablemachine/image",
      labels: ["cup", "pen", "none"],
      imageSize: 8,
    });
    const { metadata, ...imported } = importKeras(
      readKeras(zip, () => undefined),
      { name: "things" },
    );
    assert.deepEqual(metadata?.labels, ["cup", "pen", "none"]);
    assert.equal(metadata?.task, "classification");
    assert.deepEqual(metadata?.features, [
      { block: "normalize", mean: [127.5, 127.5, 127.5], deviation: [127.5, 127.5, 127.5] },
    ]);
    const sample = anySample(model, 1);
    assertClose(predictOurs(imported, sample), predictTfjs(model, sample), "the graph");
  });

  it("takes the words of an audio model", async () => {
    const { zip } = await archive({ packageName: "@teachablemachine/audio", wordLabels: ["noise", "yes", "no"] });
    const { metadata } = importKeras(
      readKeras(zip, () => undefined),
      { name: "words" },
    );
    assert.deepEqual([metadata?.labels, metadata?.features], [["noise", "yes", "no"], []]);
  });

  it("refuses a pose model: PoseNet's weights are not in it", async () => {
    const { zip } = await archive({ packageName: "@teachablemachine/pose", labels: ["up", "down"] });
    assert.throws(() => readKeras(zip, () => undefined), { code: "TINYML_MODEL_UNSUPPORTED", message: /PoseNet/ });
  });
});

describe("what can't be imported", () => {
  const dense = (config: object) => ({
    modelTopology: {
      class_name: "Sequential",
      config: {
        layers: [{ class_name: "Dense", config: { name: "d", batch_input_shape: [null, 2], units: 1, ...config } }],
      },
    },
    weightsManifest: [],
  });
  const layer = (class_name: string, config: object) => ({
    modelTopology: { class_name: "Sequential", config: { layers: [{ class_name, config: { name: "l", ...config } }] } },
    weightsManifest: [],
  });
  const cases: { what: string; json: unknown; says: RegExp }[] = [
    {
      what: "layers that do nothing",
      json: layer("GaussianNoise", { batch_input_shape: [null, 2] }),
      says: /none of its layers does anything/,
    },
    {
      what: "an output of more than one dimension",
      json: layer("MaxPooling1D", { batch_input_shape: [null, 5, 2], pool_size: [2], strides: [2], padding: "valid" }),
      says: /its output \[2, 2\] is no single list of numbers/,
    },
    {
      what: "a softmax over another axis",
      json: layer("Softmax", { batch_input_shape: [null, 3, 2], axis: 1 }),
      says: /its axis is not -1/,
    },
    {
      what: "channels first",
      json: layer("Flatten", { batch_input_shape: [null, 3, 3, 2], data_format: "channels_first" }),
      says: /its channels come first/,
    },
    {
      what: "an unknown layer",
      json: {
        modelTopology: {
          class_name: "Sequential",
          config: [{ class_name: "Conv3D", config: { name: "c", batch_input_shape: [null, 2, 2, 2, 1] } }],
        },
      },
      says: /its layer "c" \(Conv3D\) is not known here: there is no such layer/,
    },
    { what: "an unknown activation", json: dense({ activation: "softsign" }), says: /its activation is "softsign"/ },
    { what: "missing weights", json: dense({}), says: /the weights "d\/kernel" are missing/ },
    { what: "a setting out of range", json: dense({ units: 0 }), says: /units: a whole number from 1/ },
    { what: "no model", json: { a: 1 }, says: /its class is missing/ },
    {
      what: "a graph model",
      json: { format: "graph-model", modelTopology: {} },
      says: /graph model, which has no layers/,
    },
    {
      what: "an input of any size",
      json: dense({ batch_input_shape: [null, null, 3] }),
      says: /its input \[any, 3\] has no fixed size/,
    },
  ];

  it("weights that are no numbers", () => {
    const weightsManifest = [
      {
        paths: ["weights.bin"],
        weights: [
          { name: "d/kernel", shape: [2, 1], dtype: "float32" },
          { name: "d/bias", shape: [1], dtype: "float32" },
        ],
      },
    ];
    const weights = new Uint8Array(Float32Array.of(1, Number.NaN, 0).buffer);
    const keras = readKeras(strToU8(JSON.stringify({ ...dense({}), weightsManifest })), beside(weights));
    assert.throws(() => importKeras(keras, { name: "m" }), {
      code: "TINYML_MODEL_INVALID",
      message: /its weights "d\/kernel" are not all numbers/,
    });
  });

  for (const { what, json, says } of cases) {
    it(what, () => {
      assert.throws(
        () => importKeras(readKeras(strToU8(JSON.stringify(json)), beside(new Uint8Array())), { name: "m" }),
        (error) => error instanceof TinymlError && /^TINYML_MODEL_/.test(error.code) && says.test(error.message),
      );
    });
  }

  it("a normalization over another axis, though its numbers would fit", async () => {
    const model = tf.sequential({
      layers: [tf.layers.batchNormalization({ inputShape: [2, 2, 2], axis: 1 }), tf.layers.flatten()],
    });
    const { json, weights } = await saveTfjs(model);
    assert.throws(() => importKeras(readKeras(strToU8(json), beside(weights)), { name: "m" }), {
      code: "TINYML_MODEL_UNSUPPORTED",
      message: /normalizes over the axis 1, not over the last one/,
    });
  });

  it("damaged files are told, whatever is wrong with them", async () => {
    const model = networks[4].make();
    const { json, weights } = await saveTfjs(model);
    const zip = zipSync({ "model.json": strToU8(json), "weights.bin": weights });
    fc.assert(
      fc.property(fc.nat(zip.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
        const damaged = cut ? zip.slice(0, at) : zip.with(at, byte);
        try {
          importKeras(
            readKeras(damaged, () => undefined),
            { name: "m" },
          );
        } catch (error) {
          assert.ok(error instanceof TinymlError && error.code !== "TINYML_INTERNAL", String(error));
        }
      }),
      { numRuns: 300 },
    );
  });
});
