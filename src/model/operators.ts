import type { KernelCall, Operand, Operands } from "./kernel-call";
import type { Model, Operator, OperatorOptions, OperatorType, StoredOperatorType } from "./model";
import { ACTIVATIONS } from "./operators/activation";
import { ARITHMETIC } from "./operators/arithmetic";
import { CONVOLUTIONS } from "./operators/convolution";
import { DENSE } from "./operators/dense";
import { ELEMENTWISE_FUNCTIONS } from "./operators/elementwise";
import { JOINING } from "./operators/joining";
import type { OperatorRule } from "./operators/operator-rule";
import { PADDING } from "./operators/padding";
import { POOLING } from "./operators/pooling";
import { QUANTIZING } from "./operators/quantizing";
import { REARRANGING } from "./operators/rearranging";
import { RECURRENT } from "./operators/recurrent";
import { REDUCTIONS } from "./operators/reductions";
import { RESHAPING } from "./operators/reshaping";
import { RESIZING } from "./operators/resizing";
import { SLICING } from "./operators/slicing";
import { TRAINING_OPERATORS } from "./operators/training";
import { TRANSPOSE_CONVOLUTION } from "./operators/transpose-convolution";

/** The operators of this package; the keys are TensorFlow Lite's builtin operator names. */
const OPERATORS: { readonly [T in OperatorType]: OperatorRule<T> } = {
  ...ACTIVATIONS,
  ...ARITHMETIC,
  ...CONVOLUTIONS,
  ...DENSE,
  ...ELEMENTWISE_FUNCTIONS,
  ...POOLING,
  ...RECURRENT,
  ...QUANTIZING,
  ...JOINING,
  ...PADDING,
  ...REARRANGING,
  ...REDUCTIONS,
  ...RESHAPING,
  ...RESIZING,
  ...SLICING,
  ...TRANSPOSE_CONVOLUTION,
  ...TRAINING_OPERATORS,
};

/** The names of all operators that a file may have. */
export function operatorTypes(): StoredOperatorType[] {
  return Object.keys(OPERATORS).filter(
    (type): type is StoredOperatorType => type in OPERATORS && !(type in TRAINING_OPERATORS),
  );
}

/** The rule of an operator; a function so that the rule's type follows the operator's. */
export function operatorRule<T extends OperatorType>(type: T): OperatorRule<T> {
  return OPERATORS[type];
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
