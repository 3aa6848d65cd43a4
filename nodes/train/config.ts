import { TinymlError } from "../../src/errors";
import { readChoice, readFlag, readList, readNumber, readText, storedSettings } from "../settings";

/** The activations that a hidden layer may have. */
export const activations = ["relu", "sigmoid", "tanh", "linear"] as const;

/** A hidden dense layer. The output layer isn't listed: it follows from the dataset. */
export interface HiddenLayer {
  units: number;
  activation: (typeof activations)[number];
}

/** Settings of the node that trains. */
export interface TrainConfig {
  /** The configuration node's id; empty when none is chosen. */
  dataset: string;
  /** The name under which the model is stored. */
  model: string;
  layers: readonly HiddenLayer[];
  /** Whether each channel is brought to mean 0 and deviation 1 first. */
  normalize: boolean;
  epochs: number;
  batchSize: number;
  optimizer: "adam" | "sgd";
  learningRate: number;
  /** The share of the rows that validates, in percent. */
  validation: number;
  earlyStopping: boolean;
  /** Early stopping: epochs without a better validation loss. */
  patience: number;
  seed: number;
}

/** The settings of a new node, as the editor stores them. */
export const defaults = {
  name: "",
  dataset: "",
  model: "",
  layers: [
    { units: 16, activation: "relu" },
    { units: 16, activation: "relu" },
  ],
  normalize: true,
  epochs: 200,
  batchSize: 32,
  optimizer: "adam",
  learningRate: 0.001,
  validation: 25,
  earlyStopping: true,
  patience: 20,
  seed: 1,
};

/** The recipe of the book's potentiometer (chapter 8), as the editor stores it. */
export const potentiometerPreset = {
  layers: [
    { units: 8, activation: "relu" },
    { units: 16, activation: "relu" },
  ],
  normalize: false,
  epochs: 500,
  batchSize: 50,
  optimizer: "adam",
  learningRate: 0.001,
  validation: 25,
  earlyStopping: false,
  patience: 20,
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
    normalize: readFlag(settings, "normalize", defaults.normalize),
    epochs: readNumber(settings, "epochs", defaults.epochs, { minimum: 1, maximum: 1e6, whole: true }),
    batchSize: readNumber(settings, "batchSize", defaults.batchSize, { minimum: 1, maximum: 65536, whole: true }),
    optimizer: readChoice(settings, "optimizer", ["adam", "sgd"], "adam"),
    learningRate: readNumber(settings, "learningRate", defaults.learningRate, { minimum: 1e-9, maximum: 100 }),
    validation: readNumber(settings, "validation", defaults.validation, { minimum: 1, maximum: 90 }),
    earlyStopping: readFlag(settings, "earlyStopping", defaults.earlyStopping),
    patience: readNumber(settings, "patience", defaults.patience, { minimum: 1, maximum: 1e6, whole: true }),
    seed: readNumber(settings, "seed", defaults.seed, { minimum: 0, maximum: 2 ** 32 - 1, whole: true }),
  };
}

/** What a recipe needs to know of the dataset. */
export interface RecipeSubject {
  task: "regression" | "classification";
  /** Numbers of a reading. */
  inputs: number;
  /** Numbers to predict, or classes. */
  outputs: number;
}

/** The recipe that the settings describe for a dataset, as src/training reads it: the output layer and the loss follow from the task. */
export function recipeOf(config: TrainConfig, { task, inputs, outputs }: RecipeSubject) {
  const regression = task === "regression";
  const hidden = config.layers.map(({ units, activation }) => ({ type: "dense", units, activation }));
  const output = { type: "dense", units: outputs, activation: regression ? "linear" : "softmax" };
  return {
    version: 1,
    task,
    input: { shape: [inputs] },
    features: config.normalize ? [{ block: "normalize" }] : [],
    layers: [...hidden, output],
    training: {
      loss: regression ? "meanSquaredError" : "categoricalCrossentropy",
      optimizer: { type: config.optimizer, learningRate: config.learningRate },
      batchSize: config.batchSize,
      epochs: config.epochs,
      validation: config.validation / 100,
      earlyStopping: config.earlyStopping ? { patience: config.patience, minDelta: 0 } : false,
      seed: config.seed,
    },
  };
}

function readLayers(layers: readonly unknown[]): HiddenLayer[] {
  return layers.map((layer) => {
    const entry = storedSettings(layer);
    return {
      units: readNumber(entry, "units", 8, { minimum: 1, maximum: 65536, whole: true }),
      activation: readChoice(entry, "activation", activations, "relu"),
    };
  });
}
