import { openSamples } from "../dataset/samples";
import { allRows, inputWidth, outputWidth, sampleShape, type Table } from "../dataset/table";
import { withLabelsOf } from "../dataset/with-labels-of";
import { TinymlError } from "../errors";
import { labelsOf } from "../model/labels";
import type { Model } from "../model/model";
import { elementCount } from "../model/tensor";
import { createPredictor, isLabelPrediction, type Prediction } from "../runtime/predictor";
import {
  type ClassificationFigures,
  classificationFigures,
  highest,
  type RegressionFigures,
  regressionFigures,
} from "./metrics";

/** How well a model does on labelled rows. */
export type Evaluation = ClassificationEvaluation | RegressionEvaluation;

interface MainFigure<Metric> {
  /** Which figure `value` is: the one by which models of a task are compared. */
  metric: Metric;
  value: number;
  /** The rows that were evaluated. */
  samples: number;
}

export interface ClassificationEvaluation extends MainFigure<"accuracy">, ClassificationFigures {
  task: "classification";
  /** The wrongly classified samples that the model was surest of, the surest first, at most twenty. */
  wrong: WrongLabel[];
}

export interface RegressionEvaluation extends MainFigure<"mse">, RegressionFigures {
  task: "regression";
  /** The samples with the largest errors, the largest first, at most twenty. */
  wrong: WrongNumbers[];
  /** Samples to draw, evenly spread over the rows, at most 300: the numbers of their targets. */
  points: { wanted: number[]; got: number[] }[];
}

/** Where a sample comes from. */
interface SampleSource {
  /** Its row in the table, counted from 0. */
  row: number;
  /** Its group, where it has one. */
  group?: string;
}

export interface WrongLabel extends SampleSource {
  wanted: string;
  got: string;
  /** The score of the label that was predicted. */
  confidence: number;
}

export interface WrongNumbers extends SampleSource {
  wanted: number[];
  got: number[];
  /** The mean squared error over the targets. */
  error: number;
}

const mostWrong = 20;
const mostPoints = 300;

/**
 * Runs a model, float or int8, as a flow would run it on rows of a table, and judges what it predicts.
 * @param rows the rows, as indices into the table; all of them where absent
 * @throws TinymlError TINYML_DATASET_EMPTY, TINYML_DATASET_MISMATCH, TINYML_UNKNOWN_LABEL, TINYML_NOT_A_NUMBER when a sample or a prediction
 *   is no number, and what `createPredictor` and reading a file throw
 */
export function evaluateModel(model: Model, table: Table, rows: ArrayLike<number> = allRows(table)): Evaluation {
  if (rows.length === 0) {
    throw new TinymlError("TINYML_DATASET_EMPTY", "There are no rows to evaluate the model with. Record some first.");
  }
  const fitted = fitTable(model, table);
  return fitted.task === "classification"
    ? evaluateClassifier(model, fitted, rows)
    : evaluateRegressor(model, fitted, rows);
}

/**
 * A table with its labels in the model's order, once it is sure that it holds what the model takes and gives: as many
 * channels, and the same labels or as many targets. The outputs of a model from elsewhere that names no labels are those of the table:
 * where all are whole numbers in the order of these, or else in the table's.
 * @throws TinymlError TINYML_DATASET_MISMATCH
 */
export function fitTable(model: Model, table: Table): Table {
  const { metadata } = model;
  // With features the graph takes other numbers than a sample has.
  const shape = metadata?.window?.shape ?? model.tensors[model.inputs[0]].shape.slice(1);
  const channels = shape.at(-1) ?? 1;
  const refuse = (what: string): never => {
    throw new TinymlError("TINYML_DATASET_MISMATCH", `The dataset does not fit the model: ${what}.`);
  };
  // Others leave the dimension of a single channel out.
  if (metadata !== undefined && table.channels.length !== channels) {
    refuse(`the model takes ${channels} channels, the dataset has ${table.channels.length}`);
  }
  if (elementCount(shape) !== inputWidth(table)) {
    const sample = sampleShape(table).join(" × ");
    refuse(`the model takes ${shape.join(" × ")} numbers at once, a sample of the dataset has ${sample}`);
  }
  if (metadata !== undefined && metadata.task !== table.task) {
    refuse(`the model is for ${metadata.task}, the dataset for ${table.task}`);
  }
  const given = elementCount(model.tensors[model.outputs[0]].shape);
  if (table.task === "regression") {
    const targets = metadata?.targets?.length ?? given;
    if (targets !== outputWidth(table)) {
      refuse(`the model gives ${targets} numbers, the dataset has ${outputWidth(table)} targets`);
    }
    return table;
  }
  const own = table.labels ?? [];
  const labels = labelsOf(model) ?? inOrderOfNumbers(own);
  const fitted = withLabelsOf(labels, table);
  if (labels.length !== given && !(labels.length === 2 && given === 1)) {
    refuse(`the model gives ${given} scores, the dataset has ${own.length} labels`);
  }
  if (fitted.labels?.some((label, i) => label !== labels[i])) {
    refuse(`the model knows the labels ${labels.join(", ")}, the dataset has ${own.join(", ")}`);
  }
  return fitted;
}

function inOrderOfNumbers(labels: readonly string[]): readonly string[] {
  return labels.every((label) => /^\d+$/.test(label)) ? labels.toSorted((a, b) => Number(a) - Number(b)) : labels;
}

