import { cutOf, type Message, parseRecipe, type Recipe, sampleShape, type Table } from "../lib";
import { recipeOf, type TrainConfig } from "./config";

/** The recipe of the message, or else of the settings; the message's seed overrides either's. TINYML_RECIPE_INVALID. */
export function chooseRecipe(config: TrainConfig, { recipe, seed }: Message, table: Table): Recipe {
  const { task, targets, labels } = table;
  const outputs = (task === "regression" ? targets : labels)?.length ?? 1;
  const subject = { task, shape: sampleShape(table), outputs };
  const chosen = parseRecipe(recipe ?? recipeOf(config, subject));
  if (seed === undefined) return chosen;
  return parseRecipe({ ...chosen, training: { ...chosen.training, seed } });
}

/** Which samples are cut out of recordings: those of the message's recipe, or else of the settings. TINYML_RECIPE_INVALID. */
export function windowsOf(config: TrainConfig, { recipe }: Message) {
  if (recipe === undefined) return cutOf(config);
  const { input } = parseRecipe(recipe);
  return { shape: input.shape, ...input.window };
}
