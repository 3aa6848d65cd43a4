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
import type { OperatorOptions } from "../model";
import { denseInt8Parameters } from "../quantization";
import { elementCount } from "../tensor";
import { foldZeroPoint } from "./fold-zero-point";
import { type OperatorRules, perTensor } from "./operator-rule";

/** Layers in which every output sees every input. */
export const DENSE: OperatorRules<"FULLY_CONNECTED"> = {
  FULLY_CONNECTED: {
    inputs: [
      { name: "input" },
      { name: "weights", constant: true, parameter: true },
      { name: "bias", optional: true, constant: true, parameter: true },
    ],
    outputs: 1,
    types: [
      [["float32", "float32", "float32"], ["float32"]],
      [["int8", "int8", "int32"], ["int8"]],
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
    kernelCall: (operands, options) =>
      operands.outputs[0].type === "int8" ? denseInt8(operands, options) : denseFloat(operands, options),
  },
};

type DenseOptions = OperatorOptions["FULLY_CONNECTED"];

function denseFloat(
  { inputs: [input, weights, bias], outputs: [output] }: Operands,
  options: DenseOptions,
): KernelCall {
  const all: KernelArgument[] = [
    tensorArgument(required(input)),
    constantArgument("weights", weights),
    constantArgument("bias", bias),
    tensorArgument(output),
    ...rows(required(weights).shape, output.shape),
    { kind: "activation", activation: options.activation },
  ];
  return { kernel: "tinyml_dense_float", file: "float_dense.c", arguments: all };
}

function denseInt8({ inputs, outputs: [output] }: Operands, { activation }: DenseOptions): KernelCall {
  const [input, weights] = inputs.slice(0, 2).map(required);
  const bias = inputs[2];
  const p = denseInt8Parameters(quantizationOf(input), quantizationOf(weights), quantizationOf(output), activation);
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
