import { readFileSync } from "node:fs";
import path from "node:path";
import { importKeras } from "../keras/import-keras";
import { readKeras } from "../keras/read-keras";
import { summarizeModel } from "../model/summarize";
import { isMissing, toStorageError } from "../storage";
import { parseArguments } from "./arguments";
import type { Command, Report } from "./command";
import { modelNameOf, prepareModelFile, readBytes, writeModelFile } from "./files";

/** `tinyml import`: a model of Keras, tfjs or Teachable Machine becomes a .tflite file. */
export const importModel: Command = {
  usage: `tinyml import MODEL --out M.tflite [--labels A,B,…] [--name NAME] [--json] [--force]
      takes a model of Keras (.keras, .h5), tfjs (model.json with its weights beside it) or Teachable Machine (its .zip)`,
  run,
};

async function run(argv: readonly string[]): Promise<Report> {
  const options = parseArguments(argv, {
    file: "a model (a .keras, .h5, .zip or model.json file)",
    required: ["out"],
    optional: ["labels", "name"],
    flags: ["json", "force"],
  });
  const out = options.required("out");
  const labels = options
    .value("labels")
    ?.split(",")
    .map((label) => label.trim());
  const bytes = await readBytes(options.file);
  const folder = path.dirname(options.file);
  const keras = readKeras(bytes, (file) => readBeside(folder, file));
  const model = importKeras(keras, { name: modelNameOf(options.value("name"), out), ...(labels && { labels }) });
  await prepareModelFile(out, options.flag("force"));
  const size = await writeModelFile(out, model);
  const summary = summarizeModel(model, size);
  return {
    json: { out, bytes: size, model: summary },
    text: `${out}: ${size} bytes; ${summary.parameters} parameters in ${model.operators.length} operators`,
    asJson: options.flag("json"),
  };
}

/** A file in the model's folder; undefined where there is none, or where its path leads elsewhere. */
function readBeside(folder: string, file: string): Uint8Array | undefined {
  if (path.win32.basename(file) !== file) return undefined;
  try {
    return readFileSync(path.join(folder, file));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw toStorageError(error, file);
  }
}
