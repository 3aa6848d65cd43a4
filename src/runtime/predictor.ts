import { TinymlError } from "../errors";
import { createFeatureExtractor, type FeatureExtractor } from "../features/extract-features";
import { splitBlocks } from "../features/feature-shape";
import { type Features, planFeatures } from "../features/features";
import { labelsOf } from "../model/labels";
import type { FeatureBlock, PointwiseBlock } from "../model/metadata";
import type { Model } from "../model/model";
import { elementCount } from "../model/tensor";
import { tensorNames } from "../model/tensor-names";
import { copyInto, type PlacedModel, placeModel } from "./place-model";
import { prepareModel } from "./prepare-model";
import { createSampleReader } from "./sample-reader";
import { elementsAt, isWhole, numberReader, quantizedData, scaleOf, wholeData } from "./tensor-values";

/**
 * Regression: a number, or one per target. Classification: the label with the highest score, and all scores. A model with several
 * outputs: the numbers of each, by its name.
 */
export type Prediction = number | number[] | LabelPrediction | Record<string, number[]>;

export interface LabelPrediction {
  label: string;
  /** The label's score, 0..1. */
  confidence: number;
  scores: Record<string, number>;
}

/** Whether a prediction names a label. */
export function isLabelPrediction(prediction: Prediction): prediction is LabelPrediction {
  return (
    typeof prediction === "object" &&
    !Array.isArray(prediction) &&
    "label" in prediction &&
    typeof prediction.label === "string"
  );
}

/** A model that takes readings as sensors give them and answers in the user's terms. */
export interface Predictor {
  readonly model: Model;
  /**
   * The prediction for one reading, which is read as `createInputReader` says: applies the model's features, and converts the
   * values of quantized tensors, so that what goes in and comes out are real numbers. Tensors of whole numbers take and give these.
   *
   * @param features the blocks that the reading has been through already: the model's own, or those of them that change its shape; none where absent
   * @throws TinymlError TINYML_CHANNEL_COUNT, TINYML_NOT_A_NUMBER, TINYML_MODEL_MISMATCH, TINYML_FEATURES_MISMATCH for features that were made with
   *   other blocks, TINYML_NO_MODEL after `dispose`
   */
  predict(reading: unknown, features?: unknown): Prediction;
  /** The raw elements of the model's first output tensor after the last `predict`: what a board computes, bit for bit. */
  rawOutput(): number[];
  /** Lets recurrent operators forget the readings so far, as if the model had just been loaded. @throws TinymlError TINYML_NO_MODEL */
  resetState(): void;
  dispose(): void;
}

/**
 * Prepares a model for readings. Models from elsewhere, without our metadata, give their numbers (regression) in the order of
 * the output tensor.
 *
 * @throws TinymlError TINYML_MODEL_INVALID, TINYML_MODEL_UNSUPPORTED, TINYML_OUT_OF_MEMORY
 */
export function createPredictor(original: Model): Predictor {
  const model = prepareModel(original);
  checkPorts(model);
  const placed = placeModel(model, { floats: "fastest" });
  const inputs: InputPort[] = [];
  const { shaping, pointwise } = splitBlocks(model.metadata?.features ?? []);
  let extractor: FeatureExtractor | undefined;
  const release = (): void => {
    for (const input of inputs) input.dispose();
    extractor?.dispose();
    placed.dispose();
  };
  try {
    for (const index of model.inputs) inputs.push(openInput(placed, model, index, pointwise));
    extractor = openExtractor(model, shaping);
  } catch (error) {
    release();
    throw error;
  }
  const read = createSampleReader(model);
  const { heap } = placed.kernels;
  const readers = model.outputs.map((index) => numberReader(heap, placed.addresses[index], model.tensors[index]));
  const answer = answererOf(model);
  let disposed = false;
  const assertInUse = (): void => {
    if (disposed) throw disposedError();
  };

  return {
    model: original,
    predict(reading, features) {
      assertInUse();
      const { values, made } = read(reading, features);
      const shaped = extractor !== undefined && made === 0 ? [extractor.extract(values[0])] : values;
      for (let i = 0; i < inputs.length; i++) inputs[i].write(shaped[i], made <= shaping.length);
      placed.forward(1);
      return answer(readers.map((numbers) => numbers()));
    },
    rawOutput() {
      assertInUse();
      const [index] = model.outputs;
      return Array.from<number | bigint, number>(
        elementsAt(heap, placed.addresses[index], model.tensors[index]),
        Number,
      );
    },
    resetState() {
      assertInUse();
      placed.resetState();
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      release();
    },
  };
}

/** What is wrong with using a model after its end. */
export function disposedError(): TinymlError {
  return new TinymlError("TINYML_NO_MODEL", "The model was disposed of; load it again.");
}

