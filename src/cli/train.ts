import { TinymlError } from "../errors";
import { featureShape } from "../features/feature-shape";
import type { TrainingReport } from "../model/metadata";
import type { Model } from "../model/model";
import { summarizeModel } from "../model/summarize";
import { elementCount } from "../model/tensor";
import { buildNetwork } from "../training/compile-recipe";
import { crossValidate } from "../training/cross-validate";
import { parseRecipe, type Recipe } from "../training/recipe";
import { startTraining } from "../training/start-training";
import type { TrainingProgress, TrainingTask } from "../training/train-recipe";
import { threadsAtOnce } from "../worker-thread";
import { parseArguments, usage } from "./arguments";
import type { Command, Report } from "./command";
import { readData } from "./data";
import { assertNoInput, modelNameOf, prepareModelFile, readBytes, writeModelFile } from "./files";

/** `tinyml train`: a recipe and data become a .tflite model. */
export const train: Command = {
  usage: `tinyml train RECIPE.json --data DATA --out M.tflite [--seed N] [--name NAME] [--test-rows N] [--threads N]
             [--folds N] [--checkpoint FILE [--resume]] [--engine built-in|tfjs-node] [--json] [--force]
      trains a recipe on data; --test-rows keeps the last rows away from it, --folds cross-validates the recipe before,
      --checkpoint keeps what is needed to go on after a crash with --resume; the engine tfjs-node is your own installation`,
  run,
};

async function run(argv: readonly string[]): Promise<Report> {
  const options = parseArguments(argv, {
    file: "a recipe (a .json file)",
    required: ["data", "out"],
    optional: ["seed", "name", "test-rows", "threads", "folds", "checkpoint", "engine"],
    flags: ["json", "force", "resume"],
  });
  const threads = threadsOf(options.value("threads"));
  const file = options.value("checkpoint");
  const resume = options.flag("resume");
  if (resume && file === undefined) throw usage("--resume needs --checkpoint FILE, the file to go on from.");
  const seed = options.value("seed");
  if (seed !== undefined && !(/^\d{1,10}$/.test(seed) && Number(seed) < 2 ** 32)) {
    throw usage(`--seed takes a whole number from 0 to ${2 ** 32 - 1}, not "${seed}".`);
  }
  const folds = foldsOf(options.value("folds"));
  const engine = options.value("engine") ?? "built-in";
  if (engine !== "built-in" && engine !== "tfjs-node") {
    throw usage(`There is no engine "${engine}". Known: built-in, tfjs-node.`);
  }
  const out = options.required("out");
  await assertNoInput("--out", out, [options.file, options.required("data")]);
  const name = modelNameOf(options.value("name"), out);
  const recipe = withSeed(parseRecipe(await readJson(options.file)), seed);
  const { task, input } = recipe;
  const wanted = {
    task,
    shape: input.shape,
    ...input.window,
    ...(task === "regression" && { targets: outputsOf(recipe) }),
  };
  const table = await readData(options.required("data"), wanted, options.value("test-rows"));
  await prepareModelFile(out, options.flag("force"));
  const asJson = options.flag("json");
  const line = createProgressLine(!asJson && process.stderr.isTTY);
  const training: TrainingTask = {
    recipe,
    table,
    name,
    ...(engine === "tfjs-node" && { tfjsNode: { folder: process.cwd() } }),
  };
  const train = (trained: TrainingTask): Promise<Model> =>
    startTraining(trained, { onProgress: line.show, threads: engine === "tfjs-node" ? 1 : threads });
  const folded = folds === 0 ? undefined : await crossValidate(training, folds, train).finally(line.clear);
  const kept = { ...training, ...(file !== undefined && { checkpoint: { file, resume } }) };
  const model = await train(kept).finally(line.clear);
  const bytes = await writeModelFile(out, model);
  const summary = summarizeModel(model, bytes);
  const { accuracy, validationMse } = summary;
  const report = model.metadata?.report;
  return {
    json: {
      out,
      bytes,
      seed: recipe.training.seed,
      accuracy,
      validationMse,
      ...figures(report),
      ...foldFigures(folded),
      model: summary,
    },
    text: `${out}: ${bytes} bytes; ${report === undefined ? "trained" : describe(report)}${describeFolds(folded)}`,
    asJson,
  };
}

/** How many folds cross-validate; 0: none. */
function foldsOf(asked: string | undefined): number {
  if (asked === undefined) return 0;
  if (/^\d{1,3}$/.test(asked) && Number(asked) >= 2) return Number(asked);
  throw usage(`--folds takes a whole number from 2 to 999, not "${asked}".`);
}

function foldFigures(folds: readonly number[] | undefined): Record<string, unknown> {
  return folds === undefined ? {} : { folds, crossValidation: meanOf(folds) };
}

function describeFolds(folds: readonly number[] | undefined): string {
  if (folds === undefined) return "";
  const each = folds.map((metric) => metric.toPrecision(4)).join(", ");
  return `; cross-validated: ${meanOf(folds).toPrecision(4)} (${each})`;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** How many threads train: as asked, or one for each core but one. */
function threadsOf(asked: string | undefined): number {
  if (asked === undefined) return threadsAtOnce;
  if (/^[1-9]\d?$/.test(asked)) return Number(asked);
  throw usage(`--threads takes a whole number from 1 to 99, not "${asked}".`);
}

/** How many numbers the recipe's network gives. */
function outputsOf(recipe: Recipe): number {
  // its shapes say it, without weights
  const { model } = buildNetwork(
    featureShape(recipe.features, recipe.input.shape),
    recipe.layers,
    () => new Float32Array(),
  );
  return elementCount(model.tensors[model.outputs[0]].shape);
}

/** The report's figures by the names that the demo prints, too; without the curve, which is in the model. */
function figures(report: TrainingReport | undefined): Record<string, unknown> {
  if (report === undefined) return {};
  const { curve, seconds, ...others } = report;
  return { trainingSeconds: seconds, ...others };
}

function describe({ metric, validationMetric, bestEpoch, epochs, seconds }: TrainingReport): string {
  const what = metric === "accuracy" ? "validation accuracy" : "validation mean squared error";
  return `${what} ${validationMetric.toPrecision(4)} (epoch ${bestEpoch} of ${epochs}, ${seconds.toFixed(2)} s)`;
}

/** A line on standard error that says where the training stands; only on a terminal, where it can be wiped away. */
function createProgressLine(shown: boolean): { show(progress: TrainingProgress): void; clear(): void } {
  const print = (text: string): void => {
    if (shown) process.stderr.write(`\r\u001b[K${text}`);
  };
  return {
    show: ({ epoch, epochs, validationLoss }) =>
      print(`epoch ${epoch} of ${epochs}, validation loss ${validationLoss.toPrecision(4)}`),
    clear: () => print(""),
  };
}

async function readJson(file: string): Promise<unknown> {
  const text = (await readBytes(file)).toString("utf8").replace(/^\uFEFF/, "");
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TinymlError("TINYML_RECIPE_INVALID", `${file} is no recipe, for it is not JSON: ${message}.`, {
      cause: error,
    });
  }
}

function withSeed(recipe: Recipe, seed: string | undefined): Recipe {
  return seed === undefined ? recipe : { ...recipe, training: { ...recipe.training, seed: Number(seed) } };
}
