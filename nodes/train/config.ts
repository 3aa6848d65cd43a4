import { TinymlError } from "../../src/errors";
import { readChoice, readFlag, readList, readNumber, readText, type StoredSettings, storedSettings } from "../settings";
import { faultOfValue, valueOfText } from "./field-text";
import { fieldsOf, isLayerType, type LayerType } from "./layer-fields";

/** A layer as recipes write it: its type and its settings (./layer-fields.ts). The output layer isn't listed: it follows from the dataset. */
export interface RecipeLayer {
  readonly type: LayerType;
  readonly [setting: string]: unknown;
}

export const optimizers = ["adam", "adamw", "rmsprop", "sgd"] as const;
/** The optimizers that have a momentum. */
export const optimizersWithMomentum: readonly string[] = ["rmsprop", "sgd"];
export const featureChoices = ["raw", "statistics"] as const;
export const engines = ["built-in", "tfjs-node"] as const;
/** Those that need no further settings; `step` needs its epochs. */
export const schedules = ["constant", "exponential", "cosine", "reduceOnPlateau"] as const;

/** Settings of the node that trains. */
export interface TrainConfig {
  /** The configuration node's id; empty when none is chosen. */
  dataset: string;
  /** The name under which the model is stored. */
  model: string;
  layers: readonly RecipeLayer[];
  /** How many readings of a recording are a sample; 0: all of them. */
  window: number;
  /** Readings from one sample to the next in the same recording; 0: as many as a sample has. */
  stride: number;
  /** What the network sees of a sample: its numbers, or statistics of them. */
  features: (typeof featureChoices)[number];
  /** What each number of a sample is divided by first; 1: nothing is. */
  divide: number;
  /** Whether each channel is brought to mean 0 and deviation 1 first. */
  normalize: boolean;
  epochs: number;
  batchSize: number;
  optimizer: (typeof optimizers)[number];
  learningRate: number;
  /** Of optimizers that have one: the share of the last step that is added to the next. */
  momentum: number;
  /** How the learning rate changes from epoch to epoch. */
  schedule: (typeof schedules)[number];
  /** Classification: whether labels with few samples count more. */
  balanced: boolean;
  /** The share of the rows that validates, in percent. */
  validation: number;
  earlyStopping: boolean;
  /** Early stopping: epochs without a better validation loss. */
  patience: number;
  seed: number;
  /** How many threads train together; the weights don't depend on it. */
  threads: number;
  /** What trains: our kernels, or the user's own TensorFlow for Node. */
  engine: (typeof engines)[number];
  /** What else the recipe's `training` says, over what the settings above say. */
  further: StoredSettings;
}

const generalLayers: RecipeLayer[] = [
  { type: "dense", units: 16, activation: "relu" },
  { type: "dense", units: 16, activation: "relu" },
];

/** The settings of a new node, as the editor stores them. */
export const defaults = {
  name: "",
  dataset: "",
  model: "",
  layers: generalLayers,
  window: "",
  stride: "",
  features: "raw",
  divide: 1,
  normalize: true,
  epochs: 200,
  batchSize: 32,
  optimizer: "adam",
  learningRate: 0.001,
  momentum: 0,
  schedule: "constant",
  balanced: false,
  validation: 25,
  earlyStopping: true,
  patience: 20,
  seed: 1,
  threads: 1,
  engine: "built-in",
  further: "",
  /** For which the dialog tells whether the network fits; "": for none. */
  board: "",
};

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): TrainConfig {
  const settings = storedSettings(stored);
  const model = readText(settings, "model", "");
  if (model === "") {
    throw new TinymlError("TINYML_CONFIG_INVALID", "The model has no name. Open the training node and give it one.");
  }
  return {
    dataset: readText(settings, "dataset", ""),
    model,
    layers: readLayers(readList(settings, "layers", defaults.layers)),
    window: readNumber(settings, "window", 0, { minimum: 0, maximum: 2 ** 22, whole: true }),
    stride: readNumber(settings, "stride", 0, { minimum: 0, maximum: 2 ** 22, whole: true }),
    features: readChoice(settings, "features", featureChoices, "raw"),
    divide: readNumber(settings, "divide", defaults.divide, { minimum: 1e-30, maximum: 1e30 }),
    normalize: readFlag(settings, "normalize", defaults.normalize),
    epochs: readNumber(settings, "epochs", defaults.epochs, { minimum: 1, maximum: 1e6, whole: true }),
    batchSize: readNumber(settings, "batchSize", defaults.batchSize, { minimum: 1, maximum: 65536, whole: true }),
    optimizer: readChoice(settings, "optimizer", optimizers, "adam"),
    learningRate: readNumber(settings, "learningRate", defaults.learningRate, { minimum: 1e-9, maximum: 100 }),
    momentum: readNumber(settings, "momentum", defaults.momentum, { minimum: 0, maximum: 0.9999 }),
    schedule: readChoice(settings, "schedule", schedules, "constant"),
    balanced: readFlag(settings, "balanced", defaults.balanced),
    validation: readNumber(settings, "validation", defaults.validation, { minimum: 1, maximum: 90 }),
    earlyStopping: readFlag(settings, "earlyStopping", defaults.earlyStopping),
    patience: readNumber(settings, "patience", defaults.patience, { minimum: 1, maximum: 1e6, whole: true }),
    seed: readNumber(settings, "seed", defaults.seed, { minimum: 0, maximum: 2 ** 32 - 1, whole: true }),
    threads: readNumber(settings, "threads", defaults.threads, { minimum: 1, maximum: 99, whole: true }),
    engine: readChoice(settings, "engine", engines, "built-in"),
    further: readFurther(readText(settings, "further", "")),
  };
}

