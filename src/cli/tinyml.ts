import { readFile } from "node:fs/promises";
import path from "node:path";
import { toTinymlError } from "../errors";
import { packageFolder } from "../package-folder";
import { escapeUnprintable } from "../printable";
import { usage } from "./arguments";
import type { Command } from "./command";
import { compress } from "./compress";
import { evaluate } from "./evaluate";
import { exportSketch } from "./export";
import { importModel } from "./import";
import { inspect } from "./inspect";
import { run } from "./run";
import { train } from "./train";

const commands: Readonly<Record<string, Command>> = {
  train,
  evaluate,
  compress,
  run,
  inspect,
  export: exportSketch,
  import: importModel,
};

const usageOfAll = `tinyml: trains, shrinks, runs and exports TinyML models from the command line

${Object.values(commands)
  .map((command) => `  ${command.usage.replaceAll("\n", "\n  ")}\n`)
  .join("")}
DATA is a dataset folder, a CSV file, IDX files (MNIST), a folder with a CSV file of recordings per class, or one with
a folder of WAV, JPEG, PNG or CSV files per class; docs/cli.md says more. --json prints one JSON object.
Errors go to standard error with their code. Exit status: 0 done, 1 failed, 2 wrong usage.
`;

/** Does what one command line says and returns the exit status. */
async function main(argv: readonly string[]): Promise<number> {
  try {
    const [name, ...rest] = argv;
    if (name === undefined) throw usage(`Name a command: ${Object.keys(commands).join(", ")}. See tinyml --help.`);
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (["--help", "-h", "help"].includes(name)) {
      process.stdout.write(usageOfAll);
    } else if (name === "--version") {
      process.stdout.write(`${await readVersion()}\n`);
    } else if (command === undefined) {
      throw usage(`There is no command "${name}". Known: ${Object.keys(commands).join(", ")}. See tinyml --help.`);
    } else if (rest.includes("--help") || rest.includes("-h")) {
      process.stdout.write(`${command.usage}\n`);
    } else {
      const { json, text, asJson, problem } = await command.run(rest);
      if (asJson) process.stdout.write(`${JSON.stringify(json)}\n`);
      else if (text !== "") process.stdout.write(`${text.split("\n").map(escapeUnprintable).join("\n")}\n`);
      if (problem !== undefined) throw problem;
    }
    return 0;
  } catch (thrown) {
    const { code, message } = toTinymlError(thrown);
    const advice = code === "TINYML_INTERNAL" ? " This is a defect of tinyml; please report it." : "";
    // Names from files are in it, which must neither steer the terminal nor make a second line.
    process.stderr.write(`${code}: ${escapeUnprintable(message)}${advice}\n`);
    return code === "TINYML_USAGE" ? 2 : 1;
  }
}

async function readVersion(): Promise<string> {
  const manifest: { version: string } = JSON.parse(await readFile(path.join(packageFolder(), "package.json"), "utf8"));
  return manifest.version;
}

// Whoever reads the output may stop early, as head does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
