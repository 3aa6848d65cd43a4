import * as v from "valibot";
import { STATISTICS } from "./statistics";

/*
 * What a model file carries for people and for our nodes: the JSON of its metadata buffer TINYML_FLOWS. The schemas below
 * are its one definition: the types are inferred from them, files are validated against them, and the published JSON
 * schema is generated from them, with the descriptions as its documentation (@valibot/to-json-schema, told to pass over
 * the actions "finite" and "readonly", which say nothing that JSON could say otherwise).
 */

/** The newest version of the metadata; a reader refuses a version that is newer than its own. */
export const METADATA_VERSION = 1;

const finite = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const name = v.pipe(v.string(), v.nonEmpty());

const task = v.picklist(["classification", "regression"]);

const channel = v.pipe(
  v.object({
    name,
    unit: v.pipe(v.string(), v.description('A unit for people ("V", "°C", "%"); empty for a plain number.')),
    range: v.exactOptional(
      v.pipe(
        v.tuple([finite, finite]),
        v.readonly(),
        v.description(
          "The value at an ADC's zero and at its full scale, or at a PWM's 0 % and 100 %. An exporter needs it to " +
            "connect the channel to a pin; absent where the quantity has no such range.",
        ),
      ),
    ),
  }),
  v.description("A quantity that is measured or predicted."),
);

const normalizeBlock = v.pipe(
  v.object({
    block: v.literal("normalize"),
    mean: v.pipe(v.array(finite), v.readonly()),
    deviation: v.pipe(v.array(v.pipe(finite, v.gtValue(0))), v.readonly()),
  }),
  v.description("(value − mean) / deviation, per channel, with the statistics of the training rows."),
);

const scaleBlock = v.pipe(
  v.object({
    block: v.literal("scale"),
    divide: v.pipe(v.number(), v.minValue(1e-30), v.maxValue(1e30)),
  }),
  v.description("value / divide, for every channel: 255 brings a picture's bytes into 0..1."),
);

const statisticsBlock = v.pipe(
  v.object({
    block: v.literal("statistics"),
    of: v.pipe(
      v.array(v.picklist(STATISTICS)),
      v.minLength(1),
      v.readonly(),
      v.description("Which statistics, whatever their order here: they come in that of this list."),
    ),
  }),
  v.description("A window [readings, channels] becomes [channels × statistics], those of the first channel first."),
);

const featureBlock = v.variant("block", [scaleBlock, statisticsBlock, normalizeBlock]);

const sampleWindow = v.pipe(
  v.object({
    shape: v.pipe(v.array(v.pipe(count, v.minValue(1))), v.minLength(1), v.maxLength(3), v.readonly()),
    stride: v.exactOptional(v.pipe(count, v.minValue(1), v.description("Readings from one window to the next."))),
    rateHz: v.exactOptional(v.pipe(v.number(), v.gtValue(0), v.description("Readings per second."))),
  }),
  v.description(
    "What a sample is before its features: [channels] for a reading, [readings, channels] for a window, [height, width, channels] for a picture.",
  ),
);

const curve = v.object({
  epoch: v.pipe(v.array(count), v.readonly()),
  loss: v.pipe(v.array(finite), v.readonly()),
  validationLoss: v.pipe(v.array(finite), v.readonly()),
});

const trainingReport = v.pipe(
  v.object({
    metric: v.pipe(
      v.picklist(["accuracy", "mse"]),
      v.description('Name of the metric in validationMetric: "accuracy" for classification, "mse" for regression.'),
    ),
    epochs: count,
    bestEpoch: v.pipe(count, v.description("The epoch (1-based) whose weights were kept.")),
    seconds: finite,
    trainingSamples: count,
    validationSamples: count,
    loss: finite,
    validationLoss: finite,
    validationMetric: finite,
    curve: v.pipe(curve, v.description("Losses of each epoch, thinned to at most 100 points.")),
  }),
  v.description("What training reached: figures and curves for people, charts and comparisons."),
);

const compressionStep = v.object({
  method: v.literal("int8"),
  calibrationSamples: v.pipe(count, v.description("Rows that calibrated the ranges.")),
  validationMetric: v.exactOptional(
    v.pipe(finite, v.description("The report's metric on the same validation rows, after this step.")),
  ),
});

/** The definition of the metadata; `parseMetadata` validates with it. */
export const metadataSchema = v.pipe(
  v.object({
    version: v.literal(METADATA_VERSION),
    name: v.pipe(name, v.description("The model's name, also its file name in the model store.")),
    task,
    inputs: v.pipe(
      v.array(channel),
      v.readonly(),
      v.description("One per channel of a reading, in the order of the input tensor's last axis."),
    ),
    labels: v.exactOptional(
      v.pipe(
        v.array(name),
        v.readonly(),
        v.description("Classification: the class names in the order of the output tensor."),
      ),
    ),
    targets: v.exactOptional(
      v.pipe(v.array(channel), v.readonly(), v.description("Regression: one per number of the output tensor.")),
    ),
    window: v.exactOptional(sampleWindow),
    features: v.pipe(
      v.array(featureBlock),
      v.readonly(),
      v.description("Applied to raw readings before the graph, in order."),
    ),
    recipe: v.exactOptional(
      v.pipe(v.unknown(), v.description("The recipe the model was trained with, as src/training knows it.")),
    ),
    report: v.exactOptional(trainingReport),
    compression: v.pipe(
      v.array(compressionStep),
      v.readonly(),
      v.description("What was done to the model after training, oldest first."),
    ),
  }),
  v.description("What a TinyML Flows model carries for people and nodes; the metadata buffer TINYML_FLOWS."),
);

/**
 * What a model file carries for people and for our nodes: the JSON of its metadata buffer TINYML_FLOWS.
 * Versioned: a reader refuses a version that is newer than its own.
 */
export type Metadata = v.InferOutput<typeof metadataSchema>;

/** What the model does with a reading: name its class, or compute numbers from it. */
export type Task = v.InferOutput<typeof task>;

/** A quantity that is measured or predicted. */
export type Channel = v.InferOutput<typeof channel>;

/** A feature block's description; the kernels execute it in training, in prediction and in the sketch. */
export type FeatureBlock = v.InferOutput<typeof featureBlock>;

/** A feature block that works on each number by itself, and leaves the shape as it is. */
export type PointwiseBlock = Exclude<FeatureBlock, StatisticsBlock>;

/** What a window looks like, as a few numbers per channel. */
export type StatisticsBlock = v.InferOutput<typeof statisticsBlock>;

/** (value − mean) / deviation, per channel, with the statistics of the training rows. */
export type NormalizeBlock = v.InferOutput<typeof normalizeBlock>;

/** What training reached: figures and curves for people, charts and comparisons. */
export type TrainingReport = v.InferOutput<typeof trainingReport>;

/** One compression that was applied to the model after training. */
export type CompressionStep = v.InferOutput<typeof compressionStep>;
