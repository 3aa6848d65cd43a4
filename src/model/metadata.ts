/**
 * What a model file carries for people and for our nodes: the JSON of its metadata buffer TINYML_FLOWS.
 * Versioned: a reader refuses a version that is newer than its own.
 */
export interface Metadata {
  version: 1;
  /** The model's name, also its file name in the model store. */
  name: string;
  task: Task;
  /** One per channel of a reading, in the order of the input tensor's last axis. */
  inputs: readonly Channel[];
  /** Classification: the class names in the order of the output tensor. */
  labels?: readonly string[];
  /** Regression: one per number of the output tensor. */
  targets?: readonly Channel[];
  /** Applied to raw readings before the graph, in order. */
  features: readonly FeatureBlock[];
  /** The recipe the model was trained with, as src/training knows it. */
  recipe?: unknown;
  report?: TrainingReport;
  /** What was done to the model after training, oldest first. */
  compression: readonly CompressionStep[];
}

export type Task = "classification" | "regression";

/** A quantity that is measured or predicted. */
export interface Channel {
  name: string;
  /** A unit for people ("V", "°C", "%"); empty for a plain number. */
  unit: string;
  /**
   * The value at an ADC's zero and at its full scale, or at a PWM's 0 % and 100 %. An exporter needs it to connect
   * the channel to a pin; absent where the quantity has no such range.
   */
  range?: readonly [low: number, high: number];
}

/** A feature block's description; the kernels execute it in training, in prediction and in the sketch. */
export type FeatureBlock = NormalizeBlock;

/** (value − mean) / deviation, per channel, with the statistics of the training rows. */
export interface NormalizeBlock {
  block: "normalize";
  mean: readonly number[];
  deviation: readonly number[];
}

/** What training reached: figures and curves for people, charts and comparisons. */
export interface TrainingReport {
  /** Name of the metric in `validationMetric`: "accuracy" for classification, "mse" for regression. */
  metric: "accuracy" | "mse";
  epochs: number;
  /** The epoch (1-based) whose weights were kept. */
  bestEpoch: number;
  seconds: number;
  trainingSamples: number;
  validationSamples: number;
  loss: number;
  validationLoss: number;
  validationMetric: number;
  /** Losses of each epoch, thinned to at most 200 points. */
  curve: { epoch: readonly number[]; loss: readonly number[]; validationLoss: readonly number[] };
}

export interface CompressionStep {
  method: "int8";
  /** Rows that calibrated the ranges. */
  calibrationSamples: number;
}
