import { createRandom } from "../dataset/random";
import { copySamples, openSamples } from "../dataset/samples";
import { splitRows } from "../dataset/split-rows";
import { allRows, inputWidth, type Table } from "../dataset/table";
import { TinymlError } from "../errors";
import { splitBlocks } from "../features/feature-shape";
import { applyFeatures, planFeatures } from "../features/features";
import type { CompressionStep } from "../model/metadata";
import type { Model } from "../model/model";
import { perTensor } from "../model/operators/operator-rule";
import { summarizeModel } from "../model/summarize";
import { elementCount } from "../model/tensor";
import { placeModel } from "../runtime/place-model";
import { evaluateModel, fitTable } from "../training/evaluate-model";
import { shapeTable } from "../training/shape-table";
import { isTrainingData, splitOf } from "../training/split-of";
import { isQuantizable, quantizeTensors, type Range } from "./quantize-tensors";
import { canRoundOnce, roundingDifference } from "./rounding";

/** Rows that run through the float model at once while it is calibrated. */
const calibrationBatch = 64;

/** How many nearly equal scales are tried, and about how many multiplications each may cost. */
const scaleChoices = 32;
const macsPerChoice = 2e6;

/**
 * A float model in TensorFlow Lite's int8: int8 input, output and weights, int32 biases. The ranges of the activations
 * come from the data's training rows (the same rows that trained the model, by its recipe's split), the figure in
 * `compression` from its validation rows. The model's name gets the ending "-int8".
 *
 * @throws TinymlError TINYML_ALREADY_QUANTIZED, TINYML_MODEL_UNSUPPORTED naming an operator, TINYML_DATASET_EMPTY, TINYML_DATASET_MISMATCH
 */
export function quantizeInt8(model: Model, data: Table): Model {
  // MEAN and RESHAPE have integers among their constants.
  if (model.tensors.some((tensor) => tensor.data === undefined && tensor.type !== "float32")) {
    throw new TinymlError("TINYML_ALREADY_QUANTIZED", "This model is quantized already; send the float model.");
  }
  const unknown = model.operators.find((operator) => !isQuantizable(operator));
  if (unknown !== undefined) {
    throw new TinymlError(
      "TINYML_MODEL_UNSUPPORTED",
      `This model has ${unknown.type}, which can't be quantized here yet. Quantize it where it was made.`,
    );
  }
  if (data.rows === 0) throw new TinymlError("TINYML_DATASET_EMPTY", "The dataset has no rows yet; record some first.");
  const table = fitTable(model, data);
  const { training, validation } = splitRows(table, splitOf(model));
  const calibration = training.length > 0 ? training : allRows(table);
  const { shaping } = splitBlocks(model.metadata?.features ?? []);
  const quantized = quantize(model, shapeTable(shaping, table), calibration);
  const { metadata } = model;
  if (metadata === undefined) return quantized;
  const described = (step: CompressionStep): Model => ({
    ...quantized,
    metadata: { ...metadata, name: `${metadata.name}-int8`, compression: [...metadata.compression, step] },
  });
  const step: CompressionStep = { method: "int8", calibrationSamples: calibration.length };
  // With rows recorded since, the split is another one, and its validation rows may have trained the model.
  if (validation.length === 0 || !isTrainingData(model, table)) return described(step);
  return described({ ...step, validationMetric: evaluateModel(described(step), table, validation).value });
}

/** The model in int8, with the ranges that its tensors have on some rows. */
function quantize(model: Model, table: Table, rows: Uint32Array): Model {
  const ranges = measureRanges(model, table, rows);
  // The other rounding is only written down for chains of these.
  return model.operators.every(canRoundOnce)
    ? chooseScales(model, ranges, table, rows)
    : quantizeTensors(model, ranges);
}

/**
 * The model in int8, with ranges that are up to 2 % wider than measured where that makes it depend less on how a runtime
 * rounds: of some nearly equal choices the one whose outputs differ least between runtimes, so that a phone, a computer
 * and a board agree on what the model says.
 */
function chooseScales(model: Model, ranges: readonly Range[], table: Table, rows: Uint32Array): Model {
  const random = createRandom(1);
  let best = quantizeTensors(model, ranges);
  const inputs = storedInputs(best, model, table, rows);
  let least = roundingDifference(best, inputs);
  for (let choice = 1; choice < scaleChoices && least > 1; choice++) {
    const wider = ranges.map(({ low, high }, index) => {
      const factor = model.inputs.includes(index) ? 1 : 1 + 0.02 * random.uniform();
      return { low: low * factor, high: high * factor };
    });
    const next = quantizeTensors(model, wider);
    const difference = roundingDifference(next, inputs);
    if (difference < least) {
      best = next;
      least = difference;
    }
  }
  return best;
}

/** Stored inputs to compare roundings with: every one that there is for a single number, else those of the rows. */
function storedInputs(quantized: Model, model: Model, table: Table, rows: Uint32Array): Int8Array[] {
  const width = inputWidth(table);
  const { macs } = summarizeModel(model, 0);
  const affordable = Math.max(1, Math.floor(macsPerChoice / macs));
  if (width === 1) {
    const count = Math.min(256, affordable);
    return Array.from({ length: count }, (_, i) => Int8Array.of(Math.floor((i * 256) / count) - 128));
  }
  const { scale, zeroPoint } = perTensor(quantized.tensors[quantized.inputs[0]]) ?? { scale: 1, zeroPoint: 0 };
  const compared = rows.subarray(0, affordable);
  const values = applyFeatures(
    splitBlocks(model.metadata?.features ?? []).pointwise,
    copySamples(table.inputs, width, compared),
    table.channels.length,
  );
  return Array.from(compared, (_, row) =>
    Int8Array.from(values.subarray(row * width, (row + 1) * width), (value) =>
      Math.max(-128, Math.min(127, Math.round(value / scale) + zeroPoint)),
    ),
  );
}

/** The lowest and the highest value of each tensor that is computed, over some rows; 0 always lies between. */
function measureRanges(model: Model, table: Table, rows: Uint32Array): Range[] {
  const channels = table.channels.length;
  const width = inputWidth(table);
  const ranges = model.tensors.map((): Range => ({ low: 0, high: 0 }));
  const placed = placeModel(model, { batch: calibrationBatch, keepAll: true });
  const input = placed.addresses[model.inputs[0]];
  const features = planFeatures(splitBlocks(model.metadata?.features ?? []).pointwise, input, channels);
  const samples = openSamples(table.inputs, width);
  try {
    const { heap } = placed.kernels;
    for (let from = 0; from < rows.length; from += calibrationBatch) {
      const batch = rows.subarray(from, from + calibrationBatch);
      for (const [i, row] of batch.entries()) samples.copy(row, heap.float32, input / 4 + i * width);
      features.run((batch.length * width) / channels);
      placed.forward(batch.length);
      model.tensors.forEach((tensor, index) => {
        if (tensor.data !== undefined) return;
        const at = placed.addresses[index] / 4;
        widen(ranges[index], heap.float32.subarray(at, at + batch.length * elementCount(tensor.shape)));
      });
    }
  } finally {
    samples.close();
    features.dispose();
    placed.dispose();
  }
  return ranges;
}

function widen(range: Range, values: Float32Array): void {
  for (const value of values) {
    if (value < range.low) range.low = value;
    if (value > range.high) range.high = value;
  }
}
