import assert from "node:assert/strict";
import * as fc from "fast-check";
import { createRandom } from "../../src/dataset/random";
import type { Model, Operator, Tensor, TensorData } from "../../src/model/model";
import { elementCount } from "../../src/model/tensor";
import { copyInto, placeModel } from "../../src/runtime/place-model";
import { prepareModel } from "../../src/runtime/prepare-model";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { type Chip, requireChip, runOnChip } from "../support/chips";
import { runInFlow, runInLiteRt } from "../support/run-model";
import { runStdio, sketchOf } from "../support/sketches";
import { requireTool } from "../support/tools";
import { anyConvolution, anyDepthwise, withBias } from "./operators";
import { anyDense } from "./operators/dense";
import { assemble, computed, constant, one } from "./operators/random-model";
import { anyTransposeConvolution } from "./operators/transpose-convolution";

/*
 * Layers of uint8, as TensorFlow quantized them before 2020, with random shapes and options: to the bit what TensorFlow
 * Lite's own kernels compute. LiteRT leaves a layer to them when its weights come out of an operator; constant ones go to
 * XNNPACK, which rounds otherwise.
 */

interface Layer {
  model: Model;
  input: TensorData;
}

/** A layer of int8 in uint8, its weights with one scale and a zero point. */
function inUint8(layer: Layer, zeroPoint: number) {
  const model = withBias(layer.model);
  const [operator] = model.operators;
  const weightsAt = operator.inputs[1];
  const scaleOf = (index: number): number => model.tensors[index].quantization?.scales[0] ?? 1;
  const biasScale = Math.fround(scaleOf(model.inputs[0]) * scaleOf(weightsAt));
  const tensors = model.tensors.map((tensor, index): Tensor => {
    const { type, quantization, data } = tensor;
    if (quantization === undefined) return tensor;
    if (type === "int32") return { ...tensor, quantization: { scales: [biasScale], zeroPoints: [0], axis: 0 } };
    const shifted = index === weightsAt ? zeroPoint : quantization.zeroPoints[0] + 128;
    return {
      ...tensor,
      type: "uint8",
      ...(data && { data: shiftedData(data) }),
      quantization: { scales: [scaleOf(index)], zeroPoints: [shifted], axis: 0 },
    };
  });
  const count = elementCount(model.tensors[model.inputs[0]].shape);
  return { model: { ...model, tensors }, input: shiftedData(layer.input).slice(0, count) };
}

function shiftedData(data: TensorData): Uint8Array {
  return Uint8Array.from(Array.from(data, Number), (stored) => stored + 128);
}

/** The same layer, whose weights a RESHAPE computes from as many numbers in a row. */
function withComputedWeights(model: Model): Model {
  const [layer] = model.operators;
  const index = layer.inputs[1];
  const { data = new Uint8Array(), ...weights } = model.tensors[index];
  const shape: Tensor = {
    name: "shape",
    type: "int32",
    shape: [weights.shape.length],
    data: Int32Array.from(weights.shape),
  };
  const count = model.tensors.length;
  const reshape: Operator = { type: "RESHAPE", inputs: [count, count + 1], outputs: [index], options: {} };
  const tensors = [...model.tensors.with(index, weights), { ...weights, shape: [data.length], data }, shape];
  return { ...model, tensors, operators: [reshape, layer] };
}

/** By the kernels of boards, from constants as they are described. */
function runAsDescribed(original: Model, input: Uint8Array): Uint8Array {
  const model = prepareModel(original);
  const placed = placeModel(model, { constantAddress: () => undefined });
  copyInto(placed.kernels, placed.addresses[model.inputs[0]], input);
  placed.forward(1);
  const [output] = model.outputs;
  const at = placed.addresses[output];
  const found = placed.kernels.heap.int8.slice(at, at + elementCount(model.tensors[output].shape));
  placed.dispose();
  return new Uint8Array(found.buffer);
}

/** More inputs than sums of 16 bits hold. */
const anyWideDense = fc
  .record({
    width: fc.integer({ min: 250, max: 800 }),
    units: fc.integer({ min: 1, max: 17 }),
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  })
  .map(({ width, units, seed }): Layer => {
    const { uniform } = createRandom(seed);
    const tensors = [
      computed("input", "int8", [1, width], one(0.02, 3)),
      constant("weights", "int8", [units, width], one(0.01, 0), uniform),
      computed("output", "int8", [1, units], one(0.4, -5)),
    ];
    const options = { activation: "NONE" } as const;
    const operator = { type: "FULLY_CONNECTED", inputs: [0, 1, -1], outputs: [2], options } as const;
    return assemble(operator, tensors, width, uniform);
  });

const layers: Record<string, fc.Arbitrary<Layer>> = {
  CONV_2D: anyConvolution(true),
  DEPTHWISE_CONV_2D: anyDepthwise(true),
  FULLY_CONNECTED: fc.oneof(anyDense("int8", "plain"), anyWideDense),
  TRANSPOSE_CONV: anyTransposeConvolution("int8"),
};