/** What a recipe needs to know of the dataset. */
export interface RecipeSubject {
  task: "regression" | "classification";
  /** Of a sample: [channels], [readings, channels] or [height, width, channels]. */
  shape: readonly number[];
  /** Numbers to predict, or classes. */
  outputs: number;
}

/** The recipe that the settings describe for a dataset, as src/training reads it: the output layer and the loss follow from the task. */
export function recipeOf(config: TrainConfig, { task, shape, outputs }: RecipeSubject) {
  const regression = task === "regression";
  const { momentum } = config;
  const training = merge(
    {
      loss: regression ? "meanSquaredError" : "categoricalCrossentropy",
      optimizer: {
        type: config.optimizer,
        learningRate: config.learningRate,
        ...(optimizersWithMomentum.includes(config.optimizer) ? { momentum } : {}),
      },
      schedule: { type: config.schedule },
      batchSize: config.batchSize,
      epochs: config.epochs,
      validation: config.validation / 100,
      earlyStopping: config.earlyStopping ? { patience: config.patience, minDelta: 0 } : false,
      seed: config.seed,
      ...(config.balanced && !regression ? { classWeights: "balanced" } : {}),
    },
    config.further,
  );
  return {
    version: 1,
    task,
    input: { shape, ...(config.stride > 0 && shape.length === 2 && { window: { stride: config.stride } }) },
    features: [
      ...(config.divide === 1 ? [] : [{ block: "scale", divide: config.divide }]),
      ...(config.features === "statistics" ? [{ block: "statistics" }] : []),
      ...(config.normalize ? [{ block: "normalize" }] : []),
    ],
    layers: [...config.layers, outputLayer(task, outputs, training.loss)],
    training,
  };
}

/** The layer at a network's end, which follows from what the dataset has to predict and from the loss. */
export function outputLayer(task: RecipeSubject["task"], outputs: number, loss?: unknown): RecipeLayer {
  const probability = loss === "binaryCrossentropy" ? "sigmoid" : "softmax";
  return { type: "dense", units: outputs, activation: task === "regression" ? "linear" : probability };
}

/** The layers from what the editor stored. Those of older flows have no type: they are dense. TINYML_CONFIG_INVALID. */
export function readLayers(layers: readonly unknown[]): RecipeLayer[] {
  return layers.map((stored, index) => {
    const layer = storedSettings(stored);
    const { type = "dense" } = layer;
    const place = `Layer ${index + 1}`;
    if (!isLayerType(type)) throw invalid(`${place} has an unknown type.`);
    const older = layer.type === undefined ? { units: 8, activation: "relu" } : {};
    const settings = Object.entries({ ...older, ...layer }).flatMap(([name, stored]): [string, unknown][] => {
      if (name === "type" || stored === undefined || stored === null || stored === "") return [];
      const field = fieldsOf(type).find((known) => known.name === name);
      if (field === undefined) throw invalid(`${place} (${type}) has no setting "${name}".`);
      const value = typeof stored === "string" ? valueOfText(field, stored) : stored;
      const wanted = faultOfValue(field, value);
      if (wanted !== undefined) throw invalid(`${place} (${type}): ${name} must be ${wanted}.`);
      return [[name, value]];
    });
    const missing = fieldsOf(type).find(
      ({ name, start }) => start !== undefined && !settings.some(([key]) => key === name),
    );
    if (missing !== undefined) throw invalid(`${place} (${type}): ${missing.name} is missing.`);
    return { ...Object.fromEntries(settings), type };
  });
}

/** A text of further settings. TINYML_CONFIG_INVALID when it is no JSON object. */
function readFurther(text: string): StoredSettings {
  if (text === "") return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed)) return storedSettings(parsed);
  } catch {
    // Told below.
  }
  throw invalid(`The further settings are no JSON object such as {"labelSmoothing": 0.1}.`);
}

/** Settings with others over them. Where both have an object, it is merged, too, unless they are of different types. */
function merge(settings: StoredSettings, over: StoredSettings): StoredSettings {
  const merged = Object.entries(over).map(([key, value]) => {
    const below = settings[key];
    if (!isRecord(below) || !isRecord(value)) return [key, value];
    const { type = below.type } = storedSettings(value);
    return [key, type === below.type ? { ...below, ...value } : value];
  });
  return { ...settings, ...Object.fromEntries(merged) };
}

function isRecord(value: unknown): value is StoredSettings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(problem: string): TinymlError {
  return new TinymlError("TINYML_CONFIG_INVALID", `${problem} Open the node and correct it.`);
}
