import type { Channel, Task } from "../model/metadata";
import { elementCount } from "../model/tensor";
import { copySamples, type Samples } from "./samples";

/**
 * Which side of a split a row is on, where somebody has decided it; other rows are split by chance. What is for a test
 * takes no part in training: neither the weights nor the choice of the best epoch may see it.
 */
export type Split = "training" | "validation" | "test";

/**
 * Labelled samples, a row each, as training takes them: readings, windows of readings, pictures. Plain data, so it can
 * be posted to a worker thread.
 */
export interface Table<Inputs extends Samples = Samples> {
  /** The dataset's name, for reports. */
  name?: string;
  task: Task;
  /** The measured quantities, in the order of a sample's last dimension. */
  channels: readonly Channel[];
  /**
   * The shape of a sample where it is more than a reading, its channels last: [readings, channels] for a window,
   * [height, width, channels] for a picture. A reading's shape is [channels].
   */
  shape?: readonly number[];
  /** Classification: the class names; `outputs` holds indices into them. */
  labels?: readonly string[];
  /** Regression: the quantities to predict, in the order of `outputs`. */
  targets?: readonly Channel[];
  /** The numbers of the samples, one sample after another, each row-major in its shape. */
  inputs: Inputs;
  /** Classification: the class index of each row. Regression: row-major, rows × targets. */
  outputs: Float32Array;
  /** The group (recording, speaker, device) of each row, "" for none: rows of one group stay on one side of a split. */
  groups?: readonly string[];
  /** The side of each row that was decided on recording or by hand. */
  splits?: readonly (Split | undefined)[];
  /** How many recordings are in no row, because they are shorter than a window. */
  leftOut?: number;
  rows: number;
}

/** How many numbers of `outputs` belong to one row: 1 for classification, the number of targets for regression. */
export function outputWidth(table: Pick<Table, "task" | "targets">): number {
  return table.task === "classification" ? 1 : (table.targets?.length ?? 1);
}

/** The shape of a table's samples, their channels last. */
export function sampleShape({ shape, channels }: Pick<Table, "shape" | "channels">): readonly number[] {
  return shape ?? [channels.length];
}

/** How many numbers of `inputs` belong to one row. */
export function inputWidth(table: Pick<Table, "shape" | "channels">): number {
  return elementCount(sampleShape(table));
}

/** All numbers of a table's samples, in memory. @throws what reading a file throws */
export function inputsInMemory(table: Table): Float32Array {
  if (table.inputs instanceof Float32Array) return table.inputs;
  return copySamples(table.inputs, inputWidth(table), allRows(table));
}

/** The numbers of all rows of a table: 0, 1, 2, … */
export function allRows({ rows }: Pick<Table, "rows">): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, row) => row);
}

/**
 * The rows at `indices`, in that order, as a table of its own in memory. Indices are 0 … table.rows − 1 and may repeat.
 * @throws what reading a file throws
 */
export function selectRows(table: Table, indices: ArrayLike<number>): Table<Float32Array> {
  const width = outputWidth(table);
  const { groups, splits } = table;
  const selected: Table<Float32Array> = {
    ...table,
    inputs: copySamples(table.inputs, inputWidth(table), indices),
    outputs: new Float32Array(indices.length * width),
    rows: indices.length,
  };
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i] ?? 0;
    selected.outputs.set(table.outputs.subarray(row * width, (row + 1) * width), i * width);
  }
  if (groups) selected.groups = Array.from(indices, (row) => groups[row] ?? "");
  if (splits) selected.splits = Array.from(indices, (row) => splits[row]);
  return selected;
}
