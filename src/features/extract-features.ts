import { TinymlError } from "../errors";
import { kernels } from "../kernels/kernels";
import type { FeatureBlock, StatisticsBlock } from "../model/metadata";
import { STATISTICS } from "../model/statistics";
import { elementCount } from "../model/tensor";
import { featureShape } from "./feature-shape";
import { planFeatures } from "./features";

/** Features of whole samples, one after another, by the kernels. */
export interface FeatureExtractor {
  /** The shape of what comes out. */
  readonly shape: readonly number[];
  /**
   * The features of a sample (row-major in its shape), as a new array.
   * @throws TinymlError TINYML_NOT_A_NUMBER for readings so large that a feature of them is no number: a fourth power leaves float32 early
   */
  extract(sample: ArrayLike<number>): Float32Array;
  dispose(): void;
}

interface FeatureStep {
  run(values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer>;
  dispose(): void;
}

/** Statistics of a window whose readings are pushed as they come, in pieces of any length. */
export interface StreamingStatistics {
  /** How many readings were pushed since the last reset. */
  readonly readings: number;
  /** Begins a new window. */
  reset(): void;
  /** Takes readings, row-major readings × channels. */
  push(readings: ArrayLike<number>): void;
  /** The statistics of what was pushed, at least one reading, [channels × statistics]. */
  features(): Float32Array<ArrayBuffer>;
  dispose(): void;
}

/**
 * Prepares a description to make features of samples of a shape.
 * @param blocks the description, as a model's metadata carries it
 * @throws TinymlError TINYML_MODEL_INVALID when it is of other samples
 */
export function createFeatureExtractor(blocks: readonly FeatureBlock[], shape: readonly number[]): FeatureExtractor {
  const steps: FeatureStep[] = [];
  const dispose = (): void => {
    for (const step of steps.splice(0)) step.dispose();
  };
  try {
    blocks.forEach((block, i) => {
      const before = featureShape(blocks.slice(0, i), shape);
      const channels = before[before.length - 1];
      if (block.block === "statistics") {
        const statistics = createStatistics(block, channels);
        steps.push({
          run(values) {
            statistics.reset();
            statistics.push(values);
            return statistics.features();
          },
          dispose: statistics.dispose,
        });
        return;
      }
      const { heap } = kernels();
      const count = elementCount(before);
      const address = heap.allocate(4 * count);
      const release = (): void => heap.release(address);
      steps.push({ run: (values) => values, dispose: release });
      const features = planFeatures([block], address, channels);
      steps.push({
        run(values) {
          heap.float32.set(values, address / 4);
          features.run(count / channels);
          return heap.float32.slice(address / 4, address / 4 + count);
        },
        dispose: features.dispose,
      });
    });
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    shape: featureShape(blocks, shape),
    extract(sample) {
      let values = Float32Array.from(sample);
      for (const step of steps) values = step.run(values);
      if (values.every(Number.isFinite)) return values;
      throw new TinymlError(
        "TINYML_NOT_A_NUMBER",
        "The readings are too large for their statistics. Divide them first, so that they stay below a million.",
      );
    },
    dispose,
  };
}

/** Readings that are copied to the kernels' memory at once. */
const readingsAtOnce = 64;

/** Prepares the statistics of a block for readings of so many channels. */
export function createStatistics({ of }: StatisticsBlock, channels: number): StreamingStatistics {
  const { call, heap } = kernels();
  const wanted = STATISTICS.reduce((bits, statistic, i) => (of.includes(statistic) ? bits | (1 << i) : bits), 0);
  const width = channels * STATISTICS.filter((statistic) => of.includes(statistic)).length;
  // As in tinyml_kernels.h: a number of state for each statistic of a channel.
  const stateBytes = 4 * 9 * channels;
  const bufferBytes = 4 * channels * readingsAtOnce;
  const state = heap.allocate(stateBytes + bufferBytes + 4 * width);
  const buffer = state + stateBytes;
  const output = buffer + bufferBytes;
  let count = 0;
  const reset = (): void => {
    count = 0;
    call.tinyml_statistics_reset(state, channels);
  };
  reset();
  return {
    get readings() {
      return count;
    },
    reset,
    push(readings) {
      const total = readings.length / channels;
      for (let from = 0; from < total; from += readingsAtOnce) {
        const now = Math.min(readingsAtOnce, total - from);
        const memory = heap.float32;
        for (let i = 0; i < now * channels; i++) memory[buffer / 4 + i] = readings[from * channels + i];
        call.tinyml_statistics_push(state, buffer, now, channels, count);
        count += now;
      }
    },
    features() {
      call.tinyml_statistics_features(state, count, channels, wanted, output);
      return heap.float32.slice(output / 4, output / 4 + width);
    },
    dispose: () => heap.release(state),
  };
}
