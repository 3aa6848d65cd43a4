import path from "node:path";
import { readTableFile } from "../dataset/read-table-file";
import { TinymlError } from "../errors";
import { summarizeModel } from "../model/summarize";
import { assertName } from "../storage";
import { parseRecipe, type Recipe } from "../training/recipe";
import { startTraining } from "../training/start-training";
import { parseArguments } from "./arguments";
import { readBytes, writeModelFile } from "./files";
import type { Report } from "./tinyml";

/** `tinyml train`: a recipe and data become a .tflite model. */
export async function train(argv: readonly string[]): Promise<Report> {
  const options = parseArguments(argv, "a recipe (a .json file)", {
    required: ["data", "out"],
    optional: ["seed", "name"],
    flags: ["json", "force"],
  });
  const out = options.required("out");
  const recipe = withSeed(parseRecipe(await readJson(options.file)), options.value("seed"));
  const name = assertName(options.value("name") ?? path.basename(out, path.extname(out)), "model");
  const last = recipe.layers[recipe.layers.length - 1];
  const table = await readTableFile(options.required("data"), {
    task: recipe.task,
    ...(recipe.task === "regression" && { targets: last.units }),
  });
  const model = await startTraining({ recipe, table, name });
  const bytes = await writeModelFile(out, model, options.flag("force"));
  const report = model.metadata?.report;
  const { curve, ...figures } = report ?? {};
  const metric = report?.metric === "accuracy" ? "accuracy" : "mean squared error";
  return {
    json: { ...figures, seed: recipe.training.seed, model: summarizeModel(model, bytes), out },
    text: `${out}: ${bytes} bytes; validation ${metric} ${report?.validationMetric.toPrecision(4)} (epoch ${report?.bestEpoch} of ${report?.epochs}, ${report?.seconds.toFixed(2)} s)`,
    asJson: options.flag("json"),
  };
}

async function readJson(file: string): Promise<unknown> {
  const text = (await readBytes(file)).toString("utf8");
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TinymlError("TINYML_RECIPE_INVALID", `${file} is not JSON: ${message}.`, { cause: error });
  }
}

function withSeed(recipe: Recipe, seed: string | undefined): Recipe {
  if (seed === undefined) return recipe;
  if (!/^\d+$/.test(seed)) throw new TinymlError("TINYML_USAGE", `--seed takes a whole number, not "${seed}".`);
  return parseRecipe({ ...recipe, training: { ...recipe.training, seed: Number(seed) } });
}
