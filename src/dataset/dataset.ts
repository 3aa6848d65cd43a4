import { mkdir, realpath } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { TinymlError } from "../errors";
import { toStorageError, writeFileAtomic } from "../storage";
import {
  type DatasetDescription,
  descriptionFile,
  findDifference,
  findMismatch,
  fixedLabels,
  formatDescription,
  parseDescription,
} from "./description";
import { createAddEvent, formatEvent } from "./events";
import { Journal, type JournalFile, type JournalOptions } from "./journal";
import { emptyTable, openTable } from "./open-table";
import { formatRow, type Row } from "./row";

export type { DatasetDescription } from "./description";
export type { Row } from "./row";

/** How a dataset writes; the defaults are right outside of tests. */
export type DatasetOptions = Pick<JournalOptions, "delay" | "backlog">;

/** The datasets that are open in this process, by the real path of their folder. */
const openDatasets = new Map<string, Entry>();

interface Entry {
  readonly dataset: Promise<Dataset>;
  users: number;
}

/** Closings and other work on files that no Dataset has open: a folder is opened only after that. */
const busy = new Map<string, Promise<void>>();

/** The description, once it makes sense. Throws TINYML_CONFIG_INVALID. */
export function assertDescription(description: DatasetDescription): DatasetDescription {
  const parsed = parseDescription(description);
  if (typeof parsed !== "string") return parsed;
  throw new TinymlError("TINYML_CONFIG_INVALID", `The dataset's settings are wrong: ${parsed}.`);
}

/** The real path of a dataset's folder, which is made where it is missing. */
async function keyOf(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true });
    return await realpath(folder);
  } catch (error) {
    throw toStorageError(error, `the dataset ${basename(folder)}`);
  }
}

/**
 * Opens the dataset in `folder`, which is made where it is missing, and repairs it after a crash. All who open the same folder get the
 * same Dataset, and each must close it once. A table is stored as rows.csv (a header; the label or the targets in the last columns),
 * index.ndjson (an event per row, see events.ts) and dataset.json (the description).
 *
 * Throws TINYML_CONFIG_INVALID for a description that makes no sense, TINYML_DATASET_MISMATCH when rows recorded
 * under another description are there, TINYML_DATASET_CORRUPT, TINYML_DISK_FULL or TINYML_STORAGE.
 */
export async function openDataset(
  folder: string,
  description: DatasetDescription,
  options: DatasetOptions = {},
): Promise<Dataset> {
  const parsed = assertDescription(description);
  const key = await keyOf(folder);
  while (busy.has(key)) await busy.get(key);

  let entry = openDatasets.get(key);
  if (entry === undefined) {
    entry = { dataset: Dataset.open(resolve(folder), parsed, options, () => release(key)), users: 0 };
    openDatasets.set(key, entry);
  }
  entry.users += 1;
  try {
    const dataset = await entry.dataset;
    await dataset.redescribe(parsed, () => entry.users > 1);
    return dataset;
  } catch (error) {
    await release(key).catch(() => undefined);
    throw error;
  }
}

/** One user less; the last one closes the files. */
async function release(key: string, of?: Entry): Promise<void> {
  const entry = openDatasets.get(key);
  if (entry === undefined || (of !== undefined && entry !== of)) return;
  entry.users -= 1;
  if (entry.users > 0) return;
  openDatasets.delete(key);
  await keepBusy(
    key,
    entry.dataset.then(
      (dataset) => dataset.finish(),
      () => undefined,
    ),
  );
}

/** Waits for work on a folder's files; nobody opens them meanwhile. */
async function keepBusy(key: string, work: Promise<void>): Promise<void> {
  const done = work.catch(() => undefined);
  busy.set(key, done);
  void done.then(() => busy.delete(key));
  await work;
}

/**
 * Works on the dataset in `folder` as it is, whatever its description says: with the Dataset when it is open, and else with its files, which
 * nobody opens meanwhile.
 */
export async function withDataset(
  folder: string,
  open: (dataset: Dataset) => Promise<void>,
  closed: () => Promise<void>,
): Promise<void> {
  const key = await keyOf(folder);
  for (;;) {
    while (busy.has(key)) await busy.get(key);
    const entry = openDatasets.get(key);
    if (entry === undefined) return await keepBusy(key, closed());
    entry.users += 1;
    try {
      const dataset = await entry.dataset.catch(() => undefined);
      if (dataset !== undefined) return await open(dataset);
    } finally {
      await release(key, entry);
    }
  }
}

/** An open dataset. Made by openDataset. */
export class Dataset {
  readonly folder: string;
  readonly #release: () => Promise<void>;
  readonly #journal: Journal;
  #description: DatasetDescription;
  #count = 0;
  #perLabel = new Map<string, number>();
  /** How many rows of each label were appended and are not on disk yet. */
  readonly #waiting = new Map<string, number>();
  #nextId = 1;
  #finished = false;

  private constructor(
    folder: string,
    description: DatasetDescription,
    options: DatasetOptions,
    release: () => Promise<void>,
  ) {
    this.folder = folder;
    this.#description = description;
    this.#release = release;
    this.#journal = new Journal(() => this.#open(), { ...options, what: `the dataset ${basename(folder)}` });
  }

