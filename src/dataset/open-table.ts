import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { TinymlError } from "../errors";
import { syncFolder, writeFileAtomic } from "../storage";
import { createLineReader, readChunks } from "./chunks";
import { CsvFault, createRecordScanner, formatCells, isHeader, parseNumber, parseRecords } from "./csv";
import {
  columnNames,
  type DatasetDescription,
  descriptionFile,
  findMismatch,
  formatDescription,
  readDescription,
} from "./description";
import { type AddEvent, createAddEvent, createEventReader, formatEvent, indexFile } from "./events";
import { type JournalFile, writeAll } from "./journal";
import { openOrCreate, readSampleIndex } from "./open-samples";
import { formatRow, type Row } from "./row";

/** The file of a table's rows. */
export const rowsFile = "rows.csv";

/** A last line with more bytes is no row whose line break is missing. */
const longestLine = 2 ** 20;

/** An opened table: its rows.csv and index.ndjson agree, and everything that was ever acknowledged is in them. */
export interface OpenTable {
  rows: JournalFile;
  index: JournalFile;
  count: number;
  /** Rows of each label, in the order in which the labels were met. */
  perLabel: Map<string, number>;
  /** The id of the next row. */
  nextId: number;
}

async function readRange(handle: FileHandle, from: number, to: number): Promise<string> {
  const buffer = Buffer.alloc(to - from);
  return buffer.toString("utf8", 0, await readInto(handle, buffer, from));
}

/** Fills a buffer from an offset in the file; how many bytes there were. */
async function readInto(handle: FileHandle, buffer: Buffer, from: number): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, from + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

interface Records {
  /** Whole records behind the header. */
  count: number;
  /** Where the header ends; 0 where there is no whole one. */
  headerEnd: number;
  /** Where the last whole record ends. */
  end: number;
  size: number;
}

async function scanRecords(handle: FileHandle): Promise<Records> {
  const found: Records = { count: -1, headerEnd: 0, end: 0, size: 0 };
  const scanner = createRecordScanner((end) => {
    found.count += 1;
    if (found.count === 0) found.headerEnd = end;
    found.end = end;
  });
  await readChunks(handle, 0, (bytes) => {
    scanner.push(bytes);
    found.size += bytes.length;
  });
  found.count = Math.max(0, found.count);
  return found;
}

/** Where the record with that number (from 0, the header not counted) starts. */
async function findRecord(handle: FileHandle, headerEnd: number, record: number): Promise<number> {
  let passed = 0;
  let start = headerEnd;
  const scanner = createRecordScanner((end) => {
    passed += 1;
    if (passed === record) start = end;
  }, headerEnd);
  if (record > 0) await readChunks(handle, headerEnd, (bytes) => scanner.push(bytes));
  return start;
}

interface Events {
  /** `add` events that have a row. */
  count: number;
  /** `add` events that have none. */
  surplus: number;
  /** The first of those. */
  nextEvent: AddEvent | undefined;
  perLabel: Map<string, number>;
  nextId: number;
  /** Whether something was done to samples after they were added. */
  changed: boolean;
  /** Where the last good event ends. */
  end: number;
  size: number;
}

async function scanEvents(handle: FileHandle, path: string, rows: number): Promise<Events> {
  const found: Events = {
    count: 0,
    surplus: 0,
    nextEvent: undefined,
    perLabel: new Map(),
    nextId: 1,
    changed: false,
    end: 0,
    size: 0,
  };
  const read = createEventReader(path);
  const take = (line: string, end: number): void => {
    const event = read(line);
    if (event === undefined) return;
    if (event.event === "clear") {
      Object.assign(found, { count: 0, surplus: 0, nextEvent: undefined, changed: false });
      found.perLabel.clear();
      found.nextId = Math.max(found.nextId, event.id);
    } else if (event.event !== "add") {
      // Events without rows come last: what was done to samples behind them was never acknowledged.
      if (found.surplus > 0) return;
      found.changed = true;
    } else {
      found.nextId = Math.max(found.nextId, event.id + 1);
      if (found.count === rows) {
        found.nextEvent ??= event;
        found.surplus += 1;
        return;
      }
      found.count += 1;
      if (event.label !== undefined) found.perLabel.set(event.label, (found.perLabel.get(event.label) ?? 0) + 1);
    }
    found.end = end;
  };
  const readLines = createLineReader(take);
  await readChunks(handle, 0, (bytes) => {
    found.size += bytes.length;
    readLines(bytes);
  });
  return found;
}

