import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Model } from "../../src/model/model";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { runStdio, sketchOf } from "../support/sketches";
import { requireTool } from "../support/tools";
import { anyDense } from "./operators/dense";
import { anyInt16Convolution, anyInt16Curve, anyInt16Pool, anyInt16Softmax } from "./operators/int16";
import { assertOutputs, bytesOf, runSamples } from "./run-samples";

/* The judge of their numbers is reference.test.ts. */

const LAYERS = {
  "FULLY_CONNECTED in float32 with computed weights": anyDense("float32", "computed"),
  "FULLY_CONNECTED in int8 with computed weights": anyDense("int8", "computed"),
  "FULLY_CONNECTED in int8 with a scale for each output": anyDense("int8", "per channel"),
  "FULLY_CONNECTED in int8 whose weights have a zero point": anyDense("int8", "zero point"),
  "FULLY_CONNECTED in int16": anyDense("int16", "plain"),
  "FULLY_CONNECTED in int16 with a scale for each output": anyDense("int16", "per channel"),
  "CONV_2D in int16": anyInt16Convolution("CONV_2D"),
  "DEPTHWISE_CONV_2D in int16": anyInt16Convolution("DEPTHWISE_CONV_2D"),
  "AVERAGE_POOL_2D in int16": anyInt16Pool("AVERAGE_POOL_2D"),
  "MAX_POOL_2D in int16": anyInt16Pool("MAX_POOL_2D"),
  "LOGISTIC in int16": anyInt16Curve("LOGISTIC"),
  "TANH in int16": anyInt16Curve("TANH"),
  "SOFTMAX in int16": anyInt16Softmax("int16"),
  "SOFTMAX from int8 to int16": anyInt16Softmax("int8"),
};

for (const [name, any] of Object.entries(LAYERS)) {
  describe(`${name} with random shapes and options`, () => {
    it("computes in C what it computes in the flow: integers to the bit", function () {
      requireTool(this, "cc");
      fc.assert(
        fc.property(any, ({ model, input }) => {
          const output = runStdio(sketchOf(model, { template: "stdio" }), input);
          // the flow may add floats up in another order
          assertOutputs(model.tensors[0].type, output, runSamples(model, bytesOf(input)));
        }),
        { numRuns: 5 },
      );
    }).timeout(60000);

    it("survives writing and reading", () => {
      fc.assert(fc.property(any, ({ model }) => assert.deepEqual(readTflite(writeTflite(model)), model)));
    });
  });
}

describe("weights with a zero point", () => {
  it("are worth what they are worth without it", () => {
    const zeroPoint = fc.integer({ min: -60, max: 60 });
    fc.assert(
      fc.property(anyDense("int8", "plain"), zeroPoint, ({ model, input }, point) => {
        const half = withWeights(model, (weight) => Math.trunc(weight / 2), 0);
        const shifted = withWeights(model, (weight) => Math.trunc(weight / 2) + point, point);
        assert.deepEqual(runSamples(shifted, bytesOf(input)), runSamples(half, bytesOf(input)));
      }),
    );
  });
});

/** The model with other weights and another zero point of them. */
function withWeights(model: Model, change: (weight: number) => number, zeroPoint: number): Model {
  const tensors = model.tensors.map((tensor, index) => {
    if (index !== 1 || !(tensor.data instanceof Int8Array) || tensor.quantization === undefined) return tensor;
    const quantization = { ...tensor.quantization, zeroPoints: [zeroPoint] };
    return { ...tensor, data: tensor.data.map(change), quantization };
  });
  return { ...model, tensors };
}
