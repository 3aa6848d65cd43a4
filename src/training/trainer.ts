import { inputsInMemory, type Table } from "../dataset/table";
import { TinymlError } from "../errors";
import { kernels } from "../kernels/kernels";
import type { Model } from "../model/model";
import { elementCount } from "../model/tensor";
import { type PlacedModel, placeModel, type Step } from "../runtime/place-model";
import type { TrainingPlaces } from "./gradients/gradient-rule";
import { backwardWork, hasGradient } from "./gradients/gradients";
import type { Network } from "./network";
import { invalidRecipe } from "./recipe-error";
import type { TrainingSettings } from "./recipe-settings";

/** What the model reaches on a table: the mean loss and the metric (accuracy, or mean squared error) over its rows. */
export interface Score {
  loss: number;
  metric: number;
}

/** A float model in training: its weights, their gradients and the optimizer's state in the kernels' memory. */
export interface Trainer {
  /**
   * Turns the weights of relu units around that no row activates. Such a unit has no gradient and would stay dead for
   * ever; with few inputs and random weights that befalls half of them (all readings 0..1, a negative weight).
   */
  wakeDeadUnits(table: Table): void;
  /**
   * One pass over the rows in the given order, a step for every batch. Returns the mean loss over the rows as they
   * were met. The same weights, rows and order give the same bits on every machine.
   *
   * @param shouldStop asked before each batch; true ends the pass early, with the loss of the rows so far
   */
  trainEpoch(table: Table, order: ArrayLike<number>, shouldStop?: () => boolean): number;
  /** Loss and metric over all rows, without learning from them. */
  score(table: Table): Score;
  /** A copy of all weights as they are now. */
  copyWeights(): Float32Array;
  /** Sets all weights, as `copyWeights` gave them. */
  setWeights(weights: Float32Array): void;
  /** The model with its weights as they are now. */
  trainedModel(): Model;
  dispose(): void;
}

/**
 * Prepares a network for training.
 *
 * @param rows of the largest table it will be given: a batch larger than that would only take memory
 * @throws TinymlError TINYML_NOT_TRAINABLE when its model is quantized or has an operator without a gradient, TINYML_OUT_OF_MEMORY
 */
