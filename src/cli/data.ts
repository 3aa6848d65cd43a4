import { readData as readDataFiles } from "../dataset/read-data";
import { type ReadOptions, readOptionsOf } from "../dataset/read-options";
import type { Split, Table } from "../dataset/table";
import { labelsOf } from "../model/labels";
import type { Model } from "../model/model";
import { elementCount } from "../model/tensor";
import { usage } from "./arguments";

/**
 * The rows that `--data` names, the last `testRows` of them (`--test-rows`) for a test, whatever else the data says of them.
 * @throws TinymlError TINYML_USAGE where `testRows` is no number of rows, or no row would be left, and what reading the data throws
 */
export async function readData(location: string, options: ReadOptions, testRows = "0"): Promise<Table> {
  if (!/^\d{1,9}$/.test(testRows)) throw usage(`--test-rows takes a whole number of rows, not "${testRows}".`);
  const table = await readDataFiles(location, options);
  const first = table.rows - Number(testRows);
  if (first === table.rows) return table;
  if (first <= 0) throw usage(`--test-rows ${testRows} leaves nothing of the ${table.rows} rows in ${location}.`);
  const splits = Array.from({ length: table.rows }, (_, row): Split | undefined =>
    row < first ? table.splits?.[row] : "test",
  );
  return { ...table, splits };
}

/** The data that a model takes. One of another tool that has labels, or gives probabilities, tells classes apart. */
export function wantedBy(model: Model): ReadOptions {
  const samples = { shape: model.tensors[model.inputs[0]].shape.slice(1), ...readOptionsOf(model.metadata) };
  const isClassifier =
    model.metadata === undefined
      ? labelsOf(model) !== undefined || model.operators.at(-1)?.type === "SOFTMAX"
      : model.metadata.task === "classification";
  if (isClassifier) return { task: "classification", ...samples };
  return { task: "regression", ...samples, targets: elementCount(model.tensors[model.outputs[0]].shape) };
}
