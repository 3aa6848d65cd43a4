import { readdir } from "node:fs/promises";
import path from "node:path";
import { descriptionFile } from "../dataset/description";
import { assertExportFormat, exportDataset } from "../dataset/exchange/export-dataset";
import { exportProject } from "../project";
import type { ParsedArguments } from "./arguments";
import type { Report } from "./command";
import { prepareFile, writeBytes } from "./files";

type Options = ParsedArguments<string, string>;

/** What `tinyml export` is to write: a dataset's samples, a project's datasets and models, or neither. */
export async function kindOfExport(location: string): Promise<"dataset" | "project" | undefined> {
  const names: readonly string[] = await readdir(location).catch(() => []);
  if (names.includes(descriptionFile)) return "dataset";
  return names.includes("datasets") || names.includes("models") ? "project" : undefined;
}

/** `tinyml export DATASET --out FILE`, and of the folder of all that is stored. */
export async function exportData(options: Options, kind: "dataset" | "project"): Promise<Report> {
  const out = options.required("out");
  const ofEnding = path.extname(out).toLowerCase() === ".csv" ? "csv" : "zip";
  const format = assertExportFormat(options.value("format") ?? ofEnding);
  // A zip archive or a CSV file may be anybody's: none is replaced without being asked.
  await prepareFile(out, { option: "--out", force: options.flag("force"), isOurs: () => false });
  const folder = path.resolve(options.file);
  const bytes = await join(kind === "project" ? exportProject(folder) : exportDataset(folder, format));
  await writeBytes(out, bytes);
  return {
    json: { out, bytes: bytes.length, ...(kind === "project" ? { project: true } : { format }) },
    text: `${out}: ${bytes.length} bytes`,
    asJson: options.flag("json"),
  };
}

async function join(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}
