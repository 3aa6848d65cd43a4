import { TinymlError } from "../errors";
import { kernels } from "../kernels/kernels";
import type { NormalizeBlock, PointwiseBlock } from "../model/metadata";
import { normalizationOf } from "../model/normalize";

/** Features of readings, number by number: the description's blocks, run by the kernels on a place of their memory. */
export interface Features {
  /** Applies all blocks, in place, to `readings` readings that lie row-major at the address given to `planFeatures`. */
  run(readings: number): void;
  dispose(): void;
}

/**
 * Prepares a feature description to run at one place of the kernels' memory.
 *
 * @param blocks the description, as the model's metadata carries it
 * @param address where the readings lie, float32, row-major readings × channels
 * @param channels numbers per reading
 * @throws TinymlError TINYML_MODEL_INVALID when the description is of another number of channels
 */
export function planFeatures(blocks: readonly PointwiseBlock[], address: number, channels: number): Features {
  const { call, heap } = kernels();
  const plans = blocks.map((block) => {
    const normalization = normalizationOf(block, channels);
    if (normalization === undefined) {
      throw new TinymlError(
        "TINYML_MODEL_INVALID",
        `The model normalizes other readings than it takes, which have ${channels} channels; train it again.`,
      );
    }
    const mean = heap.allocate(8 * channels);
    const factor = mean + 4 * channels;
    heap.float32.set(normalization.mean, mean / 4);
    heap.float32.set(normalization.factor, factor / 4);
    return { mean, factor };
  });
  return {
    run(readings) {
      for (const { mean, factor } of plans) call.tinyml_normalize(address, address, readings, channels, mean, factor);
    },
    dispose() {
      for (const { mean } of plans.splice(0)) heap.release(mean);
    },
  };
}

/**
 * The features of many readings at once, as a new array.
 * @param values row-major readings × channels
 */
export function applyFeatures(blocks: readonly PointwiseBlock[], values: Float32Array, channels: number): Float32Array {
  const { heap } = kernels();
  const address = heap.allocate(values.byteLength);
  try {
    heap.float32.set(values, address / 4);
    const features = planFeatures(blocks, address, channels);
    try {
      features.run(values.length / channels);
      return heap.float32.slice(address / 4, address / 4 + values.length);
    } finally {
      features.dispose();
    }
  } finally {
    heap.release(address);
  }
}

/**
 * Learns a "normalize" block from rows: mean and standard deviation (of the population) of each channel. A channel that
 * never changes gets deviation 1, so that it becomes 0 and not NaN. So does one whose changes float32 can hardly hold beside its
 * mean: dividing by them would blow up the first reading that differs.
 *
 * @param parts the rows, in parts that are row-major rows × channels; at least one row. They are gone through twice, so a
 *   table need not be in memory.
 */
export function fitNormalize(parts: Iterable<Float32Array>, channels: number): NormalizeBlock {
  const mean = new Array<number>(channels).fill(0);
  const variance = new Array<number>(channels).fill(0);
  let rows = 0;
  for (const values of parts) {
    for (let i = 0; i < values.length; i++) mean[i % channels] += values[i];
    rows += values.length / channels;
  }
  for (let channel = 0; channel < channels; channel++) mean[channel] /= rows;
  for (const values of parts) {
    for (let i = 0; i < values.length; i++) variance[i % channels] += (values[i] - mean[i % channels]) ** 2;
  }
  for (let channel = 0; channel < channels; channel++) variance[channel] /= rows;
  return {
    block: "normalize",
    mean: mean.map(Math.fround),
    deviation: variance.map((squared, channel) => {
      const deviation = Math.fround(Math.sqrt(squared));
      const least = Math.max(Math.abs(mean[channel]) * 2 ** -22, leastDeviation);
      return deviation > least ? deviation : 1;
    }),
  };
}

/** Of smaller numbers the inverse is no float32 any more, or only on machines that have subnormal numbers. */
const leastDeviation = 2 ** -120;
