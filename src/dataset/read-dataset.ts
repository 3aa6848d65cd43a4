import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { TinymlError } from "../errors";
import { isMissing, toStorageError } from "../storage";
import { isHeader } from "./csv";
import { columnNames, fixedLabels, readDescription } from "./description";
import { type AddEvent, createEventReader, indexFile } from "./events";
import { rowsFile } from "./open-table";
import type { Table } from "./table";
import { readInto, TableReader } from "./table-reader";

/** The `add` events of the rows in order. */
async function readEvents(folder: string): Promise<AddEvent[]> {
  const path = join(folder, indexFile);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return [];
    throw toStorageError(error, path);
  }
  const events: AddEvent[] = [];
  const read = createEventReader(path);
  // What follows the last line break is being written, or was cut short.
  const lines = text.split("\n").slice(0, -1);
  for (const [i, line] of lines.entries()) {
    if (i % 1000 === 999) await setImmediate();
    const event = read(line);
    if (event?.event === "add") events.push(event);
  }
  return events;
}

/**
 * All rows of the dataset in `folder`, as they are on disk. It changes nothing, so it may be called while the dataset is being recorded.
 *
 * Throws TINYML_DATASET_MISSING, TINYML_DATASET_EMPTY, TINYML_DATASET_CORRUPT with the line, TINYML_UNKNOWN_LABEL for
 * a label that was edited out of the settings, or TINYML_STORAGE.
 */
export async function readDataset(folder: string): Promise<Table> {
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
    await readInto(reader, path);
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
