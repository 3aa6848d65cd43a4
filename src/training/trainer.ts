import { openSamples, type SampleReader } from "../dataset/samples";
import { allRows, type Table } from "../dataset/table";
import { TinymlError } from "../errors";
import { kernels } from "../kernels/kernels";
import type { PointwiseBlock } from "../model/metadata";
import type { Model } from "../model/model";
import { elementCount } from "../model/tensor";
import { alone, type Team } from "../thread-team";
import { createAugmentation } from "./augmentation";
import { classWeightsOf } from "./class-weights";
import { type Culprit, findCulprit } from "./divergence";
import { hasGradient } from "./gradients/gradients";
import { planLoss } from "./losses";
import type { Network } from "./network";
import { optimizerSlots, planUpdate, weightPenalty } from "./optimizers";
import type { TrainingSettings } from "./recipe-settings";
import { checkTrainingMemory, createShard, type Shard } from "./shard";
import { planShards } from "./shard-plan";
import { createShardSums } from "./shard-sums";

/** What the model reaches on rows: the mean loss and the metric (accuracy, or mean squared error). */
export interface Score {
  loss: number;
  metric: number;
}

/** How far an epoch is. */
export interface EpochPlace {
  /** Rows that were learned from, the sum of their losses, and of classification how many of them were right when they were met. */
  rows: number;
  loss: number;
  right: number;
}

/** Who follows an epoch batch by batch. */
export interface EpochHooks {
  /** The optimizer's if not given. */
  learningRate?: number;
  /** Which epoch it is, 1 if not given: augmentation is another one in each. */
  epoch?: number;
  /** Begins within the epoch, where an earlier run was cut off. */
  from?: EpochPlace;
  /** Asked before each batch, in the first thread of a team. */
  ask?(): number;
  /** Told after each batch, in every thread, what `ask` said; true ends the epoch. */
  onBatch?(asked: number, place: EpochPlace): boolean;
}

/** All that training changes: continued from it, training goes on to the same bits. */
export interface TrainerState {
  weights: Float32Array;
  /** What the optimizer keeps for each weight, one kind of number after the other. */
  optimizer: Float32Array;
  /** Steps of the optimizer so far. */
  steps: number;
}

/**
 * A float model in training: its weights, their gradients and the optimizer's state in the kernels' memory. In a team of
 * threads each has a trainer, and all call the same methods with the same arguments in the same order.
 */
export interface Trainer {
  /**
   * Turns the weights of relu units around that no row activates. Such a unit has no gradient and would stay dead for
   * ever; with few inputs and random weights that befalls half of them (all readings 0..1, a negative weight).
   */
  wakeDeadUnits(table: Table, rows?: ArrayLike<number>): void;
  /**
   * One pass over the rows of a table in the given order, a step for every batch. Returns the mean loss over the rows as
   * they were met; it ends with a batch whose loss is no number, which moves no weight. The same weights, rows and order give the same bits on every machine, for any number of threads.
   */
  trainEpoch(table: Table, order: ArrayLike<number>, hooks?: EpochHooks): number;
  /** Classification: the share of the rows that the last epoch met right, just before it learned from them. */
  epochAccuracy(): number | undefined;
  /** Who made the last epoch's loss a number that is none; undefined where it can't be known. */
  culprit(): Culprit | undefined;
  /** Loss and metric over rows (all of the table if not given), without learning from them. */
  score(table: Table, rows?: ArrayLike<number>): Score;
  /** A copy of all weights as they are now. */
  copyWeights(): Float32Array;
  /** Sets all weights, as `copyWeights` gave them. */
  setWeights(weights: Float32Array): void;
  /** A copy of all that training has changed. */
  saveState(): TrainerState;
  restoreState(state: TrainerState): void;
  /** The model with its weights as they are now. */
  trainedModel(): Model;
  dispose(): void;
}

/** How a network is trained beyond the recipe's settings. */
export interface TrainerOptions {
  /** What is done to samples before the network sees them. */
  features?: readonly PointwiseBlock[];
  /** The threads that train together, at most one for each shard of a batch; this one alone if not given. */
  team?: Team;
}

/** Weights that one thread's share is a multiple of. */
const blockOfWeights = 4096;
/** Gradients of another thread that are added at once: few enough for the caches. */
const addedAtOnce = 32768;

