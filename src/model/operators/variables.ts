import { type KernelCall, type Operand, required } from "../kernel-call";
import { elementCount } from "../tensor";
import type { OperatorRules, TypeSignature } from "./operator-rule";
import { MOVED_TYPES } from "./parameters";
import { copyCall } from "./strided-copy";

/** Operators that take what variable tensors hold, and give them what they hold from then on. */
export const VARIABLES: OperatorRules<"READ_VARIABLE" | "ASSIGN_VARIABLE"> = {
  READ_VARIABLE: {
    inputs: [{ name: "variable", state: true }],
    outputs: 1,
    types: MOVED_TYPES.map((type): TypeSignature => [[type], [type]]),
    shapes: ([variable = []]) => [variable],
    macs: () => 0,
    kernelCall: ({ inputs: [variable], outputs: [output] }) => copyAll(required(variable), output),
  },
  ASSIGN_VARIABLE: {
    inputs: [{ name: "variable", state: true }, { name: "value" }],
    outputs: 0,
    types: MOVED_TYPES.map((type): TypeSignature => [[type, type], []]),
    shapes: ([variable = [], value = []]) =>
      `${variable}` === `${value}` ? [] : `its variable [${variable}] can't hold [${value}]`,
    macs: () => 0,
    kernelCall: ({ inputs: [variable, value] }) => copyAll(required(value), required(variable)),
  },
};

function copyAll(from: Operand, to: Operand): KernelCall {
  return copyCall(from, to, { sizes: [elementCount(to.shape)], inputStrides: [1], outputStrides: [1] });
}
