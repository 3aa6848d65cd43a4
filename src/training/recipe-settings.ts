import * as v from "valibot";
import { fraction, notNegative, positive, share, wholeNumber } from "./recipe-numbers";

/* How a recipe trains: loss, optimizer, schedule, batches, epochs, split. Names and formulas are those of Keras and tfjs. */

const learningRate = (usual: number) =>
  v.optional(
    v.pipe(positive, v.description("How far each batch moves the weights; lower it when training diverges.")),
    usual,
  );
const beta1 = v.optional(v.pipe(fraction, v.description("Decay of the mean of past gradients.")), 0.9);
const beta2 = v.optional(v.pipe(fraction, v.description("Decay of the mean of past squared gradients.")), 0.999);
const epsilon = v.optional(v.pipe(positive, v.description("Keeps the optimizer from dividing by zero.")), 1e-7);

const adam = v.strictObject({
  type: v.pipe(v.literal("adam"), v.description("Adam, with a step size of its own for each weight.")),
  learningRate: learningRate(0.001),
  beta1,
  beta2,
  epsilon,
});

const adamw = v.strictObject({
  type: v.pipe(v.literal("adamw"), v.description("Adam, which also lets weights decay.")),
  learningRate: learningRate(0.001),
  weightDecay: v.optional(
    v.pipe(notNegative, v.description("Share of a weight that each step takes away, times the learning rate.")),
    0.004,
  ),
  beta1,
  beta2,
  epsilon,
});

const rmsprop = v.strictObject({
  type: v.pipe(v.literal("rmsprop"), v.description("Gradients divided by their usual size.")),
  learningRate: learningRate(0.001),
  rho: v.optional(v.pipe(fraction, v.description("Decay of the mean of past squared gradients.")), 0.9),
  momentum: v.optional(v.pipe(fraction, v.description("Share of the last step that is added to the next.")), 0),
  epsilon,
});

const sgd = v.strictObject({
  type: v.pipe(v.literal("sgd"), v.description("Plain gradient descent.")),
  learningRate: learningRate(0.01),
  momentum: v.optional(v.pipe(fraction, v.description("Share of the last step that is added to the next.")), 0),
  nesterov: v.optional(v.pipe(v.boolean(), v.description("Momentum that looks a step ahead.")), false),
});

const factor = v.pipe(share, v.description("What the learning rate is multiplied with."));
const leastRate = v.optional(v.pipe(notNegative, v.description("The learning rate does not fall below it.")), 0);

const schedule = v.variant("type", [
  v.strictObject({ type: v.pipe(v.literal("constant"), v.description("The learning rate stays as it is.")) }),
  v.strictObject({
    type: v.pipe(v.literal("step"), v.description("The learning rate falls every so many epochs.")),
    epochs: v.pipe(wholeNumber(1, 1e6), v.description("Epochs from fall to fall.")),
    factor: v.optional(factor, 0.5),
  }),
  v.strictObject({
    type: v.pipe(v.literal("exponential"), v.description("The learning rate falls after each epoch.")),
    factor: v.optional(factor, 0.95),
  }),
  v.strictObject({
    type: v.pipe(
      v.literal("cosine"),
      v.description("The learning rate falls like half a cosine wave, from its start to its least at the last epoch."),
    ),
    minimum: leastRate,
  }),
  v.strictObject({
    type: v.pipe(
      v.literal("reduceOnPlateau"),
      v.description("The learning rate falls when the validation loss no longer does."),
    ),
    factor: v.optional(factor, 0.5),
    patience: v.optional(
      v.pipe(wholeNumber(1, 1e6), v.description("Epochs without a better validation loss before it falls.")),
      5,
    ),
    minDelta: v.optional(
      v.pipe(notNegative, v.description("By how much the validation loss must fall to count as better.")),
      0.0001,
    ),
    minimum: leastRate,
  }),
]);

