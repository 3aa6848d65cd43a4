import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { NodeAPI } from "node-red";
import { clearDataset } from "../src/dataset/clear-dataset";
import type { Dataset } from "../src/dataset/dataset";
import { type DatasetDescription, findMismatch, fixedLabels, readDescription } from "../src/dataset/description";
import { indexFile } from "../src/dataset/events";
import { datasetFolder } from "../src/dataset/folder";
import { openDataset } from "../src/dataset/open-dataset";
import { readSampleIndex } from "../src/dataset/open-samples";
import { rowsFile } from "../src/dataset/open-table";
import { readData } from "../src/dataset/read-data";
import { readDataset } from "../src/dataset/read-dataset";
import type { ReadOptions } from "../src/dataset/read-options";
import type { Table } from "../src/dataset/table";
import { TinymlError, toTinymlError } from "../src/errors";
import type { Task } from "../src/model/metadata";

/** A dataset as a configuration node offers it to the other nodes. */
export interface DatasetSource {
  readonly name: string;
  readonly task: Task;
  /** What its samples are, as its settings say; files of others say it themselves. */
  readonly description?: DatasetDescription;
  /** The dataset, opened with the first call; it stays open until `close`. */
  open(): Promise<Dataset>;
  /**
   * All its samples, those that were just added included, with the ranges and labels of today's settings; `options` say which windows are cut out
   * of recordings. TINYML_DATASET_MISMATCH when they were recorded under other settings.
   */
  read(options?: Pick<ReadOptions, "shape" | "stride">): Promise<Table>;
  /** Throws all rows away, also those that were recorded under other settings. */
  clear(): Promise<void>;
  /** Has something finished before the files are closed; ends with a call of what is returned. */
  beforeClose(finish: () => Promise<unknown>): () => void;
  /** Ends this source's use of the files. */
  close(): Promise<void>;
}

/** A stored dataset, for lists. */
export interface DatasetListing {
  name: string;
  rows: number;
  /** Classification: samples of each label. */
  perLabel?: Record<string, number>;
  /** Why it can't be read. */
  problem?: string;
}

/** By configuration node: its dataset, or what is wrong with its settings. */
const sources = new WeakMap<object, DatasetSource | TinymlError>();
/** By folder: what is open knows its counts without reading a file. */
const open = new Map<string, Dataset>();
/** By folder: what was counted, and in which state of the file. */
const counted = new Map<string, { state: string; listing: DatasetListing }>();

/** A dataset under the folder `storage`; nothing is opened yet. TINYML_NAME_INVALID when the name is more than a file name. */
export function createDatasetSource(storage: string, name: string, description: DatasetDescription): DatasetSource {
  const folder = datasetFolder(storage, name);
  let opening: Promise<Dataset> | undefined;
  const unfinished = new Set<() => Promise<unknown>>();
  return {
    name,
    task: description.task,
    description,
    open() {
      opening ??= openDataset(folder, description).then(
        (dataset) => {
          open.set(folder, dataset);
          return dataset;
        },
        (error) => {
          // What was wrong may be right at the next try: a full disk, a folder without permission.
          opening = undefined;
          throw error;
        },
      );
      return opening;
    },
    async read(options) {
      await (await opening)?.flush();
      return underDescription(await readDataset(folder, options), await readDescription(folder), name, description);
    },
    clear: () => clearDataset(folder, description),
    beforeClose(finish) {
      unfinished.add(finish);
      return () => unfinished.delete(finish);
    },
    async close() {
      await Promise.allSettled([...unfinished].map((finish) => finish()));
      const closing = opening;
      opening = undefined;
      const dataset = await closing?.catch(() => undefined);
      open.delete(folder);
      await dataset?.close();
    },
  };
}

/** A dataset of files that others made, read anew each time. Recording into it and clearing it fail with TINYML_CONFIG_INVALID. */
export function createFilesSource(name: string, location: string, task: Task): DatasetSource {
  const refuse = async (): Promise<never> => {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      `The readings of the dataset "${name}" lie in files, which are only read. Choose a dataset that is recorded in a flow.`,
    );
  };
  return {
    name,
    task,
    open: refuse,
    // The whole path, for who reads an error doesn't know the folder that a part of it begins in.
    read: async (options) => ({ ...(await readData(resolve(location), { task, ...options })), name }),
    clear: refuse,
    beforeClose: () => () => undefined,
    close: async () => undefined,
  };
}

