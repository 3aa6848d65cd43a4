import { resolveAxes, splitAxes } from "./axes";
import type { OperatorOptions, OperatorType, PoolOptions, Quantization, Tensor, TensorData, TensorType } from "./model";
import { fixedOutputQuantization } from "./quantization";
import { elementCount } from "./tensor";
import { checkWindowOptions, slideWindow } from "./window";

export type Shape = readonly number[];

/** An operator's input: its name for messages, and what is asked of it. */
export interface InputRule {
  readonly name: string;
  /** May be left out (−1, or not listed at the end). */
  readonly optional?: true;
  /** Must be a constant of the file. */
  readonly constant?: true;
  /** Learned in training: its elements count as the model's parameters. */
  readonly parameter?: true;
  /** May be quantized with a scale for each output channel; else one scale is wanted. */
  readonly perChannel?: true;
}

/** What every part of the package may know of an operator: one row per operator, no code anywhere else to extend. */
export interface OperatorRule<T extends OperatorType> {
  readonly inputs: readonly InputRule[];
  /** How many outputs it has. */
  readonly outputs: number;
  /** The combinations of element types that this package computes: the inputs' in order, then the outputs'. */
  readonly types: readonly (readonly TensorType[])[];
  /**
   * The shapes of the outputs, or a sentence that says why the inputs' shapes do not fit together; `constants` are the
   * elements of the inputs that are constants.
   */
  shapes(
    inputs: readonly (Shape | undefined)[],
    options: OperatorOptions[T],
    constants: readonly (TensorData | undefined)[],
  ): readonly Shape[] | string;
  /** Multiply-accumulate operations of one run. */
  macs(inputs: readonly (Shape | undefined)[], outputs: readonly Shape[]): number;
  /** What is wrong with the options, if anything is. */
  checkOptions?(options: OperatorOptions[T]): string | undefined;
  /** What is wrong with the quantization of an integer operator's tensors, if anything is. */
  checkQuantization?(inputs: readonly (Tensor | undefined)[], outputs: readonly Tensor[]): string | undefined;
}

const SAME_TYPE: readonly (readonly TensorType[])[] = [
  ["float32", "float32"],
  ["int8", "int8"],
];

/** Rules shared by operators that map each element of one input to the same place of one output. */
const ELEMENTWISE = {
  inputs: [{ name: "input" }],
  outputs: 1,
  types: SAME_TYPE,
  shapes: ([input = []]: readonly (Shape | undefined)[]) => [input],
  macs: () => 0,
} as const;

/** Checks an operator whose int8 output is the same in every model: what it maps to has a fixed range. */
function outputIsFixed(type: keyof typeof fixedOutputQuantization) {
  const expected = fixedOutputQuantization[type];
  const [scale, zeroPoint] = [expected.scales[0], expected.zeroPoints[0]];
  return ([input]: readonly (Tensor | undefined)[], [output]: readonly Tensor[]): string | undefined => {
    if (perTensor(input) === undefined) return "its int8 input must have a scale";
    const found = perTensor(output);
    if (found?.scale === scale && found.zeroPoint === zeroPoint) return undefined;
    return `its int8 output must have the scale 1/${1 / scale} and the zero point ${zeroPoint}`;
  };
}

/** Input, weights and bias of a convolution. */
const CONVOLUTION = {
  inputs: [
    { name: "input" },
    { name: "weights", constant: true, parameter: true, perChannel: true },
    { name: "bias", optional: true, constant: true, parameter: true, perChannel: true },
  ],
  outputs: 1,
  types: [
    ["float32", "float32", "float32", "float32"],
    ["int8", "int8", "int32", "int8"],
  ],
} as const;

/** Scales of a convolution: one for the input, one for the output, one or one per output channel (`axis`) for the weights. */
function checkConvolution(axis: number) {
  return ([input, weights, bias]: readonly (Tensor | undefined)[], [output]: readonly Tensor[]): string | undefined => {
    if (perTensor(input) === undefined || perTensor(output) === undefined) {
      return "its int8 input and output must have one scale each";
    }
    const found = weights?.quantization;
    if (found === undefined) return "its int8 weights must have a scale";
    if (found.scales.length > 1 && found.axis !== axis) {
      return `its int8 weights must have their scales along dimension ${axis}, not ${found.axis}`;
    }
    const shifted = [...found.zeroPoints, ...(bias?.quantization?.zeroPoints ?? [])].find(
      (zeroPoint) => zeroPoint !== 0,
    );
    return shifted === undefined ? undefined : `its int8 weights and bias must have the zero point 0, not ${shifted}`;
  };
}

/** What is wrong with the shapes of a convolution's input, weights and bias, whatever its window does. */
function checkConvolutionShapes(input: Shape, weights: Shape, bias: Shape | undefined, outputs: number | undefined) {
  if (input.length !== 4) return `its input must have four dimensions, not ${input.length}`;
  if (weights.length !== 4) return `its weights must have four dimensions, not ${weights.length}`;
  if (bias !== undefined && (bias.length !== 1 || bias[0] !== outputs)) {
    return `its bias must have the shape [${outputs}], not [${bias}]`;
  }
  return undefined;
}

