import * as fc from "fast-check";
import { createRandom } from "../../src/dataset/random";
import type { FusedActivation, Model, Operator, Padding, Quantization, Tensor } from "../../src/model/model";
import { operatorRule } from "../../src/model/operators";
import { elementCount } from "../../src/model/tensor";

/* Random models of a single operator, in float32 and int8, with inputs for them. */

export interface Sample {
  model: Model;
  input: Float32Array | Int8Array | Int16Array;
}

const PLAIN = { noNullPrototype: true };

const anyActivation = fc.constantFrom<FusedActivation>("NONE", "RELU", "RELU_N1_TO_1", "RELU6");
const anyWindow = fc.record(
  {
    padding: fc.constantFrom<Padding>("SAME", "VALID"),
    strideWidth: fc.integer({ min: 1, max: 3 }),
    strideHeight: fc.integer({ min: 1, max: 3 }),
    activation: anyActivation,
  },
  PLAIN,
);
const anyDilation = fc.record(
  { dilationWidth: fc.integer({ min: 1, max: 3 }), dilationHeight: fc.integer({ min: 1, max: 3 }) },
  PLAIN,
);
const small = fc.integer({ min: 1, max: 5 });
const side = fc.integer({ min: 1, max: 12 });
const channels = fc.integer({ min: 1, max: 20 });
const anyPicture = fc.tuple(fc.integer({ min: 1, max: 2 }), side, side);

/** Pictures that are more than what the host's kernels lay out at once, but for those of few channels. */
export const anyLargePicture = fc.tuple(
  fc.constant(1),
  fc.integer({ min: 40, max: 70 }),
  fc.integer({ min: 40, max: 70 }),
);

/** What decides about numbers: their seed, and how the int8 ones are scaled. */
const anyNumbers = fc.record(
  {
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    zeroPoint: fc.integer({ min: -128, max: 127 }),
    outputZeroPoint: fc.integer({ min: -128, max: 127 }),
    scale: fc.double({ min: 0.001, max: 0.1, noNaN: true }),
    perChannel: fc.boolean(),
    bias: fc.constantFrom("constant", "absent", "left out"),
  },
  PLAIN,
);

type Numbers = typeof anyNumbers extends fc.Arbitrary<infer Value> ? Value : never;

/** CONV_2D, with one group or several. */
export function anyConvolution(int8: boolean, picture = anyPicture): fc.Arbitrary<Sample> {
  return fc
    .record({
      picture,
      groups: fc.constantFrom(1, 1, 1, 2, 3),
      inputs: channels,
      outputs: channels,
      window: fc.tuple(small, small),
      options: anyWindow,
      dilation: anyDilation,
      numbers: anyNumbers,
    })
    .map(({ picture, groups, inputs, outputs, window, options, dilation, numbers }) =>
      weighted(
        "CONV_2D",
        { ...options, ...dilation },
        [...picture, inputs * groups],
        [outputs * groups, ...window, inputs],
        { ...numbers, int8, axis: 0 },
      ),
    )
    .filter((sample) => sample !== undefined);
}

/** CONV_2D of floats by windows of 3 x 3 places without strides, of channels enough for the host's kernel of such layers. */
export function anyConvolutionOfNine(): fc.Arbitrary<Sample> {
  const anyOptions = fc.record(
    { padding: fc.constantFrom<Padding>("SAME", "VALID"), activation: anyActivation },
    PLAIN,
  );
  const someSide = fc.integer({ min: 3, max: 12 });
  return fc
    .record({
      picture: fc.tuple(fc.integer({ min: 1, max: 2 }), someSide, someSide),
      inputs: fc.constantFrom(8, 12, 20, 36, 64, 68, 120, 128),
      outputs: fc.integer({ min: 8, max: 20 }),
      options: anyOptions,
      numbers: anyNumbers,
    })
    .map(({ picture, inputs, outputs, options, numbers }) =>
      weighted(
        "CONV_2D",
        { ...options, strideWidth: 1, strideHeight: 1, dilationWidth: 1, dilationHeight: 1 },
        [...picture, inputs],
        [outputs, 3, 3, inputs],
        { ...numbers, int8: false, axis: 0 },
      ),
    )
    .filter((sample) => sample !== undefined);
}

export function anyDepthwise(int8: boolean): fc.Arbitrary<Sample> {
  return fc
    .record({
      picture: anyPicture,
      inputs: channels,
      depthMultiplier: fc.integer({ min: 1, max: 3 }),
      window: fc.tuple(small, small),
      options: anyWindow,
      dilation: anyDilation,
      numbers: anyNumbers,
    })
    .map(({ picture, inputs, depthMultiplier, window, options, dilation, numbers }) =>
      weighted(
        "DEPTHWISE_CONV_2D",
        { ...options, ...dilation, depthMultiplier },
        [...picture, inputs],
        [1, ...window, inputs * depthMultiplier],
        { ...numbers, int8, axis: 3 },
      ),
    )
    .filter((sample) => sample !== undefined);
}

export function anyPool(type: "AVERAGE_POOL_2D" | "MAX_POOL_2D", int8: boolean): fc.Arbitrary<Sample> {
  return fc
    .record({
      picture: anyPicture,
      inputs: channels,
      window: fc.tuple(small, small),
      options: anyWindow,
      numbers: anyNumbers,
    })
    .map(({ picture, inputs, window: [filterHeight, filterWidth], options, numbers }) => {
      const quantization = one(numbers.scale, numbers.zeroPoint);
      const operator = {
        type,
        inputs: [0],
        outputs: [1],
        options: { ...options, filterHeight, filterWidth },
      } satisfies Operator;
      return assemble(
        operator,
        [computed("input", [...picture, inputs], int8, quantization)],
        quantization,
        numbers.seed,
      );
    })
    .filter((sample) => sample !== undefined);
}

