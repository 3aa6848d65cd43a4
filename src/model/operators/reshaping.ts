import type { TensorData } from "../model";
import { elementCount } from "../tensor";
import type { OperatorRules, Shape, TypeSignature } from "./operator-rule";
import { MOVED_TYPES, movingTypes, resolveAxis, singleNumber, wholeNumbers } from "./parameters";

const SHARED = { outputs: 1, sharesMemory: true, macs: () => 0 } as const;

/** Operators that only give their input another shape, or tell it. */
export const RESHAPING: OperatorRules<"RESHAPE" | "SQUEEZE" | "EXPAND_DIMS" | "SHAPE"> = {
  RESHAPE: {
    ...SHARED,
    inputs: [{ name: "input" }, { name: "shape", optional: true, constant: true }],
    types: movingTypes((element, parameter) => [element, parameter]),
    shapes([input = []], { newShape }, [, shape]) {
      const wanted = shape === undefined ? newShape : wholeNumbers(shape);
      return wanted === undefined ? "it has no new shape" : reshape(input, wanted);
    },
  },
  SQUEEZE: {
    ...SHARED,
    inputs: [{ name: "input" }],
    types: movingTypes((element) => [element]),
    shapes([input = []], { axes = [] }) {
      const removed = new Set<number>();
      for (const axis of axes) {
        const resolved = resolveAxis(input, axis);
        if (typeof resolved === "string") return resolved;
        if (input[resolved] !== 1) return `it takes away axis ${axis}, but its input [${input}] is not 1 there`;
        removed.add(resolved);
      }
      return [input.filter((dimension, axis) => (axes.length === 0 ? dimension !== 1 : !removed.has(axis)))];
    },
  },
  EXPAND_DIMS: {
    ...SHARED,
    inputs: [{ name: "input" }, { name: "axis", constant: true }],
    types: movingTypes((element, parameter) => [element, parameter]),
    shapes([input = []], _options, [, axis]: readonly (TensorData | undefined)[]) {
      const resolved = resolveAxis([...input, 1], singleNumber(axis));
      if (typeof resolved === "string") return `its input [${input}] can't get an axis ${singleNumber(axis)}`;
      return [input.toSpliced(resolved, 0, 1)];
    },
  },
  SHAPE: {
    inputs: [{ name: "input" }],
    outputs: 1,
    types: MOVED_TYPES.flatMap((type): TypeSignature[] => [
      [[type], ["int32"]],
      [[type], ["int64"]],
    ]),
    shapes: ([input = []]) => (input.length === 0 ? "its input has no dimensions" : [[input.length]]),
    macs: () => 0,
    elementsOf: ([input = []], [output]) => [
      output.type === "int64" ? BigInt64Array.from(input, BigInt) : Int32Array.from(input),
    ],
  },
};

/** The shape with the one −1 in it replaced by what is left. */
function reshape(input: Shape, wanted: readonly number[]): readonly Shape[] | string {
  const count = elementCount(input);
  const known = elementCount(wanted.filter((dimension) => dimension !== -1));
  const output = wanted.map((dimension) => (dimension === -1 ? count / known : dimension));
  const isWhole = output.every((dimension) => Number.isInteger(dimension) && dimension > 0);
  if (!isWhole || elementCount(output) !== count || wanted.indexOf(-1) !== wanted.lastIndexOf(-1)) {
    return `its input [${input}] can't take the shape [${wanted}]`;
  }
  return [output];
}
