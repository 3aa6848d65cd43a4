import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { descriptionFile } from "../dataset/description";
import type { CsvOptions } from "../dataset/read-csv";
import { readTableFile } from "../dataset/read-table-file";
import type { Table } from "../dataset/table";
import { TinymlError } from "../errors";
import { isMissing, toStorageError } from "../storage";

/**
 * The rows that `--data` names: a dataset folder, a CSV file, or a folder that holds one CSV file.
 * @throws TinymlError TINYML_FILE, TINYML_DATASET_MISSING, and what `readTableFile` throws
 */
export async function readData(location: string, options: CsvOptions): Promise<Table<Float32Array>> {
  return readTableFile(await findData(location), options);
}

async function findData(location: string): Promise<string> {
  let files: string[];
  try {
    if (!(await stat(location)).isDirectory()) return location;
    files = await readdir(location);
  } catch (error) {
    if (isMissing(error)) return location;
    throw toStorageError(error, location);
  }
  if (files.includes(descriptionFile)) return location;
  const tables = files.filter((file) => file.toLowerCase().endsWith(".csv") && !file.startsWith("."));
  const [table] = tables;
  if (tables.length === 1) return path.join(location, table);
  throw new TinymlError(
    "TINYML_DATASET_MISSING",
    tables.length === 0
      ? `The folder ${location} holds neither a dataset (${descriptionFile}) nor a CSV file. Check the path.`
      : `The folder ${location} holds ${tables.length} CSV files (${tables.sort().join(", ")}). Name one of them.`,
  );
}
