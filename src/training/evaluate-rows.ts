import { type DataWarning, findWarnings } from "../dataset/find-warnings";
import { splitRows } from "../dataset/split-rows";
import { allRows, type Split, type Table } from "../dataset/table";
import { TinymlError } from "../errors";
import type { Model } from "../model/model";
import { type Evaluation, evaluateModel, fitTable } from "./evaluate-model";
import { isTrainingData, rowsOfTraining, splitOf, testRows } from "./split-of";

/** Which rows of a table a model is evaluated with: one side of its split, or all. */
export type EvaluatedSplit = Split | "all";

/** What to evaluate. Plain data, so that it can be posted to a worker thread. */
export interface EvaluationTask {
  model: Model;
  table: Table;
  /**
   * The rows; the sides are those of the split that the model's recipe says. Where absent the validation rows of the data that the model was
   * trained with, and all rows of other data, which the model has never seen.
   */
  split?: EvaluatedSplit;
}

/** How well a model does on rows of a table, and what is doubtful about them. */
export type EvaluationReport = Evaluation & {
  /** The model's name; empty for a model of another tool. */
  model: string;
  /** The dataset's name, where it has one. */
  dataset?: string;
  /** The rows that were used. */
  split: EvaluatedSplit;
  warnings: DataWarning[];
};

/**
 * Evaluates a model in this thread with one side of its split.
 * @throws TinymlError what `evaluateModel` throws; TINYML_DATASET_EMPTY when the side has no rows
 */
export function evaluateRows({ model, table, split: wanted }: EvaluationTask): EvaluationReport {
  const fitted = fitTable(model, table);
  const familiar = isTrainingData(model, fitted);
  const split = wanted ?? (familiar ? "validation" : "all");
  const sides = splitRows(fitted, splitOf(model));
  const rows = split === "all" ? allRows(fitted) : sides[split];
  if (rows.length === 0 && table.rows > 0) {
    throw new TinymlError(
      "TINYML_DATASET_EMPTY",
      `None of the dataset's ${table.rows} rows is a ${split} row. Evaluate with all rows, or record more.`,
    );
  }
  const evaluation = evaluateModel(model, fitted, rows);
  const isDivided = familiar || split !== "all";
  return {
    model: model.metadata?.name ?? "",
    ...(table.name !== undefined && { dataset: table.name }),
    split,
    ...evaluation,
    warnings: [
      ...findSeen(model, fitted, split, familiar),
      ...findWarnings(fitted, rows, isDivided ? sides : undefined),
    ],
  };
}

/** Rows that trained the model make it look better than it is. */
function findSeen(model: Model, table: Table, split: EvaluatedSplit, familiar: boolean): DataWarning[] {
  const before = rowsOfTraining(model);
  if (before === undefined || (familiar && split === "test")) return [];
  if (familiar && split !== "validation") {
    const which = split === "all" ? "Among these rows are" : "These are";
    return [
      {
        type: "seenInTraining",
        message: `${which} the rows that trained the model; with new data it may do worse.`,
      },
    ];
  }
  if (familiar) return [];
  const divided = split === "training" || split === "validation";
  // Fewer rows than the training had can't hold all of them, and test rows are among them only where the others are too few.
  const mayHold = before <= table.rows && (split === "all" || before > table.rows - testRows(table));
  if (!divided && !mayHold) return [];
  const why = divided ? ", so its split is another one now" : "";
  return [
    {
      type: "otherData",
      message: `The dataset has ${table.rows} rows, the model was trained with ${before}${why}: some of these rows may have trained the model. Train again to be sure.`,
    },
  ];
}