/** Refuses what has no meaning for readings. */
function checkPorts({ inputs, outputs, tensors, metadata }: Model): void {
  for (const index of [...inputs, ...outputs]) {
    const { type, name } = tensors[index];
    if (type !== "float16") continue;
    throw new TinymlError("TINYML_MODEL_UNSUPPORTED", `The tensor "${name}" is ${type}; readings can't be.`);
  }
  if (inputs.length === 0 || outputs.length === 0) {
    throw new TinymlError(
      "TINYML_MODEL_UNSUPPORTED",
      "The model has no input or no output; readings need one of each.",
    );
  }
  if (metadata === undefined || metadata.features.length === 0) return;
  if (inputs.length > 1 || isWhole(tensors[inputs[0]])) {
    throw new TinymlError(
      "TINYML_MODEL_UNSUPPORTED",
      "The model prepares its readings with features, which is possible only with one input of real numbers.",
    );
  }
}

/** What makes features of another shape out of a model's samples, where it has any. */
function openExtractor({ metadata, tensors, inputs }: Model, shaping: readonly FeatureBlock[]) {
  if (shaping.length === 0) return undefined;
  const extractor = createFeatureExtractor(shaping, metadata?.window?.shape ?? []);
  const [made, taken] = [extractor.shape, tensors[inputs[0]].shape].map(elementCount);
  if (made === taken) return extractor;
  extractor.dispose();
  throw new TinymlError(
    "TINYML_MODEL_INVALID",
    `The model makes ${made} features of a window but takes ${taken} numbers; train it again.`,
  );
}

/** An input of a model: takes checked numbers, as many as it has elements. */
interface InputPort {
  /** @param features whether the blocks that work number by number are still to be applied */
  write(values: ArrayLike<number>, features: boolean): void;
  dispose(): void;
}

function openInput(
  { kernels, addresses }: PlacedModel,
  { tensors }: Model,
  index: number,
  blocks: readonly PointwiseBlock[],
): InputPort {
  const { call, heap } = kernels;
  const tensor = tensors[index];
  const { type } = tensor;
  const address = addresses[index];
  if (isWhole(tensor)) {
    return { write: (values) => copyInto(kernels, address, wholeData(type, values)), dispose() {} };
  }
  const count = elementCount(tensor.shape);
  const scaled = scaleOf(tensor);
  const reading = scaled ? heap.allocate(4 * count) : address;
  const release = (): void => {
    if (scaled) heap.release(reading);
  };
  // A window or a picture is prepared reading by reading, pixel by pixel.
  const channels = tensor.shape.at(-1) ?? 1;
  const features = planFeaturesOr(release, blocks, reading, channels);
  return {
    write(values, prepare) {
      heap.float32.set(values, reading / 4);
      if (prepare) features.run(count / channels);
      if (scaled === undefined) return;
      if (type === "int8") call.tinyml_quantize_int8(reading, address, count, scaled.scale, scaled.zeroPoint);
      else {
        const real = heap.float32.subarray(reading / 4, reading / 4 + count);
        copyInto(kernels, address, quantizedData(type, real, scaled));
      }
    },
    dispose() {
      features.dispose();
      release();
    },
  };
}

/** The features; when their description can't be used, what was reserved so far is given back first. */
function planFeaturesOr(
  release: () => void,
  blocks: readonly PointwiseBlock[],
  address: number,
  channels: number,
): Features {
  try {
    return planFeatures(blocks, address, channels);
  } catch (error) {
    release();
    throw error;
  }
}

/** How the numbers of a model's outputs become an answer. */
function answererOf(model: Model): (numbers: readonly number[][]) => Prediction {
  const { outputs, tensors } = model;
  if (outputs.length > 1) {
    const names = tensorNames(
      outputs.map((index) => tensors[index]),
      "output",
    );
    // fromEntries gives a name such as "__proto__" a property of its own.
    return (numbers) => Object.fromEntries(names.map((name, i) => [name, numbers[i]]));
  }
  const labels = labelsOf(model);
  if (labels !== undefined) return labelReader(labels);
  return ([values]) => (values.length === 1 ? values[0] : values);
}

/** One score per label; or two labels and one score, a sigmoid's, which is that of the second. */
function labelReader(labels: readonly string[]): (numbers: readonly number[][]) => LabelPrediction {
  // Copied for each answer, which takes a fifth of the time that fromEntries does. It gives every label a property of its
  // own, "__proto__" as well.
  const none = Object.fromEntries(labels.map((label) => [label, 0]));
  return ([values]) => {
    const all = labels.length === 2 && values.length === 1 ? [1 - values[0], values[0]] : values;
    const scores = { ...none };
    let best = 0;
    for (let i = 0; i < labels.length; i++) {
      scores[labels[i]] = all[i];
      if (all[i] > all[best]) best = i;
    }
    return { label: labels[best], confidence: all[best], scores };
  };
}
