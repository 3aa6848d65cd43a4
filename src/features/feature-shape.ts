import { TinymlError } from "../errors";
import type { FeatureBlock, PointwiseBlock, StatisticsBlock } from "../model/metadata";
import { STATISTICS } from "../model/statistics";

/** The statistics of a block in the order in which it gives them. */
export function statisticsOf({ of }: StatisticsBlock): readonly (typeof STATISTICS)[number][] {
  return STATISTICS.filter((statistic) => of.includes(statistic));
}

/**
 * The shape of what a description makes of samples.
 * @param shape of a sample, its channels last
 * @throws TinymlError TINYML_MODEL_INVALID for statistics of what is no window
 */
export function featureShape(
  blocks: readonly (Pick<PointwiseBlock, "block"> | StatisticsBlock)[],
  shape: readonly number[],
): readonly number[] {
  let current = shape;
  for (const block of blocks) {
    if (block.block !== "statistics" || !("of" in block)) continue;
    if (current.length !== 2) {
      throw new TinymlError(
        "TINYML_MODEL_INVALID",
        `Statistics are those of a window [readings, channels], but a sample is [${current.join(", ")}]. Train the model again.`,
      );
    }
    current = [current[1] * statisticsOf(block).length];
  }
  return current;
}

/** The names of a window's features in their order ("x mean", "x deviation", …), or of the channels where nothing changes their number. */
export function featureNames(blocks: readonly FeatureBlock[], channels: readonly string[]): readonly string[] {
  return blocks.reduce<readonly string[]>(
    (names, block) =>
      block.block === "statistics"
        ? names.flatMap((name) => statisticsOf(block).map((statistic) => `${name} ${statistic}`))
        : names,
    channels,
  );
}

/**
 * A description in two parts: the blocks up to the last one that changes the shape, and those behind it, which work number by number, so
 * that they can run where a graph's input lies.
 */
export function splitBlocks(blocks: readonly FeatureBlock[]): {
  shaping: readonly FeatureBlock[];
  pointwise: readonly PointwiseBlock[];
} {
  const end = blocks.findLastIndex(({ block }) => block === "statistics") + 1;
  return {
    shaping: blocks.slice(0, end),
    pointwise: blocks.slice(end).filter((block) => block.block !== "statistics"),
  };
}
