import type { Table } from "../dataset/table";
import type { Model } from "../model/model";
import { parseRecipe } from "./recipe";

/** The split that the model was trained with; the recipe's defaults where it carries none that is known. */
export function splitOf(model: Model): { validation: number; seed: number } {
  try {
    const { validation, splitSeed } = parseRecipe(model.metadata?.recipe).training;
    return { validation, seed: splitSeed };
  } catch {
    return { validation: 0.25, seed: 1 };
  }
}

/** Whether a table is most likely the one that trained the model: it has as many rows, those for a test aside. */
export function isTrainingData(model: Model, table: Table): boolean {
  return rowsOfTraining(model) === table.rows - testRows(table);
}

/** How many rows of a table are for a test. */
export function testRows({ splits = [] }: Table): number {
  return splits.filter((side) => side === "test").length;
}

/** How many rows trained and validated the model; undefined when that is not known. */
export function rowsOfTraining({ metadata }: Model): number | undefined {
  const { report } = metadata ?? {};
  return report === undefined ? undefined : report.trainingSamples + report.validationSamples;
}
