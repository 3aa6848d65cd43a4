import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Model, TensorData } from "../../src/model/model";
import { elementBytes, elementCount, tensorDataOver } from "../../src/model/tensor";
import { loadModel } from "../../src/runtime/load-model";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { type Chip, chips, requireChip, runOnChip, tooLarge } from "../support/chips";
import { temporaryFolder } from "../support/folders";
import { nodeBinary, skipUnlessThere } from "../support/machine";
import { sharedModel, sharedModelPath } from "../support/shared-models";
import { runStdio, sketchOf } from "../support/sketches";
import { requireTool } from "../support/tools";

/* Public models against what the reference kernels of TensorFlow Lite Micro computed: int8 bit for bit. */

/** One model of golden/manifest.json; a test holds this table against it. */
const MODELS = [
  "hello_world_float",
  "hello_world_int8",
  "kws_ref_model",
  "micro_speech_quantized",
  "mnist_dw_f",
  "mnist_dw_q",
  "mnist_valid_f",
  "mnist_valid_q",
  "person_detect",
] as const;

/** The models that a chip has too little memory for. */
const TOO_LARGE: Readonly<Record<Chip, readonly (typeof MODELS)[number][]>> = {
  "Cortex-M0": ["kws_ref_model", "person_detect"],
  "Cortex-M4F": [],
  "Cortex-M7": [],
  ATmega328P: ["kws_ref_model", "micro_speech_quantized", "mnist_dw_f", "mnist_dw_q", "mnist_valid_f", "person_detect"],
  ATmega2560: ["kws_ref_model", "mnist_dw_f", "person_detect"],
};

/** The Node that runs the tests, and two with relaxed SIMD. */
const nodes = [
  { name: "this Node", path: process.execPath },
  { name: "Node 22", path: nodeBinary(22) },
  { name: "Node 24", path: nodeBinary(24) },
];

describe("public models give what TensorFlow Lite Micro's reference kernels give", () => {
  it("every model that has golden vectors is in this suite", function () {
    const manifest: unknown = JSON.parse(Buffer.from(sharedModel(this, "golden/manifest.json")).toString());
    assert.ok(typeof manifest === "object" && manifest !== null);
    assert.deepEqual(Object.keys(manifest).sort(), [...MODELS].sort());
  });

  for (const name of MODELS) {
    describe(name, () => {
      it("in the flow", function () {
        const { model, inputs, outputs } = readGolden(this, name);
        assertOutputs(model, runAll(model, inputs), outputs);
      });

      it("in the flow, after it was written again, which changes nothing", function () {
        const { model, inputs, outputs } = readGolden(this, name);
        const again = readTflite(writeTflite(model));
        assert.deepEqual(again, model);
        assertOutputs(model, runAll(again, inputs), outputs);
      });

      it("as C, compiled by the host's compiler", function () {
        requireTool(this, "cc");
        const { model, inputs, outputs } = readGolden(this, name);
        assertOutputs(model, runStdio(sketchOf(model, { template: "stdio" }), inputs), outputs);
      });

      for (const chip of chips) {
        const fits = !TOO_LARGE[chip].includes(name);
        it(fits ? `on a simulated ${chip}` : `not on an ${chip}: it needs more memory than there is`, function () {
          requireChip(this, chip);
          const { model, inputs, outputs } = readGolden(this, name);
          if (fits) assertOutputs(model, runOnChip(model, inputs, chip), outputs);
          else assert.throws(() => runOnChip(model, inputs, chip), tooLarge);
        }).timeout(180000);
      }

      for (const node of nodes)
        it(`on the command line of ${node.name}`, async function () {
          skipUnlessThere(this, node.path);
          const { model, outputs } = readGolden(this, name);
          const output = path.join(await temporaryFolder(), "outputs.bin");
          await writeFile(output, "");
          const file = sharedModelPath(`${name}.tflite`);
          const input = sharedModelPath(`golden/${name}.inputs.bin`);
          const tinyml = path.join(__dirname, "../../dist/tinyml.js");
          const { status, stderr } = spawnSync(node.path, [tinyml, "run", file, "--input", input, "--output", output]);
          assert.equal(status, 0, stderr.toString());
          assertOutputs(model, await readFile(output), outputs);
        });
    });
  }
});

function readGolden(context: Mocha.Context, name: string) {
  return {
    model: readTflite(sharedModel(context, `${name}.tflite`)),
    inputs: sharedModel(context, `golden/${name}.inputs.bin`),
    outputs: sharedModel(context, `golden/${name}.outputs.bin`),
  };
}

/** Runs a model with one input and one output on samples back to back. */
function runAll(model: Model, samples: Uint8Array): Uint8Array {
  const [input] = model.inputs.map((index) => model.tensors[index]);
  const bytes = elementCount(input.shape) * elementBytes(input.type);
  const loaded = loadModel(model);
  try {
    const results: Uint8Array[] = [];
    for (let at = 0; at < samples.length; at += bytes) {
      const sample: TensorData = tensorDataOver(input.type, new Uint8Array(samples.subarray(at, at + bytes)).buffer);
      const [output] = loaded.run([sample]);
      results.push(new Uint8Array(output.buffer, output.byteOffset, output.byteLength));
    }
    return Buffer.concat(results);
  } finally {
    loaded.dispose();
  }
}

/** int8 bit for bit, float within 1e-5 of the number or 1e-6. */
function assertOutputs(model: Model, found: Uint8Array, expected: Uint8Array): void {
  const { type } = model.tensors[model.outputs[0]];
  if (type === "int8") {
    assert.deepEqual(new Int8Array(found), new Int8Array(expected));
    return;
  }
  const floats = (bytes: Uint8Array): Float32Array => new Float32Array(new Uint8Array(bytes).buffer);
  const wanted = floats(expected);
  assert.equal(found.length, expected.length);
  floats(found).forEach((value, i) => {
    const allowed = Math.max(1e-6, 1e-5 * Math.abs(wanted[i]));
    assert.ok(Math.abs(value - wanted[i]) <= allowed, `number ${i} is ${value}, not ${wanted[i]}`);
  });
}
