import { TinymlError } from "../errors";
import { type Features, planFeatures } from "../features/features";
import type { Model } from "../model/model";
import { perTensor } from "../model/operators/operator-rule";
import { elementCount } from "../model/tensor";
import { placeModel } from "./place-model";
import { prepareModel } from "./prepare-model";

/** Regression: a number, or one per target. Classification: the label with the highest score, and all scores. */
export type Prediction = number | number[] | LabelPrediction;

export interface LabelPrediction {
  label: string;
  /** The label's score, 0..1. */
  confidence: number;
  scores: Record<string, number>;
}

/** A model that takes readings as sensors give them and answers in the user's terms. */
export interface Predictor {
  readonly model: Model;
  /** How many numbers a reading has. */
  readonly channels: number;
  /**
   * The prediction for one reading: applies the model's features, quantizes and dequantizes where it is int8.
   * @throws TinymlError TINYML_CHANNEL_COUNT, TINYML_NOT_A_NUMBER, TINYML_NO_MODEL after `dispose`
   */
  predict(reading: ArrayLike<number>): Prediction;
  /** The raw elements of the model's output tensor after the last `predict`: what a board computes, bit for bit. */
  rawOutput(): number[];
  dispose(): void;
}

/**
 * Prepares a model with one input and one output tensor, float32 or int8, for readings. Models from elsewhere, without
 * our metadata, give their numbers (regression) in the order of the output tensor.
 *
 * @throws TinymlError TINYML_MODEL_INVALID, TINYML_MODEL_UNSUPPORTED, TINYML_OUT_OF_MEMORY
 */
export function createPredictor(original: Model): Predictor {
  const model = prepareModel(original);
  const [inputIndex, ...otherInputs] = model.inputs;
  const [outputIndex, ...otherOutputs] = model.outputs;
  if (otherInputs.length + otherOutputs.length > 0) {
    throw new TinymlError(
      "TINYML_MODEL_UNSUPPORTED",
      `The model has ${model.inputs.length} inputs and ${model.outputs.length} outputs; readings need one of each.`,
    );
  }
  const inputTensor = model.tensors[inputIndex];
  const outputTensor = model.tensors[outputIndex];
  for (const { type, name } of [inputTensor, outputTensor]) {
    if (type !== "float32" && type !== "int8") {
      throw new TinymlError(
        "TINYML_MODEL_UNSUPPORTED",
        `The tensor "${name}" is ${type}; readings need float32 or int8.`,
      );
    }
  }
  const placed = placeModel(model);
  const { call, heap } = placed.kernels;
  const channels = elementCount(inputTensor.shape);
  const outputs = elementCount(outputTensor.shape);
  const modelInput = placed.addresses[inputIndex];
  const modelOutput = placed.addresses[outputIndex];
  const inputScale = inputTensor.type === "int8" ? perTensor(inputTensor) : undefined;
  const outputScale = outputTensor.type === "int8" ? perTensor(outputTensor) : undefined;
  const reading = inputScale ? heap.allocate(4 * channels) : modelInput;
  const result = outputScale ? heap.allocate(4 * outputs) : modelOutput;
  const release = (): void => {
    if (inputScale) heap.release(reading);
    if (outputScale) heap.release(result);
    placed.dispose();
  };
  const features = planFeaturesOr(release, model, reading, channels);
  const labels = model.metadata?.labels;
  const readResult = labels ? labelReader(labels, outputs) : numberReader(outputs);
  let disposed = false;

  return {
    model: original,
    channels,
    predict(values) {
      if (disposed) throw new TinymlError("TINYML_NO_MODEL", "The model was disposed of; load it again.");
      if (values.length !== channels) {
        throw new TinymlError(
          "TINYML_CHANNEL_COUNT",
          `The model takes ${channels} ${channels === 1 ? "number" : "numbers"} per reading, but this one has ${values.length}.`,
        );
      }
      const memory = heap.float32;
      for (let c = 0; c < channels; c++) {
        const value = values[c];
        if (typeof value !== "number" || !Number.isFinite(Math.fround(value))) throw notANumber(value, c);
        memory[reading / 4 + c] = value;
      }
      features.run(1);
      if (inputScale) call.tinyml_quantize_int8(reading, modelInput, channels, inputScale.scale, inputScale.zeroPoint);
      placed.forward(1);
      if (outputScale)
        call.tinyml_dequantize_int8(modelOutput, result, outputs, outputScale.scale, outputScale.zeroPoint);
      return readResult(memory, result / 4);
    },
    rawOutput() {
      if (disposed) throw new TinymlError("TINYML_NO_MODEL", "The model was disposed of; load it again.");
      return outputScale
        ? Array.from(heap.int8.subarray(modelOutput, modelOutput + outputs))
        : Array.from(heap.float32.subarray(modelOutput / 4, modelOutput / 4 + outputs));
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      features.dispose();
      release();
    },
  };
}

/** The model's features; when its description can't be used, what was reserved so far is given back first. */
function planFeaturesOr(release: () => void, model: Model, address: number, channels: number): Features {
  try {
    return planFeatures(model.metadata?.features ?? [], address, channels);
  } catch (error) {
    release();
    throw error;
  }
}

type ResultReader = (memory: Float32Array, at: number) => Prediction;

function numberReader(outputs: number): ResultReader {
  if (outputs === 1) return (memory, at) => memory[at];
  return (memory, at) => Array.from(memory.subarray(at, at + outputs));
}

/** One score per label; or two labels and one score, a sigmoid's, which is that of the second. */
/** The error about what is no number, or one beyond float32, which would make NaN of the prediction. */
function notANumber(value: unknown, channel: number): TinymlError {
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  const wanted =
    typeof value === "number" && Number.isFinite(value) ? "a number between -3.4e38 and 3.4e38" : "a number";
  return new TinymlError("TINYML_NOT_A_NUMBER", `Number ${channel + 1} of the reading is ${shown}; send ${wanted}.`);
}

function labelReader(labels: readonly string[], outputs: number): ResultReader {
  const binary = labels.length === 2 && outputs === 1;
  return (memory, at) => {
    const scores: [label: string, score: number][] = [];
    let best = 0;
    for (let i = 0; i < labels.length; i++) {
      const score = binary ? (i === 1 ? memory[at] : 1 - memory[at]) : memory[at + i];
      scores.push([labels[i], score]);
      if (score > scores[best][1]) best = i;
    }
    // fromEntries gives a label such as "__proto__" a property of its own.
    return { label: labels[best], confidence: scores[best][1], scores: Object.fromEntries(scores) };
  };
}
