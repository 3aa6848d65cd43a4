import { readFile, writeFile } from "node:fs/promises";
import { TinymlError } from "../errors";
import type { Model } from "../model/model";
import { isMissing, toStorageError, writeFileAtomic } from "../storage";
import { isTflite } from "../tflite/is-tflite";
import { readTflite } from "../tflite/read-tflite";
import { writeTflite } from "../tflite/write-tflite";

/** A file's bytes. @throws TinymlError TINYML_FILE when there is none */
export async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    if (isMissing(error)) {
      throw new TinymlError("TINYML_FILE", `There is no file ${file}. Check the path.`, { cause: error });
    }
    throw new TinymlError("TINYML_FILE", `${file} could not be read: ${toStorageError(error, file).message}`, {
      cause: error,
    });
  }
}

/** A model and the size of its file. */
export async function readModelFile(file: string): Promise<{ model: Model; bytes: number }> {
  const bytes = await readBytes(file);
  return { model: readTflite(bytes), bytes: bytes.length };
}

/**
 * Writes a model; a file that is there is overwritten only when this package wrote it, or with `force`.
 * @returns the file's bytes
 * @throws TinymlError TINYML_WOULD_OVERWRITE, TINYML_DISK_FULL, TINYML_STORAGE
 */
export async function writeModelFile(file: string, model: Model, force: boolean): Promise<number> {
  if (!force && !(await isFreeOrOurs(file))) {
    throw new TinymlError(
      "TINYML_WOULD_OVERWRITE",
      `${file} is there already and was not written by this command. Choose another --out, or add --force.`,
    );
  }
  const bytes = writeTflite(model);
  await writeFileAtomic(file, bytes);
  return bytes.length;
}

/** Writes raw bytes, replacing what was there. */
export async function writeBytes(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(file, bytes);
  } catch (error) {
    throw toStorageError(error, file);
  }
}

async function isFreeOrOurs(file: string): Promise<boolean> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if (isMissing(error)) return true;
    throw toStorageError(error, file);
  }
  if (!isTflite(bytes)) return false;
  try {
    const { metadata, description } = readTflite(bytes);
    return metadata !== undefined || description === "TinyML Flows";
  } catch {
    return false;
  }
}