export function createTrainer({ model }: Network, settings: TrainingSettings, rows: number): Trainer {
  checkTrainable(model);
  const { call, heap } = kernels();
  const batchSize = Math.min(settings.batchSize, rows);
  const [inputIndex] = model.inputs;
  const [outputIndex] = model.outputs;
  const inputWidth = elementCount(model.tensors[inputIndex].shape);
  const outputs = elementCount(model.tensors[outputIndex].shape);
  const classification = settings.loss === "categoricalCrossentropy";
  const targetWidth = classification ? 1 : outputs;

  // All weights in one piece, and behind them, equally long, gradients and the optimizer's two moments: one call of
  // the optimizer's kernel serves the whole model.
  const offsets = new Map<number, number>();
  let count = 0;
  model.tensors.forEach((tensor, index) => {
    if (!(tensor.data instanceof Float32Array)) return;
    offsets.set(index, count);
    count += tensor.data.length;
  });
  const bytes = 4 * count;
  const weights = heap.allocate(4 * bytes);
  const weightGradients = weights + bytes;
  const firstMoment = weightGradients + bytes;
  const secondMoment = firstMoment + bytes;
  const targets = heap.allocate(4 * batchSize * targetWidth);
  const constantAddress = (index: number): number | undefined => {
    const offset = offsets.get(index);
    return offset === undefined ? undefined : weights + 4 * offset;
  };
  const placed = placeOrRelease(model, batchSize, constantAddress, [weights, targets]);
  const gradients = model.tensors.map((tensor, index) => {
    const offset = offsets.get(index);
    if (offset !== undefined) return weightGradients + 4 * offset;
    if (index === inputIndex || tensor.data !== undefined) return 0;
    return heap.allocate(4 * batchSize * elementCount(tensor.shape));
  });
  for (const [index, offset] of offsets) {
    const data = model.tensors[index].data;
    if (data instanceof Float32Array) heap.float32.set(data, weights / 4 + offset);
  }

  const input = placed.addresses[inputIndex];
  const output = placed.addresses[outputIndex];
  const scratch: number[] = [];
  const places: TrainingPlaces = {
    model,
    kernels: placed.kernels,
    batch: batchSize,
    value: (tensor) => placed.addresses[tensor],
    gradient: (tensor) => gradients[tensor],
    count: (tensor) => elementCount(model.tensors[tensor].shape),
    scratch(bytes) {
      const address = heap.allocate(bytes);
      scratch.push(address);
      return address;
    },
  };
  const { lossGradient, backward } = planBackward(model, classification, places);
  const loss = (rows: number, gradient: number): number =>
    classification
      ? call.tinyml_categorical_crossentropy(output, targets, gradient, rows, outputs)
      : call.tinyml_mean_squared_error(output, targets, gradient, rows, outputs);
  const step = planOptimizer(settings.optimizer, { weights, weightGradients, firstMoment, secondMoment, count });

  /** Copies the rows order[from], order[from + 1], … into the batch. */
  const fillBatch = (table: Table, order: ArrayLike<number>, from: number, rows: number): void => {
    const memory = heap.float32;
    const inputs = inputsInMemory(table);
    for (let i = 0; i < rows; i++) {
      const row = order[from + i];
      copyRow(memory, input / 4 + i * inputWidth, inputs, row * inputWidth, inputWidth);
      copyRow(memory, targets / 4 + i * targetWidth, table.outputs, row * targetWidth, targetWidth);
    }
  };

  /** Runs the model on the rows in their order, batch by batch. */
  const forEachBatch = (table: Table, visit: (rows: number) => void): void => {
    const inputs = inputsInMemory(table);
    for (let from = 0; from < table.rows; from += batchSize) {
      const rows = Math.min(batchSize, table.rows - from);
      const memory = heap.float32;
      memory.set(inputs.subarray(from * inputWidth, (from + rows) * inputWidth), input / 4);
      memory.set(table.outputs.subarray(from * targetWidth, (from + rows) * targetWidth), targets / 4);
      placed.forward(rows);
      visit(rows);
    }
  };

  return {
    wakeDeadUnits(table) {
      for (const operator of model.operators) {
        if (operator.type !== "FULLY_CONNECTED" || operator.options.activation === "NONE") continue;
        const [units, width] = model.tensors[operator.inputs[1]].shape;
        const activations = placed.addresses[operator.outputs[0]] / 4;
        const dead = new Set(Array.from({ length: units }, (_, unit) => unit));
        forEachBatch(table, (rows) => {
          for (const unit of dead) {
            for (let row = 0; row < rows; row++)
              if (heap.float32[activations + row * units + unit] > 0) dead.delete(unit);
          }
        });
        for (const unit of dead) {
          const at = placed.addresses[operator.inputs[1]] / 4 + unit * width;
          for (let i = at; i < at + width; i++) heap.float32[i] = -heap.float32[i];
        }
      }
    },
    trainEpoch(table, order, shouldStop) {
      let sum = 0;
      for (let from = 0; from < order.length; from += batchSize) {
        if (shouldStop?.()) return sum / from;
        const rows = Math.min(batchSize, order.length - from);
        fillBatch(table, order, from, rows);
        placed.forward(rows);
        sum += rows * loss(rows, lossGradient);
        for (const back of backward) back(rows);
        step();
      }
      return sum / order.length;
    },
    score(table) {
      let sum = 0;
      let correct = 0;
      forEachBatch(table, (rows) => {
        sum += rows * loss(rows, 0);
        if (classification) correct += call.tinyml_count_correct(output, targets, rows, outputs);
      });
      const mean = sum / table.rows;
      return { loss: mean, metric: classification ? correct / table.rows : mean };
    },
    copyWeights: () => heap.float32.slice(weights / 4, weights / 4 + count),
    setWeights: (values) => heap.float32.set(values, weights / 4),
    trainedModel: () => ({
      ...model,
      tensors: model.tensors.map((tensor, index) => {
        const offset = offsets.get(index);
        if (offset === undefined || tensor.data === undefined) return tensor;
        const at = weights / 4 + offset;
        return { ...tensor, data: heap.float32.slice(at, at + tensor.data.length) };
      }),
    }),
    dispose() {
      placed.dispose();
      for (const [index, address] of gradients.entries()) {
        if (address !== 0 && !offsets.has(index)) heap.release(address);
      }
      for (const address of scratch) heap.release(address);
      heap.release(targets);
      heap.release(weights);
    },
  };
}

