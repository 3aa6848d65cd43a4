import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Quantization, Tensor } from "../../src/model/model";
import { elementCount } from "../../src/model/tensor";
import { copyInto, type Placement, placeModel } from "../../src/runtime/place-model";
import { anyConvolution, anyDepthwise, type Sample } from "../conformance/operators";

/* What the host computes from constants in its own order, against the plain kernels that boards run. */

/**
 * The same layer with another scale for its output and, where there is one for each channel, for its weights: with
 * factors to the left and to the right, and channels that are all but dead.
 */
const anyFactors = fc.record({
  output: fc.integer({ min: -14, max: 12 }),
  channels: fc.array(fc.constantFrom(0, 0, 0, 1, -3, -9, -24, -40), { minLength: 1, maxLength: 7 }),
});

function rescaled({ model, input }: Sample, factors: { output: number; channels: readonly number[] }): Sample {
  const change = (tensor: Tensor, power: (i: number) => number): Tensor => {
    const { quantization } = tensor;
    if (quantization === undefined) return tensor;
    const scales = quantization.scales.map((scale, i) => scale * 2 ** power(i));
    return { ...tensor, quantization: { ...quantization, scales } satisfies Quantization };
  };
  const [operator] = model.operators;
  const tensors = model.tensors.map((tensor, index) => {
    if (index === operator.outputs[0]) return change(tensor, () => factors.output);
    if (index === operator.inputs[1] && (tensor.quantization?.scales.length ?? 0) > 1) {
      return change(tensor, (i) => factors.channels[i % factors.channels.length]);
    }
    return tensor;
  });
  return { model: { ...model, tensors }, input };
}

/** A dense layer of the convolution's weights, over the first elements of its input. */
function flattened({ model, input }: Sample): Sample {
  const [operator] = model.operators;
  const [weightsIndex, bias = -1] = operator.inputs.slice(1);
  const weights = model.tensors[weightsIndex];
  const units = weights.shape[0];
  const width = elementCount(weights.shape) / units;
  const rows = Math.max(1, Math.floor(input.length / width));
  const shapes = new Map([
    [operator.inputs[0], [rows, width]],
    [weightsIndex, [units, width]],
    [operator.outputs[0], [rows, units]],
  ]);
  const first = ({ scales, zeroPoints }: Quantization) => ({
    scales: [scales[0]],
    zeroPoints: [zeroPoints[0]],
    axis: 0,
  });
  const tensors = model.tensors.map((tensor, index) => ({
    ...tensor,
    shape: shapes.get(index) ?? tensor.shape,
    ...(tensor.quantization && { quantization: first(tensor.quantization) }),
  }));
  const { outputs, inputs } = operator;
  const dense = {
    type: "FULLY_CONNECTED",
    inputs: [inputs[0], weightsIndex, bias],
    outputs,
    options: { activation: "NONE" },
  } as const;
  const data = Int8Array.from({ length: rows * width }, (_, i) => Number(input[i % input.length]));
  return { model: { ...model, tensors, operators: [dense] }, input: data };
}

function run({ model, input }: Sample, placement: Placement): Int8Array {
  const placed = placeModel(model, placement);
  copyInto(placed.kernels, placed.addresses[model.inputs[0]], input);
  placed.forward(1);
  const [output] = model.outputs;
  const at = placed.addresses[output];
  const outputs = placed.kernels.heap.int8.slice(at, at + elementCount(model.tensors[output].shape));
  placed.dispose();
  return outputs;
}

describe("constants laid out for the host give the bits of the plain kernels", () => {
  const layers: Record<string, fc.Arbitrary<Sample>> = {
    CONV_2D: anyConvolution(true),
    DEPTHWISE_CONV_2D: anyDepthwise(true),
    FULLY_CONNECTED: anyConvolution(true).map(flattened),
  };
  for (const [type, any] of Object.entries(layers)) {
    it(type, () => {
      fc.assert(
        fc.property(any, anyFactors, (sample, factors) => {
          const layer = rescaled(sample, factors);
          assert.deepEqual(run(layer, {}), run(layer, { constantAddress: () => undefined }));
        }),
        { numRuns: 400 },
      );
    }).timeout(60000);
  }
});
