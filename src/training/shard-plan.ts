import type { Model } from "../model/model";
import { modelWork } from "../model/summarize";
import { elementCount } from "../model/tensor";

/** How a batch is cut into shards, which threads share out. */
export interface ShardPlan {
  /** Of a whole batch; a batch of fewer samples may have fewer. */
  count: number;
  /** Samples of each, but for the last one with samples. */
  samples: number;
}

/** Multiply-accumulate operations of a shard's forward run that are worth a meeting of the threads. */
const leastWork = 4e6;
/** How much of that work there must be for each weight: the shards' gradients are added up, weight by weight. */
const leastWorkPerWeight = 32;
const mostShards = 8;

/**
 * The shards of a batch: as many as are worth it, a power of two. They depend on the network and the batch alone, never on
 * the machine or the number of threads, for sums of floats depend on how they are split.
 */
export function planShards(model: Model, batchSize: number): ShardPlan {
  const weights = model.tensors.reduce(
    (sum, { data, shape }) => sum + (data === undefined ? 0 : elementCount(shape)),
    0,
  );
  const work = batchSize * modelWork(model);
  let count = 1;
  while (
    2 * count <= Math.min(mostShards, batchSize) &&
    work / (2 * count) >= Math.max(leastWork, leastWorkPerWeight * weights)
  ) {
    count *= 2;
  }
  return { count, samples: Math.ceil(batchSize / count) };
}
