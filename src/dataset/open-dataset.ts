import { mkdir, realpath } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { TinymlError } from "../errors";
import { toStorageError } from "../storage";
import { Dataset, type DatasetOptions } from "./dataset";
import { assertDescription, type DatasetDescription, readDescription } from "./description";

/** The datasets that are open in this process, by the real path of their folder. */
const openDatasets = new Map<string, Entry>();

interface Entry {
  readonly dataset: Promise<Dataset>;
  users: number;
}

/** Closings and other work on files that no Dataset has open: a folder is opened only after that. */
const busy = new Map<string, Promise<void>>();

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

/**
 * Opens a dataset that is there, whatever it holds, as its own description says.
 * @throws TinymlError TINYML_DATASET_MISSING when there is none in the folder, and what `openDataset` throws
 */
export async function openStoredDataset(folder: string, options: DatasetOptions = {}): Promise<Dataset> {
  const description = await readDescription(folder);
  if (description !== undefined) return openDataset(folder, description, options);
  throw new TinymlError(
    "TINYML_DATASET_MISSING",
    `There is no dataset "${basename(resolve(folder))}" (${folder}). Record some readings first, or check its name.`,
  );
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
