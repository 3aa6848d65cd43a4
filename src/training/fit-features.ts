import { copySamples } from "../dataset/samples";
import { inputWidth, type Table } from "../dataset/table";
import { applyFeatures, fitNormalize } from "../features/features";
import type { FeatureBlock, PointwiseBlock } from "../model/metadata";
import type { Recipe } from "./recipe";

/** How many numbers are in memory at once while a block learns from a table. */
const numbersAtOnce = 2 ** 18;

/** A recipe's blocks that work number by number, as they are before they have learned. */
export type PointwiseFeatures = readonly Exclude<Recipe["features"][number], { block: "statistics" }>[];

/**
 * A recipe's features as the model will carry them: what they learn, they learn from the given rows, through the blocks
 * before them. The table is read in parts, however large it is.
 *
 * @param rows the training rows, at least one
 * @throws what reading the table's file throws
 */
export function fitFeatures(wanted: PointwiseFeatures, table: Table, rows: Uint32Array): PointwiseBlock[] {
  const channels = table.channels.length;
  const learned: PointwiseBlock[] = [];
  for (const block of wanted) {
    if (block.block === "scale") learned.push(block);
    else learned.push(fitNormalize({ [Symbol.iterator]: () => partsOf(table, rows, [...learned]) }, channels));
  }
  return learned;
}

/** The rows through some blocks, a part at a time. */
function* partsOf(table: Table, rows: Uint32Array, blocks: readonly PointwiseBlock[]): Generator<Float32Array> {
  const width = inputWidth(table);
  const rowsAtOnce = Math.max(1, Math.floor(numbersAtOnce / width));
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    const values = copySamples(table.inputs, width, rows.subarray(from, from + rowsAtOnce));
    yield applyFeatures(blocks, values, table.channels.length);
  }
}

/** A recipe's features in two parts: what changes the shape of samples, with all before it, learns nothing; what follows works number by number. */
export function splitFeatures(wanted: Recipe["features"]): { shaping: FeatureBlock[]; pointwise: PointwiseFeatures } {
  const end = wanted.findLastIndex(({ block }) => block === "statistics") + 1;
  return {
    // normalize is always the last block
    shaping: wanted.slice(0, end).filter((block) => block.block !== "normalize"),
    pointwise: wanted.slice(end).filter((block) => block.block !== "statistics"),
  };
}
