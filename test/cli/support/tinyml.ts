import { spawn } from "node:child_process";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packagePath } from "../../../build/package-files";
import { formatCells } from "../../../src/dataset/csv";
import type { DatasetDescription } from "../../../src/dataset/description";
import { openDataset } from "../../../src/dataset/open-dataset";
import { outputWidth, type Table } from "../../../src/dataset/table";
import { temporaryFolder } from "../../support/folders";
import { cloudsTable, potentiometerTable } from "../../support/potentiometer";

/** What a run of the command left behind. */
export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the built command as a process of its own, in `folder`. */
export function tinyml(folder: string, ...args: readonly string[]): Promise<Outcome> {
  return runProcess(process.execPath, [packagePath("dist", "tinyml.js"), ...args], folder);
}

/** Runs a program to its end. */
export function runProcess(
  program: string,
  args: readonly string[],
  folder: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    const outcome: Outcome = { status: null, stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      outcome.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      outcome.stderr += text;
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ ...outcome, status }));
  });
}

/** Runs the command with --json and gives the one object that it prints; throws when it fails or complains. */
export async function tinymlJson(folder: string, ...args: readonly string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await tinyml(folder, ...args, "--json");
  if (status !== 0 || stderr !== "") throw new Error(`${args.join(" ")}\nended with ${status}:\n${stderr}`);
  if (!/^\{.*\}\n$/.test(stdout)) throw new Error(`${args.join(" ")}\nprinted more than an object:\n${stdout}`);
  return JSON.parse(stdout);
}

/** A table as the text of a CSV file, the label or the targets last. */
export function toCsv(table: Table<Float32Array>): string {
  const channels = table.channels.length;
  const width = outputWidth(table);
  const targets = table.task === "classification" ? [{ name: "label" }] : (table.targets ?? []);
  const lines = [formatCells([...table.channels, ...targets].map(({ name }) => name))];
  for (let row = 0; row < table.rows; row++) {
    const outputs = [...table.outputs.subarray(row * width, (row + 1) * width)];
    const answers = table.task === "classification" ? outputs.map((index) => table.labels?.[index] ?? "") : outputs;
    lines.push(formatCells([...table.inputs.subarray(row * channels, (row + 1) * channels), ...answers]));
  }
  return lines.join("");
}

/** Records a table as a dataset's folder, as the node tinyml-record does. */
export async function record(folder: string, table: Table<Float32Array>): Promise<void> {
  const { task, channels, labels, targets, rows } = table;
  const description: DatasetDescription = {
    version: 1,
    kind: "table",
    task,
    channels,
    ...(labels && { labels }),
    ...(targets && { targets }),
  };
  const dataset = await openDataset(folder, description);
  const width = outputWidth(table);
  const appended: Promise<void>[] = [];
  for (let row = 0; row < rows; row++) {
    const values = [...table.inputs.subarray(row * channels.length, (row + 1) * channels.length)];
    const outputs = [...table.outputs.subarray(row * width, (row + 1) * width)];
    const label = labels?.[outputs[0]];
    appended.push(dataset.append(label === undefined ? { values, targets: outputs } : { values, label }));
  }
  await Promise.all(appended);
  await dataset.close();
}

/** A recipe as people write it: three classes from two channels. */
export const cloudsRecipe = {
  version: 1,
  task: "classification",
  input: { shape: [2] },
  features: [{ block: "normalize" }],
  layers: [
    { type: "dense", units: 8, activation: "relu" },
    { type: "dense", units: 3, activation: "softmax" },
  ],
  training: {
    loss: "categoricalCrossentropy",
    optimizer: { type: "adam", learningRate: 0.02 },
    epochs: 30,
  },
} as const;

/** The book's recipe, trained for a shorter time. */
export const quickRecipe = {
  version: 1,
  task: "regression",
  input: { shape: [1] },
  layers: [
    { type: "dense", units: 8, activation: "relu" },
    { type: "dense", units: 1 },
  ],
  training: { loss: "meanSquaredError", batchSize: 50, epochs: 20 },
} as const;

/**
 * A new folder with data in every form (`pot` and `clouds`: datasets; `pot.csv` and `clouds.csv`; `csv`: a folder with one CSV file) and
 * recipes (`pot.json`: the book's; `quick.json`, `clouds.json`).
 */
export async function createWorkshop(): Promise<string> {
  const folder = await temporaryFolder();
  const potentiometer = potentiometerTable();
  const clouds = cloudsTable();
  await mkdir(join(folder, "csv"));
  await Promise.all([
    copyFile(packagePath("examples", "recipes", "potentiometer.json"), join(folder, "pot.json")),
    writeFile(join(folder, "quick.json"), JSON.stringify(quickRecipe)),
    writeFile(join(folder, "clouds.json"), JSON.stringify(cloudsRecipe)),
    writeFile(join(folder, "pot.csv"), toCsv(potentiometer)),
    writeFile(join(folder, "csv", "readings.CSV"), toCsv(potentiometer)),
    writeFile(join(folder, "clouds.csv"), toCsv(clouds)),
    record(join(folder, "pot"), potentiometer),
    record(join(folder, "clouds"), clouds),
  ]);
  return folder;
}
