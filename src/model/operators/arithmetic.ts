import {
  integers,
  type KernelArgument,
  type KernelCall,
  type KernelStruct,
  type Operand,
  type Operands,
  quantizationOf,
  required,
  tensorArgument,
} from "../kernel-call";
import type { FusedActivation, Tensor, TensorType } from "../model";
import {
  preluParameters,
  productParameters,
  type SumParameters,
  squaredDifferenceParameters,
  sumParameters,
} from "../quantization-arithmetic";
import { broadcastArguments, broadcastShape } from "./broadcast";
import {
  haveSameScale,
  kernelType,
  type OperatorRules,
  perTensor,
  type Shape,
  type TypeSignature,
} from "./operator-rule";

/** Two operands, each constant or computed, that are repeated to one shape. */
const BINARY = {
  inputs: [{ name: "first input" }, { name: "second input" }],
  outputs: 1,
  inPlace: true,
  shapes([a = [], b = []]: readonly (Shape | undefined)[]) {
    const shape = broadcastShape(a, b);
    return typeof shape === "string" ? shape : [shape];
  },
  macs: () => 0,
} as const;

type Arithmetic =
  | "ADD"
  | "SUB"
  | "MUL"
  | "DIV"
  | "MAXIMUM"
  | "MINIMUM"
  | "SQUARED_DIFFERENCE"
  | "FLOOR_DIV"
  | "FLOOR_MOD"
  | "PRELU";

/** Arithmetic of two tensors, element by element. */
export const ARITHMETIC: OperatorRules<Arithmetic> = {
  ADD: {
    ...BINARY,
    types: sameTypes("float32", "int8", "int16", "int32"),
    checkQuantization: checkOperands,
    kernelCall: (operands, { activation }) => sum(operands, activation, 1),
  },
  SUB: {
    ...BINARY,
    types: sameTypes("float32", "int8", "int16", "int32"),
    checkQuantization: checkOperands,
    kernelCall: (operands, { activation }) => sum(operands, activation, -1),
  },
  MUL: {
    ...BINARY,
    types: sameTypes("float32", "int8", "int16", "int32"),
    checkQuantization: checkSymmetric,
    kernelCall(operands, { activation }) {
      const [a, b, output] = ends(operands);
      if (!isQuantized(output)) return numbersCall("mul", operands, activation);
      const [from, by, to] = [a, b, output].map(quantizationOf);
      const fields = { ...productParameters(from, by, to, activation, output.type) };
      const comment = "What its product is computed with.";
      return call("mul", operands, [struct("tinyml_product", comment, fields)]);
    },
  },
  DIV: {
    ...BINARY,
    types: sameTypes("float32"),
    kernelCall: (operands, { activation }) => numbersCall("div", operands, activation),
  },
  MAXIMUM: {
    ...BINARY,
    types: sameTypes("float32", "int8", "int16", "int32"),
    checkQuantization: checkSameScale,
    kernelCall: (operands) => call("maximum", operands, []),
  },
  MINIMUM: {
    ...BINARY,
    types: sameTypes("float32", "int8", "int16", "int32"),
    checkQuantization: checkSameScale,
    kernelCall: (operands) => call("minimum", operands, []),
  },
  SQUARED_DIFFERENCE: {
    ...BINARY,
    types: sameTypes("float32", "int8", "int16", "int32"),
    checkQuantization: checkSymmetric,
    kernelCall(operands) {
      const [a, b, output] = ends(operands);
      if (!isQuantized(output)) return call("squared_difference", operands, []);
      const [from, by, to] = [a, b, output].map(quantizationOf);
      const fields: SumParameters = squaredDifferenceParameters(from, by, to, output.type);
      const comment = "What its difference is computed with.";
      return call("squared_difference", operands, [struct("tinyml_sum", comment, { ...fields })]);
    },
  },
  FLOOR_DIV: {
    ...BINARY,
    types: sameTypes("float32", "int32"),
    checkQuantization: checkOperands,
    kernelCall: (operands) => call("floor_div", operands, [], "floor"),
  },
  FLOOR_MOD: {
    ...BINARY,
    types: sameTypes("float32", "int32"),
    checkQuantization: checkOperands,
    kernelCall: (operands) => call("floor_mod", operands, [], "floor"),
  },
  PRELU: {
    ...BINARY,
    inputs: [{ name: "input" }, { name: "alpha", constant: true, parameter: true }],
    types: [...sameTypes("float32", "int8"), [["int16", "int8"], ["int16"]]],
    shapes([input = [], alpha = []]) {
      const shape = broadcastShape(input, alpha);
      if (typeof shape === "string") return shape;
      return `${shape}` === `${input}` ? [shape] : `its alpha [${alpha}] is larger than its input [${input}]`;
    },
    checkQuantization: checkOperands,
    kernelCall(operands) {
      const [input, alpha, output] = ends(operands);
      if (!isQuantized(output)) return call("prelu", operands, []);
      const [from, by, to] = [input, alpha, output].map(quantizationOf);
      const fields = { ...preluParameters(from, by, to) };
      return call("prelu", operands, [struct("tinyml_slope", "What it is computed with.", fields)]);
    },
  },
};

