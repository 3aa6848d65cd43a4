import { openSamples } from "../dataset/samples";
import { inputWidth, sampleShape, type Table } from "../dataset/table";
import { createFeatureExtractor } from "../features/extract-features";
import { featureNames } from "../features/feature-shape";
import type { FeatureBlock } from "../model/metadata";
import { elementCount } from "../model/tensor";

/**
 * A table with the features of its samples in their place, in memory, once for all epochs; the table itself where there are no blocks.
 * @param blocks those of a description that change the shape, and those before them
 * @throws what reading the table's file throws; TINYML_MODEL_INVALID for blocks of other samples
 */
export function shapeTable(blocks: readonly FeatureBlock[], table: Table): Table {
  if (blocks.length === 0) return table;
  const width = inputWidth(table);
  const extractor = createFeatureExtractor(blocks, sampleShape(table));
  const count = elementCount(extractor.shape);
  const inputs = new Float32Array(table.rows * count);
  const sample = new Float32Array(width);
  const reader = openSamples(table.inputs, width);
  try {
    for (let row = 0; row < table.rows; row++) {
      reader.copy(row, sample, 0);
      inputs.set(extractor.extract(sample), row * count);
    }
  } finally {
    reader.close();
    extractor.dispose();
  }
  const names = featureNames(
    blocks,
    table.channels.map(({ name }) => name),
  );
  return { ...table, channels: names.map((name) => ({ name, unit: "" })), shape: extractor.shape, inputs };
}
