import { type FileHandle, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder, writeFileAtomic } from "../storage";
import { formatCells } from "./csv";
import {
  columnNames,
  type DatasetDescription,
  descriptionFile,
  formatDescription,
  readDescription,
} from "./description";
import { formatEvent, indexFile } from "./events";
import { writeAll } from "./journal";
import { openOrCreate, readSampleIndex } from "./open-samples";
import { rowsFile } from "./open-table";
import { samplesFolder } from "./sample-index";

/**
 * Makes the files of a dataset without samples, whatever was in them. Truncates them in place, because this has to work on a full disk
 * too, the rows first: after a crash in the middle there are none left, and any description fits. `nextId` is the least that the next
 * sample may have as its id.
 */
export async function emptyDataset(folder: string, description: DatasetDescription, nextId = 1): Promise<void> {
  await mkdir(folder, { recursive: true });
  const known = await readSampleIndex(folder).catch(() => undefined);
  // Before the index: without one, files of samples would be taken for those of a damaged dataset after a crash.
  await rm(join(folder, samplesFolder), { recursive: true, force: true });
  const handles: FileHandle[] = [];
  try {
    const isTable = description.kind === "table";
    const rows = await openOrCreate(join(folder, rowsFile));
    handles.push(rows);
    const index = await openOrCreate(join(folder, indexFile));
    handles.push(index);
    for (const handle of [rows, index]) {
      await handle.truncate(0);
      await handle.sync();
    }
    const stored = await readDescription(folder).catch(() => undefined);
    if (JSON.stringify(stored) !== JSON.stringify(description)) {
      await writeFileAtomic(join(folder, descriptionFile), formatDescription(description));
    }
    const id = Math.max(nextId, known?.nextId ?? 1);
    await writeAll(index, Buffer.from(formatEvent({ event: "clear", id, time: Date.now() })), 0);
    if (isTable) await writeAll(rows, Buffer.from(formatCells(columnNames(description))), 0);
    await Promise.all([rows.sync(), index.sync()]);
    if (!isTable) await rm(join(folder, rowsFile));
    await syncFolder(folder);
  } finally {
    await Promise.allSettled(handles.map((handle) => handle.close()));
  }
}
