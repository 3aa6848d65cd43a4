import type { Model, Operator } from "./model";
import { operatorRule } from "./operators";

/**
 * Leaves out operators whose outputs nobody reads, and tensors that belong to no operator, input or output. Operators that
 * keep a state stay. The tensors are numbered anew in their order; inputs and outputs stay as many. Signatures, which
 * name tensors by number, follow.
 */
export function removeUnused(model: Model): Model {
  const used = new Set(model.outputs);
  const operators: Operator[] = [];
  for (const operator of model.operators.toReversed()) {
    const { inputs: rules } = operatorRule(operator.type);
    if (!operator.outputs.some((index) => used.has(index)) && !rules.some(({ state }) => state)) continue;
    operators.push(operator);
    for (const index of operator.inputs) used.add(index);
    for (const index of [...operator.outputs, ...(operator.intermediates ?? [])]) used.add(index);
  }
  for (const index of model.inputs) used.add(index);
  const kept = model.tensors.flatMap((_, index) => (used.has(index) ? [index] : []));
  if (kept.length === model.tensors.length && operators.length === model.operators.length) return model;

  const numbers = new Map(kept.map((index, number) => [index, number]));
  const renumbered = (indices: readonly number[]) => indices.map((index) => numbers.get(index) ?? -1);
  const named = (tensors: NonNullable<Model["signatures"]>[number]["inputs"]) =>
    tensors.flatMap(({ name, tensor }) => {
      const number = numbers.get(tensor);
      return number === undefined ? [] : [{ name, tensor: number }];
    });
  return {
    ...model,
    tensors: kept.map((index) => model.tensors[index]),
    operators: operators.toReversed().map((operator) => ({
      ...operator,
      inputs: renumbered(operator.inputs),
      outputs: renumbered(operator.outputs),
      ...(operator.intermediates && { intermediates: renumbered(operator.intermediates) }),
    })),
    inputs: renumbered(model.inputs),
    outputs: renumbered(model.outputs),
    ...(model.signatures && {
      signatures: model.signatures.map(({ key, inputs, outputs }) => ({
        key,
        inputs: named(inputs),
        outputs: named(outputs),
      })),
    }),
  };
}
