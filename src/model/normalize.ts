import type { NormalizeBlock } from "./metadata";

/** What the kernel multiplies by: 1 / deviation in float32, here as in every sketch. */
export function inverseDeviation(block: NormalizeBlock): Float32Array {
  return Float32Array.from(block.deviation, (deviation) => 1 / Math.fround(deviation));
}
