import type { Channel, Task } from "../model/metadata";

/** Which side of a split a row is on, where somebody has decided it; other rows are split by chance. */
export type Split = "training" | "validation";

/** Labelled rows in memory, as training takes them. Plain data, so it can be posted to a worker thread. */
export interface Table {
  /** The dataset's name, for reports. */
  name?: string;
  task: Task;
  /** The measured quantities, in the order of `inputs`. */
  channels: readonly Channel[];
  /** Classification: the class names; `outputs` holds indices into them. */
  labels?: readonly string[];
  /** Regression: the quantities to predict, in the order of `outputs`. */
  targets?: readonly Channel[];
  /** The readings, row-major, rows × channels. */
  inputs: Float32Array;
  /** Classification: the class index of each row. Regression: row-major, rows × targets. */
  outputs: Float32Array;
  /** The group (recording, speaker, device) of each row, "" for none: rows of one group stay on one side of a split. */
  groups?: readonly string[];
  /** The side of each row that was decided on recording or by hand. */
  splits?: readonly (Split | undefined)[];
  rows: number;
}

/** How many numbers of `outputs` belong to one row: 1 for classification, the number of targets for regression. */
export function outputWidth(table: Pick<Table, "task" | "targets">): number {
  return table.task === "classification" ? 1 : (table.targets?.length ?? 1);
}

/** The rows at `indices`, in that order, as a table of its own. Indices are 0 … table.rows − 1 and may repeat. */
export function selectRows(table: Table, indices: ArrayLike<number>): Table {
  const channels = table.channels.length;
  const width = outputWidth(table);
  const { groups, splits } = table;
  const selected: Table = {
    ...table,
    inputs: new Float32Array(indices.length * channels),
    outputs: new Float32Array(indices.length * width),
    rows: indices.length,
  };
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i] ?? 0;
    selected.inputs.set(table.inputs.subarray(row * channels, (row + 1) * channels), i * channels);
    selected.outputs.set(table.outputs.subarray(row * width, (row + 1) * width), i * width);
  }
  if (groups) selected.groups = Array.from(indices, (row) => groups[row] ?? "");
  if (splits) selected.splits = Array.from(indices, (row) => splits[row]);
  return selected;
}
