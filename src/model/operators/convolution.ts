import { TinymlError } from "../../errors";
import {
  computedArgument,
  constantArgument,
  dataOf,
  integers,
  type KernelArgument,
  type KernelCall,
  type Operand,
  type Operands,
  perSample,
  quantizationOf,
  required,
  tensorArgument,
} from "../kernel-call";
import type {
  DilationOptions,
  FusedActivation,
  OperatorOptions,
  QuantizedBiasType,
  Tensor,
  WindowOptions,
} from "../model";
import {
  activationRange,
  type ConvolutionInt8Parameters,
  convolutionInt8Parameters,
  denseInt8Parameters,
} from "../quantization";
import { elementCount } from "../tensor";
import { checkWindowOptions, slideWindow } from "../window";
import { foldZeroPoint } from "./fold-zero-point";
import { type OperatorRules, perTensor, type Shape } from "./operator-rule";
import { windowArgument } from "./window-argument";

/** Input, weights and bias of a convolution. */
const CONVOLUTION = {
  inputs: [
    { name: "input" },
    { name: "weights", constant: true, parameter: true, perChannel: true },
    { name: "bias", optional: true, constant: true, parameter: true, perChannel: true },
  ],
  outputs: 1,
  types: [
    [["float32", "float32", "float32"], ["float32"]],
    [["int8", "int8", "int32"], ["int8"]],
    [["int8", "uint8", "int32"], ["int8"]],
    [["int16", "int8", "int64"], ["int16"]],
  ],
  checkOptions: checkWindowOptions,
} as const;

/** Weighted windows over pictures. */
export const CONVOLUTIONS: OperatorRules<"CONV_2D" | "DEPTHWISE_CONV_2D"> = {
  CONV_2D: {
    ...CONVOLUTION,
    types: [...CONVOLUTION.types, [["int16", "int8", "int32"], ["int16"]]],
    shapes([input = [], weights = [], bias], options) {
      const [outputs = 1, windowHeight = 1, windowWidth = 1, channels = 1] = weights;
      const problem = checkShapes(input, weights, bias, outputs);
      if (problem !== undefined) return problem;
      const [batch = 1, height = 1, width = 1, inputs = 1] = input;
      const groups = inputs / channels;
      if (!Number.isInteger(groups) || outputs % groups !== 0) {
        return `its weights [${weights}] do not fit to an input of ${inputs} channels`;
      }
      return slidOutput(batch, slideWindow([height, width, inputs], [windowHeight, windowWidth], outputs, options));
    },
    macs: ([, weights = []], [output = []]) => elementCount(output) * elementCount(weights.slice(1)),
    checkQuantization: checkConvolutionScales(0),
    kernelCall: (operands, options) => convolution(operands, options, false),
  },
  DEPTHWISE_CONV_2D: {
    ...CONVOLUTION,
    shapes([input = [], weights = [], bias], options) {
      const [one = 1, windowHeight = 1, windowWidth = 1, outputs = 1] = weights;
      const problem = checkShapes(input, weights, bias, outputs);
      if (problem !== undefined) return problem;
      const [batch = 1, height = 1, width = 1, inputs = 1] = input;
      if (one !== 1) return `its weights [${weights}] must begin with a dimension of 1`;
      if (outputs !== inputs * options.depthMultiplier) {
        return `its weights have ${outputs} channels, where ${inputs} × depthMultiplier ${options.depthMultiplier} are needed`;
      }
      return slidOutput(batch, slideWindow([height, width, inputs], [windowHeight, windowWidth], outputs, options));
    },
    macs: ([, weights = []], [output = []]) => elementCount(output) * elementCount(weights.slice(1, 3)),
    checkQuantization: checkConvolutionScales(3),
    kernelCall: (operands, options) => convolution(operands, options, true),
  },
};

