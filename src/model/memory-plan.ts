import type { Model, Operator } from "./model";
import { operatorRule } from "./operators";
import { tensorBytes } from "./tensor";

/** Where everything that a run computes lies in one piece of memory, in bytes. */
export interface MemoryPlan {
  /** Of the whole piece. */
  bytes: number;
  /** The first byte of each tensor that is no constant, by its index in the model. */
  offsets: ReadonlyMap<number, number>;
  /** What no plan can go below: the most that is in use at any step. */
  lowerBound: number;
}

/** A piece of memory, and from which to which step it is in use. */
export interface Block {
  bytes: number;
  first: number;
  last: number;
}

/** A block of tensors: what shares it. */
interface TensorBlock extends Block {
  tensors: number[];
}

interface PlacedBlock<Kind extends Block> {
  block: Kind;
  offset: number;
}

/**
 * Plans the memory of everything that a run computes, inputs and outputs included: tensors that are never needed at the
 * same time share bytes, element-wise operators work in place, and a new shape is the same memory. Outputs stay until
 * the next run; inputs may be overwritten by it. Variable tensors keep bytes of their own.
 *
 * @param alignment every tensor begins at a multiple of so many bytes
 */
export function planMemory(model: Model, alignment: number): MemoryPlan {
  const blocks = findBlocks(model, alignment);
  const placed = placeBlocks(blocks);
  return {
    bytes: lengthOf(placed),
    offsets: new Map(placed.flatMap(({ block, offset }) => block.tensors.map((tensor) => [tensor, offset]))),
    lowerBound: mostInUse(blocks),
  };
}

/** A place for each block, so that those in use at the same step never overlap; the shortest of several plans. */
export function placeBlocks<Kind extends Block>(blocks: readonly Kind[]): readonly PlacedBlock<Kind>[] {
  let best = placeApart(blocks);
  if (blocks.length > MOST_BLOCKS) return best;
  const lowerBound = mostInUse(blocks);
  for (const order of ORDERS) {
    // most models reach it with the first
    if (lengthOf(best) === lowerBound) break;
    const plan = place([...blocks].sort(order));
    if (lengthOf(plan) < lengthOf(best)) best = plan;
  }
  return best;
}

/** The bytes that placed blocks take together. */
export function lengthOf(placed: readonly PlacedBlock<Block>[]): number {
  return placed.reduce((length, { block, offset }) => Math.max(length, offset + block.bytes), 0);
}

/** Planning takes time with the square of their number; a model of more operators was made to waste it. */
const MOST_BLOCKS = 4000;

/** Which blocks are placed first: no one order is the best for every model. */
const ORDERS: readonly ((a: Block, b: Block) => number)[] = [
  (a, b) => b.bytes - a.bytes || a.first - b.first,
  (a, b) => b.bytes - a.bytes || b.first - a.first,
  (a, b) => b.last - b.first - (a.last - a.first) || b.bytes - a.bytes,
  (a, b) => a.first - b.first || b.bytes - a.bytes,
  (a, b) => b.last - a.last || b.bytes - a.bytes,
];

/** Each block at the lowest place that is free for as long as it is needed. */
function place<Kind extends Block>(blocks: readonly Kind[]): PlacedBlock<Kind>[] {
  // in the order of their offsets, so that the gaps between those in the way are met from the lowest on
  const placed: PlacedBlock<Kind>[] = [];
  for (const block of blocks) {
    let offset = 0;
    for (const { block: other, offset: taken } of placed) {
      if (other.first > block.last || block.first > other.last) continue;
      if (offset + block.bytes <= taken) break;
      offset = Math.max(offset, taken + other.bytes);
    }
    const next = placed.findIndex((other) => other.offset > offset);
    placed.splice(next < 0 ? placed.length : next, 0, { block, offset });
  }
  return placed;
}

/** Every block in bytes of its own. */
function placeApart<Kind extends Block>(blocks: readonly Kind[]): PlacedBlock<Kind>[] {
  let offset = 0;
  return blocks.map((block) => {
    offset += block.bytes;
    return { block, offset: offset - block.bytes };
  });
}

function mostInUse(blocks: readonly Block[]): number {
  const changes = blocks.flatMap(({ bytes, first, last }) => [
    { step: first, bytes },
    { step: last + 1, bytes: -bytes },
  ]);
  // at the same step, what ends comes before what begins
  changes.sort((a, b) => a.step - b.step || a.bytes - b.bytes);
  let [inUse, most] = [0, 0];
  for (const { bytes } of changes) {
    inUse += bytes;
    most = Math.max(most, inUse);
  }
  return most;
}

function findBlocks(model: Model, alignment: number): TensorBlock[] {
  const end = model.operators.length;
  const lastUse = new Map<number, number>();
  model.operators.forEach((operator, step) => {
    for (const tensor of operator.inputs) lastUse.set(tensor, step);
  });
  for (const tensor of model.outputs) lastUse.set(tensor, end);

  const aligned = (bytes: number) => Math.ceil(bytes / alignment) * alignment;
  const blocks: TensorBlock[] = [];
  const blockOf = new Map<number, TensorBlock>();
  const begin = (tensor: number, first: number, last: number): void => {
    const block = { tensors: [tensor], bytes: aligned(tensorBytes(model.tensors[tensor])), first, last };
    blocks.push(block);
    blockOf.set(tensor, block);
  };
  model.tensors.forEach(({ variable }, tensor) => {
    if (variable) begin(tensor, -1, end);
  });
  for (const tensor of model.inputs) begin(tensor, -1, lastUse.get(tensor) ?? -1);
  model.operators.forEach((operator, step) => {
    operator.outputs.forEach((output, i) => {
      const last = lastUse.get(output) ?? step;
      const input = i === 0 ? blockOf.get(operator.inputs[0]) : undefined;
      if (input !== undefined && mayShare(model, operator, input, step, output)) {
        input.tensors.push(output);
        input.last = Math.max(input.last, last);
        blockOf.set(output, input);
      } else if (!operatorRule(operator.type).sharesMemory) {
        begin(output, step, last);
      }
    });
  });
  return blocks;
}

/** Whether an operator's output may lie where its first input lies. */
function mayShare(model: Model, { type, inputs }: Operator, input: TensorBlock, step: number, output: number): boolean {
  const { sharesMemory, inPlace } = operatorRule(type);
  if (sharesMemory) return true;
  const [from, to] = [model.tensors[inputs[0]], model.tensors[output]];
  // an input that is repeated, or has smaller elements, would be overwritten before it is read
  return inPlace === true && input.last === step && tensorBytes(from) === tensorBytes(to) && !from.variable;
}
