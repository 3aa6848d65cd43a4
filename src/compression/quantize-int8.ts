import { createRandom } from "../dataset/random";
import { splitRows } from "../dataset/split-rows";
import { allRows, inputsInMemory, selectRows, type Table } from "../dataset/table";
import { TinymlError } from "../errors";
import { applyFeatures } from "../features/features";
import type { CompressionStep } from "../model/metadata";
import type { Model, Operator, OperatorType, Quantization, Tensor } from "../model/model";
import { perTensor } from "../model/operators/operator-rule";
import { fixedOutputQuantization } from "../model/quantization";
import { summarizeModel } from "../model/summarize";
import { elementCount } from "../model/tensor";
import { placeModel } from "../runtime/place-model";
import { evaluateModel, fitTable } from "../training/evaluate-model";
import { splitOf } from "../training/split-of";
import { roundingDifference } from "./rounding";

/** Rows that run through the float model at once while it is calibrated. */
const calibrationBatch = 64;

/** How many nearly equal scales are tried, and about how many multiplications each may cost. */
const scaleChoices = 32;
const macsPerChoice = 2e6;

/** The operators that have an int8 form here. */
const QUANTIZABLE: readonly OperatorType[] = ["FULLY_CONNECTED", "RELU", "LOGISTIC", "TANH", "SOFTMAX"];

interface Range {
  low: number;
  high: number;
}

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
  const unknown = model.operators.find(({ type }) => !QUANTIZABLE.includes(type));
  if (unknown !== undefined) {
    throw new TinymlError(
      "TINYML_MODEL_UNSUPPORTED",
      `This model has ${unknown.type}, which can't be quantized here yet. Quantize it where it was made.`,
    );
  }
  if (data.rows === 0) throw new TinymlError("TINYML_DATASET_EMPTY", "The dataset has no rows yet; record some first.");
  const table = fitTable(model, data);
  const { training, validation } = splitRows(table, splitOf(model));
  const calibration = selectRows(table, training.length > 0 ? training : allRows(table));
  const quantized = chooseScales(model, measureRanges(model, calibration), calibration);
  const { metadata } = model;
  if (metadata === undefined) return quantized;
  const described = (step: CompressionStep): Model => ({
    ...quantized,
    metadata: { ...metadata, name: `${metadata.name}-int8`, compression: [...metadata.compression, step] },
  });
  const step: CompressionStep = { method: "int8", calibrationSamples: calibration.rows };
  // With rows recorded since, the split is another one, and its validation rows may have trained the model.
  const { trainingSamples = 0, validationSamples = 0 } = metadata.report ?? {};
  if (validation.length === 0 || trainingSamples + validationSamples !== table.rows) return described(step);
  return described({ ...step, validationMetric: evaluateModel(described(step), table, validation).value });
}

/**
 * The model in int8, with ranges that are up to 2 % wider than measured where that makes it depend less on how a runtime
 * rounds: of some nearly equal choices the one whose outputs differ least between runtimes, so that a phone, a computer
 * and a board agree on what the model says.
 */
