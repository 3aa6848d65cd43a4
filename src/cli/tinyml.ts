#!/usr/bin/env node
import { TinymlError, toTinymlError } from "../errors";
import { compress } from "./compress";
import { exportSketch } from "./export";
import { inspect } from "./inspect";
import { run } from "./run";
import { train } from "./train";

/** One command of `tinyml`: does its work and returns what it reports, as JSON and as text for people. */
export type Command = (argv: readonly string[]) => Promise<Report>;

export interface Report {
  /** What `--json` prints. */
  json: unknown;
  /** What is printed without `--json`; empty for nothing. */
  text: string;
  /** Whether `--json` was given. */
  asJson: boolean;
}

const commands: Readonly<Record<string, Command>> = { train, run, inspect, export: exportSketch, compress };

const usage = `tinyml: train, run and export TinyML models without a browser

  tinyml train RECIPE.json --data DIR|CSV --out M.tflite [--seed N] [--name NAME] [--json] [--force]
      trains the recipe on a dataset folder or a CSV file (header first, label or targets in the last columns)
  tinyml compress M.tflite --method int8 --data DIR|CSV --out O.tflite [--json] [--force]
      quantizes a model to int8; the training rows of the data set its ranges
  tinyml run M.tflite --input FILE --output FILE
      runs raw little-endian input tensors, one sample after another, and writes the raw outputs
  tinyml inspect M.tflite [--json]
      tells what a model takes, gives, contains and needs
  tinyml export M.tflite --board NAME --out DIR [--template arduino|stdio] [--name NAME] [--json] [--force]
      writes a sketch; with --template stdio plain C that runs on any computer

Errors go to standard error with their code. Exit status: 0 done, 1 failed, 2 wrong usage.
`;

/** Runs one command line and returns the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    (name === undefined ? process.stderr : process.stdout).write(usage);
    return name === undefined ? 2 : 0;
  }
  try {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) {
      throw new TinymlError(
        "TINYML_USAGE",
        `There is no command "${name}". Known: ${Object.keys(commands).join(", ")}.`,
      );
    }
    const { json, text, asJson } = await command(rest);
    if (asJson) process.stdout.write(`${JSON.stringify(json)}\n`);
    else if (text !== "") process.stdout.write(`${text}\n`);
    return 0;
  } catch (thrown) {
    const { code, message } = toTinymlError(thrown);
    process.stderr.write(`${code}: ${message}\n`);
    return code === "TINYML_USAGE" ? 2 : 1;
  }
}

void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
