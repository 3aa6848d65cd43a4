import {
  computedArgument,
  constantArgument,
  integers,
  type KernelArgument,
  type KernelCall,
  type Operands,
  perSample,
  quantizationOf,
  required,
  tensorArgument,
} from "../kernel-call";
import type { OperatorOptions } from "../model";
import { activationRange, convolutionInt8Parameters, denseInt8Parameters } from "../quantization";
import { elementCount } from "../tensor";
import { checkWindowOptions, MAXIMUM_SIZE } from "../window";
import { checkConvolutionScales, int8Weights, int16Arguments, wideBias } from "./convolution";
import { kernelType, type OperatorRules } from "./operator-rule";

/** A convolution turned round: each place of the input spreads its window over the output. */
export const TRANSPOSE_CONVOLUTION: OperatorRules<"TRANSPOSE_CONV"> = {
  TRANSPOSE_CONV: {
    inputs: [
      { name: "output shape" },
      { name: "weights", constant: true, parameter: true, perChannel: true },
      { name: "input" },
      { name: "bias", optional: true, constant: true, parameter: true, perChannel: true },
    ],
    outputs: 1,
    types: [
      [["int32", "float32", "float32", "float32"], ["float32"]],
      [["int32", "int8", "int8", "int32"], ["int8"]],
      [["int32", "uint8", "int8", "int32"], ["int8"]],
      [["int32", "int8", "int16", "int64"], ["int16"]],
      [["int32", "int8", "int16", "int16"], ["int16"]],
    ],
    shapes([, weights = [], input = [], bias], _options, [outputShape], [stated = []]) {
      if (input.length !== 4) return `its input must have four dimensions, not ${input.length}`;
      const [outputs = 1, windowHeight = 1, windowWidth = 1, inputs = 1] = weights;
      if (weights.length !== 4) return `its weights must have four dimensions, not ${weights.length}`;
      if (inputs !== input[3]) return `its weights [${weights}] do not fit to an input of ${input[3]} channels`;
      if (bias !== undefined && `${bias}` !== `${outputs}`)
        return `its bias must have the shape [${outputs}], not [${bias}]`;
      // a computed shape can only be the one that the output has
      const shape = outputShape instanceof Int32Array ? [...outputShape] : stated;
      if (shape.length !== 4 || shape[0] !== input[0] || shape[3] !== outputs) {
        return `its output shape [${shape}] must be [${input[0]}, height, width, ${outputs}]`;
      }
      if ([...input, ...shape, windowHeight, windowWidth].some((size) => size > MAXIMUM_SIZE)) return "it is too large";
      return [shape];
    },
    macs: ([, weights = [], input = []]) => (elementCount(input) / (input[3] ?? 1)) * elementCount(weights),
    checkOptions: checkWindowOptions,
    checkQuantization([, weights, input, bias], outputs) {
      return checkConvolutionScales(0)([input, weights, bias], outputs);
    },
    kernelCall: transposeConvolution,
  },
};

function transposeConvolution(
  { inputs, outputs: [output] }: Operands,
  options: OperatorOptions["TRANSPOSE_CONV"],
): KernelCall {
  const [weights, input] = inputs.slice(1, 3).map(required);
  const bias = inputs[3];
  const { activation, padding, strideHeight, strideWidth } = options;
  const [batch, inputHeight, inputWidth, inputChannels] = input.shape;
  const [, outputHeight, outputWidth, outputChannels] = output.shape;
  const [, windowHeight, windowWidth] = weights.shape;
  const before = (size: number, window: number, stride: number) =>
    padding === "VALID" ? 0 : Math.floor(Math.max(0, (Math.ceil(size / stride) - 1) * stride + window - size) / 2);
  const fields = {
    inputHeight,
    inputWidth,
    inputChannels,
    outputHeight,
    outputWidth,
    outputChannels,
    windowHeight,
    windowWidth,
    strideHeight,
    strideWidth,
    dilationHeight: 1,
    dilationWidth: 1,
    paddingTop: before(outputHeight, windowHeight, strideHeight),
    paddingLeft: before(outputWidth, windowWidth, strideWidth),
  };
  const comment = "How its window spreads over the output.";
  const type = kernelType(output);
  const all = (by: KernelArgument, biasArgument: KernelArgument, last: readonly KernelArgument[]): KernelCall => ({
    kernel: `tinyml_transpose_conv_${type}`,
    file: `${type}_transpose_conv.c`,
    arguments: [
      tensorArgument(input),
      by,
      biasArgument,
      tensorArgument(output),
      perSample(batch),
      { kind: "struct", struct: { type: "tinyml_window", comment, fields } },
      ...last,
    ],
  });
  const asStored = constantArgument("weights", weights);
  if (type === "float") return all(asStored, constantArgument("bias", bias), [{ kind: "activation", activation }]);
  const [from, by, to] = [input, weights, output].map(quantizationOf);
  if (weights.type === "uint8") {
    const { data, zeroPoint } = int8Weights(weights);
    const one = denseInt8Parameters(from, { ...by, zeroPoints: [0] }, to, activation);
    const call = all(computedArgument("weights", data), constantArgument("bias", bias), [
      computedArgument("multipliers", new Int32Array(outputChannels).fill(one.multiplier)),
      computedArgument("shifts", new Int8Array(outputChannels).fill(one.shift)),
      ...integers(one.inputZeroPoint, zeroPoint, one.outputZeroPoint, one.minimum, one.maximum),
    ]);
    return { ...call, kernel: "tinyml_asymmetric_transpose_conv_int8" };
  }
  const p = convolutionInt8Parameters(from, by, to, activation, outputChannels);
  const factors = [computedArgument("multipliers", p.multipliers), computedArgument("shifts", p.shifts)];
  const { minimum, maximum } = activationRange(activation, to, output.type);
  if (type === "int8") {
    const last = integers(p.inputZeroPoint, p.outputZeroPoint, minimum, maximum);
    return all(asStored, constantArgument("bias", bias), [...factors, ...last]);
  }
  return all(asStored, wideBias(bias), int16Arguments(p, activation, output));
}
