import { allRows, type Table } from "../dataset/table";
import { invalidRecipe } from "./recipe-error";
import type { TrainingSettings } from "./recipe-settings";

/**
 * How much the samples of each label count in training, in the order of the labels; undefined where all count the same.
 * "balanced": rows / (labels × rows of the label), so that each label counts alike, and the mean over the rows is 1.
 *
 * @param rows the training rows, as indices into the table; all of them where absent
 * @throws TinymlError TINYML_RECIPE_INVALID for a weight of a label that the table does not have
 */
export function classWeightsOf(
  { classWeights }: Pick<TrainingSettings, "classWeights">,
  table: Pick<Table, "task" | "labels" | "outputs" | "rows">,
  rows: ArrayLike<number> = allRows(table),
): Float32Array | undefined {
  if (classWeights === undefined) return undefined;
  const { task, labels = [], outputs } = table;
  if (task !== "classification") throw invalidRecipe("training.classWeights", "only classification has labels");
  if (classWeights !== "balanced") {
    // a label may have the name of something that every object has, such as "constructor"
    const weights = new Map(Object.entries(classWeights));
    const unknown = [...weights.keys()].find((name) => !labels.includes(name));
    if (unknown === undefined) return Float32Array.from(labels, (label) => weights.get(label) ?? 1);
    const known = labels.map((label) => `"${label}"`).join(", ");
    throw invalidRecipe("training.classWeights", `the dataset has no label "${unknown}"; it has ${known}`);
  }
  const counts = new Uint32Array(labels.length);
  for (let i = 0; i < rows.length; i++) counts[outputs[rows[i]]]++;
  const met = counts.filter((count) => count > 0).length;
  return Float32Array.from(counts, (count) => (count === 0 ? 0 : rows.length / (met * count)));
}
