import { EventEmitter } from "node:events";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { TinymlError } from "../src/errors";
import { assertName, isMissing, toStorageError, writeFileAtomic } from "../src/storage";
import { isTflite } from "../src/tflite/is-tflite";

/** A model of the store, for lists. */
export interface StoredModel {
  name: string;
  bytes: number;
  /** When it was stored, milliseconds since 1970. */
  stored: number;
}

const changes = new EventEmitter().setMaxListeners(0);

/** The file of a stored model: `<storage>/models/<name>/model.tflite`. TINYML_NAME_INVALID when the name is more than a file name. */
export function modelFile(storage: string, name: string): string {
  return path.join(storage, "models", assertName(name, "model"), "model.tflite");
}

/** Stores a model under a name, in one step, and tells those who use the name. */
export async function storeModel(storage: string, name: string, model: Uint8Array): Promise<void> {
  const file = modelFile(storage, name);
  await writeFileAtomic(file, model);
  changes.emit(file, Buffer.from(model));
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
 * The model a message brings, or else the stored one of the name in the node's settings.
 * TINYML_NO_MODEL when neither is there.
 */
export async function modelOf(payload: unknown, storage: string, name: string): Promise<Uint8Array> {
  if (isTflite(payload)) return payload;
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

/** All stored models, by name. */
export async function listModels(storage: string): Promise<StoredModel[]> {
  const names = await readdir(path.join(storage, "models")).catch(() => []);
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
