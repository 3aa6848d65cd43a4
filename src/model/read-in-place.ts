import type { Model, Operator } from "./model";
import { operatorRule } from "./operators";
import { haveSameScale } from "./operators/operator-rule";

/**
 * Has operators read variable tensors where they lie: a READ_VARIABLE goes whose copy is last read before the variable
 * changes. Streaming models take copies of all their states at the start of the graph, which would double their memory.
 * The variables are no resources any more, so the model is one to be run and not to be written.
 */
export function readInPlace(model: Model): Model {
  if (!model.tensors.some(({ variable }) => variable)) return model;
  const kept = new Set(model.outputs);
  const lastUse = new Map<number, number>();
  model.operators.forEach((operator, step) => {
    for (const index of operator.inputs) {
      lastUse.set(index, step);
      // the same memory has a further name then, under which it may be read for longer
      if (operatorRule(operator.type).sharesMemory) kept.add(index);
    }
  });
  const nextChange = new Map<number, number>();
  const replaced = new Map<number, number>();
  const operators: Operator[] = [];
  for (let step = model.operators.length - 1; step >= 0; step--) {
    const operator = model.operators[step];
    const [variable] = operator.inputs;
    const [copy] = operator.outputs;
    if (operator.type === "READ_VARIABLE") {
      const isUnchanged = (lastUse.get(copy) ?? step) < (nextChange.get(variable) ?? Infinity);
      const isSame = haveSameScale(model.tensors[variable], model.tensors[copy]);
      if (isUnchanged && isSame && !kept.has(copy)) {
        replaced.set(copy, variable);
        continue;
      }
    } else {
      for (const index of operator.inputs) if (model.tensors[index]?.variable) nextChange.set(index, step);
    }
    operators.push(operator);
  }
  return {
    ...model,
    tensors: model.tensors.map(({ resource: _, ...tensor }) => tensor),
    operators: operators
      .toReversed()
      .map((operator) => ({ ...operator, inputs: operator.inputs.map((index) => replaced.get(index) ?? index) })),
  };
}