function readRow(description: DatasetDescription, cells: readonly string[]): Row {
  const channels = description.channels.length;
  const numbers = (texts: readonly string[]): number[] => texts.map((text) => parseNumber(text) ?? Number.NaN);
  const rest = cells.slice(channels);
  const values = numbers(cells.slice(0, channels));
  if (description.task === "regression") return { values, targets: numbers(rest) };
  return rest.length === 1 && rest[0] !== undefined ? { values, label: rest[0] } : { values };
}

/**
 * Opens a table's folder for writing: makes what is missing, and brings rows.csv and index.ndjson to agree after a crash or
 * an edit by hand. What a crash cut short goes: a part of a row or event, and events whose rows were not written. Whole rows that the
 * index does not know were added by hand and get their events.
 *
 * Throws TINYML_DATASET_MISMATCH when rows are there that the description does not fit, TINYML_DATASET_CORRUPT when
 * rows or events can't be understood, and what the file system throws.
 */
export async function openTable(folder: string, description: DatasetDescription): Promise<OpenTable> {
  await mkdir(folder, { recursive: true });
  const rowsPath = join(folder, rowsFile);
  const indexPath = join(folder, indexFile);
  const stored = await readDescription(folder);
  const columns = columnNames(description);
  const handles: FileHandle[] = [];
  try {
    const rows = await openOrCreate(rowsPath);
    handles.push(rows);
    const index = await openOrCreate(indexPath);
    handles.push(index);

    let records = await scanRecords(rows);
    let events = await scanEvents(index, indexPath, records.count);
    if (await finishLastLine(stored ?? description, rows, records, events)) {
      records = await scanRecords(rows);
      events = await scanEvents(index, indexPath, records.count);
    }
    if (events.surplus > 0) await assertNotHidden(rows, rowsPath, records, events);
    if (records.count > 0) {
      const mismatch = findMismatch(stored ?? description, description, events.perLabel.keys());
      if (mismatch) {
        throw new TinymlError(
          "TINYML_DATASET_MISMATCH",
          `The dataset in ${folder} ${mismatch}. Change the settings back, record into another dataset, or throw its rows away: send msg.record = "clear" to the record node.`,
        );
      }
      const found = await readRange(rows, 0, records.headerEnd);
      if (!isHeader(found, columns)) {
        throw new TinymlError(
          stored ? "TINYML_DATASET_CORRUPT" : "TINYML_DATASET_MISMATCH",
          `The columns of ${rowsPath} should be ${columns.join(", ")}, but its first line is ${JSON.stringify(found.trim().slice(0, 200))}. Correct that line, or record into another dataset.`,
        );
      }
      await cutOff(description, rows, rowsPath, records.end, records.size);
    } else {
      // Without rows nothing is lost by beginning anew, under the header of today's description.
      await cutOff(stored ?? description, rows, rowsPath, 0, records.size);
      await writeAll(rows, Buffer.from(formatCells(columns)), 0);
    }
    if (events.size > events.end) await index.truncate(events.end);
    await adoptRows(description, rowsPath, rows, records, index, events);
    await Promise.all([rows.sync(), index.sync()]);

    if (JSON.stringify(stored) !== JSON.stringify(description)) {
      await writeFileAtomic(join(folder, descriptionFile), formatDescription(description));
    }
    await syncFolder(folder);
    // Which labels there are now takes a list of all samples, which most tables need not have.
    const changed = events.changed ? await readSampleIndex(folder) : undefined;
    const [rowsStats, indexStats] = await Promise.all([rows.stat(), index.stat()]);
    return {
      rows: { path: rowsPath, handle: rows, inode: rowsStats.ino, length: rowsStats.size },
      index: { path: indexPath, handle: index, inode: indexStats.ino, length: indexStats.size },
      count: changed?.count ?? events.count,
      perLabel: new Map(changed?.perLabel ?? events.perLabel),
      nextId: events.nextId,
    };
  } catch (error) {
    await Promise.allSettled(handles.map((handle) => handle.close()));
    throw error;
  }
}

/**
 * Events have no rows. After a crash that is so because the rows were never written, or the first of them only in part. Where more lines
 * follow than such a part can have, the rows are most likely there, and somebody who edited the file by hand left a quote open: then throws
 * TINYML_DATASET_CORRUPT, for cutting them off would destroy them.
 */
