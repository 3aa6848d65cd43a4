import { openSamples } from "../dataset/samples";
import { inputWidth, sampleShape, type Table } from "../dataset/table";
import { withLabelsOf } from "../dataset/with-labels-of";
import { TinymlError } from "../errors";
import type { Model } from "../model/model";
import { elementCount } from "../model/tensor";
import { createPredictor, type Prediction } from "../runtime/predictor";

/** How well a model does on labelled rows. */
export interface Evaluation {
  /** Which figure `value` is: the share of right labels, or the mean squared error over all targets. */
  metric: "accuracy" | "mse";
  value: number;
  samples: number;
}

/**
 * Runs a model, float or int8, as a flow would run it on every row of a table.
 * @throws TinymlError TINYML_DATASET_EMPTY, TINYML_DATASET_MISMATCH, and what `createPredictor` throws
 */
export function evaluateModel(model: Model, table: Table): Evaluation {
  if (table.rows === 0) throw new TinymlError("TINYML_DATASET_EMPTY", "There are no rows to evaluate the model with.");
  const { inputs, outputs, labels } = fitTable(model, table);
  const width = outputs.length / table.rows;
  const sample = new Float32Array(inputWidth(table));
  const reader = openSamples(inputs, sample.length);
  const predictor = createPredictor(model);
  try {
    let sum = 0;
    for (let row = 0; row < table.rows; row++) {
      reader.copy(row, sample, 0);
      const prediction = predictor.predict(sample);
      const wanted = outputs.subarray(row * width, (row + 1) * width);
      sum += table.task === "classification" ? hit(prediction, labels?.[wanted[0]]) : error(prediction, wanted);
    }
    const metric = table.task === "classification" ? "accuracy" : "mse";
    return { metric, value: sum / table.rows, samples: table.rows };
  } finally {
    reader.close();
    predictor.dispose();
  }
}

/**
 * A table with its labels in the model's order, once it is sure that it holds what the model takes and gives: as many
 * channels, and the same labels or as many targets.
 * @throws TinymlError TINYML_DATASET_MISMATCH
 */
export function fitTable(model: Model, table: Table): Table {
  const { metadata } = model;
  const { shape } = model.tensors[model.inputs[0]];
  const channels = shape.at(-1) ?? 1;
  const refuse = (what: string): never => {
    throw new TinymlError("TINYML_DATASET_MISMATCH", `The dataset does not fit the model: ${what}.`);
  };
  if (table.channels.length !== channels) {
    refuse(`the model takes ${channels} channels, the dataset has ${table.channels.length}`);
  }
  if (elementCount(shape) !== inputWidth(table)) {
    const sample = sampleShape(table).join(" × ");
    refuse(`the model takes ${shape.slice(1).join(" × ")} numbers at once, a sample of the dataset has ${sample}`);
  }
  if (metadata === undefined) return table;
  if (metadata.task !== table.task) refuse(`the model is for ${metadata.task}, the dataset for ${table.task}`);
  if (table.task === "regression" && metadata.targets?.length !== table.targets?.length) {
    refuse(`the model gives ${metadata.targets?.length} numbers, the dataset has ${table.targets?.length} targets`);
  }
  const fitted = withLabelsOf(metadata.labels, table);
  if (table.task === "classification" && fitted.labels?.some((label, i) => label !== metadata.labels?.[i])) {
    refuse(`the model knows the labels ${metadata.labels?.join(", ")}, the dataset has ${table.labels?.join(", ")}`);
  }
  return fitted;
}

function hit(prediction: Prediction, label: string | undefined): number {
  return typeof prediction === "object" && "label" in prediction && prediction.label === label ? 1 : 0;
}

function error(prediction: Prediction, wanted: Float32Array): number {
  const values = typeof prediction === "number" ? [prediction] : Array.isArray(prediction) ? prediction : [];
  return wanted.reduce((sum, target, i) => sum + (values[i] - target) ** 2 / wanted.length, 0);
}