/**
 * Prepares a network for training.
 *
 * @param rows of the largest part of a table it will be given: a batch larger than that would only take memory
 * @throws TinymlError TINYML_NOT_TRAINABLE when its model is quantized or has an operator without a gradient, TINYML_OUT_OF_MEMORY
 */
export function createTrainer(
  network: Network,
  settings: TrainingSettings,
  rows: number,
  { features = [], team = alone }: TrainerOptions = {},
): Trainer {
  const { model, frozen, regularizers } = network;
  checkTrainable(model);
  const augment = createAugmentation(settings, model.tensors[model.inputs[0]].shape.slice(1));
  const { call, heap } = kernels();
  const batchSize = Math.min(settings.batchSize, rows);
  const plan = planShards(model, batchSize);
  const inputWidth = elementCount(model.tensors[model.inputs[0]].shape);
  const { targetWidth, classification } = planLoss(model, settings);

  // All weights in one piece, those that are trained first: one call of the optimizer's kernel serves the whole model.
  const offsets = new Map<number, number>();
  let count = 0;
  const arrange = (isWanted: (tensor: number) => boolean): void =>
    model.tensors.forEach((tensor, index) => {
      if (!(tensor.data instanceof Float32Array) || !isWanted(index)) return;
      offsets.set(index, count);
      count += tensor.data.length;
    });
  arrange((index) => !frozen.has(index));
  const trained = count;
  arrange((index) => frozen.has(index));
  const penalized = [...regularizers].map(([tensor, regularizer]) => ({
    ...regularizer,
    from: offsets.get(tensor) ?? 0,
    count: elementCount(model.tensors[tensor].shape),
  }));
  // The weights that this thread's optimizer moves, with the sum of all shards' gradients for them.
  const share = (rank: number): number =>
    Math.min(trained, Math.floor((Math.ceil(trained / blockOfWeights) * rank) / team.size) * blockOfWeights);
  const [ownFrom, ownTo] = [share(team.rank), share(team.rank + 1)];
  const ownCount = ownTo - ownFrom;

  checkTrainingMemory(model, {
    batchSize,
    samples: plan.samples,
    // weights, a shard's gradients, their sums, what the optimizer keeps
    weightBytes:
      4 * (count + trained + (plan.count > 1 ? ownCount : 0) + optimizerSlots(settings.optimizer) * ownCount),
  });
  const blocks: number[] = [];
  const allocate = (floats: number): number => {
    const address = heap.allocate(4 * floats);
    blocks.push(address);
    return address;
  };
  const shards: Shard[] = [];
  const dispose = (): void => {
    for (const shard of shards.splice(0)) shard.dispose();
    for (const block of blocks.splice(0)) heap.release(block);
  };

  try {
    const weights = allocate(count);
    for (const [index, offset] of offsets) {
      const data = model.tensors[index].data;
      if (data instanceof Float32Array) heap.float32.set(data, weights / 4 + offset);
    }
    const addressIn = (block: number) => (tensor: number) => {
      const offset = offsets.get(tensor);
      return offset === undefined ? undefined : block + 4 * offset;
    };
    const shardGradients: number[] = [];
    const addShard = (): void => {
      const gradients = allocate(trained);
      shardGradients.push(gradients);
      const weightGradient = addressIn(gradients);
      const shard = createShard({
        model,
        settings,
        features,
        samples: plan.samples,
        weight: addressIn(weights),
        weightGradient: (tensor) => (frozen.has(tensor) ? undefined : weightGradient(tensor)),
      });
      shards.push(shard);
    };
    addShard();
    // Where sums of the whole batch are wanted on the way, all shards must be on the way at once.
    const meets = plan.count > 1 && shards[0].work.some((step) => typeof step !== "function");
    while (meets && shards.length * team.size < plan.count) addShard();
    const gradients = plan.count === 1 ? shardGradients[0] : allocate(ownCount);
    const stateWidth = optimizerSlots(settings.optimizer);
    const state = allocate(stateWidth * ownCount);
    const update = planUpdate(settings, penalized, {
      from: ownFrom,
      count: ownCount,
      weights: weights + 4 * ownFrom,
      gradients,
      state,
    });
    let steps = 0;
    let batchRows = 0;

    const widest = shards[0].work.reduce(
      (most, step) => (typeof step === "function" ? most : Math.max(most, step.count)),
      3,
    );
    const sums = createShardSums(team, plan.count, widest);
    // In front of and behind a thread's own weights the gradients of one of its shards; in between its weights, when they have moved.
    const slots = Array.from(
      { length: team.size === 1 ? 0 : team.size },
      () => new Float32Array(team.share(4 * count)),
    );
    /** The sums of squares of the gradients of each block of weights. */
    const squares = new Float64Array(team.share(8 * Math.ceil(trained / blockOfWeights)));
    /** Through which gradients of other threads come to where the kernels are. */
    const window = team.size === 1 ? 0 : allocate(Math.min(addedAtOnce, ownCount));
    const shardNumber = (round: number): number => round * team.size + team.rank;
    const rowsOfShard = (number: number): number =>
      Math.max(0, Math.min(plan.samples, batchRows - number * plan.samples));

    /** Copies the rows order[from], order[from + 1], … into a shard. */
    const fill = (
      shard: Shard,
      { reader, table, classWeights, epoch }: Source,
      order: ArrayLike<number>,
      from: number,
      rows: number,
    ): void => {
      const memory = heap.float32;
      for (let i = 0; i < rows; i++) {
        const row = order[from + i];
        reader.copy(row, memory, shard.input / 4 + i * inputWidth);
        for (let k = 0; k < targetWidth; k++) {
          memory[shard.targets / 4 + i * targetWidth + k] = table.outputs[row * targetWidth + k];
        }
        if (classWeights !== undefined) memory[shard.sampleWeights / 4 + i] = classWeights[table.outputs[row]];
      }
      shard.rows = rows;
      shard.prepare();
      if (epoch === undefined || augment === undefined) return;
      for (let i = 0; i < rows; i++) {
        const at = shard.input / 4 + i * inputWidth;
        augment(heap.float32.subarray(at, at + inputWidth), epoch, order[from + i]);
      }
    };

    let culprit: Culprit | undefined;
    /** Looks for a number that is none in shards whose loss is none. */
    const findCulpritIn = (order: ArrayLike<number>, from: number): void => {
      const shard = shards.find(({ rows, loss }) => rows > 0 && !Number.isFinite(loss));
      if (shard === undefined || culprit !== undefined) return;
      const { moment, rows } = shard;
      const numbersOf = (tensor: number): Float32Array => {
        const { data, shape } = model.tensors[tensor];
        const at = shard.value(tensor) / 4;
        return heap.float32.subarray(at, at + (data === undefined ? rows : 1) * elementCount(shape));
      };
      const found = findCulprit(network, numbersOf, rows);
      culprit =
        found?.kind === "sample" ? { kind: "sample", sample: order[from + moment.firstSample + found.sample] } : found;
    };

    /** Runs the work of the shards side by side, from meeting to meeting. `round` is that of the first. */
    const runShards = (round: number): void => {
      const { length } = shards[0].work;
      for (let at = 0; at < length; at++) {
        const step = shards[0].work[at];
        if (typeof step === "function") {
          for (const shard of shards) {
            const own = shard.work[at];
            if (shard.rows > 0 && typeof own === "function") own(shard.rows);
          }
        } else if (plan.count > 1) {
          const places = shards.map((shard) => shard.work[at]).filter((place) => typeof place !== "function");
          places.forEach(({ address }, i) => {
            for (let k = 0; k < step.count; k++) sums.put(shardNumber(round + i), k, heap.float32[address / 4 + k]);
          });
          const all = sums.add(activeShards(), step.count).subarray(0, step.count);
          for (const { address } of places) heap.float32.set(all, address / 4);
        }
      }
    };

    const activeShards = (): number => Math.ceil(batchRows / plan.samples);

    /** Adds the gradients of a round's shards to those of the rounds before, in the order of the shards. */
    const addGradients = (round: number, shard: number): void => {
      if (plan.count === 1) return;
      const active = activeShards();
      const memory = heap.float32;
      if (team.size === 1) {
        if (round === 0) memory.copyWithin(gradients / 4, shard / 4, shard / 4 + trained);
        else if (round < active) call.tinyml_add_floats(shard, gradients, trained);
        return;
      }
      const own = slots[team.rank];
      // nobody reads the slots any more that the round before has filled
      if (round > 0) team.barrier();
      own.set(memory.subarray(shard / 4, shard / 4 + ownFrom));
      own.set(memory.subarray(shard / 4 + ownTo, shard / 4 + trained), ownTo);
      team.barrier();
      for (let rank = 0; rank < team.size && round * team.size + rank < active; rank++) {
        if (rank === team.rank) {
          const at = shard / 4 + ownFrom;
          if (round + rank === 0) memory.copyWithin(gradients / 4, at, at + ownCount);
          else call.tinyml_add_floats(4 * at, gradients, ownCount);
        } else if (round + rank === 0) {
          memory.set(slots[rank].subarray(ownFrom, ownTo), gradients / 4);
        } else {
          for (let at = 0; at < ownCount; at += addedAtOnce) {
            const length = Math.min(addedAtOnce, ownCount - at);
            memory.set(slots[rank].subarray(ownFrom + at, ownFrom + at + length), window / 4);
            call.tinyml_add_floats(window, gradients + 4 * at, length);
          }
        }
      }
    };

    /** Brings the weights that the other threads have moved here. */
    const gatherWeights = (): void => {
      if (team.size === 1) return;
      slots[team.rank].set(heap.float32.subarray(weights / 4 + ownFrom, weights / 4 + ownTo), ownFrom);
      team.barrier();
      for (let rank = 0; rank < team.size; rank++) {
        if (rank === team.rank) continue;
        heap.float32.set(slots[rank].subarray(share(rank), share(rank + 1)), weights / 4 + share(rank));
      }
    };

    /** The optimizer's step. */
    const moveWeights = (learningRate: number): void => {
      squares.set(update.prepare(), ownFrom / blockOfWeights);
      if (settings.clipNorm !== undefined) team.barrier();
      steps += 1;
      update.move(
        learningRate,
        steps,
        squares.reduce((sum, square) => sum + square, 0),
      );
      gatherWeights();
    };

    /** One step: returns what `asked` was in the first thread; the sum of the rows' losses is in `batchLoss`, how many were right in `batchRight`. */
    let batchLoss = 0;
    let batchRight = 0;
    let accuracy: number | undefined;
    const trainBatch = (
      source: Source,
      order: ArrayLike<number>,
      from: number,
      rows: number,
      asked: number,
    ): number => {
      batchRows = rows;
      const rounds = Math.ceil(activeShards() / team.size);
      for (let round = 0; round < rounds; round += shards.length) {
        for (let i = 0; i < shards.length; i++) {
          const number = shardNumber(round + i);
          const { moment } = shards[i];
          moment.step = steps;
          moment.firstSample = number * plan.samples;
          shards[i].scale = 1 / rows;
          shards[i].weighted = source.classWeights !== undefined;
          fill(shards[i], source, order, from + moment.firstSample, rowsOfShard(number));
        }
        runShards(round);
        findCulpritIn(order, from);
        for (let i = 0; i < shards.length && round + i < rounds; i++) {
          const number = shardNumber(round + i);
          addGradients(round + i, shardGradients[i]);
          sums.put(number, 0, shards[i].loss);
          sums.put(number, 1, number === 0 ? asked : 0);
          sums.put(number, 2, classification ? shards[i].countCorrect() : 0);
        }
      }
      const said = sums.add(activeShards(), 3);
      batchRight = said[2];
      const answer = said[1];
      batchLoss = said[0] + (penalized.length === 0 ? 0 : rows * weightPenalty(weights, penalized));
      shards[0].afterBatch();
      return answer;
    };

    return {
      wakeDeadUnits(table, rows = allRows(table)) {
        const [shard] = shards;
        withSource({ table }, inputWidth, (source) => {
          for (const operator of model.operators) {
            if (operator.type !== "FULLY_CONNECTED" || operator.options.activation === "NONE") continue;
            const [units, width] = model.tensors[operator.inputs[1]].shape;
            const activations = shard.value(operator.outputs[0]) / 4;
            // a layer behind windows or pictures gives each unit's number for each of their places
            const placesOfSample = elementCount(model.tensors[operator.outputs[0]].shape) / units;
            const dead = new Set(Array.from({ length: units }, (_, unit) => unit));
            for (let from = 0; from < rows.length && dead.size > 0; from += plan.samples) {
              const here = Math.min(plan.samples, rows.length - from);
              fill(shard, source, rows, from, here);
              shard.infer();
              for (const unit of dead) {
                for (let place = 0; place < here * placesOfSample; place++)
                  if (heap.float32[activations + place * units + unit] > 0) dead.delete(unit);
              }
            }
            for (const unit of dead) {
              const at = shard.value(operator.inputs[1]) / 4 + unit * width;
              for (let i = at; i < at + width; i++) heap.float32[i] = -heap.float32[i];
            }
          }
        });
      },
      trainEpoch(table, order, hooks = {}) {
        const {
          learningRate = settings.optimizer.learningRate,
          from = { rows: 0, loss: 0, right: 0 },
          ask,
          onBatch,
        } = hooks;
        const { epoch = 1 } = hooks;
        let { rows: done, loss: sum, right } = from;
        const data = { table, classWeights: classWeightsOf(settings, table, order), epoch };
        culprit = undefined;
        return withSource(data, inputWidth, (source) => {
          while (done < order.length) {
            const rows = Math.min(batchSize, order.length - done);
            const asked = trainBatch(source, order, done, rows, team.rank === 0 ? (ask?.() ?? 0) : 0);
            if (!Number.isFinite(batchLoss)) return batchLoss;
            moveWeights(learningRate);
            sum += batchLoss;
            right += batchRight;
            done += rows;
            if (onBatch?.(asked, { rows: done, loss: sum, right })) break;
          }
          accuracy = classification ? right / done : undefined;
          return sum / done;
        });
      },
      epochAccuracy: () => accuracy,
      culprit: () => culprit,
      score(table, rows = allRows(table)) {
        let loss = 0;
        let hits = 0;
        const [shard] = shards;
        withSource({ table }, inputWidth, (source) => {
          for (let from = 0; from < rows.length; from += batchSize) {
            batchRows = Math.min(batchSize, rows.length - from);
            const active = activeShards();
            for (let number = team.rank; number < active; number += team.size) {
              fill(shard, source, rows, from + number * plan.samples, rowsOfShard(number));
              shard.infer();
              sums.put(number, 0, shard.loss);
              sums.put(number, 1, classification ? shard.countCorrect() : shard.squaredError());
            }
            const said = sums.add(active, 2);
            loss += said[0];
            hits += said[1];
          }
        });
        return { loss: loss / rows.length + weightPenalty(weights, penalized), metric: hits / rows.length };
      },
      copyWeights: () => heap.float32.slice(weights / 4, weights / 4 + count),
      setWeights: (values) => heap.float32.set(values, weights / 4),
      saveState() {
        const optimizer = new Float32Array(stateWidth * trained);
        for (let kind = 0; kind < stateWidth; kind++) {
          const at = state / 4 + kind * ownCount;
          const own = heap.float32.subarray(at, at + ownCount);
          if (team.size === 1) {
            optimizer.set(own, kind * trained);
            continue;
          }
          // nobody reads any more what lies there, the weights of the last step first
          team.barrier();
          slots[team.rank].set(own, ownFrom);
          team.barrier();
          for (let rank = 0; rank < team.size; rank++) {
            optimizer.set(slots[rank].subarray(share(rank), share(rank + 1)), kind * trained + share(rank));
          }
        }
        return { weights: this.copyWeights(), optimizer, steps };
      },
      restoreState(saved) {
        this.setWeights(saved.weights);
        for (let kind = 0; kind < stateWidth; kind++) {
          const own = saved.optimizer.subarray(kind * trained + ownFrom, kind * trained + ownTo);
          heap.float32.set(own, state / 4 + kind * ownCount);
        }
        steps = saved.steps;
      },
      trainedModel: () => ({
        ...model,
        tensors: model.tensors.map((tensor, index) => {
          const offset = offsets.get(index);
          if (offset === undefined || tensor.data === undefined) return tensor;
          const at = weights / 4 + offset;
          return { ...tensor, data: heap.float32.slice(at, at + tensor.data.length) };
        }),
      }),
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** What a batch is filled from. */
interface Data {
  table: Table;
  /** By label, how much a row counts. */
  classWeights?: Float32Array | undefined;
  /** While it is learned from: the epoch, which augmentation follows from. */
  epoch?: number;
}

/** The same, open for reading. */
interface Source extends Data {
  reader: SampleReader;
}

function withSource<Result>(data: Data, width: number, work: (source: Source) => Result): Result {
  const reader = openSamples(data.table.inputs, width);
  try {
    return work({ ...data, reader });
  } finally {
    reader.close();
  }
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