const augmentation = v.variant("type", [
  v.strictObject({
    type: v.pipe(v.literal("noise"), v.description("Adds random numbers to every value.")),
    deviation: v.pipe(
      positive,
      v.description("Their standard deviation, in the units of what the network sees (after the features)."),
    ),
  }),
  v.strictObject({
    type: v.pipe(v.literal("scale"), v.description("Multiplies all values of a sample by one random factor.")),
    range: v.pipe(fraction, v.description("The factor lies between 1 − range and 1 + range.")),
  }),
  v.strictObject({
    type: v.pipe(
      v.literal("shift"),
      v.description("Moves a window in time, or a picture up, down and sideways; the edge is repeated."),
    ),
    range: v.pipe(fraction, v.description("By how much at most, as a share of the length, or of height and width.")),
  }),
  v.strictObject({
    type: v.pipe(v.literal("crop"), v.description("Cuts a random part out and stretches it to the whole size.")),
    range: v.pipe(fraction, v.description("How much is cut away at most, as a share of each side.")),
  }),
  v.strictObject({
    type: v.pipe(v.literal("flip"), v.description("Mirrors half of the pictures, or reverses half of the windows.")),
    direction: v.optional(v.pipe(v.picklist(["horizontal", "vertical"]), v.description("Of pictures.")), "horizontal"),
  }),
]);

const earlyStopping = v.strictObject({
  patience: v.optional(
    v.pipe(wholeNumber(1, 1e6), v.description("Epochs without a better validation loss before training stops.")),
    20,
  ),
  minDelta: v.optional(
    v.pipe(notNegative, v.description("By how much the validation loss must fall to count as better.")),
    0,
  ),
});

/** How a recipe trains. */
export const trainingSchema = v.strictObject({
  loss: v.pipe(
    v.picklist([
      "meanSquaredError",
      "meanAbsoluteError",
      "huber",
      "categoricalCrossentropy",
      "sparseCategoricalCrossentropy",
      "binaryCrossentropy",
    ]),
    v.description(
      "What training makes small. For classification categoricalCrossentropy (sparseCategoricalCrossentropy is the same " +
        "here) behind a softmax, or binaryCrossentropy behind a sigmoid; the others are for regression.",
    ),
  ),
  labelSmoothing: v.optional(
    v.pipe(
      fraction,
      v.description("Classification: share of the certainty that is spread over all labels, against overconfidence."),
    ),
    0,
  ),
  huberDelta: v.optional(
    v.pipe(positive, v.description("huber: errors above it count by their size, those below by their square.")),
    1,
  ),
  classWeights: v.exactOptional(
    v.pipe(
      v.union(
        [v.literal("balanced"), v.record(v.string(), positive)],
        'either "balanced" or {label: weight, …} is needed',
      ),
      v.description(
        'How much the samples of each label count; "balanced": labels with few samples count more. A label that is not named counts 1.',
      ),
    ),
  ),
  optimizer: v.optional(
    v.pipe(
      v.variant("type", [adam, adamw, rmsprop, sgd]),
      v.description("The rule by which the weights follow the gradients."),
    ),
    { type: "adam" },
  ),
  schedule: v.optional(v.pipe(schedule, v.description("How the learning rate changes from epoch to epoch.")), {
    type: "constant",
  }),
  clipNorm: v.exactOptional(
    v.pipe(positive, v.description("Gradients that are longer than it, all weights together, are shortened to it.")),
  ),
  clipValue: v.exactOptional(
    v.pipe(positive, v.description("Every number of a gradient is kept between −clipValue and clipValue.")),
  ),
  batchSize: v.optional(
    v.pipe(wholeNumber(1, 1e6), v.description("Rows that are looked at before the weights move.")),
    32,
  ),
  epochs: v.optional(
    v.pipe(wholeNumber(1, 1e6), v.description("How often training goes through all rows, at most.")),
    100,
  ),
  validation: v.optional(v.pipe(share, v.description("Share of the rows that is kept for validation.")), 0.25),
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
  augmentation: v.optional(
    v.pipe(
      v.array(augmentation),
      v.readonly(),
      v.description("Changes by chance to the training samples, new ones in every epoch, in this order."),
    ),
    [],
  ),
  seed: v.optional(
    v.pipe(
      wholeNumber(0, 2 ** 32 - 1),
      v.description("Starts the weights, the order of the rows, dropout and augmentation."),
    ),
    1,
  ),
});

/** How a recipe trains, with all defaults filled in. */
export type TrainingSettings = v.InferOutput<typeof trainingSchema>;

/** The rule by which the weights follow the gradients. */
export type Optimizer = TrainingSettings["optimizer"];
