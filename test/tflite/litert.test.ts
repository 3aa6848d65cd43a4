import assert from "node:assert/strict";
import type { FusedActivation, Model } from "../../src/model/model";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { type LiteRtArray, loadInLiteRt } from "../support/litert";
import { sharedModel } from "../support/shared-models";
import { bookNetwork, classifier, evaluate, floatModel, int8Model, quantize } from "./models";

const INPUTS = [
  [0, 0, 0],
  [0.5, -0.25, 0.75],
  [-1, 1, -1],
  [0.9, 0.9, -0.9],
];

describe("our .tflite files in LiteRT", () => {
  const activations: FusedActivation[] = ["NONE", "RELU", "RELU_N1_TO_1", "RELU6"];
  const operators = [undefined, "RELU", "LOGISTIC", "TANH", "SOFTMAX"] as const;
  for (const activation of activations) {
    for (const then of operators) {
      const name = `FULLY_CONNECTED (${activation})${then === undefined ? "" : `, ${then}`}`;
      it(`float32 ${name}`, () => agreesInFloat(floatModel(activation, then), INPUTS));
      it(`int8 ${name}`, () => agreesInInt8(int8Model(activation, then)));
    }
  }

  it("the book's network", () => agreesInFloat(bookNetwork(), [[0], [0.25], [0.5], [1]]));

  it("a network without bias, and one with keepNumDims", async () => {
    const [dense] = floatModel("NONE").operators;
    assert.ok(dense?.type === "FULLY_CONNECTED");
    const model = floatModel("NONE");
    await agreesInFloat({ ...model, operators: [{ ...dense, inputs: dense.inputs.slice(0, 2) }] }, INPUTS);
    await agreesInFloat({ ...model, operators: [{ ...dense, inputs: [...dense.inputs.slice(0, 2), -1] }] }, INPUTS);
    const kept = { ...dense, options: { activation: "NONE", keepNumDims: true } } as const;
    const tensors = model.tensors.map((tensor) =>
      tensor.data === undefined ? { ...tensor, shape: [1, 1, ...tensor.shape] } : tensor,
    );
    await agreesInFloat({ ...model, tensors, operators: [kept] }, INPUTS);
  });

  it("a file with all metadata, and its labels behind it", () => agreesInInt8(classifier()));

  for (const [file, input] of [
    ["hello_world_float.tflite", new Float32Array([1.5])],
    ["hello_world_int8.tflite", new Int8Array([-60])],
  ] as const) {
    it(`${file}, written again, computes the same`, async function () {
      const bytes = sharedModel(this, file);
      assert.deepEqual(await run(writeTflite(readTflite(bytes)), input), await run(bytes, input));
    });
  }
});

async function run(bytes: Uint8Array, input: LiteRtArray): Promise<LiteRtArray> {
  const loaded = await loadInLiteRt(bytes);
  try {
    const [output] = await loaded.run([input]);
    assert.ok(output);
    return output;
  } finally {
    loaded.dispose();
  }
}

async function agreesInFloat(model: Model, inputs: readonly (readonly number[])[]): Promise<void> {
  const bytes = writeTflite(model);
  for (const input of inputs) {
    const computed = await run(bytes, new Float32Array(input));
    const expected = evaluate(model, input);
    assert.equal(computed.length, expected.length);
    expected.forEach((value, i) => {
      assert.ok(
        Math.abs(value - (computed[i] ?? NaN)) <= 1e-5 * Math.max(1, Math.abs(value)),
        `${computed} ≠ ${expected}`,
      );
    });
  }
}

async function agreesInInt8(model: Model): Promise<void> {
  const bytes = writeTflite(model);
  for (const input of INPUTS) {
    const computed = await run(bytes, quantize(model.tensors[model.inputs[0] ?? -1], input));
    const expected = quantize(model.tensors[model.outputs[0] ?? -1], evaluate(model, input));
    assert.equal(computed.length, expected.length);
    expected.forEach((value, i) => {
      // XNNPACK rounds otherwise than the reference, and each of two operators may be a step off
      assert.ok(Math.abs(value - (computed[i] ?? NaN)) <= 3, `${computed} ≠ ${expected}`);
    });
  }
}
