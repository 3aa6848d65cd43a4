import path from "node:path";
import { findBoard } from "../boards/boards";
import { findForwarderBoard } from "../boards/forwarder-boards";
import { type ErrorCode, TinymlError } from "../errors";
import { writeTfjs } from "../keras/write-tfjs";
import { kernelSources } from "../kernels/kernel-sources";
import type { Channel } from "../model/metadata";
import type { Model } from "../model/model";
import { writeOwnFiles } from "../own-files";
import { knownAnswer } from "../runtime/known-answer";
import { prepareModel } from "../runtime/prepare-model";
import { generateForwarder, readForwarderSource } from "../sketch/forwarder";
import { generateSketch } from "../sketch/generate-sketch";
import type { Sketch, SketchTemplate } from "../sketch/sketch";
import { type ParsedArguments, parseArguments, usage } from "./arguments";
import type { Command, Report } from "./command";
import { exportData, kindOfExport } from "./export-dataset";
import { readModelFile } from "./files";

/** `tinyml export`: a model becomes an Arduino sketch, or plain C for any computer. */
export const exportSketch: Command = {
  usage: `tinyml export M.tflite --board uno --out DIR [--template arduino|stdio|tfjs] [--json] [--force]
             [--input-range LOW,HIGH] [--target-range LOW,HIGH]
      writes an Arduino sketch; with --template stdio plain C that any computer compiles (cc DIR/*.c -lm);
      with --template tfjs a float model's model.json and weights.bin, for tf.loadLayersModel.
      The ranges say what a pin's lowest and highest value mean, where the model does not know it
tinyml export --template forwarder --board BOARD --out DIR [--measure analog|imu|microphone] [--channels N]
             [--rate N] [--baud N] [--json] [--force]
      writes a sketch that prints what the board measures, for the sensor node; no model belongs to it
tinyml export DATASET --out FILE [--format zip|csv|edge-impulse] [--json] [--force]
      writes a dataset's samples as one file: a zip archive of standard files, or of Edge Impulse's format, or one CSV
      file. Of <user dir>/tinyml it writes all datasets and models: a project`,
  run,
};

type ExportOption =
  | "out"
  | "board"
  | "template"
  | "input-range"
  | "target-range"
  | "format"
  | "measure"
  | "channels"
  | "rate"
  | "baud";

async function run(argv: readonly string[]): Promise<Report> {
  const options = parseArguments<ExportOption, "json" | "force">(argv, {
    file: "a model (a .tflite file) or a dataset's folder",
    required: ["out"],
    optional: ["board", "template", "input-range", "target-range", "format", "measure", "channels", "rate", "baud"],
    flags: ["json", "force"],
    withoutFile: (value) => value("template") === "forwarder",
  });
  if (options.value("template") === "forwarder") return exportForwarder(options);
  const alien = (["measure", "channels", "rate", "baud"] as const).find((name) => options.value(name) !== undefined);
  if (alien !== undefined) throw usage(`The option --${alien} belongs to --template forwarder.`);
  const kind = await kindOfExport(options.file);
  if (kind !== undefined) return exportData(options, kind);
  if (options.value("template") === "tfjs") {
    const files = { ...writeTfjs((await readModelFile(options.file)).model) };
    const out = options.required("out");
    await withAdvice(() => writeOwnFiles(path.resolve(out), files, { force: options.flag("force") }));
    const names = Object.keys(files);
    return {
      json: { out, files: names, template: "tfjs" },
      text: `${out}: ${names.join(", ")}`,
      asJson: options.flag("json"),
    };
  }
  const template = templateOf(options.value("template") ?? "arduino");
  const inputRange = rangeOf("--input-range", options.value("input-range"));
  const targetRange = rangeOf("--target-range", options.value("target-range"));
  // Plain C is for no board in particular.
  const board = findBoard(template === "stdio" ? (options.value("board") ?? "uno") : options.required("board"));
  const model = prepareModel((await readModelFile(options.file)).model);
  const out = options.required("out");
  const folder = path.resolve(out);
  const kernelFiles = await kernelSources();
  const sketch = await withAdvice(() =>
    generateSketch(withRanges(model, inputRange, targetRange), board, {
      template,
      name: path.basename(folder),
      kernelSources: kernelFiles,
      knownAnswer: knownAnswer(model),
    }),
  );
  const files = nameAfterFolder(sketch, path.basename(folder));
  await withAdvice(() => writeOwnFiles(folder, files, { force: options.flag("force") }));
  const names = Object.keys(files);
  const { flashBytes, ramBytes } = sketch.estimate ?? {};
  const lines = [`${out}: ${names.length} files`];
  if (sketch.estimate !== undefined) {
    lines[0] += `: about ${flashBytes} of ${board.flashBytes} bytes of flash and ${ramBytes} of ${board.ramBytes} bytes of RAM on the ${board.title}`;
    const ino = names.find((file) => file.endsWith(".ino")) ?? "";
    if (ino !== `${path.basename(folder)}.ino`) {
      lines.push(`The Arduino IDE opens it once its folder is called ${path.basename(ino, ".ino")}.`);
    }
  }
  return {
    // Plain C is for any computer: neither a board nor an estimate belongs to it.
    json: { out, files: names, template, ...(sketch.estimate && { board: board.name, flashBytes, ramBytes }) },
    text: lines.join("\n"),
    asJson: options.flag("json"),
  };
}

