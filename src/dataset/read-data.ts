import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { TinymlError } from "../errors";
import { isMissing, toStorageError } from "../storage";
import { descriptionFile } from "./description";
import { findClassFiles, readClassFiles } from "./read-class-folders";
import { isIdxName, readIdxFile, readIdxFolder } from "./read-idx";
import type { ReadOptions } from "./read-options";
import { classOfFile, readRecordingFiles } from "./read-recordings";
import { readTableFile } from "./read-table-file";
import type { Table } from "./table";

/**
 * The labelled samples at a path, which is one of these: a dataset's folder; an IDX file of images, or a folder with IDX files; a CSV file of
 * rows, or a folder with one; a folder with a CSV file of recordings per class; a folder with a folder per class, of sounds, pictures or
 * recordings (below train, validation and test or not). Nothing there is changed.
 *
 * @throws TinymlError TINYML_FILE when there is nothing at the path, TINYML_DATASET_MISSING when it is a folder of nothing of the kind, and what
 *   is wrong with its files, each by its name
 */
export async function readData(location: string, options: ReadOptions = {}): Promise<Table> {
  try {
    const found = await stat(location);
    if (found.isDirectory()) return await readFolder(location, options);
    if (!isIdxName(basename(location))) return await readTableFile(location, options);
    return await readIdxFile(location, await fileNames(dirname(location)), options);
  } catch (error) {
    if (!isMissing(error)) throw toStorageError(error, location);
    throw new TinymlError("TINYML_FILE", `There is no file or folder ${location}. Check the path.`, { cause: error });
  }
}

async function readFolder(folder: string, options: ReadOptions): Promise<Table> {
  const names = await fileNames(folder);
  if (names.includes(descriptionFile)) return readTableFile(folder, options);
  const name = basename(resolve(folder));
  const idx = names.filter(isIdxName);
  if (idx.length > 0) return readIdxFolder(folder, idx, options);
  const tables = names.filter((each) => each.toLowerCase().endsWith(".csv"));
  const classFiles = await findClassFiles(folder);
  if (tables.length > 0 && classFiles.length > 0) {
    throw new TinymlError(
      "TINYML_DATASET_MISSING",
      `The folder ${folder} holds both a CSV file (${tables[0]}) and folders of classes (${classFiles[0].path}). Name the file, or move it.`,
    );
  }
  if (classFiles.length > 0) return readClassFiles(classFiles, name, options);
  if (tables.length === 1) return readTableFile(join(folder, tables[0]), options);
  if (tables.length > 1 && options.task !== "regression") {
    const files = tables.map((file) => ({ path: join(folder, file), label: classOfFile(file) }));
    return readRecordingFiles(files, name, true);
  }
  throw new TinymlError(
    "TINYML_DATASET_MISSING",
    tables.length > 1
      ? `The folder ${folder} holds ${tables.length} CSV files (${tables.join(", ")}). Name one of them.`
      : `The folder ${folder} holds no data that is known here: no dataset (${descriptionFile}), no IDX or CSV file, and no folders of WAV, JPEG, PNG or CSV files. Check the path.`,
  );
}

/** The names of a folder's plain files, behind links too, sorted. */
async function fileNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const name of (await readdir(folder)).filter((each) => !each.startsWith(".")).sort()) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isFile()) names.push(name);
  }
  return names;
}
