import { basename, join, resolve } from "node:path";
import { TinymlError } from "../errors";
import { isMissing, toStorageError } from "../storage";
import { readFileChunks } from "./chunks";
import { isHeader } from "./csv";
import { columnNames, type DatasetDescription, fixedLabels, readDescription } from "./description";
import { orderLabels } from "./labels";
import { readSampleIndex } from "./open-samples";
import { rowsFile } from "./open-table";
import type { ReadOptions } from "./read-options";
import { readSampleFiles } from "./read-samples";
import type { SampleEntry, SampleIndex } from "./sample-index";
import type { SamplesInMemory } from "./samples";
import { selectRows, type Table } from "./table";
import { TableReader } from "./table-reader";

/**
 * All samples of the dataset in `folder` that are on disk and not deleted, with the labels that they have now: rows, or windows of recordings,
 * sounds or pictures as `options` want them. It changes nothing, so it may be called while the dataset is being recorded.
 *
 * Throws TINYML_DATASET_MISSING, TINYML_DATASET_EMPTY, TINYML_DATASET_CORRUPT with the line, TINYML_UNKNOWN_LABEL for
 * a label that was edited out of the settings, or TINYML_STORAGE.
 */
export async function readDataset(folder: string, options: ReadOptions = {}): Promise<Table<SamplesInMemory>> {
  const description = await readDescription(folder);
  const name = basename(resolve(folder));
  if (description === undefined) {
    throw new TinymlError(
      "TINYML_DATASET_MISSING",
      `There is no dataset "${name}" (${folder}). Record some readings first, or check its name.`,
    );
  }
  if (description.kind !== "table") return readSampleFiles(resolve(folder), description, options);
  return readRows(folder, name, description);
}

async function readRows(folder: string, name: string, description: DatasetDescription): Promise<Table<Float32Array>> {
  const path = join(folder, rowsFile);
  const columns = columnNames(description);
  const { channels, task, targets } = description;
  const reader = new TableReader({
    source: path,
    notANumber: "TINYML_DATASET_CORRUPT",
    layOut(_found, header) {
      if (isHeader(header, columns)) {
        return {
          channels,
          task,
          targets: task === "regression" ? (targets ?? []) : [{ name: "label", unit: "" }],
          labels: fixedLabels(description),
        };
      }
      throw new TinymlError(
        "TINYML_DATASET_CORRUPT",
        `The columns of ${path} should be ${columns.join(", ")}, but its first line is ${JSON.stringify(header.trim().slice(0, 200))}. Correct that line.`,
      );
    },
  });
  try {
    await readFileChunks(path, (bytes) => reader.push(bytes));
  } catch (error) {
    if (!isMissing(error)) throw toStorageError(error, path);
  }
  const table = reader.finish(name, false);
  // Events are written before their rows, so read in this order every row has its event.
  const index = await readSampleIndex(folder);
  const entries = index.list({ deleted: true });
  const rows = Array.from({ length: table.rows }, (_, i): SampleEntry | undefined => entries[i]);
  if (rows.some((entry) => entry?.group)) table.groups = rows.map((entry) => entry?.group ?? "");
  if (rows.some((entry) => entry?.split)) table.splits = rows.map((entry) => entry?.split);
  const labels = relabelled(table, description, rows, index);
  const deleted = rows.some((entry) => entry?.deleted);
  if (!deleted) return labels;
  const kept = rows.flatMap((entry, row) => (entry?.deleted ? [] : [row]));
  if (kept.length > 0) return selectRows(labels, kept);
  throw new TinymlError("TINYML_DATASET_EMPTY", `All rows in ${path} are deleted. Record some readings first.`);
}

/** A table with what was said of its rows later. */
function relabelled(
  table: Table<Float32Array>,
  description: DatasetDescription,
  rows: readonly (SampleEntry | undefined)[],
  index: SampleIndex,
): Table<Float32Array> {
  const changed = (row: number): SampleEntry | undefined => {
    const entry = rows[row];
    return entry !== undefined && index.isRelabelled(entry.id) ? entry : undefined;
  };
  if (table.task === "regression") {
    const width = table.targets?.length ?? 1;
    for (let row = 0; row < rows.length; row++) table.outputs.set(changed(row)?.targets ?? [], row * width);
    return table;
  }
  const before = table.labels ?? [];
  if (!rows.some((_, row) => changed(row))) return table;
  const now = Array.from(table.outputs, (label, row) => changed(row)?.label ?? before[label] ?? "");
  const met = new Set(now);
  const labels = fixedLabels(description) ?? orderLabels([...before.filter((label) => met.has(label)), ...met]);
  const classes = new Map(labels.map((label, i) => [label, i]));
  return { ...table, labels, outputs: Float32Array.from(now, (label) => classes.get(label) ?? 0) };
}