/** Scales of a convolution: one for the input, one for the output, one or one per output channel (`axis`) for the weights. */
export function checkConvolutionScales(axis: number) {
  return ([input, weights, bias]: readonly (Tensor | undefined)[], [output]: readonly Tensor[]): string | undefined => {
    if (perTensor(input) === undefined || perTensor(output) === undefined) {
      return "its integer input and output must have one scale each";
    }
    if (input?.type === "int16" && [input, output].some((tensor) => perTensor(tensor)?.zeroPoint !== 0)) {
      return "its int16 input and output must have the zero point 0";
    }
    const found = weights?.quantization;
    if (found === undefined) return "its int8 weights must have a scale";
    if (found.scales.length > 1 && found.axis !== axis) {
      return `its int8 weights must have their scales along dimension ${axis}, not ${found.axis}`;
    }
    if (weights?.type === "uint8" && found.scales.length > 1) return "its uint8 weights must have one scale";
    const isShifted = (zeroPoint: number): boolean => zeroPoint !== 0;
    const symmetric = weights?.type === "uint8" ? [] : found.zeroPoints;
    const shifted = symmetric.find(isShifted) ?? bias?.quantization?.zeroPoints.find(isShifted);
    return shifted === undefined ? undefined : `its int8 weights and bias must have the zero point 0, not ${shifted}`;
  };
}

/** What is wrong with the shapes of a convolution's input, weights and bias, whatever its window does. */
function checkShapes(input: Shape, weights: Shape, bias: Shape | undefined, outputs: number | undefined) {
  if (input.length !== 4) return `its input must have four dimensions, not ${input.length}`;
  if (weights.length !== 4) return `its weights must have four dimensions, not ${weights.length}`;
  if (bias !== undefined && (bias.length !== 1 || bias[0] !== outputs)) {
    return `its bias must have the shape [${outputs}], not [${bias}]`;
  }
  return undefined;
}

/** The output of a window that slides over [batch, height, width, channels]. */
export function slidOutput(batch: number, window: ReturnType<typeof slideWindow>): readonly Shape[] | string {
  if (typeof window === "string") return window;
  return [[batch, window.outputHeight, window.outputWidth, window.outputChannels]];
}

function convolution(
  { inputs, outputs: [output] }: Operands,
  options: OperatorOptions["CONV_2D"],
  depthwise: boolean,
): KernelCall {
  const [input, weights] = inputs.slice(0, 2).map(required);
  const bias = inputs[2];
  const { activation } = options;
  const channels = output.shape[3];
  const name = depthwise ? "depthwise" : "conv";
  const between = (biasArgument: KernelArgument): KernelArgument[] => [
    tensorArgument(input),
    constantArgument("weights", weights),
    biasArgument,
    tensorArgument(output),
    perSample(input.shape[0]),
    windowArgument(input.shape, [weights.shape[1], weights.shape[2]], channels, options),
    ...integers(...(depthwise ? [] : [weights.shape[3]])),
  ];
  if (output.type === "float32") {
    const all: KernelArgument[] = [...between(constantArgument("bias", bias)), { kind: "activation", activation }];
    return { kernel: `tinyml_${name}_float`, file: `float_${name}.c`, arguments: all };
  }
  const [from, by, to] = [input, weights, output].map(quantizationOf);
  if (output.type === "int16") {
    const wide = depthwise ? undefined : hasWideSums(bias, options.quantizedBiasType);
    const factors = convolutionInt8Parameters(from, by, to, activation, channels);
    const all = [...between(wideBias(bias)), ...int16Arguments(factors, activation, output, wide)];
    return { kernel: `tinyml_${name}_int16`, file: `int16_${name}.c`, arguments: all };
  }
  if (weights.type === "uint8") {
    return asymmetricConvolution([input, weights, bias], output, options, depthwise);
  }
  const p = convolutionInt8Parameters(from, by, to, activation, channels);
  const folded = () => foldZeroPoint(dataOf(weights), bias && dataOf(bias), channels, p.inputZeroPoint);
  const all: KernelArgument[] = [
    ...between(depthwise ? constantArgument("bias", bias) : computedArgument("bias", folded())),
    computedArgument("multipliers", p.multipliers),
    computedArgument("shifts", p.shifts),
    ...integers(p.inputZeroPoint, p.outputZeroPoint, p.minimum, p.maximum),
  ];
  return { kernel: `tinyml_${name}_int8`, file: `int8_${name}.c`, arguments: all };
}