const anyZeroPoint = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 128, 255));

/** A chip without a floating-point unit, and one with integers of 16 bits. */
const chips: readonly Chip[] = ["Cortex-M0", "ATmega2560"];

for (const [type, any] of Object.entries(layers)) {
  describe(`${type} of uint8 with random shapes, options and zero points`, () => {
    it("computes what TensorFlow Lite's kernels do, by the flow's kernels and by those of boards", async () => {
      await fc.assert(
        fc.asyncProperty(any, anyZeroPoint, async (layer, zeroPoint) => {
          const { model, input } = inUint8(layer, zeroPoint);
          const [expected] = await runInLiteRt(withComputedWeights(model), [input]);
          assert.deepEqual(runInFlow(model, [input])[0], expected);
          assert.deepEqual(runInFlow(withComputedWeights(model), [input])[0], expected);
          assert.deepEqual(runAsDescribed(model, input), expected);
        }),
        { numRuns: 200 },
      );
    }).timeout(60000);

    it("is the same as C, compiled by the host's compiler", function () {
      requireTool(this, "cc");
      fc.assert(
        fc.property(any, anyZeroPoint, (layer, zeroPoint) => {
          const { model, input } = inUint8(layer, zeroPoint);
          const found = runStdio(sketchOf(model, { template: "stdio" }), input);
          assert.deepEqual(new Uint8Array(found), runInFlow(model, [input])[0]);
        }),
        { numRuns: 5 },
      );
    }).timeout(60000);

    for (const chip of chips) {
      it(`is the same on a simulated ${chip}`, function () {
        requireChip(this, chip);
        const [[layer, zeroPoint]] = fc.sample(fc.tuple(any, anyZeroPoint), { numRuns: 1, seed: 3 });
        const { model, input } = inUint8(layer, zeroPoint);
        assert.deepEqual(new Uint8Array(runOnChip(model, input, chip)), runInFlow(model, [input])[0]);
      }).timeout(60000);
    }

    it("is written as it was read", () => {
      const [[layer, zeroPoint]] = fc.sample(fc.tuple(any, anyZeroPoint), { numRuns: 1, seed: 3 });
      const file = writeTflite(inUint8(layer, zeroPoint).model);
      assert.deepEqual(writeTflite(readTflite(file)), file);
    });
  });
}

describe("CONCATENATION of uint8 with random shapes and scales", () => {
  const anyScale = fc.oneof(
    fc.double({ min: 0.001, max: 0.1, noNaN: true }).map(Math.fround),
    fc.constantFrom(0.01, 0.02, 0.04).map(Math.fround),
  );
  const anyQuantization = fc.tuple(anyScale, fc.integer({ min: 0, max: 255 })).map(([scale, zeroPoint]) => ({
    quantization: { scales: [scale], zeroPoints: [zeroPoint], axis: 0 },
  }));
  const anyJoin = fc
    .record({
      shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
      place: fc.nat(3),
      parts: fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), anyQuantization), { minLength: 1, maxLength: 4 }),
      output: anyQuantization,
      seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    })
    .map(({ shape, place, parts, output, seed }) => {
      const axis = place % shape.length;
      const { uniform } = createRandom(seed);
      const sizes = parts.map(([size]) => size);
      const inputs = parts.map(([size, scale], i) => {
        return { name: `input ${i}`, type: "uint8" as const, shape: shape.with(axis, size), ...scale };
      });
      const whole = shape.with(
        axis,
        sizes.reduce((sum, size) => sum + size, 0),
      );
      const model: Model = {
        description: "",
        tensors: [...inputs, { name: "output", type: "uint8", shape: whole, ...output }],
        operators: [
          {
            type: "CONCATENATION",
            inputs: inputs.map((_, i) => i),
            outputs: [inputs.length],
            options: { axis, activation: "NONE" },
          },
        ],
        inputs: inputs.map((_, i) => i),
        outputs: [inputs.length],
      };
      const data = inputs.map((tensor) =>
        Uint8Array.from({ length: elementCount(tensor.shape) }, () => Math.floor(256 * uniform())),
      );
      return { model, data };
    });

  it("brings its inputs to the output's steps as TensorFlow Lite does", async () => {
    await fc.assert(
      fc.asyncProperty(anyJoin, async ({ model, data }) => {
        assert.deepEqual(runInFlow(model, data), await runInLiteRt(model, data));
      }),
      { numRuns: 200 },
    );
  }).timeout(60000);

  it("is the same as C, compiled by the host's compiler", function () {
    requireTool(this, "cc");
    fc.assert(
      fc.property(anyJoin, ({ model, data }) => {
        const found = runStdio(sketchOf(model, { template: "stdio" }), Buffer.concat(data));
        assert.deepEqual(new Uint8Array(found), runInFlow(model, data)[0]);
      }),
      { numRuns: 5 },
    );
  }).timeout(60000);
});