/** A stored dataset's table with the ranges and labels of the settings. TINYML_DATASET_MISMATCH when those ask for other rows. */
function underDescription(
  table: Table,
  stored: DatasetDescription | undefined,
  name: string,
  description: DatasetDescription,
): Table {
  const before = table.labels ?? [];
  const classes = table.task === "classification" ? new Set(table.outputs) : [];
  const met = Array.from(classes, (index) => before[index] ?? "");
  const mismatch = findMismatch(stored ?? description, description, met);
  if (mismatch !== undefined) {
    throw new TinymlError(
      "TINYML_DATASET_MISMATCH",
      `The dataset "${name}" ${mismatch}. Change the settings back, use another dataset, or throw its readings away: send msg.record = "clear" to a record node of this dataset.`,
    );
  }
  const { channels, targets } = description;
  if (table.task === "regression") return { ...table, channels, ...(targets === undefined ? {} : { targets }) };
  const labels = fixedLabels(description) ?? met;
  const index = before.map((label) => labels.indexOf(label));
  return { ...table, channels, labels, outputs: table.outputs.map((label) => index[label] ?? 0) };
}

/** Offers a dataset under its configuration node; or what is wrong with the node's settings, for those who use it. */
export function offerDataset(node: object, source: DatasetSource | TinymlError): void {
  sources.set(node, source);
}

/**
 * The dataset of a configuration node. TINYML_DATASET_NOT_SET when there is no such node; when its settings are wrong, the error
 * that it had itself.
 */
export function findDataset(RED: Pick<NodeAPI, "nodes">, id: string): DatasetSource {
  if (id === "") {
    throw new TinymlError("TINYML_DATASET_NOT_SET", "No dataset is chosen. Open this node and choose or add one.");
  }
  const node: unknown = RED.nodes.getNode(id);
  const source = typeof node === "object" && node !== null ? sources.get(node) : undefined;
  if (source instanceof TinymlError) throw source;
  if (source !== undefined) return source;
  let disabled = false;
  RED.nodes.eachNode((definition) => {
    if (definition.id === id) disabled = true;
  });
  throw new TinymlError(
    "TINYML_DATASET_NOT_SET",
    disabled
      ? "The dataset of this node is disabled. Open this node and its dataset, enable the dataset, and deploy."
      : "The dataset of this node was deleted. Open this node and choose or add another.",
  );
}

/** All datasets under the folder `storage` with their counts, by name. */
export async function listDatasets(storage: string): Promise<DatasetListing[]> {
  const folder = join(storage, "datasets");
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const listings = await Promise.all(names.map((name) => countRows(join(folder, name), name)));
  return listings.flat().sort((a, b) => a.name.localeCompare(b.name));
}

async function countRows(folder: string, name: string): Promise<DatasetListing[]> {
  const dataset = open.get(folder);
  if (dataset !== undefined) {
    const { count, description } = dataset;
    return [
      description.task === "classification"
        ? { name, rows: count, perLabel: dataset.countsPerLabel() }
        : { name, rows: count },
    ];
  }
  // A folder without either is no dataset (yet).
  const files = await Promise.all([rowsFile, indexFile].map((file) => stat(join(folder, file)).catch(() => undefined)));
  if (files.every((file) => file === undefined)) return [];
  const state = files.map((file) => `${file?.size} ${file?.mtimeMs}`).join(" ");
  const known = counted.get(folder);
  if (known?.state === state) return [known.listing];
  const listing = await countStoredRows(folder, name);
  counted.set(folder, { state, listing });
  return [listing];
}

async function countStoredRows(folder: string, name: string): Promise<DatasetListing> {
  try {
    const stored = await readDescription(folder);
    if (stored !== undefined && stored.kind !== "table") {
      const { count, perLabel } = await readSampleIndex(folder);
      if (stored.task === "regression") return { name, rows: count };
      const labels = new Map<string, number>((fixedLabels(stored) ?? []).map((label) => [label, 0]));
      for (const [label, samples] of perLabel) labels.set(label, samples);
      return { name, rows: count, perLabel: Object.fromEntries(labels) };
    }
    const { rows, labels, outputs, task } = await readDataset(folder);
    if (task !== "classification" || labels === undefined) return { name, rows };
    const counts = labels.map(() => 0);
    for (const label of outputs) counts[label] = (counts[label] ?? 0) + 1;
    return { name, rows, perLabel: Object.fromEntries(labels.map((label, index) => [label, counts[index] ?? 0])) };
  } catch (thrown) {
    const { code, message } = toTinymlError(thrown);
    return code === "TINYML_DATASET_EMPTY" ? { name, rows: 0 } : { name, rows: 0, problem: message };
  }
}