type Weighted = (Operator & { type: "CONV_2D" })["options"] | (Operator & { type: "DEPTHWISE_CONV_2D" })["options"];

/** A layer with weights and perhaps a bias; undefined where its window does not fit. */
function weighted(
  type: "CONV_2D" | "DEPTHWISE_CONV_2D",
  options: Weighted,
  shape: readonly number[],
  weightShape: readonly number[],
  numbers: Numbers & { int8: boolean; axis: number },
): Sample | undefined {
  const { int8, axis, seed, scale, perChannel } = numbers;
  const { uniform } = createRandom(seed);
  const outputs = weightShape[axis];
  const from = one(scale, numbers.zeroPoint);
  const scales = Array.from({ length: perChannel ? outputs : 1 }, () => Math.fround(0.002 + 0.01 * uniform()));
  const by: Quantization = { scales, zeroPoints: scales.map(() => 0), axis: scales.length > 1 ? axis : 0 };
  const biasScales = scales.map((weightScale) => Math.fround(from.scales[0] * weightScale));
  const count = elementCount(weightShape);
  const terms = type === "CONV_2D" ? count / outputs : weightShape[1] * weightShape[2];
  const weights: Tensor = int8
    ? {
        name: "weights",
        type: "int8",
        shape: weightShape,
        data: Int8Array.from({ length: count }, () => Math.round(254 * uniform() - 127)),
        quantization: by,
      }
    : {
        name: "weights",
        type: "float32",
        shape: weightShape,
        data: Float32Array.from({ length: count }, () => (2 * uniform() - 1) / Math.sqrt(terms)),
      };
  const bias: Tensor = int8
    ? {
        name: "bias",
        type: "int32",
        shape: [outputs],
        data: Int32Array.from({ length: outputs }, () => Math.round(20000 * uniform() - 10000)),
        quantization: { scales: biasScales, zeroPoints: biasScales.map(() => 0), axis: 0 },
      }
    : {
        name: "bias",
        type: "float32",
        shape: [outputs],
        data: Float32Array.from({ length: outputs }, () => 2 * uniform() - 1),
      };
  const hasBias = numbers.bias === "constant";
  const tensors = [computed("input", shape, int8, from), weights, ...(hasBias ? [bias] : [])];
  const inputs = hasBias ? [0, 1, 2] : numbers.bias === "absent" ? [0, 1] : [0, 1, -1];
  // outputs spread over most of their range
  const spread = from.scales[0] * Math.max(...scales) * Math.sqrt(terms) * 5500;
  const to = one(spread / 60, numbers.outputZeroPoint);
  // `options` are those of `type` by the callers
  const operator = { type, inputs, outputs: [tensors.length], options } as Operator;
  return assemble(operator, tensors, to, seed);
}

function one(scale: number, zeroPoint: number): Quantization {
  return { scales: [Math.fround(scale)], zeroPoints: [zeroPoint], axis: 0 };
}

function computed(name: string, shape: readonly number[], int8: boolean, quantization: Quantization): Tensor {
  return int8 ? { name, type: "int8", shape, quantization } : { name, type: "float32", shape };
}

/** The model of an operator whose output is the tensor behind `tensors`, and an input of random numbers. */
function assemble(operator: Operator, tensors: readonly Tensor[], to: Quantization, seed: number): Sample | undefined {
  const [input] = tensors;
  const int8 = input.type === "int8";
  const shapes = shapesOf(operator, tensors);
  if (typeof shapes === "string") return undefined;
  const { uniform } = createRandom(seed + 1);
  const length = elementCount(input.shape);
  const model: Model = {
    description: "",
    tensors: [...tensors, computed("output", shapes[0], int8, to)],
    operators: [operator],
    inputs: [0],
    outputs: [tensors.length],
  };
  const values = int8
    ? Int8Array.from({ length }, () => Math.floor(256 * uniform()) - 128)
    : Float32Array.from({ length }, () => 2 * uniform() - 1);
  return { model, input: values };
}

function shapesOf({ type, inputs, options }: Operator, tensors: readonly Tensor[]) {
  return operatorRule(type).shapes(
    inputs.map((index) => tensors[index]?.shape),
    options,
    inputs.map((index) => tensors[index]?.data),
    [],
  );
}

/** LiteRT computes no convolution without a bias; zeros are the same. */
export function withBias(model: Model): Model {
  const [operator] = model.operators;
  const { type, inputs } = operator;
  if ((type !== "CONV_2D" && type !== "DEPTHWISE_CONV_2D") || (inputs[2] ?? -1) >= 0) return model;
  const input = model.tensors[inputs[0]];
  const weights = model.tensors[inputs[1]];
  const outputs = model.tensors[operator.outputs[0]].shape[3];
  const inputScale = input.quantization?.scales[0] ?? 1;
  const scales = (weights.quantization?.scales ?? []).map((scale) => Math.fround(inputScale * scale));
  const bias: Tensor =
    input.type === "int8"
      ? {
          name: "bias",
          type: "int32",
          shape: [outputs],
          data: new Int32Array(outputs),
          quantization: { scales, zeroPoints: scales.map(() => 0), axis: 0 },
        }
      : { name: "bias", type: "float32", shape: [outputs], data: new Float32Array(outputs) };
  return {
    ...model,
    tensors: [...model.tensors, bias],
    operators: [{ ...operator, inputs: [inputs[0], inputs[1], model.tensors.length] }],
  };
}