/** A sketch that prints what a board measures; no model belongs to it. */
async function exportForwarder(options: ParsedArguments<ExportOption, "json" | "force">): Promise<Report> {
  const alien = (["input-range", "target-range", "format"] as const).find((name) => options.value(name) !== undefined);
  if (alien !== undefined) throw usage(`The option --${alien} does not belong to --template forwarder.`);
  const out = options.required("out");
  const board = findForwarderBoard(options.required("board"));
  const number = (name: "channels" | "rate" | "baud"): number | undefined => {
    const text = options.value(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (Number.isFinite(value) && value > 0) return value;
    throw usage(`--${name} takes a number above 0, not "${text}".`);
  };
  const [channels, rateHz, baudRate] = [number("channels"), number("rate"), number("baud")];
  const sketch = generateForwarder(board, {
    name: path.basename(path.resolve(out)),
    source: readForwarderSource(options.value("measure") ?? "analog"),
    ...(channels !== undefined && { channels }),
    ...(rateHz !== undefined && { rateHz }),
    ...(baudRate !== undefined && { baudRate }),
  });
  const folder = path.resolve(out);
  const files = nameAfterFolder(sketch, path.basename(folder));
  await withAdvice(() => writeOwnFiles(folder, files, { force: options.flag("force") }));
  const names = Object.keys(files);
  return {
    json: { out, files: names, template: "forwarder", board: board.name },
    text: `${out}: ${names.join(", ")} for the ${board.title}`,
    asJson: options.flag("json"),
  };
}

function templateOf(text: string): SketchTemplate {
  if (text === "arduino" || text === "stdio") return text;
  throw usage(`There is no template "${text}". Known: arduino, stdio, tfjs, forwarder.`);
}

type Range = readonly [number, number];

function rangeOf(option: string, text: string | undefined): Range | undefined {
  if (text === undefined) return undefined;
  const numbers = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const [low, high] = numbers;
  if (numbers.length === 2 && numbers.every(Number.isFinite) && low !== high) return [low, high];
  throw usage(`${option} takes two different numbers with a comma between them, such as 0,1, not "${text}".`);
}

/** The model with a range for every channel and target; those that it was trained with give way. */
function withRanges(model: Model, inputRange: Range | undefined, targetRange: Range | undefined): Model {
  const { metadata } = model;
  if (metadata === undefined) return model;
  const set = (channels: readonly Channel[], range: Range | undefined): readonly Channel[] =>
    range === undefined ? channels : channels.map((channel) => ({ ...channel, range }));
  const { inputs, targets } = metadata;
  return {
    ...model,
    metadata: {
      ...metadata,
      inputs: set(inputs, inputRange),
      ...(targets && { targets: set(targets, targetRange) }),
    },
  };
}

/** What the command line can do about an error that says what helps in a flow. */
const advice: Partial<Record<ErrorCode, string>> = {
  // A model that was trained on a CSV file knows no ranges.
  TINYML_NO_SCALING: "Or say it here, such as --input-range 0,1 --target-range 0,1.",
  TINYML_WOULD_OVERWRITE: "With --force it is overwritten.",
};

async function withAdvice<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const more = error instanceof TinymlError ? advice[error.code] : undefined;
    if (!(error instanceof TinymlError) || more === undefined) throw error;
    throw new TinymlError(error.code, `${error.message} ${more}`, { cause: error });
  }
}

/** The sketch's .ino under its folder's name, which the Arduino IDE insists on, where that name is one that it accepts. */
function nameAfterFolder(sketch: Sketch, folder: string): Readonly<Record<string, string>> {
  const ino = `${sketch.name}.ino`;
  if (!/^\w[\w.-]{0,62}$/.test(folder) || !Object.hasOwn(sketch.files, ino)) return sketch.files;
  return Object.fromEntries(
    Object.entries(sketch.files).map(([file, text]) => [file === ino ? `${folder}.ino` : file, text]),
  );
}
