import { readFileSync } from "node:fs";
import path from "node:path";
import { importKeras } from "../keras/import-keras";
import { readKeras } from "../keras/read-keras";
import type { Model } from "../model/model";
import { summarizeModel } from "../model/summarize";
import { elementCount } from "../model/tensor";
import { isPrintable } from "../printable";
import { isMissing, toStorageError } from "../storage";
import { parseArguments, usage } from "./arguments";
import type { Command, Report } from "./command";
import { assertNoInput, modelNameOf, prepareModelFile, readBytes, writeModelFile } from "./files";
import { importIntoDataset, importWholeProject } from "./import-dataset";

/**
 * `tinyml import`: a model of Keras, tfjs or Teachable Machine becomes a .tflite file, samples of other tools a dataset, and a project what it
 * was. The option that says where to says which.
 */
export const importModel: Command = {
  usage: `tinyml import MODEL --out M.tflite [--labels A,B,…] [--name NAME] [--json] [--force]
      takes a model of Keras (.keras, .h5), tfjs (model.json with its weights beside it) or Teachable Machine (its .zip)
tinyml import DATA --dataset FOLDER [--label LABEL] [--rate HZ] [--recordings] [--targets N] [--json]
      adds samples to a dataset: files, folders and archives of CSV, IDX, WAV, JPEG, PNG, of Edge Impulse and Teachable
      Machine, and what tinyml export wrote
tinyml import PROJECT.zip --project FOLDER [--rename] [--json]
      stores a project's datasets and models in FOLDER (<user dir>/tinyml)`,
  run,
};

async function run(argv: readonly string[]): Promise<Report> {
  const options = parseArguments(argv, {
    file: "a model (a .keras, .h5, .zip or model.json file), data or a project",
    optional: ["out", "labels", "name", "dataset", "label", "rate", "targets", "project"],
    flags: ["json", "force", "recordings", "rename"],
  });
  const dataset = options.value("dataset");
  const project = options.value("project");
  const goals = [options.value("out"), dataset, project].filter((each) => each !== undefined);
  if (goals.length > 1) throw usage("Name one of --out (a model), --dataset (samples) and --project.");
  if (dataset !== undefined) return importIntoDataset(options, dataset);
  if (project !== undefined) return importWholeProject(options, project);
  const out = options.required("out");
  const labels = labelsIn(options.value("labels"));
  const name = options.value("name");
  await assertNoInput("--out", out, [options.file]);
  const bytes = await readBytes(options.file);
  const folder = path.dirname(options.file);
  const keras = readKeras(bytes, (file) => readBeside(folder, file));
  const model = described(importKeras(keras, { name: modelNameOf(name, out) }), { name, labels });
  await prepareModelFile(out, options.flag("force"));
  const size = await writeModelFile(out, model);
  const summary = summarizeModel(model, size);
  return {
    json: { out, bytes: size, model: summary },
    text: `${out}: ${size} bytes; ${summary.parameters} parameters in ${model.operators.length} operators`,
    asJson: options.flag("json"),
  };
}

/** The labels in the option `--labels`. @throws TinymlError TINYML_USAGE */
function labelsIn(text: string | undefined): string[] | undefined {
  const labels = text?.split(",").map((label) => label.trim());
  if (
    labels === undefined ||
    (new Set(labels).size === labels.length && labels.every((label) => label !== "" && isPrintable(label)))
  )
    return labels;
  throw usage(`--labels takes different names with commas between them, such as a,b,c, not "${text}".`);
}

/** The model with the name and the labels of the command line, where they are given, whatever its file says. */
function described(
  model: Model,
  { name, labels }: { name?: string | undefined; labels?: string[] | undefined },
): Model {
  if (model.metadata === undefined) return model;
  const { targets, ...metadata } = model.metadata;
  const outputs = elementCount(model.tensors[model.outputs[0]].shape);
  if (labels !== undefined && labels.length !== outputs) {
    throw usage(`--labels names ${labels.length} labels, but the model has ${outputs} outputs. Name one for each.`);
  }
  return {
    ...model,
    metadata: {
      ...metadata,
      ...(labels === undefined ? targets && { targets } : { task: "classification", labels }),
      ...(name !== undefined && { name }),
    },
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
