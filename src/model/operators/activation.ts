import {
  computedArgument,
  integers,
  type KernelArgument,
  type KernelCall,
  type Operands,
  perSample,
  quantizationOf,
  tensorArgument,
} from "../kernel-call";
import type { Tensor } from "../model";
import {
  curveInt16Parameters,
  fixedOutputQuantization,
  logisticInt8Parameters,
  softmaxInt8Parameters,
  softmaxInt16Parameters,
  tanhInt8Parameters,
} from "../quantization";
import { softmaxInt16Tables } from "../quantization-tables";
import { elementCount } from "../tensor";
import { elementwiseCall, ends } from "./elementwise-call";
import { ELEMENTWISE, kernelType, type OperatorRules, perTensor, type Shape } from "./operator-rule";
import { zeroPointOf } from "./parameters";

/** The most numbers whose squares, of up to 255², add up in 32 bits. */
const MOST_SQUARES = Math.floor((2 ** 31 - 1) / 255 ** 2);

/** The curves between two limits, softmax, and bringing numbers to the length 1. */
export const ACTIVATIONS: OperatorRules<"LOGISTIC" | "TANH" | "SOFTMAX" | "L2_NORMALIZATION"> = {
  LOGISTIC: {
    ...ELEMENTWISE,
    types: [...ELEMENTWISE.types, [["int16"], ["int16"]]],
    checkQuantization: curveScales("LOGISTIC"),
    kernelCall: (operands) => curveCall("LOGISTIC", operands, logisticInt8Parameters),
  },
  TANH: {
    ...ELEMENTWISE,
    types: [...ELEMENTWISE.types, [["int16"], ["int16"]]],
    checkQuantization: curveScales("TANH"),
    kernelCall: (operands) => curveCall("TANH", operands, tanhInt8Parameters),
  },
  SOFTMAX: {
    ...ELEMENTWISE,
    shapes: alongLastAxis,
    checkOptions: ({ beta }) => (beta > 0 && beta < Infinity ? undefined : "its beta must be a positive number"),
    types: [...ELEMENTWISE.types, [["int8"], ["int16"]], [["int16"], ["int16"]]],
    checkQuantization: softmaxScales,
    kernelCall(operands, { beta }) {
      const [input, output] = ends(operands);
      const classes = output.shape[output.shape.length - 1];
      const rows = perSample(elementCount(output.shape) / classes);
      const first = [tensorArgument(input), tensorArgument(output), rows, ...integers(classes)];
      if (input.type === "float32") {
        const all: KernelArgument[] = [...first, { kind: "real", value: beta }];
        return { kernel: "tinyml_softmax_float", file: "float_activation.c", arguments: all };
      }
      if (input.type === "int16") {
        const { multiplier, shift } = softmaxInt16Parameters(beta, quantizationOf(input));
        const all = [...first, computedArgument("table", softmaxInt16Tables()), ...integers(multiplier, shift)];
        return { kernel: "tinyml_softmax_int16", file: "int16_activation.c", arguments: all };
      }
      const { multiplier, shift, differenceMinimum } = softmaxInt8Parameters(beta, quantizationOf(input));
      const kernel = output.type === "int16" ? "tinyml_softmax_int8_to_int16" : "tinyml_softmax_int8";
      const all = [...first, ...integers(multiplier, shift, differenceMinimum)];
      return { kernel, file: "int8_activation.c", arguments: all };
    },
  },
  L2_NORMALIZATION: {
    ...ELEMENTWISE,
    shapes: alongLastAxis,
    checkQuantization(inputs, outputs) {
      const width = outputs[0].shape.at(-1) ?? 1;
      if (width > MOST_SQUARES) return `its rows have ${width} numbers, where at most ${MOST_SQUARES} can be summed up`;
      return outputIsFixed("L2_NORMALIZATION")(inputs, outputs);
    },
    kernelCall(operands) {
      const [input, output] = ends(operands);
      const width = output.shape[output.shape.length - 1];
      const rows = perSample(elementCount(output.shape) / width);
      const first = [tensorArgument(input), tensorArgument(output), rows, ...integers(width)];
      const last = input.type === "float32" ? [] : integers(zeroPointOf(input));
      const type = kernelType(output);
      const [kernel, file] = [`tinyml_l2_normalize_${type}`, `${type}_l2_normalize.c`];
      return { kernel, file, arguments: [...first, ...last] };
    },
  },
};

/** The shape of what is computed row by row. */
function alongLastAxis([input = []]: readonly (Shape | undefined)[]): readonly Shape[] | string {
  return input.length === 0 ? "its input must have at least one dimension" : [input];
}

/** Checks a curve's scales: in int16 steps of 1/32768 for the output, and an input of which few steps leave the curve. */
function curveScales(type: "LOGISTIC" | "TANH") {
  return (inputs: readonly (Tensor | undefined)[], outputs: readonly Tensor[]): string | undefined => {
    if (outputs[0].type !== "int16") return outputIsFixed(type)(inputs, outputs);
    const [from, to] = [perTensor(inputs[0]), perTensor(outputs[0])];
    if (from === undefined || from.zeroPoint !== 0 || from.scale > 2) {
      return "its int16 input must have the zero point 0 and a scale of at most 2";
    }
    if (to?.zeroPoint === 0 && Math.abs(Math.log2(to.scale) + 15) < 1e-3) return undefined;
    return "its int16 output must have the scale 1/32768 and the zero point 0";
  };
}

/** Checks SOFTMAX's scales, and that its kernels' sums of powers hold so many classes. */
function softmaxScales(inputs: readonly (Tensor | undefined)[], outputs: readonly Tensor[]): string | undefined {
  const [input] = inputs;
  const [output] = outputs;
  const classes = output.shape.at(-1) ?? 1;
  const most = input?.type === "int16" ? 65535 : 4095;
  if (classes > most) {
    return `its ${input?.type} input has ${classes} classes, where at most ${most.toLocaleString("en")} can be summed up`;
  }
  if (output.type !== "int16") return outputIsFixed("SOFTMAX")(inputs, outputs);
  const [from, to] = [perTensor(input), perTensor(output)];
  if (from === undefined || (input?.type === "int16" && from.zeroPoint !== 0)) {
    return `its ${input?.type} input must have a scale${input?.type === "int16" ? " and the zero point 0" : ""}`;
  }
  const [power, zeroPoint] = input?.type === "int16" ? [-15, 0] : [-16, -32768];
  if (to?.zeroPoint === zeroPoint && Math.abs(Math.log2(to.scale) - power) < 1e-3) return undefined;
  return `its int16 output must have the scale 1/${2 ** -power} and the zero point ${zeroPoint}`;
}

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

function curveCall(type: "LOGISTIC" | "TANH", operands: Operands, prepare: typeof logisticInt8Parameters): KernelCall {
  const [input, output] = ends(operands);
  const numbers = kernelType(output);
  const call = (...scalars: readonly number[]): KernelCall =>
    elementwiseCall(
      `tinyml_${type.toLowerCase()}_${numbers}`,
      `${numbers}_activation.c`,
      operands,
      integers(...scalars),
    );
  if (numbers === "float") return call();
  if (numbers === "int16") {
    const { multiplier, shift } = curveInt16Parameters(type, quantizationOf(input));
    return call(multiplier, shift);
  }
  const p = prepare(quantizationOf(input), quantizationOf(output));
  return call(p.inputZeroPoint, p.inputRangeRadius, p.multiplier, p.shift);
}