/** The output of a window that slides over [batch, height, width, channels]. */
function slidOutput(batch: number, window: ReturnType<typeof slideWindow>): readonly Shape[] | string {
  if (typeof window === "string") return window;
  return [[batch, window.outputHeight, window.outputWidth, window.outputChannels]];
}

/** Pooling, the mean or the largest. */
const POOL = {
  ...ELEMENTWISE,
  shapes([input = []]: readonly (Shape | undefined)[], options: PoolOptions) {
    const [batch = 1, height = 1, width = 1, channels = 1] = input;
    if (input.length !== 4) return `its input must have four dimensions, not ${input.length}`;
    const { filterHeight, filterWidth } = options;
    return slidOutput(batch, slideWindow([height, width, channels], [filterHeight, filterWidth], channels, options));
  },
  checkOptions(options: PoolOptions): string | undefined {
    const { filterHeight, filterWidth } = options;
    if (!(filterHeight >= 1) || !(filterWidth >= 1))
      return `its window ${filterHeight}×${filterWidth} must have elements`;
    return checkWindowOptions(options);
  },
  checkQuantization([input]: readonly (Tensor | undefined)[], [output]: readonly Tensor[]): string | undefined {
    const [from, to] = [perTensor(input), perTensor(output)];
    if (from === undefined || to === undefined) return "its int8 input and output must have one scale each";
    // TensorFlow Lite Micro allows as much
    if (Math.abs(from.scale - to.scale) <= 1e-6 && from.zeroPoint === to.zeroPoint) return undefined;
    return "its int8 input and output must have the same scale and zero point";
  },
};

/** The one scale and zero point of a tensor; undefined when it has none, or several. */
export function perTensor(tensor: Tensor | undefined): { scale: number; zeroPoint: number } | undefined {
  const quantization: Quantization | undefined = tensor?.quantization;
  const [scale, ...more] = quantization?.scales ?? [];
  const zeroPoint = quantization?.zeroPoints[0];
  if (scale === undefined || zeroPoint === undefined || more.length > 0) return undefined;
  return { scale, zeroPoint };
}

