import { stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { TinymlError } from "../errors";
import { isMissing, toStorageError } from "../storage";
import { readFileChunks } from "./chunks";
import { type CsvOptions, foreignCsv } from "./read-csv";
import { readDataset } from "./read-dataset";
import type { ReadOptions } from "./read-options";
import type { SamplesInMemory } from "./samples";
import type { Table } from "./table";
import { TableReader } from "./table-reader";

/**
 * The table at `path`: a dataset's folder, read as `options` want its samples, or a CSV file as readCsv takes it. Throws what those throw, and TINYML_FILE when
 * there is nothing at that path.
 */
export async function readTableFile(
  path: string,
  options: CsvOptions & ReadOptions = {},
): Promise<Table<SamplesInMemory>> {
  try {
    if ((await stat(path)).isDirectory()) return await readDataset(path, options);
    const reader = new TableReader(foreignCsv(options.source ?? path, options));
    await readFileChunks(path, (bytes) => reader.push(bytes));
    return reader.finish(options.name ?? basename(path, extname(path)), true);
  } catch (error) {
    if (!isMissing(error)) throw toStorageError(error, path);
    throw new TinymlError("TINYML_FILE", `There is no file or dataset ${path}. Check the path.`, { cause: error });
  }
}
