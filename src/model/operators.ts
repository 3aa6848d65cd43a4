import type { KernelCall, Operand, Operands } from "./kernel-call";
import type { Model, Operator, OperatorOptions, OperatorType, StoredOperatorType } from "./model";
import { ALL_OPERATORS, STORED_OPERATORS } from "./operators/all";
import { COMMON_OPERATORS } from "./operators/common";
import type { OperatorRule } from "./operators/operator-rule";

/** The names of all operators that a file may have. */
export function operatorTypes(): StoredOperatorType[] {
  return Object.keys(STORED_OPERATORS).filter((type): type is StoredOperatorType => type in STORED_OPERATORS);
}

const common: { readonly [T in OperatorType]?: OperatorRule<T> } = COMMON_OPERATORS;

/** The rule of an operator; a function so that the rule's type follows the operator's, and rare ones are loaded when they are met. */
export function operatorRule<T extends OperatorType>(type: T): OperatorRule<T> {
  return common[type] ?? ALL_OPERATORS[type];
}

/**
 * The kernel calls of an operator of a checked model, in their order; none where nothing is computed (`sharesMemory`).
 * @throws TinymlError TINYML_MODEL_UNSUPPORTED for what no kernel computes, TINYML_MODEL_INVALID without scales
 */
export function kernelCalls(model: Model, operator: Operator): readonly KernelCall[] {
  return [callsOf(operator.type, operandsOf(model, operator), operator.options) ?? []].flat();
}

function operandsOf({ tensors }: Model, { inputs, outputs, intermediates = [] }: Operator): Operands {
  const operand = (index: number): Operand => ({ ...tensors[index], index });
  return {
    inputs: inputs.map((index) => (index < 0 ? undefined : operand(index))),
    outputs: outputs.map(operand),
    intermediates: intermediates.map(operand),
  };
}

/** TypeScript follows the operator's type from its name to its options in a function of its own only. */
function callsOf<T extends OperatorType>(type: T, operands: Operands, options: OperatorOptions[T]) {
  return operatorRule(type).kernelCall?.(operands, options);
}
