import {
  integers,
  type KernelArgument,
  type KernelCall,
  type Operands,
  perSample,
  quantizationOf,
  required,
  tensorArgument,
} from "../kernel-call";
import type { Tensor, TensorData } from "../model";
import { meanInt8Parameters } from "../quantization";
import { elementCount } from "../tensor";
import { reductionStruct, resolveAxes, splitAxes } from "./axes";
import { checkPerTensor, haveSameScale, type OperatorRules, type Shape, type TypeSignature } from "./operator-rule";
import { accepted, resolveAxis, singleNumber, wholeNumbers } from "./parameters";

type Shapes = readonly (Shape | undefined)[];
type Constants = readonly (TensorData | undefined)[];

/** The types of a reduction, with axes of int32 or int64. */
function overAxes(...types: readonly ("float32" | "int8" | "int16")[]): readonly TypeSignature[] {
  return types.flatMap((type): TypeSignature[] => [
    [[type, "int32"], [type]],
    [[type, "int64"], [type]],
  ]);
}

/** What the reductions over axes share. */
const OVER_AXES = {
  inputs: [{ name: "input" }, { name: "axes", constant: true }],
  outputs: 1,
  macs: () => 0,
  shapes([input = []]: Shapes, { keepDims }: { keepDims?: true }, [, axes]: Constants) {
    const resolved = resolveAxes(input, wholeNumbers(axes));
    if (typeof resolved === "string") return resolved;
    const split = splitAxes(input, resolved);
    if (typeof split === "string") return split;
    if (keepDims) return [input.map((dimension, axis) => (resolved.includes(axis) ? 1 : dimension))];
    return [input.filter((_, axis) => !resolved.includes(axis))];
  },
} as const;

/** Means and sums, in all three types. */
const SUMS = {
  ...OVER_AXES,
  types: overAxes("float32", "int8", "int16"),
  checkQuantization: checkPerTensor,
} as const;

/** The largest and the smallest; in int8 nothing is computed with the stored numbers. */
const EXTREMES = {
  ...OVER_AXES,
  types: overAxes("float32", "int8"),
  checkQuantization([input]: readonly (Tensor | undefined)[], [output]: readonly Tensor[]): string | undefined {
    return haveSameScale(input, output)
      ? undefined
      : "its int8 input and output must have the same scale and zero point";
  },
} as const;

/** Where the largest and the smallest are. */
const PLACES = {
  inputs: [{ name: "input" }, { name: "axis", constant: true }],
  outputs: 1,
  types: (["float32", "int8"] as const).flatMap((type) =>
    (["int32", "int64"] as const).flatMap((axis): TypeSignature[] => [
      [[type, axis], ["int32"]],
      [[type, axis], ["int64"]],
    ]),
  ),
  shapes([input = []]: Shapes, _options: unknown, [, axis]: Constants) {
    const along = resolveAxis(input, singleNumber(axis));
    return typeof along === "string" ? along : [input.toSpliced(along, 1)];
  },
  macs: () => 0,
} as const;

/** What takes many numbers along dimensions together to one. */
export const REDUCTIONS: OperatorRules<"MEAN" | "SUM" | "REDUCE_MAX" | "REDUCE_MIN" | "ARG_MAX" | "ARG_MIN"> = {
  MEAN: { ...SUMS, kernelCall: (operands) => sumCall(operands, true) },
  SUM: { ...SUMS, kernelCall: (operands) => sumCall(operands, false) },
  REDUCE_MAX: { ...EXTREMES, kernelCall: (operands) => extremeCall(operands, "largest") },
  REDUCE_MIN: { ...EXTREMES, kernelCall: (operands) => extremeCall(operands, "smallest") },
  ARG_MAX: { ...PLACES, kernelCall: (operands) => placeCall(operands, false) },
  ARG_MIN: { ...PLACES, kernelCall: (operands) => placeCall(operands, true) },
};

function sumCall(operands: Operands, isMean: boolean): KernelCall {
  const { input, output, first } = reduceOver(operands);
  const elements = elementCount(input.shape) / elementCount(output.shape);
  if (output.type === "float32") {
    const divisor: KernelArgument = { kind: "real", value: isMean ? elements : 1 };
    return { kernel: "tinyml_reduce_sum_float", file: "float_reduce.c", arguments: [...first, divisor] };
  }
  // a sum is a mean of one number, as far as its factor goes
  const p = meanInt8Parameters(quantizationOf(input), quantizationOf(output), isMean ? elements : 1);
  const zeros = (elements * p.inputZeroPoint) | 0;
  return {
    kernel: `tinyml_reduce_sum_${output.type}`,
    file: "integer_reduce.c",
    arguments: [...first, ...integers(zeros, p.outputZeroPoint, p.multiplier, p.shift)],
  };
}

function extremeCall(operands: Operands, which: "largest" | "smallest"): KernelCall {
  const { output, first } = reduceOver(operands);
  const isFloat = output.type === "float32";
  return {
    kernel: `tinyml_reduce_${which}_${isFloat ? "float" : "int8"}`,
    file: isFloat ? "float_reduce.c" : "integer_reduce.c",
    arguments: first,
  };
}

/** The operands of a reduction over axes, and the arguments that all of their kernels begin with. */
function reduceOver({ inputs, outputs: [output] }: Operands) {
  const [input, axes] = inputs.map(required);
  const resolved = accepted(resolveAxes(input.shape, wholeNumbers(axes.data)));
  const split = accepted(splitAxes(input.shape, resolved));
  const first: KernelArgument[] = [
    tensorArgument(input),
    tensorArgument(output),
    perSample(split.outer),
    { kind: "struct", struct: reductionStruct(split) },
  ];
  return { input, output, first };
}

function placeCall({ inputs, outputs: [output] }: Operands, smallest: boolean): KernelCall {
  const [input, axis] = inputs.map(required);
  const { shape, type } = input;
  const along = accepted(resolveAxis(shape, singleNumber(axis.data)));
  const outer = elementCount(shape.slice(0, along));
  const inner = elementCount(shape.slice(along + 1));
  return {
    kernel: type === "float32" ? "tinyml_place_of_float" : "tinyml_place_of_int8",
    file: type === "float32" ? "float_reduce.c" : "integer_reduce.c",
    arguments: [
      tensorArgument(input),
      tensorArgument(output),
      perSample(outer),
      ...integers(shape[along], inner, smallest ? 1 : 0, output.type === "int64" ? 1 : 0),
    ],
  };
}
