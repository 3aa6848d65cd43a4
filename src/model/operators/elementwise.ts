import {
  computedArgument,
  integers,
  type KernelArgument,
  type KernelCall,
  type Operands,
  quantizationOf,
} from "../kernel-call";
import type { FusedActivation, Quantization, Tensor } from "../model";
import { reluParameters } from "../quantization";
import {
  absFactor,
  absInt8Table,
  eluInt8Table,
  hardSwishInt8Table,
  leakyReluInt8Table,
  leakyReluParameters,
} from "../quantization-tables";
import { elementwiseCall, ends } from "./elementwise-call";
import { checkPerTensor, ELEMENTWISE, type OperatorRules, perTensor, type TypeSignature } from "./operator-rule";

type Elementwise =
  | "RELU"
  | "RELU6"
  | "RELU_N1_TO_1"
  | "LEAKY_RELU"
  | "HARD_SWISH"
  | "ELU"
  | "ABS"
  | "NEG"
  | "SQUARE"
  | "SQRT"
  | "RSQRT"
  | "EXP"
  | "LOG";

const FLOAT: readonly TypeSignature[] = [[["float32"], ["float32"]]];
const FLOAT_AND_INT8: readonly TypeSignature[] = [...FLOAT, [["int8"], ["int8"]]];
const FLOAT_AND_INT16: readonly TypeSignature[] = [...FLOAT_AND_INT8, [["int16"], ["int16"]]];

/** Functions of one number that keep its type. */
export const ELEMENTWISE_FUNCTIONS: OperatorRules<Elementwise> = {
  RELU: limits("RELU"),
  RELU6: limits("RELU6"),
  RELU_N1_TO_1: limits("RELU_N1_TO_1"),
  LEAKY_RELU: {
    ...ELEMENTWISE,
    types: FLOAT_AND_INT16,
    checkOptions: ({ alpha }) => (Number.isFinite(alpha) ? undefined : "its alpha must be a number"),
    checkQuantization: checkScales,
    kernelCall(operands, { alpha }) {
      const [input, output] = ends(operands);
      if (output.type === "float32") return floatCall("leaky_relu", operands, { kind: "real", value: alpha });
      const [from, to] = [input, output].map(quantizationOf);
      if (output.type === "int8") return lookup(operands, leakyReluInt8Table(alpha, from, to));
      const p = leakyReluParameters(alpha, from, to);
      const last = integers(p.multiplier, p.shift, p.alphaMultiplier, p.alphaShift);
      return elementwiseCall("tinyml_leaky_relu_int16", "int16_elementwise.c", operands, last);
    },
  },
  HARD_SWISH: tabled("hard_swish", hardSwishInt8Table),
  ELU: tabled("elu", eluInt8Table),
  ABS: {
    ...ELEMENTWISE,
    checkQuantization: checkScales,
    types: FLOAT_AND_INT16,
    kernelCall(operands) {
      const [input, output] = ends(operands);
      if (output.type === "float32") return floatCall("abs", operands);
      const [from, to] = [input, output].map(quantizationOf);
      if (output.type === "int8") return lookup(operands, absInt8Table(from, to));
      const { multiplier, shift } = absFactor(from, to);
      return elementwiseCall("tinyml_abs_int16", "int16_elementwise.c", operands, integers(multiplier, shift));
    },
  },
  NEG: float("neg"),
  SQUARE: float("square"),
  SQRT: float("sqrt"),
  RSQRT: float("rsqrt"),
  EXP: float("exp"),
  LOG: float("log"),
};

/** Keeps numbers between limits. */
function limits(activation: FusedActivation) {
  return {
    ...ELEMENTWISE,
    types: FLOAT_AND_INT16,
    checkQuantization: checkScales,
    kernelCall(operands: Operands): KernelCall {
      const [input, output] = ends(operands);
      if (output.type === "float32") {
        // RELU has a kernel of its own, because training knows its gradient
        if (activation !== "RELU") return floatCall("activation", operands, { kind: "activation", activation });
        return elementwiseCall("tinyml_relu_float", "float_activation.c", operands, []);
      }
      const p = reluParameters(activation, quantizationOf(input), quantizationOf(output), output.type);
      const { inputZeroPoint, outputZeroPoint, multiplier, shift, minimum, maximum } = p;
      const scaling = [multiplier, shift, minimum, maximum];
      if (output.type === "int16") {
        return elementwiseCall("tinyml_relu_int16", "int16_elementwise.c", operands, integers(...scaling));
      }
      const last = integers(inputZeroPoint, outputZeroPoint, ...scaling);
      return elementwiseCall("tinyml_relu_int8", "int8_activation.c", operands, last);
    },
  };
}

/** A function of floats, whose int8 results are computed beforehand. */
function tabled(name: string, table: (input: Quantization, output: Quantization) => Int8Array) {
  return {
    ...ELEMENTWISE,
    types: FLOAT_AND_INT8,
    checkQuantization: checkScales,
    kernelCall(operands: Operands): KernelCall {
      const [input, output] = ends(operands);
      if (output.type === "float32") return floatCall(name, operands);
      return lookup(operands, table(quantizationOf(input), quantizationOf(output)));
    },
  };
}

function float(name: string) {
  return { ...ELEMENTWISE, types: FLOAT, kernelCall: (operands: Operands): KernelCall => floatCall(name, operands) };
}

/** One scale on both ends; int16 is symmetric. */
function checkScales(inputs: readonly (Tensor | undefined)[], outputs: readonly Tensor[]): string | undefined {
  const problem = checkPerTensor(inputs, outputs);
  if (problem !== undefined || outputs[0].type !== "int16") return problem;
  const isSymmetric = perTensor(inputs[0])?.zeroPoint === 0 && perTensor(outputs[0])?.zeroPoint === 0;
  return isSymmetric ? undefined : "its int16 input and output must have the zero point 0";
}

function floatCall(name: string, operands: Operands, ...last: readonly KernelArgument[]): KernelCall {
  return elementwiseCall(`tinyml_${name}_float`, "float_elementwise.c", operands, last);
}

function lookup(operands: Operands, table: Int8Array): KernelCall {
  return elementwiseCall("tinyml_lookup_int8", "int8_elementwise.c", operands, [computedArgument("table", table)]);
}
