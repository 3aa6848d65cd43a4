import { basename } from "node:path";
import {
  classOfFile,
  findDataset,
  inputsInMemory,
  inputWidth,
  isMissing,
  joinRecordings,
  type NodeContext,
  type Recorded,
  readRecordings,
  TinymlError,
  toStorageError,
  userFile,
} from "../lib";

/** Recorded readings, with a name for where they come from, and their rate where it is known. */
export interface NamedRecordings extends Recorded {
  name: string;
  rateHz?: number;
}

/** The recordings in a CSV file of the user's; their label is the class that the file's name says. */
export async function readRecordedFile({ RED }: NodeContext, name: string): Promise<NamedRecordings> {
  const file = userFile(RED, name);
  const { channels, values, recordings } = await readRecordings(file).catch((error: unknown) => {
    if (error instanceof TinymlError) throw error;
    if (!isMissing(error)) throw toStorageError(error, file);
    throw new TinymlError("TINYML_FILE", `There is no file ${file}. Check the path.`, { cause: error });
  });
  const label = classOfFile(file);
  return {
    name: basename(file),
    channels: channels.map((channel) => channel.name),
    values,
    parts: recordings.map(({ readings }) => ({ readings, label })),
  };
}

/** The recordings of a dataset of the flow. */
export async function readRecordedDataset({ RED }: NodeContext, id: string): Promise<NamedRecordings> {
  const source = findDataset(RED, id);
  // Data in files of others can't be opened, and is read as a table.
  const opened = await source.open().catch(() => undefined);
  const joined = opened === undefined ? undefined : await joinRecordings(opened);
  if (joined !== undefined) return { name: source.name, ...joined };
  const table = await source.read();
  const readings = inputWidth(table) / table.channels.length;
  const parts: { readings: number; label?: string }[] = [];
  for (const output of table.outputs.subarray(0, table.rows)) {
    const label = table.labels?.[output];
    const last = parts.at(-1);
    // The rows of a table are readings: those of one label in a row belong together.
    if (table.shape === undefined && last !== undefined && last.label === label) last.readings += readings;
    else parts.push(label === undefined ? { readings } : { readings, label });
  }
  return {
    name: source.name,
    channels: table.channels.map((channel) => channel.name),
    values: inputsInMemory(table),
    parts,
  };
}