  /** Opens the files; for openDataset, which sees to it that a folder has one Dataset only. */
  static async open(
    folder: string,
    description: DatasetDescription,
    options: DatasetOptions,
    release: () => Promise<void>,
  ): Promise<Dataset> {
    const dataset = new Dataset(folder, description, options, release);
    try {
      await dataset.#journal.prepare();
    } catch (error) {
      throw toStorageError(error, `the dataset ${basename(folder)}`);
    }
    return dataset;
  }

  /** What the dataset holds, as its settings say. */
  get description(): DatasetDescription {
    return this.#description;
  }

  /** How many rows are on disk. */
  get count(): number {
    return this.#count;
  }

  /** The labels: the fixed ones of the settings, or those of the rows on disk, in the order in which they were met. */
  get labels(): readonly string[] {
    return fixedLabels(this.#description) ?? [...this.#perLabel.keys()];
  }

  /** How many rows on disk have each label; labels of the settings without rows are there with 0. */
  countsPerLabel(): Record<string, number> {
    const counts: [string, number][] = this.labels.map((label) => [label, this.#perLabel.get(label) ?? 0]);
    return Object.fromEntries(counts);
  }

  /**
   * Adds a row. Resolves when it is on disk, at most 250 ms later on a disk that keeps up; from then on it survives a crash and a power cut.
   *
   * Rejects with TINYML_CHANNEL_COUNT, TINYML_NOT_A_NUMBER, TINYML_NO_LABEL or TINYML_UNKNOWN_LABEL for a row that does not fit; with
   * TINYML_DISK_FULL, TINYML_STORAGE (also when more rows wait to be written than is good) or TINYML_DATASET_MISSING (somebody deleted the
   * files; the next row begins the dataset anew) when it could not be kept. A rejected row is not in the dataset.
   */
  append(row: Row): Promise<void> {
    try {
      this.#assertOpen();
      const line = formatRow(this.#description, row);
      const label = this.#description.task === "classification" ? row.label : undefined;
      const bytes = label === undefined ? Buffer.byteLength(line) : undefined;
      const { group, split, source, time } = row;
      const event = formatEvent(createAddEvent(this.#nextId, { label, group, split, source, bytes, time }));
      this.#nextId += 1;
      const written = this.#journal.append([line, event], () => {
        this.#count += 1;
        if (label !== undefined) this.#perLabel.set(label, (this.#perLabel.get(label) ?? 0) + 1);
      });
      return label === undefined ? written : this.#keepWaiting(label, written);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Throws all rows away, those that were appended before and are not on disk yet included. What is recorded from then on may be
   * something else: what `description` says.
   */
  async clear(description = this.#description): Promise<void> {
    this.#assertOpen();
    const nextId = this.#nextId;
    const before = this.#description;
    // At once, for rows that are appended from now on come behind the clearing.
    this.#description = description;
    await this.#journal.rebuild(async () => {
      try {
        await emptyTable(this.folder, description, nextId);
      } catch (error) {
        this.#description = before;
        throw error;
      }
    });
  }

  /** Writes rows that wait at once; resolves when they are on disk, rejects when they could not be kept. */
  flush(): Promise<void> {
    return this.#journal.flush();
  }

  /** Ends one use; with the last one, rows that wait are written and the files closed. Every openDataset needs one close. */
  close(): Promise<void> {
    return this.#release();
  }

  /**
   * Takes over settings that changed without changing what the rows are; for openDataset. While others use the dataset, they must not
   * change at all (but for the rate): one would record what the other doesn't list. TINYML_DATASET_MISMATCH otherwise.
   */
  redescribe(description: DatasetDescription, isShared: () => boolean): Promise<void> {
    if (JSON.stringify(description) === JSON.stringify(this.#description)) return Promise.resolve();
    return this.#journal.exclusive(async () => {
      const met = new Set([...this.#perLabel.keys(), ...this.#waiting.keys()]);
      const mismatch =
        findMismatch(this.#description, description, met) ??
        (isShared() ? findDifference(this.#description, description) : undefined);
      if (mismatch) {
        throw new TinymlError(
          "TINYML_DATASET_MISMATCH",
          `The dataset ${basename(this.folder)} is in use, and ${mismatch}. Give both the same settings, or use two datasets.`,
        );
      }
      await writeFileAtomic(join(this.folder, descriptionFile), formatDescription(description));
      this.#description = description;
    });
  }

  /** Writes what waits and closes the files; for the last user's close. */
  async finish(): Promise<void> {
    this.#finished = true;
    await this.#journal.close();
  }

  async #open(): Promise<JournalFile[]> {
    const table = await openTable(this.folder, this.#description);
    this.#count = table.count;
    this.#perLabel = table.perLabel;
    this.#nextId = Math.max(this.#nextId, table.nextId);
    return [table.rows, table.index];
  }

  async #keepWaiting(label: string, written: Promise<void>): Promise<void> {
    this.#waiting.set(label, (this.#waiting.get(label) ?? 0) + 1);
    try {
      await written;
    } finally {
      const left = (this.#waiting.get(label) ?? 1) - 1;
      if (left > 0) this.#waiting.set(label, left);
      else this.#waiting.delete(label);
    }
  }

  #assertOpen(): void {
    if (this.#finished) {
      throw new TinymlError(
        "TINYML_STORAGE",
        `The dataset ${basename(this.folder)} was closed. Deploy the flow again.`,
      );
    }
  }
}
