import { EventEmitter } from "node:events";
import { constants } from "node:fs";
import { open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { TinymlError, toTinymlError } from "../src/errors";
import { type ModelSummary, summarizeModel } from "../src/model/summarize";
import { assertName, isMissing, toStorageError, writeFileAtomic } from "../src/storage";
import { isTflite } from "../src/tflite/is-tflite";
import { readTflite } from "../src/tflite/read-tflite";

/** A model of the store, for lists. */
export interface StoredModel {
  name: string;
  bytes: number;
  /** When it was stored, milliseconds since 1970. */
  stored: number;
}

/** What a dialog shows of a model: what it is, or why that can't be told. Neither when there is none. */
export interface ModelReport {
  summary?: ModelSummary;
  problem?: string;
}

/** Larger files are no models for this package, and reading one would take the memory from everything else. */
const largestFile = 256e6;

/** What the dialogs of nodes are to show of the models that they predict with now, by the node's id. */
const modelsInUse = new Map<string, () => ModelReport>();

const changes = new EventEmitter().setMaxListeners(0);

/** The file of a stored model: `<storage>/models/<name>/model.tflite`. TINYML_NAME_INVALID when the name is more than a file name. */
export function modelFile(storage: string, name: string): string {
  return join(storage, "models", assertName(name, "model"), "model.tflite");
}

/** Stores a model under a name, in one step, and tells those who use the name. */
export async function storeModel(storage: string, name: string, model: Uint8Array): Promise<void> {
  const file = modelFile(storage, name);
  await writeFileAtomic(file, model);
  changes.emit(file, Buffer.from(model));
}

/** Tells those who use the name of a model that it was stored by other means. */
export async function announceModel(storage: string, name: string): Promise<void> {
  changes.emit(modelFile(storage, name), await readStoredModel(storage, name));
}

/** A stored model's bytes. TINYML_NO_MODEL when there is none of this name. */
export async function readStoredModel(storage: string, name: string): Promise<Buffer> {
  const file = modelFile(storage, name);
  try {
    return await readFile(file);
  } catch (cause) {
    if (!isMissing(cause)) throw toStorageError(cause, `the model ${name}`);
    throw new TinymlError(
      "TINYML_NO_MODEL",
      `There is no model "${name}" yet. Train it first, or send a .tflite model to this node.`,
      { cause },
    );
  }
}

/**
 * The model that a message brings; undefined when it brings something else.
 * TINYML_MODEL_INVALID when it is a model that was taken for a text on its way, as the node "file in" does if nobody tells it otherwise.
 */
export function modelIn(payload: unknown): Uint8Array | undefined {
  if (isTflite(payload)) return payload;
  if (typeof payload !== "string" || payload.slice(4, 8) !== "TFL3") return undefined;
  throw new TinymlError(
    "TINYML_MODEL_INVALID",
    'The model came as a text, which damages it. Set the node that reads it ("file in", "http request") to give a buffer.',
  );
}

/**
 * The model a message brings, or else the stored one of the name in the node's settings.
 * TINYML_NO_MODEL when neither is there.
 */
export async function modelOf(payload: unknown, storage: string, name: string): Promise<Uint8Array> {
  const brought = modelIn(payload);
  if (brought !== undefined) return brought;
  if (name !== "") return readStoredModel(storage, name);
  throw new TinymlError(
    "TINYML_NO_MODEL",
    "The message holds no model and this node names none. Send a .tflite model in msg.payload, or open this node and name a stored model.",
  );
}

/** Calls the listener with each model that is stored under the name; the function it returns ends that. */
export function onModelStored(storage: string, name: string, listener: (model: Buffer) => void): () => void {
  const file = modelFile(storage, name);
  changes.on(file, listener);
  return () => changes.off(file, listener);
}

/**
 * The bytes of a model's file anywhere on the disk.
 * @throws TinymlError TINYML_FILE when there is none, it can't be read or is too large
 */
export async function readModelFile(file: string): Promise<Buffer> {
  try {
    // By one handle, so that what is read is what was looked at; a pipe or a device might have no end.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await handle.stat();
      if (!found.isFile()) throw new TinymlError("TINYML_FILE", `${file} is no file. Name a .tflite file.`);
      if (found.size > largestFile) {
        throw new TinymlError("TINYML_FILE", `${file} is larger than ${largestFile / 1e6} MB. Use a smaller model.`);
      }
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof TinymlError) throw cause;
    if (isMissing(cause)) throw new TinymlError("TINYML_FILE", `There is no file ${file}. Check the path.`, { cause });
    throw new TinymlError("TINYML_FILE", `${file} could not be read: ${toStorageError(cause, file).message}`, {
      cause,
    });
  }
}

/** Tells the dialog of a node which model it predicts with now, or why with none; undefined when nothing is to be said. */
export function reportModelInUse(node: string, report: (() => ModelReport) | undefined): void {
  if (report === undefined) modelsInUse.delete(node);
  else modelsInUse.set(node, report);
}

/** What is known of the model that a node predicts with now. */
export function modelInUse(node: string): ModelReport {
  return modelsInUse.get(node)?.() ?? {};
}

/** What is known of a stored model. TINYML_NAME_INVALID when the name is more than a file name. */
export async function describeStoredModel(storage: string, name: string): Promise<ModelReport> {
  modelFile(storage, name);
  try {
    const bytes = await readStoredModel(storage, name);
    return { summary: summarizeModel(readTflite(bytes), bytes.length) };
  } catch (error) {
    return { problem: toTinymlError(error).message };
  }
}

/** All stored models, by name. */
export async function listModels(storage: string): Promise<StoredModel[]> {
  const names = await readdir(join(storage, "models")).catch(() => []);
  const models = await Promise.all(
    names.map(async (name): Promise<StoredModel[]> => {
      try {
        const { size, mtimeMs } = await stat(modelFile(storage, name));
        return [{ name, bytes: size, stored: mtimeMs }];
      } catch {
        // A folder without a model, or with a name that is none, is not of the store.
        return [];
      }
    }),
  );
  return models.flat().sort((a, b) => a.name.localeCompare(b.name));
}
