import { foldRows } from "../dataset/fold-rows";
import type { Split, Table } from "../dataset/table";
import type { Model } from "../model/model";
import type { TrainingTask } from "./train-recipe";

/**
 * Trains a recipe once for each fold of its data, each time validated with the rows of the fold: how well the recipe does on
 * rows that it has not seen, whichever these are.
 *
 * @param folds how many, 2 or more; `foldRows` says which rows are in which, by the recipe's splitSeed
 * @param train trains a task
 * @returns the validation metric of each fold
 * @throws TinymlError what `foldRows` throws; as a rejection also what `train` throws
 */
export async function crossValidate(
  task: TrainingTask,
  folds: number,
  train: (task: TrainingTask, fold: number) => Promise<Model>,
): Promise<number[]> {
  const { table, recipe } = task;
  const metrics: number[] = [];
  for (const [fold, { validation }] of foldRows(table, folds, recipe.training.splitSeed).entries()) {
    const splits: Split[] = Array.from({ length: table.rows }, (_, row) =>
      table.splits?.[row] === "test" ? "test" : "training",
    );
    for (const row of validation) splits[row] = "validation";
    const folded: Table = { ...table, splits };
    const { metadata } = await train({ ...task, table: folded }, fold + 1);
    metrics.push(metadata?.report?.validationMetric ?? Number.NaN);
  }
  return metrics;
}
