import type { TensorData, TensorType } from "../model/model";
import { elementBytes, elementCount, tensorDataOver } from "../model/tensor";
import { damaged, type FlatTable, unsupported } from "./cursor";
import { DIMENSION_METADATA, INDEX_VECTOR, SPARSITY, type TENSOR } from "./schema";

/** More levels than this no tensor has: a level for each dimension, and one for each dimension's blocks. */
const MAXIMUM_LEVELS = 16;

/** One level of the tree in which a sparse constant's elements hang: all indices of a dimension, or those that are listed. */
type Level =
  | { listed: false; size: number }
  /** The children of node n are the entries segments[n] … segments[n + 1] − 1 of `indices`. */
  | { listed: true; segments: readonly number[]; indices: readonly number[] };

/**
 * The elements of a constant that is stored in TensorFlow Lite's sparse form, with zeros between them; undefined for a
 * tensor that is not.
 *
 * A level of the tree stands for a dimension of the tensor, or for the place inside of a block where a dimension is cut
 * into blocks; `traversal_order` says which. The leaves are the stored elements in their order.
 */
export function readSparse(
  table: FlatTable<keyof typeof TENSOR>,
  type: TensorType,
  shape: readonly number[],
  stored: TensorData | undefined,
): TensorData | undefined {
  const sparsity = table.table("sparsity", SPARSITY);
  if (sparsity === undefined) return undefined;
  const where = sparsity.path;
  const order = sparsity.int32s("traversal_order");
  const blockMap = sparsity.int32s("block_map");
  const levels = sparsity.tables("dim_metadata", DIMENSION_METADATA).map(readLevel);
  const rank = shape.length;
  if (order.length > MAXIMUM_LEVELS) throw damaged(where, `has more than ${MAXIMUM_LEVELS} levels`);
  const isPermutation =
    new Set(order).size === order.length && order.every((d) => d >= 0 && d < rank + blockMap.length);
  if (order.length !== rank + blockMap.length || levels.length !== order.length || !isPermutation) {
    throw damaged(where, `has ${levels.length} levels for ${rank} dimensions and ${blockMap.length} blocks`);
  }
  const bytes = elementCount(shape) * elementBytes(type);
  if (!(bytes > 0)) throw damaged(where, `is of a tensor [${shape}] without elements`);
  table.file.expand(bytes, where);
  const dense = tensorDataOver(type, new ArrayBuffer(bytes));
  const blockSizes = blockMap.map((_, block) => {
    const level = levels[order.indexOf(rank + block)];
    if (level === undefined || level.listed) throw damaged(where, `does not say how large block ${block} is`);
    return level.size;
  });
  const place: number[] = [];
  let leaves = 0;
  const descend = (depth: number, node: number): void => {
    const level = levels[depth];
    if (level === undefined) {
      copyElement(dense, placeOf(place, order, shape, blockMap, blockSizes, where), stored, leaves);
      leaves += 1;
      return;
    }
    const first = level.listed ? level.segments[node] : 0;
    const end = level.listed ? level.segments[node + 1] : level.size;
    if (first === undefined || end === undefined) throw damaged(where, "has a list that ends too early");
    table.file.visit(Math.max(0, end - first), where);
    for (let i = first; i < end; i += 1) {
      place[depth] = level.listed ? (level.indices[i] ?? -1) : i;
      descend(depth + 1, level.listed ? i : node * level.size + i);
    }
  };
  descend(0, 0);
  if (leaves !== stored?.length)
    throw damaged(where, `places ${leaves} elements where ${stored?.length ?? 0} are stored`);
  return dense;
}

function readLevel(table: FlatTable<keyof typeof DIMENSION_METADATA>): Level {
  const format = table.int8("format");
  if (format === 0) return { listed: false, size: table.int32("dense_size") };
  if (format !== 1)
    throw unsupported(table.where("format"), `is ${format}, a way to store that this package does not know`);
  return {
    listed: true,
    segments: readIndices(table, "array_segments_type", "array_segments"),
    indices: readIndices(table, "array_indices_type", "array_indices"),
  };
}

function readIndices(
  table: FlatTable<keyof typeof DIMENSION_METADATA>,
  typeField: "array_segments_type" | "array_indices_type",
  field: "array_segments" | "array_indices",
): readonly number[] {
  const vector = table.table(field, INDEX_VECTOR);
  const type = table.uint8(typeField);
  if (vector === undefined) return [];
  if (type === 1) return vector.int32s("values");
  if (type === 2) return vector.uint16s("values");
  if (type === 3) return vector.uint8s("values");
  throw unsupported(table.where(typeField), `is ${type}, a kind of list that this package does not know`);
}

/** The element that a leaf stands for, by its indices on all levels. */
function placeOf(
  indices: readonly number[],
  order: readonly number[],
  shape: readonly number[],
  blockMap: readonly number[],
  blockSizes: readonly number[],
  where: string,
): number {
  const rank = shape.length;
  const place = shape.map((_, dimension) => indices[order.indexOf(dimension)] ?? 0);
  blockMap.forEach((dimension, block) => {
    const inside = indices[order.indexOf(rank + block)] ?? 0;
    place[dimension] = (place[dimension] ?? 0) * (blockSizes[block] ?? 1) + inside;
  });
  return place.reduce((at, index, dimension) => {
    const size = shape[dimension] ?? 0;
    if (index < 0 || index >= size) throw damaged(where, `places an element at ${index} of ${size}`);
    return at * size + index;
  }, 0);
}

function copyElement(to: TensorData, at: number, from: TensorData | undefined, index: number): void {
  // both are arrays of the tensor's one type
  if (to instanceof BigInt64Array) to[at] = from instanceof BigInt64Array ? (from[index] ?? 0n) : 0n;
  else to[at] = Number(from?.[index] ?? 0);
}
