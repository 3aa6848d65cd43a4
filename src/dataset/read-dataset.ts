import { basename, join, resolve } from "node:path";
import { TinymlError } from "../errors";
import { isMissing, toStorageError } from "../storage";
import { createLineReader, readFileChunks } from "./chunks";
import { isHeader } from "./csv";
import { columnNames, fixedLabels, readDescription } from "./description";
import { type AddEvent, createEventReader, indexFile } from "./events";
import { rowsFile } from "./open-table";
import type { Table } from "./table";
import { TableReader } from "./table-reader";

/** The `add` events of the rows in order. */
async function readEvents(folder: string): Promise<AddEvent[]> {
  const path = join(folder, indexFile);
  const events: AddEvent[] = [];
  const read = createEventReader(path);
  const readLines = createLineReader((line) => {
    const event = read(line);
    if (event?.event === "add") events.push(event);
  });
  try {
    await readFileChunks(path, readLines);
  } catch (error) {
    if (!isMissing(error)) throw toStorageError(error, path);
  }
  return events;
}

/**
 * All rows of the dataset in `folder`, as they are on disk. It changes nothing, so it may be called while the dataset is being recorded.
 *
 * Throws TINYML_DATASET_MISSING, TINYML_DATASET_EMPTY, TINYML_DATASET_CORRUPT with the line, TINYML_UNKNOWN_LABEL for
 * a label that was edited out of the settings, or TINYML_STORAGE.
 */
export async function readDataset(folder: string): Promise<Table<Float32Array>> {
  const description = await readDescription(folder);
  const name = basename(resolve(folder));
  if (description === undefined) {
    throw new TinymlError(
      "TINYML_DATASET_MISSING",
      `There is no dataset "${name}" (${folder}). Record some readings first, or check its name.`,
    );
  }
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
  const events = await readEvents(folder);
  const rows = Array.from({ length: table.rows }, (_, i) => events[i]);
  if (rows.some((event) => event?.group)) table.groups = rows.map((event) => event?.group ?? "");
  if (rows.some((event) => event?.split)) table.splits = rows.map((event) => event?.split);
  return table;
}
