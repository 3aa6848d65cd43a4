import type { PointwiseBlock } from "./metadata";

/** What the kernel `tinyml_normalize` takes: (value − mean) × factor, per channel. */
export interface Normalization {
  mean: Float32Array;
  factor: Float32Array;
}

/**
 * A feature block as the kernel computes it, here as in every sketch: both blocks subtract and multiply. The factor is the
 * inverse of the deviation, or of what is divided by, rounded to float32.
 * @param channels numbers per reading; undefined when the block is of another number of channels
 */
export function normalizationOf(block: PointwiseBlock, channels: number): Normalization | undefined {
  if (block.block === "scale") {
    const factor = new Float32Array(channels).fill(1 / Math.fround(block.divide));
    return { mean: new Float32Array(channels), factor };
  }
  if (block.mean.length !== channels || block.deviation.length !== channels) return undefined;
  return {
    mean: Float32Array.from(block.mean),
    factor: Float32Array.from(block.deviation, (deviation) => 1 / Math.fround(deviation)),
  };
}