function evaluateClassifier(model: Model, table: Table, rows: ArrayLike<number>): ClassificationEvaluation {
  const { labels = [] } = table;
  const width = labels.length;
  const wanted = Array.from(rows, (row) => {
    const index = table.outputs[row];
    if (labels[index] !== undefined) return index;
    throw new TinymlError(
      "TINYML_UNKNOWN_LABEL",
      `The class index ${index} of row ${row} is none of the dataset's ${width} labels.`,
    );
  });
  const scores = predictRows(model, table, rows, width, (prediction) => scoresOf(prediction, labels));
  const figures = classificationFigures(labels, wanted, scores);
  const wrong = wanted
    .map((index, sample) => ({ index, sample, got: highest(scores, sample * width, width) }))
    .filter(({ index, got }) => got !== index)
    .map(({ index, sample, got }): WrongLabel => {
      const confidence = scores[sample * width + got];
      return { ...sourceOf(table, rows[sample]), wanted: labels[index], got: labels[got], confidence };
    })
    .sort((a, b) => b.confidence - a.confidence)
    .slice(0, mostWrong);
  const { accuracy } = figures;
  return { task: "classification", metric: "accuracy", value: accuracy, samples: rows.length, ...figures, wrong };
}

function evaluateRegressor(model: Model, table: Table, rows: ArrayLike<number>): RegressionEvaluation {
  const width = outputWidth(table);
  const samples = rows.length;
  const wanted = new Float32Array(samples * width);
  for (let i = 0; i < samples; i++) {
    wanted.set(table.outputs.subarray(rows[i] * width, (rows[i] + 1) * width), i * width);
  }
  const predicted = predictRows(model, table, rows, width, (prediction) => {
    if (typeof prediction === "number") return [prediction];
    return Array.isArray(prediction) ? prediction : [];
  });
  const names = table.targets?.map(({ name }) => name) ?? Array.from({ length: width }, (_, i) => `target ${i + 1}`);
  const figures = regressionFigures(names, wanted, predicted);
  const at = (numbers: Float32Array | Float64Array, sample: number): number[] =>
    Array.from(numbers.subarray(sample * width, (sample + 1) * width));
  const order = allRows({ rows: samples });
  const errors = Float64Array.from(order, (sample) => {
    const got = at(predicted, sample);
    return at(wanted, sample).reduce((sum, target, i) => sum + (got[i] - target) ** 2 / width, 0);
  });
  const wrong = order
    .filter((sample) => errors[sample] > 0)
    .sort((a, b) => errors[b] - errors[a])
    .subarray(0, mostWrong);
  const drawn = Math.min(mostPoints, samples);
  const { mse } = figures;
  return {
    task: "regression",
    metric: "mse",
    value: mse,
    samples,
    ...figures,
    wrong: Array.from(wrong, (sample) => ({
      ...sourceOf(table, rows[sample]),
      wanted: at(wanted, sample),
      got: at(predicted, sample),
      error: errors[sample],
    })),
    points: Array.from({ length: drawn }, (_, i) => {
      const sample = Math.floor((i * samples) / drawn);
      return { wanted: at(wanted, sample), got: at(predicted, sample) };
    }),
  };
}

/** What the model says of each row, `width` numbers a row, row-major. */
function predictRows(
  model: Model,
  table: Table,
  rows: ArrayLike<number>,
  width: number,
  numbersOf: (prediction: Prediction) => readonly number[],
): Float64Array {
  if (model.outputs.length > 1) {
    throw new TinymlError(
      "TINYML_MODEL_UNSUPPORTED",
      `The model has ${model.outputs.length} outputs; only a model with one can be evaluated.`,
    );
  }
  const numbers = new Float64Array(rows.length * width);
  const sample = new Float32Array(inputWidth(table));
  const reader = openSamples(table.inputs, sample.length);
  try {
    const predictor = createPredictor(model);
    try {
      for (let i = 0; i < rows.length; i++) {
        reader.copy(rows[i], sample, 0);
        // No sample is a continuation of the one before.
        predictor.resetState();
        const predicted = numbersOf(predictor.predict(sample));
        for (let j = 0; j < width; j++) {
          const number = predicted[j];
          if (!Number.isFinite(number)) throw noPrediction(rows[i], number);
          numbers[i * width + j] = number;
        }
      }
    } finally {
      predictor.dispose();
    }
  } finally {
    reader.close();
  }
  return numbers;
}

/** The scores of the labels in their order; of one score and two labels it is that of the second. */
function scoresOf(prediction: Prediction, labels: readonly string[]): readonly number[] {
  if (typeof prediction === "number") return [1 - prediction, prediction];
  if (Array.isArray(prediction)) return prediction;
  return isLabelPrediction(prediction) ? labels.map((label) => prediction.scores[label]) : [];
}

function noPrediction(row: number, number: number | undefined): TinymlError {
  return new TinymlError(
    "TINYML_NOT_A_NUMBER",
    `For row ${row} the model predicts ${number ?? "nothing"} instead of a number. Either the row's numbers are far from those the model was trained with, or the model's weights are damaged: train it again.`,
  );
}

function sourceOf({ groups }: Table, row: number): SampleSource {
  const group = groups?.[row];
  return group ? { row, group } : { row };
}
