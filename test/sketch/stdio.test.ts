import assert from "node:assert/strict";
import type { Model } from "../../src/model/model";
import { loadModel } from "../../src/runtime/load-model";
import { readTflite } from "../../src/tflite/read-tflite";
import { quantizeRandomly, type RandomLayer, randomNetwork } from "../support/models";
import { sharedModel } from "../support/shared-models";
import { runStdio, sketchOf } from "../support/sketches";
import { requireTool } from "../support/tools";

const networks: Record<string, { inputs: number; layers: RandomLayer[] }> = {
  "one neuron": { inputs: 1, layers: [{ units: 1 }] },
  "the book's potentiometer network": {
    inputs: 1,
    layers: [{ units: 8, activation: "RELU" }, { units: 16, activation: "RELU" }, { units: 1 }],
  },
  "every activation": {
    inputs: 5,
    layers: [
      { units: 9, activation: "TANH" },
      { units: 8, activation: "LOGISTIC" },
      { units: 7, activation: "RELU6" },
      { units: 6, activation: "RELU_N1_TO_1" },
      { units: 5, activation: "RELU_OPERATOR" },
      { units: 4, activation: "SOFTMAX" },
    ],
  },
  "no bias": {
    inputs: 3,
    layers: [
      { units: 20, activation: "RELU", bias: false },
      { units: 2, bias: false },
    ],
  },
  "a large one": {
    inputs: 100,
    layers: [
      { units: 200, activation: "RELU" },
      { units: 10, activation: "SOFTMAX" },
    ],
  },
};

describe("C program of the template stdio, built by the host's compiler", () => {
  before(function () {
    requireTool(this, "cc");
  });

  for (const [what, network] of Object.entries(networks)) {
    it(`${what}: int8 outputs are those of the flow, bit for bit`, () => {
      const model = quantizeRandomly(randomNetwork(network));
      const samples = Int8Array.from({ length: 64 * network.inputs }, (_, i) => ((i * 7919) % 256) - 128);
      const output = runStdio(sketchOf(model, { template: "stdio" }), samples);
      assert.deepEqual(new Int8Array(output), runInFlow(model, samples));
    });

    it(`${what}: float outputs are within 1e-5 of the flow's`, () => {
      const model = randomNetwork(network);
      const samples = Float32Array.from({ length: 64 * network.inputs }, (_, i) => ((i * 7919) % 1000) / 1000);
      const output = runStdio(sketchOf(model, { template: "stdio" }), samples);
      const values = new Float32Array(new Uint8Array(output).buffer);
      const expected = runInFlow(model, samples);
      assert.equal(values.length, expected.length);
      values.forEach((value, i) => {
        const wanted = Number(expected[i]);
        assert.ok(Math.abs(value - wanted) <= 1e-5 * Math.max(1, Math.abs(wanted)), `${value} is not ${wanted}`);
      });
    });
  }

  for (const name of ["hello_world_int8", "hello_world_float"]) {
    it(`${name}, a model from TensorFlow Lite Micro, gives what its reference kernels gave`, function () {
      const model = readTflite(sharedModel(this, `${name}.tflite`));
      const inputs = sharedModel(this, `golden/${name}.inputs.bin`);
      const outputs = sharedModel(this, `golden/${name}.outputs.bin`);
      const got = runStdio(sketchOf(model, { template: "stdio" }), new Uint8Array(inputs));
      if (name.endsWith("int8")) assert.deepEqual(new Uint8Array(got), new Uint8Array(outputs));
      else {
        const floats = (bytes: Uint8Array): Float32Array => new Float32Array(new Uint8Array(bytes).buffer);
        const expected = floats(outputs);
        floats(got).forEach((value, i) => {
          assert.ok(Math.abs(value - expected[i]) <= Math.max(1e-6, 1e-5 * Math.abs(expected[i])));
        });
      }
    });
  }

  it("says so when the input ends in the middle of a sample", () => {
    const model = quantizeRandomly(randomNetwork({ inputs: 3, layers: [{ units: 1 }] }));
    assert.throws(() => runStdio(sketchOf(model, { template: "stdio" }), new Int8Array(4)), /middle of a sample/);
    const float = randomNetwork({ inputs: 1, layers: [{ units: 1 }] });
    assert.throws(() => runStdio(sketchOf(float, { template: "stdio" }), new Int8Array(6)), /middle of a sample/);
  });

  it("is whole for a model that needs no kernel", () => {
    const model: Model = {
      description: "",
      tensors: [
        { name: "row", type: "float32", shape: [1, 4] },
        { name: "square", type: "float32", shape: [2, 2] },
      ],
      operators: [{ type: "RESHAPE", inputs: [0], outputs: [1], options: { newShape: [2, 2] } }],
      inputs: [0],
      outputs: [1],
    };
    const samples = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const output = runStdio(sketchOf(model, { template: "stdio" }), samples);
    assert.deepEqual(new Float32Array(new Uint8Array(output).buffer), samples);
  });

  it("takes no input at all for no samples", () => {
    const model = randomNetwork({ inputs: 3, layers: [{ units: 1 }] });
    assert.equal(runStdio(sketchOf(model, { template: "stdio" }), new Float32Array(0)).length, 0);
  });
});

function runInFlow(model: Model, samples: Int8Array | Float32Array): Int8Array | Float32Array {
  const loaded = loadModel(model);
  try {
    const width = model.tensors[model.inputs[0]].shape[1];
    const rows: number[] = [];
    for (let at = 0; at < samples.length; at += width) {
      const [output] = loaded.run([samples.slice(at, at + width)]);
      rows.push(...Array.from(output, Number));
    }
    return samples instanceof Int8Array ? Int8Array.from(rows) : Float32Array.from(rows);
  } finally {
    loaded.dispose();
  }
}
