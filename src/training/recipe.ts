import * as v from "valibot";
import { TinymlError } from "../errors";

/*
 * A recipe says what to train and how: the network, and the training. Layer types, options, losses and optimizers have
 * the names of Keras and tfjs (`tf.layers.*`). The schemas below are the one definition: the types are inferred from
 * them, and the published JSON schema is generated from them, with the descriptions as its documentation.
 */

const wholeNumber = (minimum: number, maximum: number) =>
  v.pipe(
    v.number(`a whole number from ${minimum} to ${maximum} is needed`),
    v.integer(`a whole number from ${minimum} to ${maximum} is needed`),
    v.minValue(minimum, `a whole number from ${minimum} to ${maximum} is needed`),
    v.maxValue(maximum, `a whole number from ${minimum} to ${maximum} is needed`),
  );

const positive = v.pipe(
  v.number("a number above 0 is needed"),
  v.finite("a number above 0 is needed"),
  v.gtValue(0, "a number above 0 is needed"),
);

const fraction = v.pipe(
  v.number("a number from 0 to less than 1 is needed"),
  v.minValue(0, "a number from 0 to less than 1 is needed"),
  v.ltValue(1, "a number from 0 to less than 1 is needed"),
);

const activation = v.picklist(["linear", "relu", "relu6", "sigmoid", "tanh", "softmax"]);
const initializer = v.picklist(["glorotUniform", "heUniform"]);

const denseLayer = v.strictObject({
  type: v.pipe(v.literal("dense"), v.description("A fully connected layer.")),
  units: v.pipe(wholeNumber(1, 65536), v.description("Neurons of the layer: how many numbers it gives.")),
  activation: v.optional(
    v.pipe(
      activation,
      v.description("Function behind each neuron; softmax only in the last layer, and there for classification."),
    ),
    "linear",
  ),
  useBias: v.optional(v.pipe(v.boolean(), v.description("Whether each neuron adds a number of its own.")), true),
  kernelInitializer: v.optional(
    v.pipe(initializer, v.description("How the first weights are drawn; heUniform suits deep relu networks.")),
    "glorotUniform",
  ),
});

const adam = v.strictObject({
  type: v.pipe(v.literal("adam"), v.description("Adam, with a step size of its own for each weight.")),
  learningRate: v.optional(
    v.pipe(positive, v.description("How far each batch moves the weights; lower it when training diverges.")),
    0.001,
  ),
  beta1: v.optional(v.pipe(fraction, v.description("Decay of the mean of past gradients.")), 0.9),
  beta2: v.optional(v.pipe(fraction, v.description("Decay of the mean of past squared gradients.")), 0.999),
  epsilon: v.optional(v.pipe(positive, v.description("Keeps Adam from dividing by zero.")), 1e-7),
});

const sgd = v.strictObject({
  type: v.pipe(v.literal("sgd"), v.description("Plain gradient descent.")),
  learningRate: v.optional(
    v.pipe(positive, v.description("How far each batch moves the weights; lower it when training diverges.")),
    0.01,
  ),
  momentum: v.optional(v.pipe(fraction, v.description("Share of the last step that is added to the next.")), 0),
});

const earlyStopping = v.strictObject({
  patience: v.optional(
    v.pipe(wholeNumber(1, 1e6), v.description("Epochs without a better validation loss before training stops.")),
    20,
  ),
  minDelta: v.optional(
    v.pipe(
      v.number("a number from 0 is needed"),
      v.finite("a number from 0 is needed"),
      v.minValue(0, "a number from 0 is needed"),
      v.description("By how much the validation loss must fall to count as better."),
    ),
    0,
  ),
});