function chooseScales(model: Model, ranges: readonly Range[], table: Table): Model {
  const random = createRandom(1);
  let best = quantizeTensors(model, ranges);
  const inputs = storedInputs(best, model, table);
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
function storedInputs(quantized: Model, model: Model, table: Table): Int8Array[] {
  const width = table.channels.length;
  const { macs } = summarizeModel(model, 0);
  const affordable = Math.max(1, Math.floor(macsPerChoice / macs));
  if (width === 1) {
    const count = Math.min(256, affordable);
    return Array.from({ length: count }, (_, i) => Int8Array.of(Math.floor((i * 256) / count) - 128));
  }
  const { scale, zeroPoint } = perTensor(quantized.tensors[quantized.inputs[0]]) ?? { scale: 1, zeroPoint: 0 };
  const rows = Math.min(table.rows, affordable);
  const values = applyFeatures(model.metadata?.features ?? [], inputsInMemory(table).subarray(0, rows * width), width);
  return Array.from({ length: rows }, (_, row) =>
    Int8Array.from(values.subarray(row * width, (row + 1) * width), (value) =>
      Math.max(-128, Math.min(127, Math.round(value / scale) + zeroPoint)),
    ),
  );
}

/** The lowest and the highest value of each tensor that is computed, over all rows; 0 always lies between. */
function measureRanges(model: Model, table: Table): Range[] {
  const channels = table.channels.length;
  const inputs = applyFeatures(model.metadata?.features ?? [], inputsInMemory(table), channels);
  const ranges = model.tensors.map((): Range => ({ low: 0, high: 0 }));
  const placed = placeModel(model, { batch: calibrationBatch, keepAll: true });
  try {
    const { heap } = placed.kernels;
    for (let from = 0; from < table.rows; from += calibrationBatch) {
      const rows = Math.min(calibrationBatch, table.rows - from);
      const input = placed.addresses[model.inputs[0]] / 4;
      heap.float32.set(inputs.subarray(from * channels, (from + rows) * channels), input);
      placed.forward(rows);
      model.tensors.forEach((tensor, index) => {
        if (tensor.data !== undefined) return;
        const at = placed.addresses[index] / 4;
        widen(ranges[index], heap.float32.subarray(at, at + rows * elementCount(tensor.shape)));
      });
    }
  } finally {
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

function quantizeTensors(model: Model, ranges: readonly Range[]): Model {
  const tensors: Tensor[] = model.tensors.map((tensor, index) =>
    tensor.data === undefined
      ? { ...tensor, type: "int8", quantization: activationQuantization(ranges[index]) }
      : tensor,
  );
  for (const operator of model.operators) {
    const fixed = fixedOutput(operator);
    const [output] = operator.outputs;
    if (fixed !== undefined) tensors[output] = { ...tensors[output], quantization: fixed };
  }
  for (const operator of model.operators) {
    if (operator.type === "FULLY_CONNECTED") quantizeDense(operator, tensors);
  }
  return { ...model, tensors };
}

function fixedOutput({ type }: Operator): Quantization | undefined {
  return type === "LOGISTIC" || type === "TANH" || type === "SOFTMAX" ? fixedOutputQuantization[type] : undefined;
}

/** Scale and zero point so that −128..127 covers the range and 0 is stored exactly. */
function activationQuantization({ low, high }: Range): Quantization {
  const scale = Math.fround((high - low) / 255) || 1;
  const zeroPoint = Math.max(-128, Math.min(127, Math.round(-128 - low / scale)));
  return { scales: [scale], zeroPoints: [zeroPoint], axis: 0 };
}

/** Weights symmetric in −127..127 with one scale; the bias as int32 in steps of input scale × weight scale. */
function quantizeDense(operator: Operator, tensors: Tensor[]): void {
  const [input, weights, bias = -1] = operator.inputs;
  const weightData = tensors[weights].data;
  const biasData = bias < 0 ? undefined : tensors[bias].data;
  if (!(weightData instanceof Float32Array)) return;
  const inputScale = perTensor(tensors[input])?.scale ?? 1;
  const largestBias = biasData instanceof Float32Array ? largest(biasData) : 0;
  // Tiny weights under a large bias: a coarser scale, so that the bias fits into half of int32 and sums do not overflow.
  const weightScale = Math.fround(Math.max(largest(weightData) / 127, largestBias / (inputScale * 2 ** 30))) || 1;
  tensors[weights] = {
    ...tensors[weights],
    type: "int8",
    data: Int8Array.from(weightData, (weight) => Math.max(-127, Math.min(127, Math.round(weight / weightScale)))),
    quantization: { scales: [weightScale], zeroPoints: [0], axis: 0 },
  };
  if (!(biasData instanceof Float32Array)) return;
  const biasScale = Math.fround(inputScale * weightScale);
  tensors[bias] = {
    ...tensors[bias],
    type: "int32",
    data: Int32Array.from(biasData, (value) => Math.round(value / biasScale)),
    quantization: { scales: [biasScale], zeroPoints: [0], axis: 0 },
  };
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
