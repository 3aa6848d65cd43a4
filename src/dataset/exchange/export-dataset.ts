import { TinymlError } from "../../errors";
import { formatCells } from "../csv";
import { columnNames, formatDescription } from "../description";
import { shortestDecimal } from "../sample-content";
import type { SampleEntry } from "../sample-index";
import { acquisitionFiles } from "./edge-impulse-export";
import {
  type ExportedSample,
  exportedDescription,
  exportedIndex,
  exportedRows,
  longColumns,
  longColumnsBehind,
} from "./exported-files";
import type { NamedBytes } from "./named-bytes";
import { readContents, readSampleFile, readStored, type Stored } from "./read-stored";
import { writeZip } from "./write-zip";

/** The forms in which a dataset is exported; docs/datasets.md describes them. */
export const exportFormats = {
  zip: { ending: ".zip", mediaType: "application/zip" },
  csv: { ending: ".csv", mediaType: "text/csv" },
  "edge-impulse": { ending: ".zip", mediaType: "application/zip" },
} as const;

export type ExportFormat = keyof typeof exportFormats;

/** The format of that name. @throws TinymlError TINYML_CONFIG_INVALID */
export function assertExportFormat(name: string): ExportFormat {
  for (const known of ["zip", "csv", "edge-impulse"] as const) if (known === name) return known;
  throw new TinymlError(
    "TINYML_CONFIG_INVALID",
    `There is no export format "${name}", only ${Object.keys(exportFormats).join(", ")}.`,
  );
}

/**
 * The samples of the dataset in `folder`, but for the deleted ones, as the bytes of one file, piece by piece: a zip archive of standard files that
 * `importSamples` restores with labels, sides, groups, sources, times and units; one CSV file; or a zip archive as Edge Impulse takes it. The same samples
 * give the same bytes. It changes nothing, so it may be called while the dataset is being recorded: what is on disk counts.
 *
 * @throws TinymlError TINYML_DATASET_MISSING, TINYML_DATASET_EMPTY, TINYML_CONFIG_INVALID for a format that can't hold this kind of samples,
 *   TINYML_DATASET_TOO_LARGE, TINYML_DATASET_CORRUPT, TINYML_STORAGE
 */
export async function* exportDataset(folder: string, format: ExportFormat): AsyncGenerator<Uint8Array> {
  const stored = await readStored(folder);
  if (stored.entries.length === 0) {
    throw new TinymlError("TINYML_DATASET_EMPTY", "There is nothing to export: the dataset has no samples yet.");
  }
  if (format === "csv") yield* writeCsv(stored);
  else
    yield* writeZip(
      format === "zip" ? filesOf(stored, "") : acquisitionFiles(stored.description, readContents(stored)),
    );
}

/** The files of a dataset's export, below the folder `above` ("datasets/lamp/"). @throws as `exportDataset` */
export async function* exportedFiles(folder: string, above: string): AsyncGenerator<NamedBytes> {
  yield* filesOf(await readStored(folder), above);
}

async function* filesOf(stored: Stored, above: string): AsyncGenerator<NamedBytes> {
  const { folder, description, entries, rows } = stored;
  yield { name: above + exportedDescription, bytes: Buffer.from(formatDescription(description)) };
  const index: string[] = [];
  // Where some have a side, each lies in the folder of one, so that others know what the folders mean.
  const haveSides = entries.some(({ split }) => split !== undefined);
  if (rows !== undefined) {
    yield { name: above + exportedRows, bytes: Buffer.from(rowsText(stored)) };
    for await (const { entry } of readContents(stored)) index.push(indexLine(entry));
  } else {
    for (const entry of entries) {
      const found = await readSampleFile(folder, entry);
      if (found === undefined) continue;
      const side = haveSides ? `${entry.split ?? "training"}/` : "";
      const label = entry.label === undefined ? "" : `${folderOf(entry.label)}/`;
      const file = `${side}${label}${entry.id}.${found.type}`;
      yield { name: above + file, bytes: found.bytes };
      index.push(indexLine(entry, file));
    }
  }
  yield { name: above + exportedIndex, bytes: Buffer.from(index.join("")) };
}

function indexLine({ label, targets, split, group, source, time }: SampleEntry, file?: string): string {
  const line: ExportedSample = {
    ...(file !== undefined && { file }),
    ...(label !== undefined && { label }),
    ...(targets !== undefined && { targets: [...targets] }),
    ...(split !== undefined && { split }),
    ...(group !== undefined && { group }),
    ...(source !== undefined && { source }),
    time,
  };
  return `${JSON.stringify(line)}\n`;
}

/** A label as the name of a folder on every system; the index has the label itself. */
function folderOf(label: string): string {
  const [...letters] = label.replace(/[^\p{L}\p{M}\p{N} ._()+-]+/gu, "_");
  const plain = letters
    .slice(0, 60)
    .join("")
    .replace(/^[. ]+|[. ]+$/g, "");
  return plain === "" || /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i.test(plain) ? `_${plain}` : plain;
}

function rowsText({ description, rows }: Stored): string {
  const width = description.channels.length;
  const lines = rows?.answers.map((answer, row) =>
    formatCells([...Array.from(rows.values.subarray(row * width, (row + 1) * width), shortestDecimal), ...answer]),
  );
  return [formatCells(columnNames(description)), ...(lines ?? [])].join("");
}

async function* writeCsv(stored: Stored): AsyncGenerator<Uint8Array> {
  const { description } = stored;
  const { kind, channels } = description;
  if (kind === "table") {
    yield Buffer.from(rowsText(stored));
    return;
  }
  if (kind !== "timeseries") {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      "Sounds and pictures don't fit into a CSV file. Export the dataset as zip.",
    );
  }
  const answers = columnNames(description).slice(channels.length);
  const names = channels.map(({ name }) => name);
  yield Buffer.from(formatCells([...longColumns, ...names, ...answers, ...longColumnsBehind]));
  for await (const { entry, values = new Float32Array() } of readContents(stored)) {
    const { id, label = "", targets, split = "", group = "", source = "", time } = entry;
    const behind = formatCells([...(targets ?? [label]), split, group, source, time]);
    const width = channels.length;
    const lines = Array.from({ length: values.length / width }, (_, reading) => {
      const numbers = Array.from(values.subarray(reading * width, (reading + 1) * width), shortestDecimal);
      return `${formatCells([id, reading, ...numbers]).slice(0, -1)},${behind}`;
    });
    yield Buffer.from(lines.join(""));
  }
}
