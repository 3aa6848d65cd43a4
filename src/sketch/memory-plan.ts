import { sharesMemory } from "../model/kernel-calls";
import type { Model, OperatorType } from "../model/model";
import { elementCount } from "../model/tensor";

/** Where the computed tensors of a model lie in one array, in elements. */
export interface MemoryPlan {
  /** Elements of the whole array. */
  length: number;
  /** The first element of each computed tensor, by its index in the model. */
  offsets: ReadonlyMap<number, number>;
}

/** Operators whose kernels may write the output over the input. */
const IN_PLACE: readonly OperatorType[] = ["RELU", "LOGISTIC", "TANH", "SOFTMAX"];

/** A piece of memory: the tensors that share it, and from which to which step of the model it is in use. */
interface Block {
  tensors: number[];
  length: number;
  first: number;
  last: number;
}

/**
 * Plans the memory of everything that a run computes, inputs and outputs included: tensors that are never needed at the
 * same time share elements, element-wise operators work in place, and a new shape is the same memory. Outputs stay until the next run; inputs may be
 * overwritten by it.
 */
export function planMemory(model: Model): MemoryPlan {
  const blocks = findBlocks(model);
  // The largest first, each at the lowest place that is free for as long as it is needed.
  const placed: { block: Block; offset: number }[] = [];
  for (const block of [...blocks].sort((a, b) => b.length - a.length || a.first - b.first)) {
    const neighbours = placed
      .filter(({ block: other }) => other.first <= block.last && block.first <= other.last)
      .sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const { block: other, offset: taken } of neighbours) {
      if (offset + block.length <= taken) break;
      offset = Math.max(offset, taken + other.length);
    }
    placed.push({ block, offset });
  }
  return {
    length: Math.max(0, ...placed.map(({ block, offset }) => offset + block.length)),
    offsets: new Map(placed.flatMap(({ block, offset }) => block.tensors.map((tensor) => [tensor, offset]))),
  };
}

function findBlocks(model: Model): Set<Block> {
  const end = model.operators.length;
  const lastUse = new Map<number, number>();
  model.operators.forEach((operator, step) => {
    for (const tensor of operator.inputs) lastUse.set(tensor, step);
  });
  for (const tensor of model.outputs) lastUse.set(tensor, end);

  const blockOf = new Map<number, Block>();
  const begin = (tensor: number, first: number): void => {
    const last = lastUse.get(tensor) ?? first;
    blockOf.set(tensor, { tensors: [tensor], length: elementCount(model.tensors[tensor].shape), first, last });
  };
  for (const tensor of model.inputs) begin(tensor, -1);
  model.operators.forEach((operator, step) => {
    const [output] = operator.outputs;
    const input = blockOf.get(operator.inputs[0]);
    const inPlace = IN_PLACE.includes(operator.type) && input?.last === step;
    if (input !== undefined && (inPlace || sharesMemory(operator))) {
      input.tensors.push(output);
      input.last = Math.max(input.last, lastUse.get(output) ?? step);
      blockOf.set(output, input);
    } else {
      begin(output, step);
    }
  });
  return new Set(blockOf.values());
}
