import type { Model } from "../model/model";
import { parseRecipe } from "./recipe";

/** The split that the model was trained with; the recipe's defaults where it carries none that is known. */
export function splitOf(model: Model): { validation: number; seed: number } {
  try {
    const { validation, splitSeed } = parseRecipe(model.metadata?.recipe).training;
    return { validation, seed: splitSeed };
  } catch {
    return { validation: 0.25, seed: 1 };
  }
}
