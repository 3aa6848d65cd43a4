import assert from "node:assert/strict";
import * as fc from "fast-check";
import { createRandom } from "../../src/dataset/random";
import { kernels } from "../../src/kernels/kernels";
import { classWeightsOf } from "../../src/training/class-weights";
import { optimizerSlots, type PenalizedWeights, planUpdate, weightPenalty } from "../../src/training/optimizers";
import { parseRecipe, type RecipeInput } from "../../src/training/recipe";
import type { TrainingSettings } from "../../src/training/recipe-settings";
import { learningRateAt } from "../../src/training/schedules";

type TrainingInput = RecipeInput["training"];

function settingsOf(training: Partial<TrainingInput>): TrainingSettings {
  return parseRecipe({
    version: 1,
    task: "regression",
    input: { shape: [1] },
    layers: [{ type: "dense", units: 1 }],
    training: { loss: "meanSquaredError", ...training },
  }).training;
}

/** Moves weights by three steps of given gradients, cut into ranges; gives the weights. */
function moved(
  training: Partial<TrainingInput>,
  weights: readonly number[],
  gradients: readonly (readonly number[])[],
  { penalized = [], ranges = [weights.length] }: { penalized?: PenalizedWeights[]; ranges?: number[] } = {},
): number[] {
  const { heap } = kernels();
  const settings = settingsOf(training);
  const slots = optimizerSlots(settings.optimizer);
  const blocks: number[] = [];
  const allocate = (count: number): number => {
    const block = heap.allocate(4 * count);
    blocks.push(block);
    return block;
  };
  const weightsAt = allocate(weights.length);
  const gradientsAt = allocate(weights.length);
  heap.float32.set(weights, weightsAt / 4);
  let from = 0;
  const updates = ranges.map((count) => {
    const range = { from, count, weights: weightsAt + 4 * from, gradients: gradientsAt + 4 * from };
    from += count;
    return planUpdate(settings, penalized, { ...range, state: allocate(slots * count) });
  });
  gradients.forEach((gradient, i) => {
    heap.float32.set(gradient, gradientsAt / 4);
    const squares = updates.flatMap((update) => update.prepare()).reduce((sum, square) => sum + square, 0);
    for (const update of updates) update.move(settings.optimizer.learningRate, i + 1, squares);
  });
  const result = Array.from(heap.float32.subarray(weightsAt / 4, weightsAt / 4 + weights.length));
  for (const block of blocks) heap.release(block);
  return result;
}

function assertClose(found: readonly number[], wanted: readonly number[], tolerance = 1e-6): void {
  assert.equal(found.length, wanted.length);
  found.forEach((value, i) => {
    assert.ok(
      Math.abs(value - wanted[i]) <= tolerance * Math.max(1, Math.abs(wanted[i])),
      `${i}: ${value}, not ${wanted[i]}`,
    );
  });
}

const gradients = [
  [0.5, -2, 0.01],
  [0.25, 1, 0.03],
  [-0.5, 3, -0.02],
];