async function assertNotHidden(rows: FileHandle, path: string, records: Records, events: Events): Promise<void> {
  let lines = 0;
  await readChunks(rows, records.end, (bytes) => {
    for (const byte of bytes) if (byte === 0x0a) lines += 1;
  });
  if (lines <= (events.nextEvent?.label ?? "").split("\n").length - 1) return;
  throw new TinymlError(
    "TINYML_DATASET_CORRUPT",
    `${path} can't be read behind row ${records.count}: a quote (") is not closed there. Correct that line.`,
  );
}

/** The rows in a text that a dataset could hold; undefined when the text can't be read. */
function findRows(description: DatasetDescription, text: string): Row[] | undefined {
  const fits = (row: Row): boolean => {
    try {
      formatRow(description, row);
      return true;
    } catch {
      return false;
    }
  };
  try {
    return parseRecords(text)
      .map((cells) => readRow(description, cells))
      .filter(fits);
  } catch (error) {
    if (error instanceof CsvFault) return undefined;
    throw error;
  }
}

/**
 * Ends the last line where only its line break is missing, as editors may leave it. That it is whole is sure when its event says so: a
 * label could have been cut short, and so could a number.
 */
async function finishLastLine(
  description: DatasetDescription,
  rows: FileHandle,
  { headerEnd, end, size }: Records,
  { nextEvent }: Events,
): Promise<boolean> {
  if (nextEvent === undefined || headerEnd === 0 || size === end || size - end > longestLine) return false;
  if (!isHeader(await readRange(rows, 0, headerEnd), columnNames(description))) return false;
  const found = findRows(description, await readRange(rows, end, size));
  const [row] = found ?? [];
  if (found?.length !== 1 || row === undefined) return false;
  const whole = row.label !== undefined ? row.label === nextEvent.label : nextEvent.bytes === size - end + 1;
  if (whole) await writeAll(rows, Buffer.from("\n"), size);
  return whole;
}

/**
 * Cuts the rows off at an offset. What may be more than the part of a row that a crash leaves, and that nobody was promised, is kept in a
 * file beside it.
 */
async function cutOff(
  description: DatasetDescription,
  rows: FileHandle,
  path: string,
  from: number,
  size: number,
): Promise<void> {
  if (size === from) return;
  const bytes = Buffer.alloc(size - from);
  await readInto(rows, bytes, from);
  // A power cut leaves zeros where a row was being written.
  const text = bytes.toString("utf8").replace(/\0+/g, "");
  const found = findRows(description, text);
  if (found === undefined ? text.trimEnd().includes("\n") : found.length > 0) {
    await writeFileAtomic(`${path}.cut-${new Date().toISOString().replace(/[:.]/g, "-")}`, bytes);
  }
  await rows.truncate(from);
}

/**
 * Reads one row of the table in a folder, by its place among all that were added, from 0.
 * @throws TinymlError TINYML_DATASET_CORRUPT when there is no such row, and what the file system throws
 */
export async function readRowAt(folder: string, description: DatasetDescription, place: number): Promise<Row> {
  const path = join(folder, rowsFile);
  const handle = await open(path, "r");
  try {
    const { headerEnd, count, end } = await scanRecords(handle);
    if (place >= count) {
      throw new TinymlError("TINYML_DATASET_CORRUPT", `${path} has no row ${place + 1}. Restore the file.`);
    }
    const from = await findRecord(handle, headerEnd, place);
    const to = place + 1 < count ? await findRecord(handle, headerEnd, place + 1) : end;
    return readRow(description, parseRecords(await readRange(handle, from, to))[0] ?? []);
  } finally {
    await handle.close();
  }
}

/** Gives the rows that the index does not know their events. */
async function adoptRows(
  description: DatasetDescription,
  path: string,
  rows: FileHandle,
  records: Records,
  index: FileHandle,
  events: Events,
): Promise<void> {
  if (records.count === events.count) return;
  const start = await findRecord(rows, records.headerEnd, events.count);
  const adopted = parseRecords(await readRange(rows, start, records.end));
  let lines = "";
  for (const cells of adopted) {
    const row = readRow(description, cells);
    try {
      formatRow(description, row);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new TinymlError(
        "TINYML_DATASET_CORRUPT",
        `Row ${events.count + 1} of ${path} (${cells.join(",").slice(0, 100)}) does not fit the dataset: ${reason} Correct or delete the row.`,
        { cause: error },
      );
    }
    lines += formatEvent(createAddEvent(events.nextId, row));
    events.nextId += 1;
    events.count += 1;
    if (row.label !== undefined) events.perLabel.set(row.label, (events.perLabel.get(row.label) ?? 0) + 1);
  }
  await writeAll(index, Buffer.from(lines), events.end);
}
