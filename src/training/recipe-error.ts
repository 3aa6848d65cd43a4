import { TinymlError } from "../errors";

/** The error about one place of a recipe, such as "layers.2.units". */
export function invalidRecipe(path: string, problem: string): TinymlError {
  return new TinymlError("TINYML_RECIPE_INVALID", `The recipe's ${path || "text"} is wrong: ${problem}.`);
}
