import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import type { Model, Operator, Quantization, Tensor } from "../../src/model/model";
import { elementCount } from "../../src/model/tensor";
import { copyInto, type Placement, placeModel } from "../../src/runtime/place-model";
import { writeTflite } from "../../src/tflite/write-tflite";
import { anyConvolution, anyDepthwise, anyLargePicture, type Sample } from "../conformance/operators";
import { temporaryFolder } from "../support/folders";
import { nodes, resultOn } from "../support/library-on-node";
import { skipUnlessThere } from "../support/machine";
import { seed } from "../support/seed";

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

const anyDense = anyConvolution(true).map(flattened);

describe("constants laid out for the host give the bits of the plain kernels", () => {
  const layers: Record<string, fc.Arbitrary<Sample>> = {
    CONV_2D: anyConvolution(true),
    DEPTHWISE_CONV_2D: anyDepthwise(true),
    FULLY_CONNECTED: anyDense,
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

  it("CONV_2D over pictures that are laid out in several pieces", () => {
    fc.assert(
      fc.property(anyConvolution(true, anyLargePicture), (layer) => {
        assert.deepEqual(run(layer, {}), run(layer, { constantAddress: () => undefined }));
      }),
      { numRuns: 150 },
    );
  }).timeout(60000);
});

/** The same layer with inputs, those around the picture too, that are changed by a function from bytes to bytes. */
function withInputs({ model, input }: Sample, change: (stored: number) => number): Sample {
  const tensors = model.tensors.map((tensor, index) => {
    const { quantization } = tensor;
    if (index !== model.inputs[0] || quantization === undefined) return tensor;
    return { ...tensor, quantization: { ...quantization, zeroPoints: quantization.zeroPoints.map(change) } };
  });
  return { model: { ...model, tensors }, input: Int8Array.from(input, (stored) => change(Number(stored))) };
}

type Activation = keyof typeof activations;

const activations = {
  NONE: (output: number) => output,
  RELU: (output: number) => Math.max(0, output),
  RELU6: (output: number) => Math.min(6, Math.max(0, output)),
};

interface FloatLayer {
  input: Float32Array;
  weights: Float32Array;
  bias: Float32Array;
  activation: Activation;
}

/** A dense layer of floats in float32's arithmetic, one product after the other, as a board computes it. */
function denseByHand({ input, weights, bias, activation }: FloatLayer): number[] {
  return Array.from(bias, (start, unit) => {
    let sum = 0;
    input.forEach((value, i) => {
      sum = Math.fround(sum + Math.fround(value * weights[unit * input.length + i]));
    });
    return activations[activation](Math.fround(sum + start));
  });
}

/** A model of one operator with weights [units, ...] and a bias. */
function floatModel(
  operator: Operator,
  shape: number[],
  weights: Float32Array,
  weightShape: number[],
  bias?: Float32Array,
) {
  const type = "float32";
  const units = weightShape[0];
  const model: Model = {
    description: "",
    tensors: [
      { type, name: "input", shape },
      { type, name: "weights", shape: weightShape, data: weights },
      { type, name: "bias", shape: [units], data: bias ?? new Float32Array(units) },
      { type, name: "output", shape: [...shape.slice(0, -1), units] },
    ],
    operators: [operator],
    inputs: [0],
    outputs: [3],
  };
  return model;
}

/** What a model of floats makes of several samples at once, one behind the other. */
function runFloats(model: Model, samples: readonly Float32Array[]): number[][] {
  const placed = placeModel(model, { batch: samples.length });
  const [input, output] = [placed.addresses[0] / 4, placed.addresses[3] / 4];
  samples.forEach((sample, i) => {
    placed.kernels.heap.float32.set(sample, input + i * sample.length);
  });
  placed.forward(samples.length);
  const count = elementCount(model.tensors[3].shape);
  const outputs = samples.map((_, i) =>
    Array.from(placed.kernels.heap.float32.slice(output + i * count, output + (i + 1) * count)),
  );
  placed.dispose();
  return outputs;
}

const dense = (activation: Activation): Operator => ({
  type: "FULLY_CONNECTED",
  inputs: [0, 1, 2],
  outputs: [3],
  options: { activation },
});

describe("dense layers of floats that are laid out for the host", () => {
  const floats = (length: number) =>
    fc.float32Array({ minLength: length, maxLength: length, min: -4, max: 4, noNaN: true });
  const anyLayer = fc
    .record({ width: fc.integer({ min: 40, max: 200 }), units: fc.constantFrom(28, 31, 32, 56, 61, 64) })
    .chain(({ width, units }) => {
      const anyInput = fc.record({
        numbers: floats(width),
        kept: fc.array(fc.boolean(), { minLength: width, maxLength: width }),
      });
      return fc.record({
        samples: fc.array(anyInput, { minLength: 1, maxLength: 3 }),
        weights: floats(width * units),
        bias: floats(units),
        activation: fc.constantFrom<Activation>("NONE", "RELU", "RELU6"),
      });
    });

  it("have the bits of products that are added up one after the other, inputs of 0 or not", () => {
    fc.assert(
      fc.property(anyLayer, ({ samples, weights, bias, activation }) => {
        const inputs = samples.map(({ numbers, kept }) => numbers.map((number, i) => (kept[i] ? number : 0)));
        const model = floatModel(
          dense(activation),
          [1, inputs[0].length],
          weights,
          [bias.length, inputs[0].length],
          bias,
        );
        runFloats(model, inputs).forEach((outputs, i) => {
          const wanted = denseByHand({ input: inputs[i], weights, bias, activation });
          // −0 or 0: a product with 0 may have been left out.
          assert.ok(outputs.every((output, unit) => output === wanted[unit]));
        });
      }),
    );
  });

  it("give NaN where an input of 0 meets a weight that is no number, or any input is none", () => {
    const [width, units] = [64, 32];
    const input = new Float32Array(width);
    const weights = new Float32Array(width * units).fill(1);
    const model = floatModel(dense("NONE"), [1, width], weights, [units, width]);
    weights[3 * width + 5] = Number.POSITIVE_INFINITY;
    assert.deepEqual(
      runFloats(model, [input])[0],
      Array.from({ length: units }, (_, unit) => (unit === 3 ? Number.NaN : 0)),
    );
    weights[3 * width + 5] = 1;
    input[63] = Number.NaN;
    assert.ok(runFloats(model, [input])[0].every(Number.isNaN));
  });
});

describe("convolutions of floats by windows of 3 x 3", () => {
  it("stay as they are where their transformed weights are too large for floats", () => {
    const weights = new Float32Array(8 * 9 * 8).fill(2.5e38);
    const operator: Operator = {
      type: "CONV_2D",
      inputs: [0, 1, 2],
      outputs: [3],
      options: {
        padding: "SAME",
        strideWidth: 1,
        strideHeight: 1,
        dilationWidth: 1,
        dilationHeight: 1,
        activation: "NONE",
      },
    };
    const [outputs] = runFloats(floatModel(operator, [1, 6, 6, 8], weights, [8, 3, 3, 8]), [
      new Float32Array(6 * 6 * 8),
    ]);
    assert.ok(outputs.every((output) => output === 0));
  });
});

/** What the first Node that has relaxed SIMD makes of layers whose inputs are taken in a given way, or in its own. */
const runSamples = `
  const { inputs, samples } = JSON.parse(require("node:fs").readFileSync(argument, "utf8"));
  result = {
    machine: library.kernels().byteInputs() ?? "widened",
    outputs: samples.map(({ file, input }) => {
      const model = library.readTflite(Buffer.from(file, "base64"));
      const placed = library.placeModel(model, inputs === undefined ? {} : { inputs });
      library.copyInto(placed.kernels, placed.addresses[model.inputs[0]], Buffer.from(input, "base64"));
      placed.forward(1);
      const at = placed.addresses[model.outputs[0]];
      const { shape } = model.tensors[model.outputs[0]];
      const output = placed.kernels.heap.int8.slice(at, at + library.elementCount(shape));
      placed.dispose();
      return Array.from(output);
    }),
  };`;

async function runOn(node: string, samples: readonly Sample[], inputs?: "signed" | "unsigned" | "widened") {
  const file = join(await temporaryFolder(), "samples.json");
  const written = samples.map(({ model, input }) => ({
    file: Buffer.from(writeTflite(model)).toString("base64"),
    input: Buffer.from(Int8Array.from(input, Number).buffer).toString("base64"),
  }));
  await writeFile(file, JSON.stringify({ inputs, samples: written }));
  const { machine, outputs } = await resultOn(node, runSamples, file);
  return { machine, outputs };
}

describe("int8 layers by relaxed SIMD's dot product of bytes give the bits of the plain kernels", function () {
  this.timeout(60_000);
  const samples = fc
    .sample(fc.tuple(fc.oneof(anyConvolution(true), anyDense), anyFactors), { numRuns: 400 })
    .map(([sample, factors]) => rescaled(sample, factors));
  const plain = (all: readonly Sample[]) =>
    all.map((sample) => Array.from(run(sample, { constantAddress: () => undefined })));

  for (const { name, path } of nodes.filter(({ major }) => major >= 21)) {
    describe(`${name}, samples of seed ${seed}`, () => {
      before(function () {
        skipUnlessThere(this, path);
      });

      // With the bytes 0 … 127 every machine is exact, so that both forms of the kernels can be run on any.
      const forms = {
        signed: { range: "0 … 127", change: (stored: number) => stored & 127 },
        unsigned: { range: "-128 … -1", change: (stored: number) => stored | -128 },
      } as const;
      for (const form of ["signed", "unsigned"] as const) {
        it(`inputs of ${forms[form].range}, multiplied as ${form}`, async () => {
          const changed = samples.map((sample) => withInputs(sample, forms[form].change));
          assert.deepEqual((await runOn(path, changed, form)).outputs, plain(changed));
        });
      }

      it("all inputs, in the way that this machine's is found to be; the other ways it is found not to be exact", async () => {
        const wanted = plain(samples);
        const { machine, outputs } = await runOn(path, samples);
        assert.deepEqual(outputs, wanted);
        for (const form of ["signed", "unsigned"] as const) {
          const forced = await runOn(path, samples, form);
          assert.equal(JSON.stringify(forced.outputs) === JSON.stringify(wanted), form === machine, form);
        }
      });
    });
  }
});
