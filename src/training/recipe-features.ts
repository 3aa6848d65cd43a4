import * as v from "valibot";

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

const normalizeBlock = v.strictObject({
  block: v.pipe(
    v.literal("normalize"),
    v.description("Brings every channel to mean 0 and deviation 1, as learned from the training rows. The last block."),
  ),
});

/** The feature blocks of a recipe. */
export const featuresSchema = v.optional(
  v.pipe(
    v.array(v.variant("block", [scaleBlock, normalizeBlock])),
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
