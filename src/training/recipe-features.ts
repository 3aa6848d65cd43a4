import * as v from "valibot";
import { STATISTICS } from "../model/statistics";

const wantedDivisor = "a number from 1e-30 to 1e30 is needed";

const scaleBlock = v.strictObject({
  block: v.pipe(v.literal("scale"), v.description("Divides every number by the same one.")),
  divide: v.pipe(
    v.number(wantedDivisor),
    v.minValue(1e-30, wantedDivisor),
    v.maxValue(1e30, wantedDivisor),
    v.description("What is divided by; 255 brings a picture's bytes into 0..1."),
  ),
});

const statisticsBlock = v.strictObject({
  block: v.pipe(
    v.literal("statistics"),
    v.description(
      "Makes of a window [readings, channels] a few numbers per channel that say what it looks like, [channels × statistics]. For gestures and vibrations: the network gets small.",
    ),
  ),
  of: v.optional(
    v.pipe(
      v.array(v.picklist(STATISTICS)),
      v.minLength(1, "at least one statistic is needed"),
      v.readonly(),
      v.description("Which statistics; they come in the order of the default."),
    ),
    [...STATISTICS],
  ),
});

const normalizeBlock = v.strictObject({
  block: v.pipe(
    v.literal("normalize"),
    v.description("Brings every channel to mean 0 and deviation 1, as learned from the training rows. The last block."),
  ),
});

/** The feature blocks of a recipe. */
export const featuresSchema = v.optional(
  v.pipe(
    v.array(v.variant("block", [scaleBlock, statisticsBlock, normalizeBlock])),
    v.readonly(),
    v.description("What is done to samples before the network sees them, in training, prediction and sketch alike."),
  ),
  [],
);

/** The first thing that is wrong with the order of a recipe's feature blocks, and where; undefined where nothing is. */
export function findFeatureFault(
  blocks: v.InferOutput<typeof featuresSchema>,
): { path: string; problem: string } | undefined {
  for (const [i, { block }] of blocks.entries()) {
    const path = `features.${i}.block`;
    if (blocks.findIndex((other) => other.block === block) < i) return { path, problem: `there is a ${block} already` };
    if (block === "normalize" && i < blocks.length - 1) return { path, problem: "normalize must be the last block" };
  }
  return undefined;
}
