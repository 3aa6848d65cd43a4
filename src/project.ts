import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { descriptionFile } from "./dataset/description";
import { exportedFiles } from "./dataset/exchange/export-dataset";
import type { ImportedSamples } from "./dataset/exchange/import-samples";
import { createUnpackBudget, importError, type NamedBytes, parseJson } from "./dataset/exchange/named-bytes";
import { readExported } from "./dataset/exchange/read-exported";
import { readStored } from "./dataset/exchange/read-stored";
import { isZip, readZip } from "./dataset/exchange/read-zip";
import { writeZip } from "./dataset/exchange/write-zip";
import { datasetFolder } from "./dataset/folder";
import { openDataset } from "./dataset/open-dataset";
import { TinymlError } from "./errors";
import { createProjectList, parseProjectList, type StagedItem } from "./project-list";
import { finishImports, freeName, listTaken, sameOnDisk, storeStaged } from "./project-staging";
import { assertName, isMissing, toStorageError, writeFileAtomic } from "./storage";
import { isTflite } from "./tflite/is-tflite";
import { readTflite } from "./tflite/read-tflite";

/** The file in a project's archive that says what is in it. */
const projectFile = "project.json";

/** The flow, as Node-RED's editor exports it. */
const flowsFile = "flows.json";

/** A node of a flow: what it is, and its settings. */
export type FlowNode = Record<string, unknown>;

/** What of a storage folder goes into a project; all of it where nothing is named. */
export interface ProjectContent {
  datasets?: readonly string[];
  models?: readonly string[];
  /** The nodes of the flow. */
  flows?: readonly FlowNode[];
}

/** A dataset or model that was imported. */
export interface ImportedItem {
  /** Its name in the project. */
  name: string;
  /** The name under which it is stored now. */
  storedAs: string;
}

/** What an import of a project stored, and the flow, which is not deployed: whoever imports it decides. */
export interface ImportedProject {
  datasets: readonly ImportedItem[];
  models: readonly ImportedItem[];
  flows: readonly FlowNode[];
}

export interface ProjectImportOptions {
  /** Whether what has the name of something that is there gets a new name; else the import is refused. */
  rename?: boolean;
  /** What the archive may unpack to; 512 MiB and 100,000 entries where absent. */
  limits?: { bytes: number; entries: number };
}

/** A stored model's file below the folder of all models. */
function modelFile(storage: string, name: string): string {
  return join(storage, "models", assertName(name, "model"), "model.tflite");
}

/**
 * The datasets and models of a storage folder and a flow as one zip archive, piece by piece. Deleted samples are left out.
 * @throws TinymlError TINYML_DATASET_MISSING, TINYML_NO_MODEL for a name that is not there, and what reading throws
 */
export async function* exportProject(storage: string, content: ProjectContent = {}): AsyncGenerator<Uint8Array> {
  // A disk that can't be written to can be exported from.
  await finishImports(storage).catch(() => undefined);
  const datasets = content.datasets ?? (await listFolders(join(storage, "datasets"), descriptionFile));
  const models = content.models ?? (await listFolders(join(storage, "models"), "model.tflite"));
  // What is lost or damaged is told before the first piece: an answer that has begun could only be cut off.
  for (const name of datasets) await readStored(datasetFolder(storage, name));
  yield* writeZip(projectFiles(storage, datasets, models, content.flows ?? []));
}

async function* projectFiles(
  storage: string,
  datasets: readonly string[],
  models: readonly string[],
  flows: readonly FlowNode[],
): AsyncGenerator<NamedBytes> {
  yield jsonFile(projectFile, createProjectList(datasets, models));
  // Credentials are no part of a flow's file in Node-RED either.
  yield jsonFile(
    flowsFile,
    flows.map(({ credentials: _, ...node }) => node),
  );
  for (const name of datasets) yield* exportedFiles(datasetFolder(storage, name), `datasets/${name}/`);
  for (const name of models) {
    try {
      yield { name: `models/${name}/model.tflite`, bytes: await readFile(modelFile(storage, name)) };
    } catch (error) {
      if (!isMissing(error)) throw toStorageError(error, `the model ${name}`);
      throw new TinymlError("TINYML_NO_MODEL", `There is no model "${name}". Check its name.`, { cause: error });
    }
  }
}