const training = v.strictObject({
  loss: v.pipe(
    v.picklist(["meanSquaredError", "categoricalCrossentropy"]),
    v.description(
      "What training makes small: meanSquaredError for regression, categoricalCrossentropy for classification.",
    ),
  ),
  optimizer: v.optional(
    v.pipe(v.variant("type", [adam, sgd]), v.description("The rule by which the weights follow the gradients.")),
    { type: "adam" },
  ),
  batchSize: v.optional(
    v.pipe(wholeNumber(1, 1e6), v.description("Rows that are looked at before the weights move.")),
    32,
  ),
  epochs: v.optional(
    v.pipe(wholeNumber(1, 1e6), v.description("How often training goes through all rows, at most.")),
    100,
  ),
  validation: v.optional(
    v.pipe(
      v.number("a share above 0 and below 1 is needed"),
      v.gtValue(0, "a share above 0 and below 1 is needed"),
      v.ltValue(1, "a share above 0 and below 1 is needed"),
      v.description("Share of the rows that is kept for validation."),
    ),
    0.25,
  ),
  splitSeed: v.optional(
    v.pipe(
      wholeNumber(0, 2 ** 32 - 1),
      v.description("Chooses the validation rows. Apart from `seed`, so that runs with other seeds can be compared."),
    ),
    1,
  ),
  earlyStopping: v.optional(
    v.pipe(
      v.union([v.literal(false), earlyStopping], "false or {patience, minDelta} is needed"),
      v.description(
        "Stops when the validation loss no longer falls; false trains all epochs. The best epoch's weights are kept either way.",
      ),
    ),
    {},
  ),
  seed: v.optional(
    v.pipe(wholeNumber(0, 2 ** 32 - 1), v.description("Starts the weights and the order of the rows.")),
    1,
  ),
});

/** The definition of a recipe; `parseRecipe` validates with it. */
export const recipeSchema = v.pipe(
  v.strictObject({
    version: v.pipe(v.literal(1), v.description("Version of the recipe format.")),
    task: v.pipe(
      v.picklist(["classification", "regression"]),
      v.description("classification names the class of a reading, regression computes numbers from it."),
    ),
    input: v.pipe(
      v.strictObject({
        shape: v.pipe(
          v.strictTuple([wholeNumber(1, 65536)], "the shape of dense networks is [numbers per reading]"),
          v.readonly(),
          v.description("Numbers per reading, as [channels]."),
        ),
      }),
      v.description("What a reading looks like."),
    ),
    features: v.optional(
      v.pipe(
        v.array(
          v.strictObject({
            block: v.pipe(
              v.literal("normalize"),
              v.description("Brings every channel to mean 0 and deviation 1, as learned from the training rows."),
            ),
          }),
        ),
        v.maxLength(1, "at most one normalize block is needed"),
        v.readonly(),
        v.description(
          "What is done to readings before the network sees them, in training, prediction and sketch alike.",
        ),
      ),
      [],
    ),
    layers: v.pipe(
      v.array(denseLayer),
      v.minLength(1, "at least one layer is needed"),
      v.readonly(),
      v.description("The network, from its input to its output; the last layer has one unit per label or target."),
    ),
    training: v.pipe(training, v.description("How the network is trained.")),
  }),
  v.description("What a TinyML Flows training node trains, and how."),
);

/** A recipe with all defaults filled in. */
export type Recipe = v.InferOutput<typeof recipeSchema>;

/** A recipe as people write it: what has a default may be left out. */
export type RecipeInput = v.InferInput<typeof recipeSchema>;

/** How a recipe trains: loss, optimizer, batches, epochs, split, early stopping, seed. */
export type TrainingSettings = Recipe["training"];

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
  const last = recipe.layers.length - 1;
  recipe.layers.forEach((layer, i) => {
    if (layer.activation === "softmax" && i < last) {
      throw invalidRecipe(`layers.${i}.activation`, "softmax belongs to the last layer");
    }
  });
  const wanted = recipe.task === "classification" ? "categoricalCrossentropy" : "meanSquaredError";
  if (recipe.training.loss !== wanted) {
    throw invalidRecipe("training.loss", `${recipe.task} is trained with ${wanted}`);
  }
  const isSoftmax = recipe.layers[last].activation === "softmax";
  if (isSoftmax !== (recipe.task === "classification")) {
    const needed = recipe.task === "classification" ? "softmax" : "another activation than softmax, such as linear";
    throw invalidRecipe(`layers.${last}.activation`, `the last layer of a ${recipe.task} needs ${needed}`);
  }
  return recipe;
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

/** The error about one place of a recipe, such as "layers.2.units". */
export function invalidRecipe(path: string, problem: string): TinymlError {
  return new TinymlError("TINYML_RECIPE_INVALID", `The recipe's ${path || "text"} is wrong: ${problem}.`);
}
