import type { TrainingSettings } from "./recipe-settings";

/**
 * The learning rate of an epoch. It follows from nothing but its arguments, so that a training can go on anywhere.
 *
 * @param epoch 1 for the first
 * @param validationLosses of the epochs before it
 */
export function learningRateAt(
  { optimizer, schedule, epochs }: Pick<TrainingSettings, "optimizer" | "schedule" | "epochs">,
  epoch: number,
  validationLosses: readonly number[],
): number {
  const start = optimizer.learningRate;
  switch (schedule.type) {
    case "constant":
      return start;
    case "step":
      return multiplied(start, schedule.factor, Math.floor((epoch - 1) / schedule.epochs));
    case "exponential":
      return multiplied(start, schedule.factor, epoch - 1);
    case "cosine": {
      const least = Math.min(start, schedule.minimum);
      const done = epochs === 1 ? 0 : (epoch - 1) / (epochs - 1);
      return least + ((start - least) * (1 + cosineOfHalfTurns(done))) / 2;
    }
    case "reduceOnPlateau":
      return reducedOnPlateau(start, schedule, validationLosses);
  }
}

/** As Keras's ReduceLROnPlateau, without a cooldown. */
function reducedOnPlateau(
  start: number,
  { factor, patience, minDelta, minimum }: Extract<TrainingSettings["schedule"], { type: "reduceOnPlateau" }>,
  validationLosses: readonly number[],
): number {
  let rate = start;
  let best = Number.POSITIVE_INFINITY;
  let waited = 0;
  for (const loss of validationLosses) {
    if (loss < best - minDelta) {
      best = loss;
      waited = 0;
    } else if (++waited >= patience) {
      if (rate > minimum) rate = Math.max(minimum, rate * factor);
      waited = 0;
    }
  }
  return rate;
}

/** By repeated multiplication: Math.pow's last bits differ between engines. */
function multiplied(start: number, factor: number, times: number): number {
  let product = start;
  for (let i = 0; i < times && product > 0; i++) product *= factor;
  return product;
}

/** cos(πx) for 0 ≤ x ≤ 1, by its series: Math.cos's last bits differ between engines. */
function cosineOfHalfTurns(x: number): number {
  if (x > 0.5) return -cosineOfHalfTurns(1 - x);
  const square = Math.PI * x * (Math.PI * x);
  let term = 1;
  let sum = 1;
  for (let n = 2; n <= 24; n += 2) {
    term *= -square / (n * (n - 1));
    sum += term;
  }
  return sum;
}
