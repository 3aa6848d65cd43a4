import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { temporaryFolder } from "../support/folders";
import { nodes, resultOn } from "../support/library-on-node";
import { skipUnlessThere } from "../support/machine";
import { bookNetwork, pictureNetwork } from "../tflite/models";

/*
 * The built library on each Node. From version 21 on Node has relaxed SIMD, whose floats are rounded as the machine likes
 * best: predictions may be of that, what enters a model or a sketch may not.
 */

/** A model's floats by both kinds of kernels, its known answer, and which kernels are relaxed ones. */
const runModel = `
  const model = library.readTflite(require("node:fs").readFileSync(argument));
  const { shape } = model.tensors[model.inputs[0]];
  const input = Float32Array.from({ length: library.elementCount(shape) }, (_, i) => Math.fround(((i * 89) % 256 - 128) / 131));
  const outputs = (floats) => Array.from(library.loadModel(model, floats).run([input])[0]);
  const { call, fastest } = library.kernels();
  result = {
    reproducible: outputs("reproducible"),
    fastest: outputs("fastest"),
    knownAnswer: library.knownAnswer(model),
    relaxed: Object.keys(call).filter((name) => typeof call[name] === "function" && fastest(name) !== call[name]),
  };`;

/** A small network, trained and quantized in the worker threads; both files without metadata, in which times are. */
const trainAndQuantize = `
  const recipe = library.parseRecipe({
    version: 1,
    task: "classification",
    input: { shape: [9] },
    features: [{ block: "normalize" }],
    layers: [
      { type: "dense", units: 21, activation: "relu" },
      { type: "batchNormalization" },
      { type: "dropout", rate: 0.1 },
      { type: "dense", units: 8, activation: "tanh", kernelRegularizer: { l1: 1e-4, l2: 1e-4 } },
      { type: "dense", units: 3, activation: "softmax" },
    ],
    training: {
      loss: "categoricalCrossentropy",
      labelSmoothing: 0.1,
      classWeights: "balanced",
      epochs: 20,
      optimizer: { type: "adamw", learningRate: 0.02 },
      schedule: { type: "cosine" },
      clipNorm: 1,
      augmentation: [{ type: "noise", deviation: 0.1 }, { type: "scale", range: 0.1 }],
    },
  });
  const rows = 240;
  const table = {
    task: "classification",
    channels: Array.from({ length: 9 }, (_, i) => ({ name: "c" + i, unit: "" })),
    labels: ["a", "b", "c"],
    inputs: Float32Array.from({ length: 9 * rows }, (_, i) => ((i * i * 7 + i * 31) % 101) / 50 + (Math.floor(i / 9) % 3)),
    outputs: Float32Array.from({ length: rows }, (_, row) => row % 3),
    rows,
  };
  const file = (model) => Buffer.from(library.writeTflite(model, { metadata: false })).toString("base64");
  const float = await library.startTraining({ recipe, table, name: "m" });
  const int8 = await library.startQuantizing({ model: float, table });
  result = { float: file(float), int8: file(int8), normalize: float.metadata.features };`;

function assertClose(found: readonly number[], wanted: readonly number[]): void {
  assert.equal(found.length, wanted.length);
  for (const [i, value] of found.entries()) {
    assert.ok(
      Math.abs(value - wanted[i]) <= 1e-5 * Math.max(1, Math.abs(wanted[i])),
      `${i}: ${value}, not ${wanted[i]}`,
    );
  }
}

describe("package: on every Node", function () {
  this.timeout(60_000);
  const models = { dense: bookNetwork(), convolution: pictureNetwork(false) };

  for (const { name, path, major } of nodes) {
    describe(name, () => {
      before(function () {
        skipUnlessThere(this, path);
      });

      for (const [kind, model] of Object.entries(models)) {
        it(`${kind}: the same reproducible floats and known answer; the fastest within rounding`, async () => {
          const file = join(await temporaryFolder(), "model.tflite");
          await writeFile(file, writeTflite(model));
          const here = await resultOn(process.execPath, runModel, file);
          const there = await resultOn(path, runModel, file);
          assert.deepEqual(there.reproducible, here.reproducible);
          assert.deepEqual(there.knownAnswer, here.knownAnswer);
          assertClose(there.fastest, here.reproducible);
          const relaxed = [
            "tinyml_dense_float",
            "tinyml_host_conv_float",
            "tinyml_host_dense_float",
            "tinyml_host_winograd_float",
          ];
          assert.deepEqual(there.relaxed.sort(), major >= 21 ? relaxed : []);
        });
      }

      it("the same weights after training, the same scales after quantizing", async () => {
        const here = await resultOn(process.execPath, trainAndQuantize);
        const there = await resultOn(path, trainAndQuantize);
        assert.deepEqual(there, here);
        assert.equal(readTflite(Buffer.from(there.int8, "base64")).tensors[0].type, "int8");
      });
    });
  }
});
