import { elementCount } from "../tensor";
import type { OperatorRules } from "./operator-rule";

/** Operators that only give their input another shape. */
export const RESHAPING: OperatorRules<"RESHAPE"> = {
  RESHAPE: {
    inputs: [{ name: "input" }, { name: "shape", optional: true, constant: true }],
    outputs: 1,
    types: [
      [["float32", "int32"], ["float32"]],
      [["int8", "int32"], ["int8"]],
    ],
    sharesMemory: true,
    shapes([input = []], { newShape }, [, shape]) {
      const wanted = shape instanceof Int32Array ? [...shape] : newShape;
      if (wanted === undefined) return "it has no new shape";
      const count = elementCount(input);
      const known = elementCount(wanted.filter((dimension) => dimension !== -1));
      const output = wanted.map((dimension) => (dimension === -1 ? count / known : dimension));
      const isWhole = output.every((dimension) => Number.isInteger(dimension) && dimension > 0);
      if (!isWhole || elementCount(output) !== count || wanted.indexOf(-1) !== wanted.lastIndexOf(-1)) {
        return `its input [${input}] can't take the shape [${wanted}]`;
      }
      return [output];
    },
    macs: () => 0,
  },
};