/**
 * A convolution or dense layer of int8 whose weights have a zero point. Its one factor is that of TensorFlow Lite's uint8
 * convolutions (GetQuantizedConvolutionMultipler in kernels/kernel_util.cc), which is that of dense layers.
 *
 * @param depthwise whether the weights' last dimension is the outputs
 */
export function asymmetricConvolution(
  [input, weights, bias]: readonly [Operand, Operand, Operand | undefined],
  output: Operand,
  options: WindowOptions & Partial<DilationOptions> & { activation: FusedActivation },
  depthwise: boolean,
): KernelCall {
  const [first, windowHeight, windowWidth, last] = weights.shape;
  const { data, zeroPoint } = int8Weights(weights);
  const taps = windowHeight * windowWidth;
  const inOrder = depthwise ? data.map((_, i) => data[(i % taps) * last + Math.floor(i / taps)]) : data;
  const by = { ...quantizationOf(weights), zeroPoints: [0] };
  const p = denseInt8Parameters(quantizationOf(input), by, quantizationOf(output), options.activation);
  const all: KernelArgument[] = [
    tensorArgument(input),
    computedArgument("weights", inOrder),
    constantArgument("bias", bias),
    tensorArgument(output),
    perSample(input.shape[0]),
    windowArgument(input.shape, [windowHeight, windowWidth], depthwise ? last : first, options),
    ...integers(depthwise ? 1 : last, p.multiplier, p.shift, p.inputZeroPoint, zeroPoint),
    ...integers(p.outputZeroPoint, p.minimum, p.maximum),
  ];
  return { kernel: "tinyml_asymmetric_conv_int8", file: "int8_asymmetric_conv.c", arguments: all };
}

/** Weights of int8 or uint8 as int8: 128 less and their zero point 128 less are the same real numbers. */
export function int8Weights(weights: Operand): { data: Int8Array; zeroPoint: number } {
  const [zeroPoint = 0] = quantizationOf(weights).zeroPoints;
  const data = dataOf(weights);
  if (weights.type !== "uint8") return { data: Int8Array.from(data), zeroPoint };
  return { data: Int8Array.from(data, (stored) => stored - 128), zeroPoint: zeroPoint - 128 };
}

/** The last arguments of the int16 kernels: a factor for each output, whether sums are wide if it is a choice, the limits. */
export function int16Arguments(
  { multipliers, shifts }: Pick<ConvolutionInt8Parameters, "multipliers" | "shifts">,
  activation: FusedActivation,
  output: Operand,
  wide?: boolean,
): KernelArgument[] {
  checkInt16Shifts(shifts, output);
  const { minimum, maximum } = activationRange(activation, quantizationOf(output), "int16");
  return [
    computedArgument("multipliers", multipliers),
    computedArgument("shifts", shifts),
    ...integers(...(wide === undefined ? [] : [wide ? 1 : 0]), minimum, maximum),
  ];
}

/** @throws TinymlError TINYML_MODEL_UNSUPPORTED for factors that tinyml_rescale_int64 can't multiply sums by; TensorFlow Lite can't either */
export function checkInt16Shifts(shifts: ArrayLike<number>, output: Operand): void {
  if (Array.from(shifts).every((shift) => shift <= 7)) return;
  throw new TinymlError(
    "TINYML_MODEL_UNSUPPORTED",
    `The scales around the tensor "${output.name}" differ by more than int16 arithmetic can bridge.`,
  );
}

/** The bias of an int16 layer as its kernel takes it. */
export function wideBias(bias: Operand | undefined): KernelArgument {
  if (bias === undefined || bias.type === "int64") return constantArgument("bias", bias);
  return computedArgument("bias", BigInt64Array.from(dataOf(bias), BigInt));
}

/** Whether an int16 layer's sums have 64 bits: its bias says so, or where it has none its options. */
export function hasWideSums(bias: Operand | undefined, quantizedBiasType: QuantizedBiasType | undefined): boolean {
  return (bias?.type ?? quantizedBiasType) !== "int32";
}
