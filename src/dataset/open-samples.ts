import { type FileHandle, mkdir, open, readdir, rename, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { TinymlError } from "../errors";
import { isMissing, syncFolder, writeFileAtomic } from "../storage";
import { createLineReader, readChunks } from "./chunks";
import {
  type DatasetDescription,
  descriptionFile,
  findMismatch,
  formatDescription,
  readDescription,
} from "./description";
import { createEventReader, type DatasetEvent, formatEvent, indexFile } from "./events";
import { type JournalFile, writeAll } from "./journal";
import { SampleIndex, samplesFolder } from "./sample-index";

/** The folder for sample files that the index knows nothing of; below that of the samples. */
const unknownFolder = "unknown";

/** An opened dataset whose samples have files of their own. */
export interface OpenSamples {
  index: JournalFile;
  samples: SampleIndex;
}

/**
 * Opens the folder of a dataset whose samples have files of their own: makes what is missing, and mends what a crash left. An event that was
 * cut short goes; a recording that was under way ends with its last whole reading; and files of samples that were never
 * acknowledged are moved to samples/unknown, where they are in nobody's way.
 *
 * @param live the recordings that are under way in this process
 * @param unlisted the files of this process that the index is about to know
 * @throws TinymlError TINYML_DATASET_MISMATCH when samples are there that the description does not fit, TINYML_DATASET_CORRUPT when events
 *   can't be understood or the index is gone, and what the file system throws
 */
export async function openSampleFolder(
  folder: string,
  description: DatasetDescription,
  live: ReadonlySet<number>,
  unlisted: ReadonlySet<string>,
): Promise<OpenSamples> {
  await mkdir(join(folder, samplesFolder), { recursive: true });
  const stored = await readDescription(folder);
  const path = join(folder, indexFile);
  const handle = await openOrCreate(path);
  try {
    const { samples, events, end, size } = await scanIndex(handle, path);
    if (samples.list({ deleted: true }).length > 0) assertFits(folder, stored ?? description, description, samples);
    await setUnknownAside(folder, samples, events, unlisted);
    if (size > end) await handle.truncate(end);
    let length = end;
    // A new index begins with a line of its own: so one without any is known to have been lost, whatever a crash left in a new dataset.
    const begun: DatasetEvent[] = events === 0 ? [{ event: "clear", id: samples.nextId, time: Date.now() }] : [];
    for (const event of [...begun, ...(await endRecordings(folder, samples, live))]) {
      samples.apply(event);
      const line = Buffer.from(formatEvent(event));
      await writeAll(handle, line, length);
      length += line.length;
    }
    await handle.sync();
    if (JSON.stringify(stored) !== JSON.stringify(description)) {
      await writeFileAtomic(join(folder, descriptionFile), formatDescription(description));
    }
    await syncFolder(folder);
    const { ino } = await handle.stat();
    return { index: { path, handle, inode: ino, length }, samples };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Opens a file for reading and writing, and makes it where there is none. */
export async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r+");
  } catch (error) {
    if (!isMissing(error)) throw error;
    return await open(path, "w+");
  }
}

/** What the index of a dataset's folder tells; nothing where there is none. @throws TinymlError TINYML_DATASET_CORRUPT */
export async function readSampleIndex(folder: string): Promise<SampleIndex> {
  const path = join(folder, indexFile);
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (error) {
    if (isMissing(error)) return new SampleIndex();
    throw error;
  }
  try {
    return (await scanIndex(handle, path)).samples;
  } finally {
    await handle.close();
  }
}

/** What an open index tells, and where its last good event ends. @throws TinymlError TINYML_DATASET_CORRUPT */
export async function scanIndex(handle: FileHandle, path: string) {
  const found = { samples: new SampleIndex(), events: 0, end: 0, size: 0 };
  /** Samples that were added together, of which the last was not met yet. */
  const together: DatasetEvent[] = [];
  const read = createEventReader(path);
  const readLines = createLineReader((line, end) => {
    const event = read(line);
    if (event === undefined) return;
    found.events += 1;
    together.push(event);
    if (event.event === "add" && event.last !== undefined && event.last !== event.id) return;
    for (const each of together.splice(0)) found.samples.apply(each);
    found.end = end;
  });
  await readChunks(handle, 0, (bytes) => {
    found.size += bytes.length;
    readLines(bytes);
  });
  return found;
}

function assertFits(
  folder: string,
  stored: DatasetDescription,
  wanted: DatasetDescription,
  samples: SampleIndex,
): void {
  const mismatch = findMismatch(stored, wanted, samples.perLabel.keys());
  if (mismatch === undefined) return;
  throw new TinymlError(
    "TINYML_DATASET_MISMATCH",
    `The dataset in ${folder} ${mismatch}. Change the settings back, record into another dataset, or throw its samples away: send msg.record = "clear" to the record node.`,
  );
}

/** Moves the files of samples that the index does not know out of the way. */
async function setUnknownAside(
  folder: string,
  samples: SampleIndex,
  events: number,
  unlisted: ReadonlySet<string>,
): Promise<void> {
  const names = await readdir(join(folder, samplesFolder));
  const unknown = names.filter((name) => {
    const id = /^(\d+)\.(csv|wav|jpg|png)$/.exec(name)?.[1];
    const file = `${samplesFolder}/${name}`;
    return id !== undefined && samples.get(Number(id))?.file !== file && !unlisted.has(file);
  });
  if (unknown.length === 0) return;
  if (events === 0) {
    throw new TinymlError(
      "TINYML_DATASET_CORRUPT",
      `The dataset ${basename(folder)} has ${unknown.length} files in ${join(folder, samplesFolder)}, but nothing in ${indexFile} says what they are. Restore that file, or import the files into a new dataset.`,
    );
  }
  const aside = join(folder, samplesFolder, unknownFolder);
  await mkdir(aside, { recursive: true });
  for (const name of unknown) await rename(join(folder, samplesFolder, name), join(aside, name));
}

/** The events that end the recordings which a crash has cut off; one without a whole reading is deleted. */
async function endRecordings(
  folder: string,
  samples: SampleIndex,
  live: ReadonlySet<number>,
): Promise<readonly DatasetEvent[]> {
  const events: DatasetEvent[] = [];
  const time = Date.now();
  for (const { id, file, readings } of samples.list()) {
    if (file?.endsWith(".csv") !== true || readings !== undefined || live.has(id)) continue;
    const found = await cutToWholeLines(join(folder, file));
    if (found.lines < 2) events.push({ event: "delete", ids: [id], time });
    else events.push({ event: "end", id, readings: found.lines - 1, bytes: found.bytes, time });
  }
  return events;
}

/** Cuts a file off behind its last line break; how many lines and bytes it has then. */
async function cutToWholeLines(path: string): Promise<{ lines: number; bytes: number }> {
  const found = { lines: 0, bytes: 0 };
  let torn = false;
  if ((await stat(path).catch(() => undefined)) === undefined) return found;
  const handle = await open(path, "r+");
  try {
    const readLines = createLineReader((line, end) => {
      // A power cut leaves zeros where lines were being written.
      torn ||= line.includes("\0");
      if (torn) return;
      found.lines += 1;
      found.bytes = end;
    });
    await readChunks(handle, 0, readLines);
    await handle.truncate(found.bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return found;
}
