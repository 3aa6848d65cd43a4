import {
  computedArgument,
  constantArgument,
  dataOf,
  integers,
  type KernelArgument,
  type KernelCall,
  type Operands,
  perSample,
  quantizationOf,
  required,
  tensorArgument,
} from "../kernel-call";
import type { OperatorOptions, Tensor } from "../model";
import { convolutionInt8Parameters } from "../quantization";
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
  ],
  checkOptions: checkWindowOptions,
} as const;

/** Weighted windows over pictures. */
export const CONVOLUTIONS: OperatorRules<"CONV_2D" | "DEPTHWISE_CONV_2D"> = {
  CONV_2D: {
    ...CONVOLUTION,
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
    const found = weights?.quantization;
    if (found === undefined) return "its int8 weights must have a scale";
    if (found.scales.length > 1 && found.axis !== axis) {
      return `its int8 weights must have their scales along dimension ${axis}, not ${found.axis}`;
    }
    const isShifted = (zeroPoint: number): boolean => zeroPoint !== 0;
    const shifted = found.zeroPoints.find(isShifted) ?? bias?.quantization?.zeroPoints.find(isShifted);
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
  if (output.type !== "int8") {
    const all: KernelArgument[] = [...between(constantArgument("bias", bias)), { kind: "activation", activation }];
    return { kernel: `tinyml_${name}_float`, file: `float_${name}.c`, arguments: all };
  }
  const [from, by, to] = [input, weights, output].map(quantizationOf);
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
