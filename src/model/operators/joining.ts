import {
  computedArgument,
  integers,
  type KernelCall,
  type Operands,
  quantizationOf,
  required,
  tensorArgument,
} from "../kernel-call";
import type { Tensor } from "../model";
import { joinUint8Table } from "../quantization-tables";
import { elementCount } from "../tensor";
import { haveSameScale, type OperatorRules, perTensor, type Shape } from "./operator-rule";
import { accepted, movingTypes, resolveAxis } from "./parameters";
import { copyCall, stridesOf } from "./strided-copy";

/** What CONCATENATION and PACK share. */
const SIDE_BY_SIDE = {
  inputs: [{ name: "input", repeated: true }],
  outputs: 1,
  types: movingTypes((element) => [element]),
  macs: () => 0,
  kernelCall: (operands: Operands, { axis }: { axis: number }): KernelCall[] =>
    joinCalls(operands, accepted(resolveAxis(operands.outputs[0].shape, axis))),
  checkQuantization(inputs: readonly (Tensor | undefined)[], [output]: readonly Tensor[]): string | undefined {
    if (output.type !== "int8" && output.type !== "uint8" && output.type !== "int16") return undefined;
    const isSame = inputs.every((input) => haveSameScale(input, output));
    return isSame ? undefined : `its ${output.type} inputs and output must have the same scale and zero point`;
  },
} as const;

/** Operators whose output is their inputs side by side. */
export const JOINING: OperatorRules<"CONCATENATION" | "PACK"> = {
  CONCATENATION: {
    ...SIDE_BY_SIDE,
    checkQuantization(inputs, outputs) {
      const haveScales = [...inputs, ...outputs].every((tensor) => tensor?.type === "uint8" && perTensor(tensor));
      return haveScales ? undefined : SIDE_BY_SIDE.checkQuantization(inputs, outputs);
    },
    checkOptions({ activation }) {
      return activation === "NONE" ? undefined : `its fused activation ${activation} is not computed by this package`;
    },
    shapes(inputs, { axis }) {
      const shapes = inputs.map((input = []) => input);
      const [first] = shapes;
      const along = resolveAxis(first, axis);
      if (typeof along === "string") return along;
      const others = (shape: Shape) => `${shape.length}: ${shape.toSpliced(along, 1)}`;
      const other = shapes.find((shape) => others(shape) !== others(first));
      if (other !== undefined) return `its inputs [${first}] and [${other}] can't be joined along axis ${along}`;
      const sum = shapes.reduce((length, shape) => length + shape[along], 0);
      return [first.with(along, sum)];
    },
  },
  PACK: {
    ...SIDE_BY_SIDE,
    shapes(inputs, { count, axis }) {
      const shapes = inputs.map((input = []) => input);
      const [first] = shapes;
      if (shapes.length !== count) return `it has ${shapes.length} inputs, but its options say ${count}`;
      const along = resolveAxis([...first, 1], axis);
      if (typeof along === "string") return `its inputs [${first}] can't be joined along an axis ${axis}`;
      const other = shapes.find((shape) => `${shape}` !== `${first}` || shape.length !== first.length);
      if (other !== undefined) return `its inputs [${first}] and [${other}] are not of one shape`;
      return [first.toSpliced(along, 0, count)];
    },
  },
};

/**
 * A copy for each input: they follow each other along an axis of the output, which they may lack. Elements of uint8 may
 * have other steps there.
 */
function joinCalls({ inputs, outputs: [output] }: Operands, along: number): KernelCall[] {
  const outputStrides = stridesOf(output.shape);
  let start = 0;
  return inputs.map((operand) => {
    const input = required(operand);
    const hasAxis = input.shape.length === output.shape.length;
    const sizes = hasAxis ? input.shape : input.shape.toSpliced(along, 0, 1);
    const outputOffset = start * outputStrides[along];
    start += sizes[along];
    if (output.type === "uint8" && !haveSameScale(input, output)) {
      const table = joinUint8Table(quantizationOf(input), quantizationOf(output));
      const stride = elementCount(output.shape.slice(along));
      const rows = elementCount(output.shape) / stride;
      const numbers = integers(rows, elementCount(input.shape) / rows, stride, outputOffset);
      const all = [tensorArgument(input), tensorArgument(output), ...numbers, computedArgument("table", table)];
      return { kernel: "tinyml_join_uint8", file: "uint8_join.c", arguments: all };
    }
    return copyCall(input, output, { sizes, inputStrides: stridesOf(sizes), outputStrides, outputOffset });
  });
}
