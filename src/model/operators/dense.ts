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
import type { OperatorOptions, Tensor } from "../model";
import { convolutionInt8Parameters, denseInt8Parameters } from "../quantization";
import { elementCount } from "../tensor";
import { asymmetricConvolution, hasWideSums, int16Arguments, wideBias } from "./convolution";
import { foldZeroPoint } from "./fold-zero-point";
import { type OperatorRules, perTensor } from "./operator-rule";
import { windowArgument } from "./window-argument";

/** Layers in which every output sees every input. */
export const DENSE: OperatorRules<"FULLY_CONNECTED"> = {
  FULLY_CONNECTED: {
    inputs: [
      { name: "input" },
      { name: "weights", parameter: true, perChannel: true },
      { name: "bias", optional: true, parameter: true, perChannel: true },
    ],
    outputs: 1,
    types: [
      [["float32", "float32", "float32"], ["float32"]],
      [["int8", "int8", "int32"], ["int8"]],
      [["int8", "uint8", "int32"], ["int8"]],
      [["int16", "int8", "int64"], ["int16"]],
      [["int16", "int8", "int32"], ["int16"]],
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
    checkQuantization,
    kernelCall(operands, options) {
      const { type } = operands.outputs[0];
      if (type === "float32") return denseFloat(operands, options);
      return type === "int8" ? denseInt8(operands, options) : denseInt16(operands, options);
    },
  },
};

/** What is wrong with the scales of an integer layer, if anything is. */
function checkQuantization(
  [input, weights, bias]: readonly (Tensor | undefined)[],
  [output]: readonly Tensor[],
): string | undefined {
  const from = perTensor(input);
  const to = perTensor(output);
  const by = weights?.quantization;
  if (from === undefined || to === undefined) return "its integer input and output must have one scale each";
  if (by === undefined) return "its integer weights must have a scale";
  const isInt16 = input?.type === "int16";
  if (isInt16 && (from.zeroPoint !== 0 || to.zeroPoint !== 0)) {
    return "its int16 input and output must have the zero point 0";
  }
  const isComputed = weights?.data === undefined || (bias !== undefined && bias.data === undefined);
  if (isInt16 && isComputed) return "its weights and bias must be constants, where its input is int16";
  const shifted = by.zeroPoints.find((zeroPoint) => zeroPoint !== 0);
  if (by.scales.length > 1) {
    if (by.axis !== 0) return `its weights must have their scales along dimension 0, not ${by.axis}`;
    if (isComputed) return "its weights must have one scale, where they or its bias are computed";
  }
  if (shifted !== undefined && (by.scales.length > 1 || isInt16)) {
    return `its weights must have the zero point 0, not ${shifted}`;
  }
  if (bias?.quantization?.zeroPoints.some((zeroPoint) => zeroPoint !== 0)) return "its bias must have the zero point 0";
  if (bias === undefined || by.scales.length > 1) return undefined;
  const added = perTensor(bias);
  if (added === undefined) return "its bias must have one scale, as its weights do";
  // TensorFlow Lite allows the same: a fiftieth of an output step for each step of the bias
  const expected = from.scale * by.scales[0];
  if (Math.abs(expected - added.scale) / to.scale > 0.02) {
    return `its bias must have the scale of input × weights, ${expected}, not ${added.scale}`;
  }
  return undefined;
}

type DenseOptions = OperatorOptions["FULLY_CONNECTED"];

function denseFloat(
  { inputs: [input, weights, bias], outputs: [output] }: Operands,
  options: DenseOptions,
): KernelCall {
  const last: KernelArgument[] = [
    tensorArgument(output),
    ...rows(required(weights).shape, output.shape),
    { kind: "activation", activation: options.activation },
  ];
  if (isComputed(weights, bias)) {
    const all = [tensorArgument(required(input)), tensorArgument(required(weights)), computedBias(bias), ...last];
    return { kernel: "tinyml_computed_dense_float", file: "float_computed_dense.c", arguments: all };
  }
  const constants = [constantArgument("weights", weights), constantArgument("bias", bias)];
  const all = [tensorArgument(required(input)), ...constants, ...last];
  return { kernel: "tinyml_dense_float", file: "float_dense.c", arguments: all };
}

function denseInt8({ inputs, outputs: [output] }: Operands, { activation }: DenseOptions): KernelCall {
  const [input, weights] = inputs.slice(0, 2).map(required);
  const bias = inputs[2];
  const [from, by, to] = [input, weights, output].map(quantizationOf);
  if (by.scales.length > 1) {
    const p = convolutionInt8Parameters(from, by, to, activation, weights.shape[0]);
    const folded = foldZeroPoint(dataOf(weights), bias && dataOf(bias), weights.shape[0], p.inputZeroPoint);
    const all: KernelArgument[] = [
      ...asConvolution(input, weights, computedArgument("bias", folded), output),
      computedArgument("multipliers", p.multipliers),
      computedArgument("shifts", p.shifts),
      ...integers(p.inputZeroPoint, p.outputZeroPoint, p.minimum, p.maximum),
    ];
    return { kernel: "tinyml_conv_int8", file: "int8_conv.c", arguments: all };
  }
  const p = denseInt8Parameters(from, { ...by, zeroPoints: [0] }, to, activation);
  const weightsZeroPoint = by.zeroPoints[0] ?? 0;
  if (isComputed(weights, bias)) {
    const all: KernelArgument[] = [
      ...[input, weights].map(tensorArgument),
      computedBias(bias),
      tensorArgument(output),
      ...rows(weights.shape, output.shape),
      ...integers(p.inputZeroPoint, weightsZeroPoint, p.outputZeroPoint, p.multiplier, p.shift, p.minimum, p.maximum),
    ];
    return { kernel: "tinyml_computed_dense_int8", file: "int8_computed_dense.c", arguments: all };
  }
  if (weights.type === "uint8" || weightsZeroPoint !== 0) {
    const [units, width] = weights.shape;
    const places = { ...input, shape: [elementCount(output.shape) / units, 1, 1, width] };
    const windows = { ...weights, shape: [units, 1, 1, width] };
    return asymmetricConvolution([places, windows, bias], output, { ...ONE_PLACE, activation }, false);
  }
  const folded = foldZeroPoint(dataOf(weights), bias && dataOf(bias), weights.shape[0], p.inputZeroPoint);
  const all: KernelArgument[] = [
    tensorArgument(input),
    constantArgument("weights", weights),
    computedArgument("bias", folded),
    tensorArgument(output),
    ...rows(weights.shape, output.shape),
    ...integers(p.outputZeroPoint, p.multiplier, p.shift, p.minimum, p.maximum),
  ];
  return { kernel: "tinyml_dense_int8", file: "int8_dense.c", arguments: all };
}

/** batch, inputs, outputs */
function rows([units, width]: readonly number[], output: readonly number[]): KernelArgument[] {
  return [perSample(elementCount(output) / units), ...integers(width, units)];
}

function isComputed(weights: Operand | undefined, bias: Operand | undefined): boolean {
  return weights?.data === undefined || (bias !== undefined && bias.data === undefined);
}

/** A bias in RAM, or NULL. */
function computedBias(bias: Operand | undefined): KernelArgument {
  return bias === undefined ? constantArgument("bias", bias) : tensorArgument(bias);
}

function denseInt16({ inputs, outputs: [output] }: Operands, options: DenseOptions): KernelCall {
  const [input, weights] = inputs.slice(0, 2).map(required);
  const bias = inputs[2];
  const { activation, quantizedBiasType } = options;
  const [units] = weights.shape;
  const [from, by, to] = [input, weights, output].map(quantizationOf);
  const one = by.scales.length > 1 ? undefined : denseInt8Parameters(from, by, to, activation);
  const factors = one
    ? { multipliers: new Int32Array(units).fill(one.multiplier), shifts: new Int8Array(units).fill(one.shift) }
    : convolutionInt8Parameters(from, by, to, activation, units);
  const all = [
    ...asConvolution(input, weights, wideBias(bias), output),
    ...int16Arguments(factors, activation, output, hasWideSums(bias, quantizedBiasType)),
  ];
  return { kernel: "tinyml_conv_int16", file: "int16_conv.c", arguments: all };
}

/** How a window slides over a picture of one place. */
const ONE_PLACE = { padding: "VALID", strideHeight: 1, strideWidth: 1 } as const;

/** The first arguments of the convolution over pictures of one place each that a dense layer is. */
function asConvolution(input: Operand, weights: Operand, bias: KernelArgument, output: Operand): KernelArgument[] {
  const [units, width] = weights.shape;
  return [
    tensorArgument(input),
    constantArgument("weights", weights),
    bias,
    tensorArgument(output),
    perSample(elementCount(output.shape) / units),
    windowArgument([1, 1, 1, width], [1, 1], units, ONE_PLACE),
    ...integers(width),
  ];
}
