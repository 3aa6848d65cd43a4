import { readData } from "../dataset/read-data";
import type { ReadOptions } from "../dataset/read-options";
import type { Split, Table } from "../dataset/table";
import { usage } from "./arguments";

/** The data that a command line names. */
export interface DataArguments {
  /** `--data`: a file or folder. */
  location: string;
  /** `--test-rows`: how many rows at the end are for a test; 0 where it was left out. */
  testRows: number;
}

/** What `--data` and `--test-rows` say. @throws TinymlError TINYML_USAGE */
export function parseDataArguments(location: string, testRows = "0"): DataArguments {
  if (/^\d{1,9}$/.test(testRows)) return { location, testRows: Number(testRows) };
  throw usage(`--test-rows takes a whole number of rows, not "${testRows}".`);
}

/**
 * The rows that the arguments name, the last `testRows` of them for a test, whatever else the data says of them.
 * @throws TinymlError TINYML_USAGE where no row would be left, and what `readData` throws
 */
export async function readArguments({ location, testRows }: DataArguments, options: ReadOptions): Promise<Table> {
  const table = await readData(location, options);
  if (testRows === 0) return table;
  const first = table.rows - testRows;
  if (first <= 0) throw usage(`--test-rows ${testRows} leaves nothing of the ${table.rows} rows in ${location}.`);
  const splits = Array.from({ length: table.rows }, (_, row): Split | undefined =>
    row < first ? table.splits?.[row] : "test",
  );
  return { ...table, splits };
}