/** The operators of this package; the keys are TensorFlow Lite's builtin operator names. */
export const OPERATORS: { readonly [T in OperatorType]: OperatorRule<T> } = {
  FULLY_CONNECTED: {
    inputs: [
      { name: "input" },
      { name: "weights", constant: true, parameter: true },
      { name: "bias", optional: true, constant: true, parameter: true },
    ],
    outputs: 1,
    types: [
      ["float32", "float32", "float32", "float32"],
      ["int8", "int8", "int32", "int8"],
    ],
    shapes([input = [], weights = [], bias], { keepNumDims }) {
      const [units, inputs] = weights;
      if (units === undefined || inputs === undefined || weights.length > 2) {
        return `its weights must have two dimensions, not ${weights.length}`;
      }
      if (bias !== undefined && (bias.length !== 1 || bias[0] !== units)) {
        return `its bias must have the shape [${units}], not [${bias}]`;
      }
      if (keepNumDims) {
        if (input.at(-1) !== inputs) return `its input [${input}] must end in ${inputs}, as its weights do`;
        return [[...input.slice(0, -1), units]];
      }
      const batch = elementCount(input) / inputs;
      if (!Number.isInteger(batch)) return `its input [${input}] does not divide into rows of ${inputs}`;
      return [[batch, units]];
    },
    macs: ([, weights = []], [output = []]) => elementCount(output) * (weights[1] ?? 0),
    checkQuantization([input, weights, bias], [output]) {
      const from = perTensor(input);
      const to = perTensor(output);
      const by = perTensor(weights);
      if (from === undefined || to === undefined || by === undefined) {
        return "its int8 input, weights and output must have one scale each";
      }
      if (by.zeroPoint !== 0) return `its int8 weights must have the zero point 0, not ${by.zeroPoint}`;
      if (bias === undefined) return undefined;
      const added = perTensor(bias);
      if (added === undefined || added.zeroPoint !== 0) return "its bias must have one scale, and the zero point 0";
      // TensorFlow Lite allows the same: a fiftieth of an output step for each step of the bias
      const expected = from.scale * by.scale;
      if (Math.abs(expected - added.scale) / to.scale > 0.02) {
        return `its bias must have the scale of input × weights, ${expected}, not ${added.scale}`;
      }
      return undefined;
    },
  },
  CONV_2D: {
    ...CONVOLUTION,
    shapes([input = [], weights = [], bias], options) {
      const [outputs = 1, windowHeight = 1, windowWidth = 1, channels = 1] = weights;
      const problem = checkConvolutionShapes(input, weights, bias, outputs);
      if (problem !== undefined) return problem;
      const [batch = 1, height = 1, width = 1, inputs = 1] = input;
      const groups = inputs / channels;
      if (!Number.isInteger(groups) || outputs % groups !== 0) {
        return `its weights [${weights}] do not fit to an input of ${inputs} channels`;
      }
      return slidOutput(batch, slideWindow([height, width, inputs], [windowHeight, windowWidth], outputs, options));
    },
    macs: ([, weights = []], [output = []]) => elementCount(output) * elementCount(weights.slice(1)),
    checkOptions: checkWindowOptions,
    checkQuantization: checkConvolution(0),
  },
  DEPTHWISE_CONV_2D: {
    ...CONVOLUTION,
    shapes([input = [], weights = [], bias], options) {
      const [one = 1, windowHeight = 1, windowWidth = 1, outputs = 1] = weights;
      const problem = checkConvolutionShapes(input, weights, bias, outputs);
      if (problem !== undefined) return problem;
      const [batch = 1, height = 1, width = 1, inputs = 1] = input;
      if (one !== 1) return `its weights [${weights}] must begin with a dimension of 1`;
      if (outputs !== inputs * options.depthMultiplier) {
        return `its weights have ${outputs} channels, where ${inputs} × depthMultiplier ${options.depthMultiplier} are needed`;
      }
      return slidOutput(batch, slideWindow([height, width, inputs], [windowHeight, windowWidth], outputs, options));
    },
    macs: ([, weights = []], [output = []]) => elementCount(output) * elementCount(weights.slice(1, 3)),
    checkOptions: checkWindowOptions,
    checkQuantization: checkConvolution(3),
  },
  AVERAGE_POOL_2D: POOL,
  MAX_POOL_2D: POOL,
  MEAN: {
    inputs: [{ name: "input" }, { name: "axes", constant: true }],
    outputs: 1,
    types: [
      ["float32", "int32", "float32"],
      ["int8", "int32", "int8"],
    ],
    shapes([input = []], { keepDims }, [, axes]) {
      const resolved = resolveAxes(input, axes instanceof Int32Array ? axes : []);
      if (typeof resolved === "string") return resolved;
      const split = splitAxes(input, resolved);
      if (typeof split === "string") return split;
      if (keepDims) return [input.map((dimension, axis) => (resolved.includes(axis) ? 1 : dimension))];
      return [input.filter((_, axis) => !resolved.includes(axis))];
    },
    macs: () => 0,
    checkQuantization: ([input], [output]) =>
      perTensor(input) && perTensor(output) ? undefined : "its int8 input and output must have one scale each",
  },
  RESHAPE: {
    inputs: [{ name: "input" }, { name: "shape", optional: true, constant: true }],
    outputs: 1,
    types: [
      ["float32", "int32", "float32"],
      ["int8", "int32", "int8"],
    ],
    shapes([input = []], { newShape }, [, shape]) {
      const wanted = shape instanceof Int32Array ? [...shape] : newShape;
      if (wanted === undefined) return "it has no new shape";
      const count = elementCount(input);
      const known = elementCount(wanted.filter((dimension) => dimension !== -1));
      const output = wanted.map((dimension) => (dimension === -1 ? count / known : dimension));
      const isWhole = output.every((dimension) => Number.isInteger(dimension) && dimension > 0);
      if (!isWhole || elementCount(output) !== count || wanted.indexOf(-1) !== wanted.lastIndexOf(-1)) {
        return `its input [${input}] can't take the shape [${wanted}]`;
      }
      return [output];
    },
    macs: () => 0,
  },
  RELU: {
    ...ELEMENTWISE,
    checkQuantization: ([input], [output]) =>
      perTensor(input) && perTensor(output) ? undefined : "its int8 input and output must have one scale each",
  },
  LOGISTIC: { ...ELEMENTWISE, checkQuantization: outputIsFixed("LOGISTIC") },
  TANH: { ...ELEMENTWISE, checkQuantization: outputIsFixed("TANH") },
  SOFTMAX: {
    ...ELEMENTWISE,
    shapes: ([input = []]) => (input.length === 0 ? "its input must have at least one dimension" : [input]),
    checkOptions: ({ beta }) => (beta > 0 && beta < Infinity ? undefined : "its beta must be a positive number"),
    checkQuantization(inputs, outputs) {
      // The kernel's sum of fixed-point exponentials holds so many.
      const classes = inputs[0]?.shape.at(-1) ?? 1;
      if (classes > 4095) return `its int8 input has ${classes} classes, where at most 4,095 can be summed up`;
      return outputIsFixed("SOFTMAX")(inputs, outputs);
    },
  },
};

/** The rule of an operator; a function so that the rule's type follows the operator's. */
export function operatorRule<T extends OperatorType>(type: T): OperatorRule<T> {
  return OPERATORS[type];
}
