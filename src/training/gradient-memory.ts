import { lengthOf, placeBlocks } from "../model/memory-plan";
import type { Model, Operator } from "../model/model";
import { operatorRule } from "../model/operators";
import { tensorBytes } from "../model/tensor";

/** Where the gradients of what a network computes lie for one sample, in bytes. */
export interface GradientMemory {
  /** Of the whole piece. */
  bytes: number;
  /** The first byte of each gradient, by its tensor. */
  offsets: ReadonlyMap<number, number>;
}

/**
 * Plans the memory of the gradients of what a network computes. A gradient is in use from the operator that writes it, which
 * reads the tensor, to the one that made the tensor; gradients that are never needed at the same time share bytes.
 *
 * @param backward the operators in the order in which their gradients are computed
 * @param lossTensor whose gradient the loss writes, before them
 * @param wanted tells the tensors that need a gradient
 * @param alignment every gradient begins at a multiple of so many bytes
 */
export function planGradientMemory(
  model: Model,
  backward: readonly Operator[],
  lossTensor: number,
  wanted: (tensor: number) => boolean,
  alignment: number,
): GradientMemory {
  const blocks: { bytes: number; first: number; last: number; tensors: number[] }[] = [];
  const blockOf = new Map<number, (typeof blocks)[number]>();
  const begin = (tensor: number, step: number): void => {
    if (blockOf.has(tensor) || !wanted(tensor)) return;
    const bytes = Math.ceil(tensorBytes(model.tensors[tensor]) / alignment) * alignment;
    const block = { bytes, first: step, last: step, tensors: [tensor] };
    blocks.push(block);
    blockOf.set(tensor, block);
  };
  begin(lossTensor, -1);
  backward.forEach(({ type, inputs, outputs: [output] }, step) => {
    const block = blockOf.get(output);
    if (block !== undefined) block.last = step;
    if (block !== undefined && operatorRule(type).sharesMemory && wanted(inputs[0]) && !blockOf.has(inputs[0])) {
      // a new shape of the same numbers: the gradient, too, is the same memory
      block.tensors.push(inputs[0]);
      blockOf.set(inputs[0], block);
    }
    for (const input of inputs) if (input >= 0) begin(input, step);
  });
  const placed = placeBlocks(blocks);
  return {
    bytes: lengthOf(placed),
    offsets: new Map(placed.flatMap(({ block, offset }) => block.tensors.map((tensor) => [tensor, offset]))),
  };
}