/** Places a model; when that fails, what was reserved before is given back. */
function placeOrRelease(
  model: Model,
  batch: number,
  constantAddress: (index: number) => number | undefined,
  blocks: readonly number[],
): PlacedModel {
  try {
    return placeModel(model, { batch, keepAll: true, constantAddress });
  } catch (error) {
    for (const block of blocks) kernels().heap.release(block);
    throw error;
  }
}

/** Copies `width` numbers; by hand where a row is so short that a call would cost more than the copy. */
function copyRow(to: Float32Array, at: number, from: Float32Array, start: number, width: number): void {
  if (width > 16) to.set(from.subarray(start, start + width), at);
  else for (let i = 0; i < width; i++) to[at + i] = from[start + i];
}

/**
 * The steps that turn the loss's gradient into that of every weight, last operator first. With cross-entropy the loss
 * itself gives the gradient of the logits, so the softmax at the end has no step of its own.
 */
function planBackward(
  model: Model,
  crossEntropy: boolean,
  places: TrainingPlaces,
): { lossGradient: number; backward: readonly Step[] } {
  const last = model.operators[model.operators.length - 1];
  const skipLast = crossEntropy && last.type === "SOFTMAX";
  const operators = skipLast ? model.operators.slice(0, -1) : model.operators;
  const lossTensor = skipLast ? last.inputs[0] : model.outputs[0];
  const backward = operators
    .filter(hasGradient)
    .toReversed()
    .flatMap((operator) => backwardWork(operator, places))
    // the whole batch is worked on at once, so that its sums are those of its only part
    .filter((work) => typeof work === "function");
  return { lossGradient: places.gradient(lossTensor), backward };
}

interface OptimizerPlaces {
  weights: number;
  weightGradients: number;
  firstMoment: number;
  secondMoment: number;
  count: number;
}

function planOptimizer(optimizer: TrainingSettings["optimizer"], places: OptimizerPlaces): () => void {
  const { call } = kernels();
  const { weights, weightGradients, firstMoment, secondMoment, count } = places;
  if (optimizer.type === "sgd") {
    const { learningRate, momentum } = optimizer;
    return () => call.tinyml_sgd(weights, weightGradients, firstMoment, count, learningRate, momentum);
  }
  if (optimizer.type !== "adam") throw invalidRecipe("training.optimizer.type", `${optimizer.type} is not known yet`);
  const { learningRate, beta1, beta2, epsilon } = optimizer;
  // beta^t by repeated multiplication: Math.pow's last bits differ between engines.
  let beta1Power = 1;
  let beta2Power = 1;
  return () => {
    beta1Power *= beta1;
    beta2Power *= beta2;
    call.tinyml_adam(
      weights,
      weightGradients,
      firstMoment,
      secondMoment,
      count,
      learningRate,
      beta1,
      beta2,
      epsilon,
      1 / (1 - beta1Power),
      1 / (1 - beta2Power),
    );
  };
}

function checkTrainable(model: Model): void {
  const refuse = (why: string): never => {
    throw new TinymlError("TINYML_NOT_TRAINABLE", `This model can't be trained: ${why}.`);
  };
  const unknown = model.operators.find((operator) => !hasGradient(operator));
  const computed = model.tensors.filter(({ data }) => data === undefined);
  if (computed.some(({ type }) => type !== "float32")) refuse("it is quantized; train the float model instead");
  if (unknown !== undefined) refuse(`it has ${unknown.type}, which can't be trained yet`);
  if (model.inputs.length !== 1 || model.outputs.length !== 1) refuse("it must have one input and one output");
  if (model.operators.length === 0) refuse("it has no operators");
}
