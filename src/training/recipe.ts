import * as v from "valibot";
import { invalidRecipe } from "./recipe-error";
import { featuresSchema, findFeatureFault } from "./recipe-features";
import { type ActivationName, type Layer, layerSchema } from "./recipe-layers";
import { wholeNumber } from "./recipe-numbers";
import { type TrainingSettings, trainingSchema } from "./recipe-settings";

/*
 * A recipe says what to train and how: the network, and the training. Layer types, options, losses and optimizers have
 * the names of Keras and tfjs (`tf.layers.*`). The schemas below are the one definition: the types are inferred from
 * them, and the published JSON schema is generated from them, with the descriptions as its documentation.
 */

/** The definition of a recipe; `parseRecipe` validates with it. */
export const recipeSchema = v.pipe(
  v.strictObject({
    $schema: v.exactOptional(
      v.pipe(v.string(), v.description("Where editors find the schema to check the recipe by; nothing else reads it.")),
    ),
    version: v.pipe(v.literal(1), v.description("Version of the recipe format.")),
    task: v.pipe(
      v.picklist(["classification", "regression"]),
      v.description("classification names the class of a reading, regression computes numbers from it."),
    ),
    input: v.pipe(
      v.strictObject({
        shape: v.pipe(
          v.array(wholeNumber(1, 2 ** 24), "a list of whole numbers such as [28, 28, 1] is needed"),
          v.minLength(1, "one to three whole numbers are needed"),
          v.maxLength(3, "one to three whole numbers are needed"),
          v.readonly(),
          v.description(
            "Its size: [channels] for a reading, [readings, channels] for a window, [height, width, channels] for a picture.",
          ),
        ),
        window: v.exactOptional(
          v.pipe(
            v.strictObject({
              stride: v.pipe(
                wholeNumber(1, 2 ** 24),
                v.description(
                  "Readings from the beginning of a window to that of the next, where windows are cut out of longer recordings; the window's length where absent.",
                ),
              ),
            }),
            v.description("How windows are cut out of recordings."),
          ),
        ),
      }),
      v.description("What a sample looks like."),
    ),
    features: featuresSchema,
    layers: v.pipe(
      v.array(layerSchema),
      v.minLength(1, "at least one layer is needed"),
      v.readonly(),
      v.description("The network, from its input to its output; it gives one number per label or target."),
    ),
    training: v.pipe(trainingSchema, v.description("How the network is trained.")),
  }),
  v.description("What a TinyML Flows training node trains, and how."),
);

/** A recipe with all defaults filled in. */
export type Recipe = v.InferOutput<typeof recipeSchema>;

/** A recipe as people write it: what has a default may be left out. */
export type RecipeInput = v.InferInput<typeof recipeSchema>;

/**
 * Validates a recipe and fills in its defaults.
 * @throws TinymlError TINYML_RECIPE_INVALID with the path of what is wrong
 */
export function parseRecipe(json: unknown): Recipe {
  const parsed = v.safeParse(recipeSchema, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw invalidRecipe(v.getDotPath(issue) ?? "", explain(issue));
  }
  const recipe = parsed.output;
  const fault = findFeatureFault(recipe.features);
  if (fault !== undefined) throw invalidRecipe(fault.path, fault.problem);
  if (recipe.input.shape.length !== 2 && recipe.features.some(({ block }) => block === "statistics")) {
    throw invalidRecipe("features", "statistics are those of a window, so input.shape must be [readings, channels]");
  }
  checkLoss(recipe);
  return recipe;
}

/** Validates a recipe's features and fills in their defaults. @throws TinymlError TINYML_RECIPE_INVALID */
export function parseFeatures(json: unknown): Recipe["features"] {
  const parsed = v.safeParse(featuresSchema, json);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw invalidRecipe(`features.${v.getDotPath(issue) ?? ""}`, explain(issue));
}

/** Validates one layer and fills in its defaults; a sentence about the first fault instead where there is one. */
export function parseLayer(json: unknown): Layer | string {
  const parsed = v.safeParse(layerSchema, json);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  return `${v.getDotPath(issue) ?? "the layer"}: ${explain(issue)}`;
}

/** The losses of each task, with the activation that must stand before them; undefined: any but softmax. */
const losses: Readonly<Record<TrainingSettings["loss"], { task: Recipe["task"]; activation?: ActivationName }>> = {
  categoricalCrossentropy: { task: "classification", activation: "softmax" },
  sparseCategoricalCrossentropy: { task: "classification", activation: "softmax" },
  binaryCrossentropy: { task: "classification", activation: "sigmoid" },
  meanSquaredError: { task: "regression" },
  meanAbsoluteError: { task: "regression" },
  huber: { task: "regression" },
};

/** What the loss asks of the task and of the network's end. */
function checkLoss({ task, layers, training: { loss } }: Recipe): void {
  const { task: wantedTask, activation: wanted } = losses[loss];
  if (task !== wantedTask) {
    const usual = task === "classification" ? "categoricalCrossentropy" : "meanSquaredError";
    throw invalidRecipe("training.loss", `${task} is not trained with ${loss}, but with ${usual}, for example`);
  }
  const last = layers.length - 1;
  layers.forEach((layer, i) => {
    const activation = "activation" in layer ? layer.activation : "linear";
    if (i < last && activation === "softmax") {
      throw invalidRecipe(`layers.${i}.activation`, "softmax belongs to the last layer");
    }
    if (i < last) return;
    if (wanted === undefined ? activation !== "softmax" : activation === wanted) return;
    const needed = wanted ?? "another activation than softmax, such as linear";
    throw invalidRecipe(`layers.${last}.activation`, `the last layer of a ${task} with ${loss} needs ${needed}`);
  });
}

/** The types of JSON as people call them. */
const plainNames: Readonly<Record<string, string>> = {
  Array: "a list [ … ]",
  Object: "an object { … }",
  boolean: "true or false",
  ">=0": "a number from 0 on",
};

/** What is wrong, in words for people: valibot's own messages speak of types and keys. */
function explain(issue: v.BaseIssue<unknown>): string {
  const { expected, received, message } = issue;
  if (received === "undefined") return "it is missing";
  if (!message.startsWith("Invalid ")) return message;
  if (expected === "never") return "there is no such setting";
  const choice = /^\(?("[^"]*"(?: \| "[^"]*")*)\)?$/.exec(expected ?? "");
  if (choice !== null) return `${received} is not known; known: ${choice[1].replaceAll(" | ", ", ")}`;
  const named = (type: string): string => plainNames[type] ?? type;
  return `${named(expected ?? "something else")} is needed, not ${named(received)}`;
}
