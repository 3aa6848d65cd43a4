import { kernels } from "../kernels/kernels";
import type { Regularizer } from "./recipe-layers";
import type { Optimizer, TrainingSettings } from "./recipe-settings";

/*
 * How weights follow their gradients. The trained weights of a network lie in one piece, and so do their gradients; work
 * may be shared by giving each worker a range of them. Formulas are Keras's. Where TensorFlow.js differs: Adam's epsilon
 * stands beside the corrected root, as in its paper and in TensorFlow.js (Keras corrects the learning rate instead, which
 * makes epsilon grow by the same factor); momentum follows the learning rate of the step that made it, as in Keras.
 */

/** A run of weights that adds to the loss. */
export interface PenalizedWeights extends Regularizer {
  /** The number of the first one, among all trained weights. */
  from: number;
  count: number;
}

/** A range of a network's trained weights. */
export interface WeightRange {
  /** The number of the range's first weight, among all trained weights; a multiple of 4096 if norms are to be the same for all ranges. */
  from: number;
  count: number;
  /** Byte addresses of the range's weights, their gradients, and `optimizerSlots` × count floats that begin with 0. */
  weights: number;
  gradients: number;
  state: number;
}

/** One step of the weights in a range. */
export interface WeightUpdate {
  /**
   * Brings the gradients to what the optimizer takes: adds those of penalties, keeps each number within clipValue.
   * @returns with clipNorm the sums of squares of each 4096 gradients, in order; nothing without
   */
  prepare(): readonly number[];
  /**
   * Moves the weights.
   * @param step 1 for the training's first step; nothing else is remembered beside `state`
   * @param squares with clipNorm: the sum of squares of the gradients of all ranges
   */
  move(learningRate: number, step: number, squares: number): void;
}

/** Gradients whose squares are summed up at once: a sum of sums loses few digits, and is the same however ranges are cut. */
const squaresBlock = 4096;

/** How many floats an optimizer keeps for each weight. */
export function optimizerSlots(optimizer: Optimizer): number {
  switch (optimizer.type) {
    case "sgd":
      return optimizer.momentum > 0 ? 1 : 0;
    case "rmsprop":
      return optimizer.momentum > 0 ? 2 : 1;
    case "adam":
    case "adamw":
      return 2;
  }
}

/** What the weights add to the loss. @param weights byte address of all trained weights */
export function weightPenalty(weights: number, penalized: readonly PenalizedWeights[]): number {
  const { call } = kernels();
  return penalized.reduce(
    (sum, { from, count, l1, l2 }) => sum + call.tinyml_weight_penalty(weights + 4 * from, count, l1, l2),
    0,
  );
}

/** The step of a range of weights. */
export function planUpdate(
  { optimizer, clipNorm, clipValue }: Pick<TrainingSettings, "optimizer" | "clipNorm" | "clipValue">,
  penalized: readonly PenalizedWeights[],
  range: WeightRange,
): WeightUpdate {
  const { call } = kernels();
  const { weights, gradients, count } = range;
  const move = planMove(optimizer, range);
  const penalties = penalized.flatMap(({ from, count: length, l1, l2 }) => {
    const first = Math.max(0, from - range.from);
    const inside = Math.min(count, from - range.from + length) - first;
    return inside > 0 ? [{ first, inside, l1, l2 }] : [];
  });
  return {
    prepare() {
      for (const { first, inside, l1, l2 } of penalties) {
        call.tinyml_add_penalty_gradient(weights + 4 * first, gradients + 4 * first, inside, l1, l2);
      }
      if (clipValue !== undefined) call.tinyml_limit(gradients, count, clipValue);
      if (clipNorm === undefined) return [];
      return Array.from({ length: Math.ceil(count / squaresBlock) }, (_, block) => {
        const first = block * squaresBlock;
        return call.tinyml_sum_of_squares(gradients + 4 * first, Math.min(squaresBlock, count - first));
      });
    },
    move(learningRate, step, squares) {
      if (clipNorm !== undefined) {
        const norm = Math.sqrt(squares);
        if (!(norm <= clipNorm)) call.tinyml_multiply(gradients, count, clipNorm / norm);
      }
      move(learningRate, step);
    },
  };
}

function planMove(
  optimizer: Optimizer,
  { weights, gradients, state, count }: WeightRange,
): (learningRate: number, step: number) => void {
  const { call } = kernels();
  const second = state + 4 * count;
  switch (optimizer.type) {
    case "sgd": {
      const { momentum, nesterov } = optimizer;
      const velocity = momentum > 0 ? state : 0;
      return (rate) => call.tinyml_sgd(weights, gradients, velocity, count, rate, momentum, nesterov ? 1 : 0);
    }
    case "rmsprop": {
      const { rho, momentum, epsilon } = optimizer;
      const velocity = momentum > 0 ? second : 0;
      return (rate) =>
        call.tinyml_rmsprop(weights, gradients, state, velocity, count, rate, 1 - rho, momentum, epsilon);
    }
    case "adam":
    case "adamw": {
      const { beta1, beta2, epsilon } = optimizer;
      const decay = optimizer.type === "adamw" ? optimizer.weightDecay : 0;
      const [firstPower, secondPower] = [powersOf(beta1), powersOf(beta2)];
      return (rate, step) =>
        call.tinyml_adam(
          weights,
          gradients,
          state,
          second,
          count,
          rate,
          1 - beta1,
          1 - beta2,
          epsilon,
          1 / (1 - firstPower(step)),
          1 / (1 - secondPower(step)),
          rate * decay,
        );
    }
  }
}

/** Powers by repeated multiplication, as Math.pow's last bits differ between engines; quick from one to the next. */
function powersOf(base: number): (exponent: number) => number {
  let [reached, power] = [0, 1];
  return (exponent) => {
    if (exponent < reached) [reached, power] = [0, 1];
    for (; reached < exponent; reached++) power *= base;
    return power;
  };
}