function jsonFile(name: string, value: unknown): NamedBytes {
  return { name, bytes: Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`) };
}

/** The folders below a folder that hold a file of that name, sorted; none where there is no folder. */
async function listFolders(folder: string, file: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const found: string[] = [];
  for (const name of names.sort()) {
    if (name.startsWith(".")) continue;
    if ((await stat(join(folder, name, file)).catch(() => undefined))?.isFile()) found.push(name);
  }
  return found;
}

/**
 * Stores the datasets and models of a project's archive, all or none, and gives its flow back. What is there is never overwritten: the import is refused, or
 * gets new names, in the flow as well. Where the process is killed, the next import or export ends what it began.
 * @throws TinymlError TINYML_IMPORT_INVALID, TINYML_NAME_INVALID, TINYML_WOULD_OVERWRITE, TINYML_DISK_FULL, TINYML_STORAGE, and what the readers of samples throw
 */
export async function importProject(
  storage: string,
  archive: NamedBytes,
  { rename: mayRename = false, limits }: ProjectImportOptions = {},
): Promise<ImportedProject> {
  const { datasets, models, flows } = await readProject(archive, limits);
  try {
    await finishImports(storage);
  } catch (error) {
    throw toStorageError(error, "what an import left that was cut off");
  }
  const taken = {
    datasets: await listTaken(join(storage, "datasets")),
    models: await listTaken(join(storage, "models")),
  };
  const newNames = {
    datasets: chooseNames([...datasets.keys()], taken.datasets, "dataset", mayRename),
    models: chooseNames([...models.keys()], taken.models, "model", mayRename),
  };
  try {
    await storeStaged(storage, async (staging) => {
      const items: StagedItem[] = [];
      for (const [name, { description, samples }] of datasets) {
        const dataset = await openDataset(join(staging, "datasets", name), description);
        try {
          await dataset.addAll(samples);
        } finally {
          await dataset.close();
        }
        items.push({ kind: "datasets", name, storedAs: newNames.datasets.get(name) ?? name });
      }
      for (const [name, bytes] of models) {
        await writeFileAtomic(join(staging, "models", name, "model.tflite"), bytes);
        items.push({ kind: "models", name, storedAs: newNames.models.get(name) ?? name });
      }
      return items;
    });
  } catch (error) {
    throw toStorageError(error, "the project");
  }
  const list = (names: ReadonlyMap<string, string>): ImportedItem[] =>
    Array.from(names, ([name, storedAs]) => ({ name, storedAs }));
  return {
    datasets: list(newNames.datasets),
    models: list(newNames.models),
    flows: flows.map((node) => renameIn(node, newNames)),
  };
}

interface ProjectFiles {
  datasets: ReadonlyMap<string, ImportedSamples>;
  models: ReadonlyMap<string, Uint8Array>;
  flows: readonly FlowNode[];
}

/** What is in a project's archive, once all of it is understood. */
async function readProject(archive: NamedBytes, limits?: ProjectImportOptions["limits"]): Promise<ProjectFiles> {
  if (!isZip(archive.bytes)) throw importError(archive.name, "it is no zip archive");
  const files = new Map((await readZip(archive, createUnpackBudget(limits))).map((file) => [file.name, file]));
  const take = (name: string): NamedBytes => {
    const file = files.get(name);
    if (file === undefined) throw importError(archive.name, `it has no ${name}, as projects have`);
    return file;
  };
  const listed = parseProjectList(parseJson(take(projectFile)));
  if (typeof listed === "string") throw importError(projectFile, `it is of no known version (${listed})`);
  const { datasets, models } = listed;
  assertNames(datasets, "dataset");
  assertNames(models, "model");
  const flows = parseJson(take(flowsFile));
  if (!Array.isArray(flows) || !flows.every(isNode)) throw importError(flowsFile, "it is no list of nodes");
  const all = [...files.values()];
  const imported = new Map<string, ImportedSamples>();
  for (const name of datasets) {
    const folder = `datasets/${name}/`;
    const own = all.filter((file) => file.name.startsWith(folder));
    imported.set(name, await readExported(own, folder));
  }
  return {
    datasets: imported,
    models: new Map(models.map((name) => [name, assertModel(take(`models/${name}/model.tflite`))])),
    flows,
  };
}

function isNode(value: unknown): value is FlowNode {
  return typeof value === "object" && value !== null && "id" in value && "type" in value;
}

function assertNames(names: readonly string[], what: "dataset" | "model"): void {
  const seen = new Set<string>();
  for (const name of names) {
    const same = sameOnDisk(assertName(name, what));
    if (seen.has(same)) throw importError(projectFile, `it lists the ${what} "${name}" twice`);
    seen.add(same);
  }
}

function assertModel({ name, bytes }: NamedBytes): Uint8Array {
  if (!isTflite(bytes)) throw importError(name, "it is no .tflite file");
  try {
    readTflite(bytes);
    return bytes;
  } catch (error) {
    throw importError(name, error instanceof Error ? error.message : String(error), error);
  }
}

/** The names under which things are stored, none of which is taken. @throws TinymlError TINYML_WOULD_OVERWRITE */
function chooseNames(
  names: readonly string[],
  taken: ReadonlySet<string>,
  what: "dataset" | "model",
  mayRename: boolean,
): Map<string, string> {
  const inTheWay = names.filter((name) => taken.has(sameOnDisk(name)));
  if (inTheWay.length > 0 && !mayRename) {
    throw new TinymlError(
      "TINYML_WOULD_OVERWRITE",
      inTheWay.length === 1
        ? `There is a ${what} "${inTheWay[0]}" already. Nothing was imported. Remove or rename it, or let the import choose new names.`
        : `There are ${what}s "${inTheWay.join('", "')}" already. Nothing was imported. Remove or rename them, or let the import choose new names.`,
    );
  }
  const used = new Set([...taken, ...names.filter((name) => !inTheWay.includes(name)).map(sameOnDisk)]);
  return new Map(
    names.map((name) => {
      const free = inTheWay.includes(name) ? freeName(name, used) : name;
      used.add(sameOnDisk(free));
      return [name, assertName(free, what)];
    }),
  );
}

/** A node of the flow with the names under which its dataset and models are stored now. */
function renameIn(
  node: FlowNode,
  names: { datasets: ReadonlyMap<string, string>; models: ReadonlyMap<string, string> },
): FlowNode {
  if (typeof node.type !== "string" || !node.type.startsWith("tinyml-")) return node;
  const key = node.type === "tinyml-dataset" ? "name" : "model";
  const known = node.type === "tinyml-dataset" ? names.datasets : names.models;
  const value = node[key];
  const renamed = typeof value === "string" ? known.get(value) : undefined;
  return renamed === undefined ? node : { ...node, [key]: renamed };
}
