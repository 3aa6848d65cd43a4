import { inputsInMemory, type Table } from "../dataset/table";
import { TinymlError } from "../errors";
import { kernels } from "../kernels/kernels";
import type { Model } from "../model/model";
import { elementCount } from "../model/tensor";
import { type PlacedModel, placeModel, type Step } from "../runtime/place-model";
import { classWeightsOf } from "./class-weights";
import { planBackward, sumWork } from "./fan-out";
import type { TrainingPlaces, TrainingWork } from "./gradients/gradient-rule";
import { afterBatchWork, backwardWork, forwardWork, hasGradient } from "./gradients/gradients";
import { createLoss, planLoss } from "./losses";
import type { Network } from "./network";
import { optimizerSlots, planUpdate, weightPenalty } from "./optimizers";
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
   * @param learningRate of this epoch; the optimizer's if not given
   * @param shouldStop asked before each batch; true ends the pass early, with the loss of the rows so far
   */
  trainEpoch(table: Table, order: ArrayLike<number>, learningRate?: number, shouldStop?: () => boolean): number;
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
export function createTrainer(
  { model, frozen, regularizers }: Network,
  settings: TrainingSettings,
  rows: number,
): Trainer {
  checkTrainable(model);
  const { call, heap } = kernels();
  const batchSize = Math.min(settings.batchSize, rows);
  const [inputIndex] = model.inputs;
  const [outputIndex] = model.outputs;
  const inputWidth = elementCount(model.tensors[inputIndex].shape);
  const outputs = elementCount(model.tensors[outputIndex].shape);
  const { targetWidth, lossTensor, classification } = planLoss(model, settings);

  // All weights in one piece, those that are trained first, and behind them the gradients of these and what the optimizer
  // keeps: one call of the optimizer's kernel serves the whole model.
  const offsets = new Map<number, number>();
  let count = 0;
  const reserve = (isWanted: (tensor: number) => boolean): void =>
    model.tensors.forEach((tensor, index) => {
      if (!(tensor.data instanceof Float32Array) || !isWanted(index)) return;
      offsets.set(index, count);
      count += tensor.data.length;
    });
  reserve((index) => !frozen.has(index));
  const trained = count;
  reserve((index) => frozen.has(index));
  const weights = heap.allocate(4 * (count + (1 + optimizerSlots(settings.optimizer)) * trained));
  const weightGradients = weights + 4 * count;
  const state = weightGradients + 4 * trained;
  const targets = heap.allocate(4 * batchSize * (targetWidth + 1));
  const sampleWeights = targets + 4 * batchSize * targetWidth;
  const constantAddress = (index: number): number | undefined => {
    const offset = offsets.get(index);
    return offset === undefined ? undefined : weights + 4 * offset;
  };
  const placed = placeOrRelease(model, batchSize, constantAddress, [weights, targets]);
  const gradients = model.tensors.map((tensor, index) => {
    const offset = offsets.get(index);
    if (frozen.has(index)) return 0;
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
  const reserveScratch = (bytes: number): number => {
    const address = heap.allocate(bytes);
    scratch.push(address);
    return address;
  };
  const kept = new Map<number, number>();
  const moment = { seed: settings.seed, step: 0, firstSample: 0 };
  const backward = planBackward(model, lossTensor, (tensor) => gradients[tensor] !== 0);
  const tensorOf = (tensor: number): number => backward.aliasOf.get(tensor) ?? tensor;
  const countOf = (tensor: number): number => elementCount(backward.model.tensors[tensor].shape);
  for (const [alias, tensor] of backward.aliasOf) {
    gradients[alias] = reserveScratch(4 * countOf(tensor) * (offsets.has(tensor) ? 1 : batchSize));
  }
  const places: TrainingPlaces = {
    model: backward.model,
    kernels: placed.kernels,
    batch: batchSize,
    value: (tensor) => placed.addresses[tensorOf(tensor)],
    gradient: (tensor) => gradients[tensor],
    count: countOf,
    scratch: reserveScratch,
    kept(output, bytes) {
      const address = kept.get(output) ?? reserveScratch(bytes);
      kept.set(output, address);
      return address;
    },
    moment,
  };
  const isStep = (work: TrainingWork[number]): work is Step => typeof work === "function";
  const trainable = model.operators.filter(hasGradient);
  // the whole batch is worked on at once, so that its sums are those of its only part
  const forwardSteps = trainable
    .flatMap((operator, i) => forwardWork(operator, places) ?? placed.steps[i])
    .filter(isStep);
  const afterSteps = trainable.flatMap((operator) => afterBatchWork(operator, places) ?? []);
  const backwardSteps = backward.operators
    .flatMap(({ operator, sums }) => [
      ...(hasGradient(operator) ? backwardWork(operator, places) : []),
      ...sumWork(sums, places),
    ])
    .filter(isStep);
  const loss = createLoss(model, settings, { predictions: output, targets, gradient: gradients[lossTensor] });
  const penalized = [...regularizers].map(([tensor, regularizer]) => ({
    ...regularizer,
    from: offsets.get(tensor) ?? 0,
    count: countOf(tensor),
  }));
  const update = planUpdate(settings, penalized, {
    from: 0,
    count: trained,
    weights,
    gradients: weightGradients,
    state,
  });
  const penalty = (): number => weightPenalty(weights, penalized);

  /** Copies the rows order[from], order[from + 1], … into the batch. */
  const fillBatch = (
    table: Table,
    order: ArrayLike<number>,
    from: number,
    rows: number,
    classWeights?: Float32Array,
  ): void => {
    const memory = heap.float32;
    const inputs = inputsInMemory(table);
    for (let i = 0; i < rows; i++) {
      const row = order[from + i];
      copyRow(memory, input / 4 + i * inputWidth, inputs, row * inputWidth, inputWidth);
      copyRow(memory, targets / 4 + i * targetWidth, table.outputs, row * targetWidth, targetWidth);
      if (classWeights) memory[sampleWeights / 4 + i] = classWeights[table.outputs[row]];
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
    trainEpoch(table, order, learningRate = settings.optimizer.learningRate, shouldStop) {
      let sum = 0;
      const classWeights = classWeightsOf(settings, table);
      for (let from = 0; from < order.length; from += batchSize) {
        if (shouldStop?.()) return sum / from;
        const rows = Math.min(batchSize, order.length - from);
        fillBatch(table, order, from, rows, classWeights);
        for (const step of forwardSteps) step(rows);
        sum += loss.sum(rows, classWeights ? sampleWeights : 0, 1 / rows) + rows * penalty();
        for (const step of backwardSteps) step(rows);
        for (const after of afterSteps) after();
        moment.step++;
        const squares = update.prepare().reduce((total, square) => total + square, 0);
        update.move(learningRate, moment.step, squares);
      }
      return sum / order.length;
    },
    score(table) {
      let sum = 0;
      let correct = 0;
      let squares = 0;
      forEachBatch(table, (rows) => {
        sum += loss.sum(rows);
        if (classification) correct += loss.countCorrect(rows);
        else squares += call.tinyml_mean_squared_error(output, targets, 0, 0, rows, outputs, 0);
      });
      const metric = (classification ? correct : squares) / table.rows;
      return { loss: sum / table.rows + penalty(), metric };
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
        if (address !== 0 && index < model.tensors.length && !offsets.has(index)) heap.release(address);
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
