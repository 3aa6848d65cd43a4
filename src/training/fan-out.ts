import type { Model, Operator } from "../model/model";
import type { TrainingPlaces, TrainingWork } from "./gradients/gradient-rule";

/** The order in which gradients are computed, last operator first. */
export interface BackwardPlan {
  /**
   * The model with a further tensor, an alias, for each reader of a tensor but the first: it has the same numbers and a
   * gradient of its own.
   */
  model: Model;
  /** The tensor that each alias stands for. */
  aliasOf: ReadonlyMap<number, number>;
  operators: readonly BackwardOperator[];
}

/** An operator on the way back. */
export interface BackwardOperator {
  /** Its inputs may be aliases; tensors are those of the plan's model. */
  operator: Operator;
  /** The gradients of aliases that are then added to those of their tensors; an alias's is not read any more after it. */
  sums: readonly { from: number; to: number }[];
}

/**
 * Plans the way back through a network in which several operators may read one tensor: the first to come writes its
 * gradient, others write to an alias's, which is added. Operators whose output has no part in the loss are left out.
 *
 * @param lossTensor whose gradient the loss writes
 * @param needsGradient whether a tensor's gradient is wanted at all
 */
export function planBackward(
  model: Model,
  lossTensor: number,
  needsGradient: (tensor: number) => boolean,
): BackwardPlan {
  const tensors = [...model.tensors];
  const aliasOf = new Map<number, number>();
  const written = new Set([lossTensor]);
  const operators: BackwardOperator[] = [];
  for (const operator of model.operators.toReversed()) {
    if (!operator.outputs.some((output) => written.has(output))) continue;
    const sums: { from: number; to: number }[] = [];
    const inputs = operator.inputs.map((input) => {
      if (input < 0 || !needsGradient(input)) return input;
      if (!written.has(input)) {
        written.add(input);
        return input;
      }
      const alias = tensors.push({ ...model.tensors[input] }) - 1;
      aliasOf.set(alias, input);
      sums.push({ from: alias, to: input });
      return alias;
    });
    operators.push({ operator: { ...operator, inputs }, sums });
  }
  return { model: { ...model, tensors }, aliasOf, operators };
}

/** Adds the gradients of aliases to those of their tensors. */
export function sumWork(sums: BackwardOperator["sums"], places: TrainingPlaces): TrainingWork {
  const { call } = places.kernels;
  return sums.map(({ from, to }) => {
    const [piece, sum, count] = [places.gradient(from), places.gradient(to), places.count(to)];
    // weights have one gradient, not one for each sample
    if (places.model.tensors[to].data !== undefined) return () => call.tinyml_add_floats(piece, sum, count);
    return (batch: number) => call.tinyml_add_floats(piece, sum, batch * count);
  });
}