/** The same type everywhere. */
function sameTypes(...types: readonly TensorType[]): TypeSignature[] {
  return types.map((type) => [[type], [type]]);
}

function isQuantized({ type }: Tensor): boolean {
  return type === "int8" || type === "int16";
}

/** int8 and int16 stand for real numbers, so have scales; int32 are whole numbers. */
function checkOperands(inputs: readonly (Tensor | undefined)[], outputs: readonly Tensor[]): string | undefined {
  const tensors = [...inputs, ...outputs];
  const [{ type }] = outputs;
  if (type === "int32") {
    const scaled = tensors.some((tensor) => tensor?.quantization !== undefined);
    return scaled ? "its int32 inputs and output must be whole numbers, without a scale" : undefined;
  }
  return tensors.every(perTensor) ? undefined : `its ${type} inputs and output must have one scale each`;
}

/** As checkOperands; int16 has no zero point. */
function checkSymmetric(inputs: readonly (Tensor | undefined)[], outputs: readonly Tensor[]): string | undefined {
  const tensors = [...inputs, ...outputs];
  const shifted = tensors.find((tensor) => tensor?.type === "int16" && perTensor(tensor)?.zeroPoint !== 0);
  return shifted ? "its int16 inputs and output must have the zero point 0" : checkOperands(inputs, outputs);
}

/** The larger or smaller of stored numbers means that of real ones only where they stand for the same. */
function checkSameScale(inputs: readonly (Tensor | undefined)[], outputs: readonly Tensor[]): string | undefined {
  const [first, ...others] = [...inputs, ...outputs];
  const same = others.every((other) => haveSameScale(first, other));
  if (perTensor(first) === undefined && outputs[0].type !== "int32")
    return "its inputs and output must have one scale each";
  return same ? undefined : "its inputs and output must have the same scale and zero point";
}

function ends({ inputs, outputs: [output] }: Operands): [a: Operand, b: Operand, output: Operand] {
  return [required(inputs[0]), required(inputs[1]), output];
}

function sum(operands: Operands, activation: FusedActivation, sign: 1 | -1): KernelCall {
  const [a, b, output] = ends(operands);
  if (!isQuantized(output)) return numbersCall(sign > 0 ? "add" : "sub", operands, activation);
  const [from, by, to] = [a, b, output].map(quantizationOf);
  const fields: SumParameters = sumParameters(from, by, to, activation, output.type, sign);
  const comment = sign > 0 ? "What its sum is computed with." : "What its difference is computed with.";
  return call("add", operands, [struct("tinyml_sum", comment, { ...fields })]);
}

/** Of floats, or of whole numbers. */
function numbersCall(name: string, operands: Operands, activation: FusedActivation): KernelCall {
  if (operands.outputs[0].type === "float32") return call(name, operands, [{ kind: "activation", activation }]);
  return call(name, operands, integers(...WHOLE_NUMBER_RANGES[activation]));
}

/** Between what fused activations keep int32 results. */
const WHOLE_NUMBER_RANGES: Readonly<Record<FusedActivation, readonly [minimum: number, maximum: number]>> = {
  NONE: [-(2 ** 31), 2 ** 31 - 1],
  RELU: [0, 2 ** 31 - 1],
  RELU_N1_TO_1: [-1, 1],
  RELU6: [0, 6],
};

function struct(type: string, comment: string, fields: KernelStruct["fields"]): KernelArgument {
  return { kind: "struct", struct: { type, comment, fields } };
}

/** Both operands, output, how they are walked over, and what else the kernel wants to know. */
function call(name: string, operands: Operands, last: readonly KernelArgument[], family = "arithmetic"): KernelCall {
  const [a, b, output] = ends(operands);
  const type = kernelType(output);
  const all = [...[a, b, output].map(tensorArgument), ...broadcastArguments(a, b, output), ...last];
  return { kernel: `tinyml_${name}_${type}`, file: `${type}_${family}.c`, arguments: all };
}