describe("optimizers", () => {
  it("adamw lets every weight decay beside Adam's step", () => {
    const [rate, decay] = [0.1, 0.05];
    const wanted = [1, -2, 0].map((weight, i) => {
      let [w, m, v] = [weight, 0, 0];
      gradients.forEach((gradient, step) => {
        m = 0.9 * m + 0.1 * gradient[i];
        v = 0.999 * v + 0.001 * gradient[i] ** 2;
        w -= rate * decay * w;
        w -= (rate * (m / (1 - 0.9 ** (step + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (step + 1))) + 1e-7);
      });
      return w;
    });
    const optimizer = { type: "adamw", learningRate: rate, weightDecay: decay } as const;
    assertClose(moved({ optimizer }, [1, -2, 0], gradients), wanted);
  });

  const sgd = { type: "sgd", learningRate: 1 } as const;

  it("clipValue keeps every number within it", () => {
    assertClose(moved({ optimizer: sgd, clipValue: 0.4 }, [0, 0, 0], [[0.5, -2, 0.01]]), [-0.4, 0.4, -0.01]);
  });

  it("clipNorm shortens all gradients together, and leaves short ones", () => {
    assertClose(moved({ optimizer: sgd, clipNorm: 1 }, [0, 0, 0], [[3, 0, -4]]), [-0.6, 0, 0.8]);
    assertClose(moved({ optimizer: sgd, clipNorm: 6 }, [0, 0, 0], [[3, 0, -4]]), [-3, 0, 4]);
  });

  it("clipping lets no number through that is none", () => {
    for (const training of [{ clipNorm: 1 }, { clipValue: 1 }]) {
      assert.ok(moved({ optimizer: sgd, ...training }, [0], [[Number.NaN]]).every(Number.isNaN));
    }
  });

  it("penalties are added to loss and gradient", () => {
    const { heap } = kernels();
    const penalized = [{ from: 1, count: 2, l1: 0.5, l2: 0.1 }];
    const weights = heap.allocate(16);
    heap.float32.set([9, 2, -3], weights / 4);
    assertClose([weightPenalty(weights, penalized)], [0.5 * 5 + 0.1 * 13]);
    heap.release(weights);
    assertClose(moved({ optimizer: sgd }, [9, 2, -3], [[0, 0, 0]], { penalized }), [9, 2 - 0.5 - 0.4, -3 + 0.5 + 0.6]);
  });

  it("move the weights by the same bits however they are cut into ranges of 4096", () => {
    const optimizer: fc.Arbitrary<TrainingInput["optimizer"]> = fc.constantFrom(
      { type: "sgd" as const, momentum: 0.9, nesterov: true },
      { type: "rmsprop" as const, momentum: 0.5 },
      { type: "adam" as const },
      { type: "adamw" as const },
    );
    const clipNorm = fc.constantFrom(0.01, 1, 1000);
    const blocks = fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(optimizer, clipNorm, blocks, fc.nat(4095), fc.nat(), (each, norm, counts, last, seed) => {
        const random = createRandom(seed);
        const ranges = [...counts.map((count) => 4096 * count), last + 1];
        const count = ranges.reduce((sum, length) => sum + length, 0);
        const draw = (): number[] => Array.from({ length: count }, () => 2 * random.uniform() - 1);
        const weights = draw();
        const all = [draw(), draw()];
        const penalized = [{ from: 1000, count: count - 1001, l1: 0.01, l2: 0.02 }];
        const training = { optimizer: each, clipNorm: norm };
        const whole = moved(training, weights, all, { penalized });
        assert.deepEqual(moved(training, weights, all, { penalized, ranges }), whole);
      }),
      { numRuns: 15 },
    );
  });
});

describe("schedules", () => {
  const rates = (schedule: TrainingInput["schedule"], epochs: number, losses: readonly number[] = []): number[] => {
    const settings = settingsOf({ optimizer: { type: "sgd", learningRate: 0.1 }, epochs, schedule });
    return Array.from({ length: epochs }, (_, i) => learningRateAt(settings, i + 1, losses.slice(0, i)));
  };

  it("constant, step and exponential", () => {
    assertClose(rates({ type: "constant" }, 3), [0.1, 0.1, 0.1]);
    assertClose(rates({ type: "step", epochs: 2, factor: 0.5 }, 5), [0.1, 0.1, 0.05, 0.05, 0.025]);
    assertClose(rates({ type: "exponential", factor: 0.9 }, 3), [0.1, 0.09, 0.081]);
  });

  it("cosine, from the start to the least at the last epoch", () => {
    const wanted = Array.from({ length: 11 }, (_, i) => 0.02 + (0.08 * (1 + Math.cos((Math.PI * i) / 10))) / 2);
    assertClose(rates({ type: "cosine", minimum: 0.02 }, 11), wanted, 1e-14);
    assertClose(rates({ type: "cosine" }, 1), [0.1]);
  });

  it("reduceOnPlateau, when the validation loss has waited long enough", () => {
    const schedule = { type: "reduceOnPlateau", factor: 0.5, patience: 2, minDelta: 0.01, minimum: 0.03 } as const;
    const losses = [1, 0.9, 0.895, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8];
    assertClose(rates(schedule, 10, losses), [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.03, 0.03, 0.03]);
  });
});

describe("class weights", () => {
  const table = {
    task: "classification" as const,
    labels: ["a", "b", "c"],
    outputs: Float32Array.of(0, 0, 0, 1),
    rows: 4,
  };

  it("balanced: each label that is met counts alike, and a row one on the average", () => {
    const weights = classWeightsOf({ classWeights: "balanced" }, table);
    assertClose(Array.from(weights ?? []), [4 / 6, 2, 0]);
    assertClose(Array.from(classWeightsOf({ classWeights: "balanced" }, table, [0, 3]) ?? []), [1, 1, 0]);
  });

  it("as named; others count one", () => {
    assertClose(Array.from(classWeightsOf({ classWeights: { b: 3 } }, table) ?? []), [1, 3, 1]);
    assert.equal(classWeightsOf({}, table), undefined);
    const ofAnyName = { ...table, labels: ["constructor", "b", "c"] };
    assert.deepEqual(Array.from(classWeightsOf({ classWeights: { b: 3 } }, ofAnyName) ?? []), [1, 3, 1]);
  });

  it("of a label that is not there are refused", () => {
    assert.throws(() => classWeightsOf({ classWeights: { d: 3 } }, table), {
      code: "TINYML_RECIPE_INVALID",
      message: /the dataset has no label "d"; it has "a", "b", "c"/,
    });
  });
});
