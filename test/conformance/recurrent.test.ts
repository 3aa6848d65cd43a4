import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import * as fc from "fast-check";
import type { Model } from "../../src/model/model";
import { loadModel } from "../../src/runtime/load-model";
import { createPredictor } from "../../src/runtime/predictor";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { temporaryFolder } from "../support/folders";
import { runStdio, sketchOf } from "../support/sketches";
import { requireTool } from "../support/tools";
import { quantized } from "../tflite/models";
import { anyLstm, anySvdf } from "./operators/recurrent";
import { bytesOf, runSamples } from "./run-samples";

/* LiteRT's WebAssembly refuses models with variable tensors: the judge of their numbers is reference.test.ts. */

const LAYERS = {
  "SVDF in float32": anySvdf("float32"),
  "SVDF in int8 with an int16 state": anySvdf("int8", "int16"),
  "SVDF in int8 with an int8 state": anySvdf("int8", "int8"),
  "UNIDIRECTIONAL_SEQUENCE_LSTM in float32": anyLstm("float32"),
  "UNIDIRECTIONAL_SEQUENCE_LSTM in int8": anyLstm("int8"),
  "UNIDIRECTIONAL_SEQUENCE_LSTM in int16": anyLstm("int16"),
};

for (const [name, any] of Object.entries(LAYERS)) {
  describe(`${name} with random shapes and options`, () => {
    it("computes in C the bits that it computes in the flow, sample after sample", function () {
      requireTool(this, "cc");
      fc.assert(
        fc.property(any, ({ model, input }) => {
          const output = runStdio(sketchOf(model, { template: "stdio" }), input);
          assert.deepEqual(Buffer.from(output), Buffer.from(runSamples(model, bytesOf(input))));
        }),
        { numRuns: 6 },
      );
    }).timeout(60000);

    it("survives writing and reading", () => {
      fc.assert(fc.property(any, ({ model }) => assert.deepEqual(readTflite(writeTflite(model)), model)));
    });
  });
}

/** A delay by one sample: output = 2 × input + 3 × the input before it. */
const delay: Model = {
  description: "",
  tensors: [
    { name: "input", type: "float32", shape: [1, 1] },
    { name: "feature weights", type: "float32", shape: [1, 1], data: Float32Array.of(1) },
    { name: "time weights", type: "float32", shape: [1, 2], data: Float32Array.of(3, 2) },
    { name: "state", type: "float32", shape: [1, 2], variable: true },
    { name: "output", type: "float32", shape: [1, 1] },
  ],
  operators: [{ type: "SVDF", inputs: [0, 1, 2, -1, 3], outputs: [4], options: { rank: 1, activation: "NONE" } }],
  inputs: [0],
  outputs: [4],
};

/** In int8 with zero points, whose state is that of the real value 0: output = 2 × input + 3 × the input before it. */
const int8Delay: Model = {
  ...delay,
  tensors: [
    { name: "input", type: "int8", shape: [1, 1], quantization: scaled(1, -10) },
    { name: "feature weights", type: "int8", shape: [1, 1], data: Int8Array.of(1), quantization: scaled(1, 0) },
    { name: "time weights", type: "int8", shape: [1, 2], data: Int8Array.of(3, 2), quantization: scaled(1, 0) },
    { name: "state", type: "int8", shape: [1, 2], variable: true, quantization: scaled(1, 7) },
    { name: "output", type: "int8", shape: [1, 1], quantization: scaled(1, 5) },
  ],
};

function scaled(scale: number, zeroPoint: number) {
  return { scales: [scale], zeroPoints: [zeroPoint], axis: 0 };
}

describe("an int16 LSTM", () => {
  it("is refused where its scales need factors that the reference kernels can't multiply by either", () => {
    const [{ model }] = fc.sample(anyLstm("int16"), { numRuns: 1, seed: 1 });
    const [input] = model.inputs;
    const tensors = model.tensors.map((tensor, index) => {
      if (index === input) return { ...tensor, quantization: quantized(1, 0) };
      return tensor.type === "int8" ? { ...tensor, quantization: quantized(8, 0) } : tensor;
    });
    assert.throws(() => loadModel({ ...model, tensors }), {
      code: "TINYML_MODEL_UNSUPPORTED",
      message: /more than int16 arithmetic can bridge/,
    });
  });
});

describe("a model's state", () => {
  const inputs = Float32Array.of(1, 10, 100);
  const outputs = Float32Array.of(2, 23, 230);

  for (let round = 1; round <= 2; round++) {
    it(`is kept from run to run of a loaded model, and zero after loading (round ${round})`, () => {
      const [first, second] = [loadModel(delay), loadModel(delay)];
      const run = (loaded: typeof first, value: number) => loaded.run([Float32Array.of(value)])[0][0];
      assert.deepEqual(
        [...inputs].map((value) => run(first, value)),
        [...outputs],
      );
      assert.equal(run(second, 1), 2, "another load of the same model has a state of its own");
      first.dispose();
      second.dispose();
    });
  }

  it("is kept from reading to reading of a predictor", () => {
    const predictor = createPredictor(delay);
    assert.deepEqual(
      [...inputs].map((value) => predictor.predict([value])),
      [...outputs],
    );
    predictor.dispose();
  });

  it("is kept from sample to sample of tinyml run", async () => {
    const folder = await temporaryFolder();
    const file = (name: string) => path.join(folder, name);
    await writeFile(file("delay.tflite"), writeTflite(delay));
    await writeFile(file("in.bin"), bytesOf(inputs));
    const command = path.join(__dirname, "../../dist/tinyml.js");
    const args = [command, "run", file("delay.tflite"), "--input", file("in.bin"), "--output", file("out.bin")];
    const { status, stderr } = spawnSync(process.execPath, args);
    assert.equal(status, 0, stderr.toString());
    assert.deepEqual(await readFile(file("out.bin")), Buffer.from(outputs.buffer));
  });

  it("is kept from sample to sample of a C program", function () {
    requireTool(this, "cc");
    assert.deepEqual(
      Buffer.from(runStdio(sketchOf(delay, { template: "stdio" }), inputs)),
      Buffer.from(outputs.buffer),
    );
  }).timeout(30000);

  it("begins in int8 at its zero point, in the flow and in C", function () {
    const stored = Int8Array.of(-9, 0, -5);
    // real values 1, 10, 5 give 2, 23, 40
    const expected = Buffer.from(Int8Array.of(7, 28, 45).buffer);
    assert.deepEqual(Buffer.from(runSamples(int8Delay, bytesOf(stored))), expected);
    requireTool(this, "cc");
    assert.deepEqual(Buffer.from(runStdio(sketchOf(int8Delay, { template: "stdio" }), stored)), expected);
  }).timeout(30000);
});
