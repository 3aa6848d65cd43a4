import { TinymlError } from "../errors";
import { kernels } from "../kernels/kernels";
import type { FeatureBlock, NormalizeBlock } from "../model/metadata";
import { inverseDeviation } from "../model/normalize";

/** Features of a reading: the description's blocks, run by the kernels on a place of their memory. */
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
export function planFeatures(blocks: readonly FeatureBlock[], address: number, channels: number): Features {
  const { call, heap } = kernels();
  const plans = blocks.map((block) => {
    if (block.mean.length !== channels || block.deviation.length !== channels) {
      throw new TinymlError(
        "TINYML_MODEL_INVALID",
        `The model normalizes ${block.mean.length} channels, but its readings have ${channels}; train it again.`,
      );
    }
    const mean = heap.allocate(8 * channels);
    const inverse = mean + 4 * channels;
    heap.float32.set(block.mean, mean / 4);
    heap.float32.set(inverseDeviation(block), inverse / 4);
    return { mean, inverse };
  });
  return {
    run(readings) {
      for (const { mean, inverse } of plans) call.tinyml_normalize(address, address, readings, channels, mean, inverse);
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
export function applyFeatures(blocks: readonly FeatureBlock[], values: Float32Array, channels: number): Float32Array {
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
 * @param rows row-major rows × channels, at least one row
 */
export function fitNormalize(rows: Float32Array, channels: number): NormalizeBlock {
  const count = rows.length / channels;
  const mean = new Array<number>(channels).fill(0);
  const variance = new Array<number>(channels).fill(0);
  for (let i = 0; i < rows.length; i++) mean[i % channels] += rows[i] / count;
  for (let i = 0; i < rows.length; i++) variance[i % channels] += (rows[i] - mean[i % channels]) ** 2 / count;
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
