import { constants } from "node:fs";
import { access, mkdir, readFile, realpath, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { TinymlError } from "../errors";
import type { Model } from "../model/model";
import { assertName, isMissing, systemErrorCode, toStorageError, writeFileAtomic } from "../storage";
import { isTflite } from "../tflite/is-tflite";
import { readTflite } from "../tflite/read-tflite";
import { writeTflite } from "../tflite/write-tflite";
import { usage } from "./arguments";

/** What the description field of every model says that this package made. */
const ourDescription = "TinyML Flows";

/** A file's bytes. @throws TinymlError TINYML_FILE when there is none, or it can't be read */
export async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw unreadable(error, file);
  }
}

function unreadable(error: unknown, file: string): TinymlError {
  const options = { cause: error };
  if (isMissing(error)) return new TinymlError("TINYML_FILE", `There is no file ${file}. Check the path.`, options);
  if (systemErrorCode(error) === "EISDIR") {
    return new TinymlError("TINYML_FILE", `${file} is a folder. Name a file in it.`, options);
  }
  return new TinymlError("TINYML_FILE", `${file} could not be read: ${toStorageError(error, file).message}`, options);
}

/** A model and the size of its file. @throws TinymlError TINYML_FILE, and what `readTflite` throws */
export async function readModelFile(file: string): Promise<{ model: Model; bytes: number }> {
  const bytes = await readBytes(file);
  return { model: readTflite(bytes), bytes: bytes.length };
}

/** Which files may be replaced without asking. */
export interface Overwriting {
  /** The option that named the file, for messages. */
  option: string;
  /** Whether it may be any file. */
  force: boolean;
  /** Whether this package wrote a file with these bytes. */
  isOurs(bytes: Buffer): boolean;
}

/** Makes sure that a model can be written to a file, before the work for it is done; see `prepareFile`. */
export function prepareModelFile(file: string, force: boolean): Promise<void> {
  return prepareFile(file, { option: "--out", force, isOurs: isOurModel });
}

/**
 * Makes sure that a file can be written: its folder is made where it is missing, and a file that is there is one that this package
 * wrote, or `force` is given.
 * @throws TinymlError TINYML_WOULD_OVERWRITE, TINYML_STORAGE, TINYML_DISK_FULL
 */
export async function prepareFile(file: string, { option, force, isOurs }: Overwriting): Promise<void> {
  const folder = path.dirname(file);
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    const kind = await kindOf(file);
    if (kind === "folder" || kind === "special") {
      const what = kind === "folder" ? "a folder" : "a device or a pipe";
      throw new TinymlError("TINYML_STORAGE", `${file} is ${what}. Name the file to write.`);
    }
  } catch (error) {
    throw unwritable(error, file);
  }
  if (!force && !(await isFreeOrOurs(file, isOurs))) {
    throw new TinymlError(
      "TINYML_WOULD_OVERWRITE",
      `${file} is there already and was not written by this command. Choose another ${option}, or add --force.`,
    );
  }
}

/**
 * Writes a model to a file that `prepareModelFile` has looked at.
 * @returns the file's bytes
 * @throws TinymlError TINYML_DISK_FULL, TINYML_STORAGE
 */
export async function writeModelFile(file: string, model: Model): Promise<number> {
  // The mark by which the file is known as ours; a model from elsewhere has no metadata of ours.
  const bytes = writeTflite({ ...model, description: ourDescription });
  await writeWhole(file, bytes);
  return bytes.length;
}

/** Writes raw bytes, replacing what was there; to a device or a pipe as well. @throws TinymlError TINYML_STORAGE, … */
export async function writeBytes(file: string, bytes: Uint8Array): Promise<void> {
  try {
    const kind = await kindOf(file);
    if (kind === "folder") throw new TinymlError("TINYML_STORAGE", `${file} is a folder. Name the file to write.`);
    if (kind === "special") await writeFile(file, bytes);
    else {
      await mkdir(path.dirname(file), { recursive: true });
      await writeWhole(file, bytes);
    }
  } catch (error) {
    throw unwritable(error, file);
  }
}

/** Writes a whole file in one step; behind a link the file that it leads to, so that the link stays (/dev/stdout is one). */
async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const target = (await kindOf(file)) === "file" ? await realpath(file) : file;
  await writeFileAtomic(target, bytes);
}

function unwritable(error: unknown, file: string): TinymlError {
  if (["ENOTDIR", "EEXIST"].includes(systemErrorCode(error))) {
    return new TinymlError("TINYML_STORAGE", `${path.dirname(file)} is a file, so nothing can be saved in it.`, {
      cause: error,
    });
  }
  return toStorageError(error, file);
}

/**
 * Makes sure that what is written takes the place of nothing that is read.
 * @param option the option that named the file, for messages
 * @throws TinymlError TINYML_USAGE where `file` is one of `inputs`
 */
export async function assertNoInput(option: string, file: string, inputs: readonly string[]): Promise<void> {
  for (const input of inputs) {
    if (!(await isSameFile(file, input))) continue;
    throw usage(`${option} names ${input}, which this command reads and which would be lost. Name another file.`);
  }
}

/** Whether two paths lead to the same file, be it through links. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  if (path.resolve(one) === path.resolve(other)) return true;
  // As big integers, for Windows counts files beyond what a number can tell apart.
  const [first, second] = await Promise.all(
    [one, other].map((file) => stat(file, { bigint: true }).catch(() => undefined)),
  );
  // A terminal is both standard input and output, and loses nothing by it.
  return first?.isFile() === true && first.dev === second?.dev && first.ino === second.ino;
}

/** What is at a path. */
async function kindOf(file: string): Promise<"nothing" | "file" | "folder" | "special"> {
  try {
    const found = await stat(file);
    if (found.isDirectory()) return "folder";
    return found.isFile() ? "file" : "special";
  } catch (error) {
    if (isMissing(error)) return "nothing";
    throw error;
  }
}

async function isFreeOrOurs(file: string, isOurs: (bytes: Buffer) => boolean): Promise<boolean> {
  try {
    return isOurs(await readFile(file));
  } catch (error) {
    if (isMissing(error)) return true;
    throw toStorageError(error, file);
  }
}

function isOurModel(bytes: Buffer): boolean {
  if (!isTflite(bytes)) return false;
  try {
    const { metadata, description } = readTflite(bytes);
    return metadata !== undefined || description === ourDescription;
  } catch {
    return false;
  }
}

/** A model's name: the one that was given, or else one made from its file's. @throws TinymlError TINYML_NAME_INVALID */
export function modelNameOf(given: string | undefined, file: string): string {
  if (given !== undefined) return assertName(given, "model");
  const plain = path
    .basename(file, path.extname(file))
    .replace(/[^\p{L}\p{M}\p{N} ._()+-]+/gu, "_")
    .replace(/^[. ]+|[. ]+$/g, "");
  try {
    return assertName(plain, "model");
  } catch {
    return "model";
  }
}
