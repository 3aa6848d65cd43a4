import { integers, type KernelArgument, type Operands, quantizationOf } from "../kernel-call";
import type { Tensor, TensorType } from "../model";
import { perTensorScale, quantizeMultiplier } from "../quantization";
import { elementwiseCall, ends } from "./elementwise-call";
import { ELEMENTWISE, type OperatorRules, perTensor, type TypeSignature } from "./operator-rule";

/** The numbers of element types in the kernels, which are those of TensorFlow Lite's schema. */
const TYPE_NUMBERS: Readonly<Partial<Record<TensorType, number>>> = {
  float32: 0,
  int32: 2,
  uint8: 3,
  bool: 6,
  int16: 7,
  int8: 9,
};

/** Between element types. */
export const QUANTIZING: OperatorRules<"QUANTIZE" | "DEQUANTIZE" | "CAST"> = {
  QUANTIZE: {
    ...ELEMENTWISE,
    types: [
      ...signatures("float32", "int8", "uint8", "int16"),
      ...signatures("int8", "int8", "uint8", "int16", "int32"),
      ...signatures("uint8", "int8"),
      ...signatures("int16", "int8", "int16", "int32"),
      ...signatures("int32", "int8", "int16"),
    ],
    checkQuantization([input], [output]) {
      if (perTensor(output) === undefined) return `its ${output.type} output must have one scale`;
      if (input?.type === "float32" || perTensor(input) !== undefined) return undefined;
      return `its ${input?.type} input must have one scale`;
    },
    kernelCall(operands) {
      const [input, output] = ends(operands);
      const [scale, zeroPoint] = perTensorScale(quantizationOf(output), "output");
      if (input.type === "float32") {
        const last: KernelArgument[] = [{ kind: "real", value: scale }, ...integers(zeroPoint)];
        return elementwiseCall(`tinyml_quantize_${output.type}`, "quantize.c", operands, last);
      }
      const [inputScale, inputZeroPoint] = perTensorScale(quantizationOf(input), "input");
      const { multiplier, shift } = quantizeMultiplier(inputScale / scale);
      const last = integers(...typeNumbers(operands), inputZeroPoint, zeroPoint, multiplier, shift);
      return elementwiseCall("tinyml_requantize", "convert.c", operands, last);
    },
  },
  DEQUANTIZE: {
    ...ELEMENTWISE,
    types: (["int8", "uint8", "int16", "float16"] as const).map((type) => [[type], ["float32"]]),
    checkQuantization([input]) {
      if (input?.type === "float16" || perTensor(input) !== undefined) return undefined;
      return `its ${input?.type} input must have one scale`;
    },
    kernelCall(operands) {
      const [input] = ends(operands);
      if (input.type === "float16") return elementwiseCall("tinyml_dequantize_float16", "quantize.c", operands, []);
      const [scale, zeroPoint] = perTensorScale(quantizationOf(input), "input");
      const last: KernelArgument[] = [{ kind: "real", value: scale }, ...integers(zeroPoint)];
      return elementwiseCall(`tinyml_dequantize_${input.type}`, "quantize.c", operands, last);
    },
  },
  CAST: {
    ...ELEMENTWISE,
    types: [
      ...signatures("float32", "int8", "uint8", "int16", "int32", "bool"),
      ...signatures("int8", "float32", "uint8", "int16", "int32", "bool"),
      ...signatures("uint8", "float32", "int8", "int16", "int32", "bool"),
      ...signatures("int16", "float32", "int8", "uint8", "int32", "bool"),
      ...signatures("int32", "float32", "int8", "uint8", "int16", "bool"),
      ...signatures("bool", "float32", "int8", "uint8", "int16", "int32"),
    ],
    kernelCall: (operands) => elementwiseCall("tinyml_cast", "convert.c", operands, integers(...typeNumbers(operands))),
  },
};

/** From one type to each of the others. */
function signatures(from: TensorType, ...to: readonly TensorType[]): TypeSignature[] {
  return to.map((type) => [[from], [type]]);
}

function typeNumbers(operands: Operands): number[] {
  return ends(operands).map(({ type }: Tensor) => TYPE_NUMBERS[type] ?? 0);
}
