import assert from "node:assert/strict";
import * as fc from "fast-check";
import { createRandom } from "../../src/dataset/random";
import { kernels } from "../../src/kernels/kernels";
import type { FusedActivation, Model, Operator, Tensor } from "../../src/model/model";
import { elementCount } from "../../src/model/tensor";
import { type PlacedModel, placeModel } from "../../src/runtime/place-model";
import type { BatchSum, TrainingPlaces, TrainingWork } from "../../src/training/gradients/gradient-rule";
import { backwardWork, forwardWork, hasGradient } from "../../src/training/gradients/gradients";

/*
 * Each operator by itself, its batch cut into parts, against central differences of its definition in float64. The loss is
 * the sum of the outputs, each times a number of its own, so that these numbers are the gradient of the output.
 */

/** An operator's definition: all samples of its inputs to all samples of its output; constants are there once. */
type Definition = (inputs: readonly (readonly number[])[]) => number[];

interface OperatorCase {
  operator: Operator;
  /** The input tensors, then the output. */
  tensors: Tensor[];
  definition: Definition;
}

/** Never where a function has a kink, nor where a sum, difference or product with the next input's numbers has one. */
const numbers = (random: () => number, count: number, input = 0): number[] =>
  Array.from({ length: count }, () => (Math.floor(random() * 120) - 60 + 0.3 + 0.1 * input) / 8);

const computed = (shape: readonly number[]): Tensor => ({ name: "computed", type: "float32", shape });

/** Runs the parts' work side by side; where sums belong to the whole batch, they are added up. */
function runParts(works: readonly TrainingWork[], rows: readonly number[]): void {
  const { heap } = kernels();
  works[0].forEach((first, i) => {
    if (typeof first === "function") {
      works.forEach((work, part) => {
        const step = work[i];
        assert.ok(typeof step === "function");
        step(rows[part]);
      });
      return;
    }
    const sums = works.map((work) => work[i]).filter((sum): sum is BatchSum => typeof sum !== "function");
    for (let k = 0; k < first.count; k++) {
      const total = sums.reduce((sum, { address }) => sum + heap.float32[address / 4 + k], 0);
      for (const { address } of sums) heap.float32[address / 4 + k] = total;
    }
  });
}

/** Output and gradients of the inputs, all samples one after the other; constants' gradients are added up over the parts. */
function train(
  { operator, tensors }: OperatorCase,
  values: readonly number[][],
  slopes: readonly number[],
  parts: readonly number[],
) {
  assert.ok(hasGradient(operator));
  const { heap } = kernels();
  const output = tensors.length - 1;
  const model: Model = {
    description: "",
    tensors: tensors.map((tensor, i) => (tensor.data ? { ...tensor, data: Float32Array.from(values[i]) } : tensor)),
    operators: [operator],
    inputs: operator.inputs.filter((input) => tensors[input].data === undefined),
    outputs: [output],
  };
  const counts = tensors.map(({ shape }) => elementCount(shape));
  const most = Math.max(...parts);
  const blocks: number[] = [];
  const allocate = (bytes: number): number => {
    const address = heap.allocate(bytes);
    blocks.push(address);
    // what it holds must not matter
    heap.float32.fill(Number.NaN, address / 4, address / 4 + Math.floor(bytes / 4));
    return address;
  };
  const placed: PlacedModel[] = [];
  let before = 0;
  const places = parts.map((rows): TrainingPlaces => {
    const own = placeModel(model, { batch: most, keepAll: true });
    placed.push(own);
    const gradients = counts.map((count) => allocate(4 * count * most));
    const kept = new Map<number, number>();
    for (const input of model.inputs) {
      const samples = values[input].slice(before * counts[input], (before + rows) * counts[input]);
      heap.float32.set(samples, own.addresses[input] / 4);
    }
    heap.float32.set(slopes.slice(before * counts[output], (before + rows) * counts[output]), gradients[output] / 4);
    before += rows;
    return {
      model,
      kernels: own.kernels,
      batch: most,
      value: (tensor) => own.addresses[tensor],
      gradient: (tensor) => gradients[tensor],
      count: (tensor) => counts[tensor],
      scratch: allocate,
      kept(tensor, bytes) {
        const address = kept.get(tensor) ?? allocate(bytes);
        kept.set(tensor, address);
        return address;
      },
      moment: { seed: 1, step: 0, firstSample: 0 },
    };
  });
  runParts(
    places.map((each, i) => forwardWork(operator, each) ?? placed[i].steps.flat()),
    parts,
  );
  const read = (address: number, count: number): number[] =>
    Array.from(heap.float32.subarray(address / 4, address / 4 + count));
  const results = places.flatMap((each, i) => read(each.value(output), parts[i] * counts[output]));
  runParts(
    places.map((each) => backwardWork(operator, each)),
    parts,
  );
  const gradients = operator.inputs.map((input) => {
    const all = places.map((each, i) =>
      read(each.gradient(input), counts[input] * (tensors[input].data === undefined ? parts[i] : 1)),
    );
    if (tensors[input].data === undefined) return all.flat();
    return all.reduce((sum, part) => sum.map((value, i) => value + part[i]));
  });
  for (const each of placed) each.dispose();
  for (const block of blocks) heap.release(block);
  return { results, gradients };
}

function check(
  each: OperatorCase,
  parts: readonly number[],
  random: () => number,
  learned?: (input: number) => boolean,
) {
  const { operator, tensors, definition } = each;
  const batch = parts.reduce((sum, rows) => sum + rows, 0);
  const samples = ({ shape, data }: Tensor): number => (data === undefined ? batch : 1) * elementCount(shape);
  const values = operator.inputs.map((input) => numbers(random, samples(tensors[input]), input));
  const slopes = numbers(random, samples(tensors[tensors.length - 1]));
  const { results, gradients } = train(each, values, slopes, parts);
  const expected = definition(values);
  results.forEach((value, i) => {
    assert.ok(
      Math.abs(value - expected[i]) <= 1e-4 * (1 + Math.abs(expected[i])),
      `output ${i}: ${value}, not ${expected[i]}`,
    );
  });
  const lossOf = (inputs: readonly (readonly number[])[]): number =>
    definition(inputs).reduce((sum, value, i) => sum + value * slopes[i], 0);
  values.forEach((own, input) => {
    if (learned && !learned(input)) return;
    own.forEach((value, i) => {
      const nudged = (by: number): number => lossOf(values.with(input, own.with(i, value + by)));
      const wanted = (nudged(1e-5) - nudged(-1e-5)) / 2e-5;
      const found = gradients[input][i];
      const size = slopes.reduce((most, slope) => Math.max(most, Math.abs(slope)), 1) * batch;
      if (!(Math.abs(found - wanted) <= 1e-4 * (size + Math.abs(wanted)))) {
        assert.fail(`input ${input}, number ${i}: ${found}, not ${wanted}`);
      }
    });
  });
}

/** Parts of a batch, a shape without the batch, and a source of chance. */
const situation = fc.record({
  parts: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
  shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
  seed: fc.nat(),
});

const randomOf = (seed: number): (() => number) => createRandom(seed).uniform;

const relu6 = (x: number): number => Math.min(6, Math.max(0, x));

const functions: { operator: Pick<Operator, "type" | "options">; of: (x: number) => number }[] = [
  { operator: { type: "RELU", options: {} }, of: (x) => Math.max(0, x) },
  { operator: { type: "RELU6", options: {} }, of: relu6 },
  { operator: { type: "ELU", options: {} }, of: (x) => (x > 0 ? x : Math.exp(x) - 1) },
  { operator: { type: "LEAKY_RELU", options: { alpha: 0.2 } }, of: (x) => (x > 0 ? x : 0.2 * x) },
  { operator: { type: "LEAKY_RELU", options: { alpha: 0 } }, of: (x) => Math.max(0, x) },
  { operator: { type: "HARD_SWISH", options: {} }, of: (x) => (x * relu6(x + 3)) / 6 },
  { operator: { type: "LOGISTIC", options: {} }, of: (x) => 1 / (1 + Math.exp(-x)) },
  { operator: { type: "TANH", options: {} }, of: Math.tanh },
];

const activations: Readonly<Record<FusedActivation, (x: number) => number>> = {
  NONE: (x) => x,
  RELU: (x) => Math.max(0, x),
  RELU6: relu6,
  RELU_N1_TO_1: (x) => Math.min(1, Math.max(-1, x)),
};

const arithmetic: Readonly<Record<"ADD" | "SUB" | "MUL", (a: number, b: number) => number>> = {
  ADD: (a, b) => a + b,
  SUB: (a, b) => a - b,
  MUL: (a, b) => a * b,
};

describe("gradients of operators against central differences", () => {
  for (const { operator, of } of functions) {
    it(`${operator.type} ${JSON.stringify(operator.options)}`, () => {
      fc.assert(
        fc.property(situation, ({ parts, shape, seed }) => {
          const tensor = computed([1, ...shape]);
          check(
            {
              operator: { ...operator, inputs: [0], outputs: [1] } as Operator,
              tensors: [tensor, tensor],
              definition: ([x]) => x.map(of),
            },
            parts,
            randomOf(seed),
          );
        }),
        { numRuns: 30 },
      );
    });
  }

  it("SOFTMAX", () => {
    fc.assert(
      fc.property(situation, ({ parts, shape, seed }) => {
        const tensor = computed([1, ...shape]);
        const classes = shape[shape.length - 1];
        const definition: Definition = ([x]) =>
          x.map((_, i) => {
            const row = x.slice(i - (i % classes), i - (i % classes) + classes).map((value) => Math.exp(0.5 * value));
            return row[i % classes] / row.reduce((sum, value) => sum + value, 0);
          });
        const operator: Operator = { type: "SOFTMAX", inputs: [0], outputs: [1], options: { beta: 0.5 } };
        check({ operator, tensors: [tensor, tensor], definition }, parts, randomOf(seed));
      }),
      { numRuns: 30 },
    );
  });

  for (const [type, of] of Object.entries(arithmetic)) {
    it(`${type}, of two inputs or of one and a constant that is repeated`, () => {
      const constant = fc.record({
        /** How many of the last dimensions the constant has; undefined for another input. */
        dimensions: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
        first: fc.boolean(),
        activation: fc.constantFrom("NONE" as const, "RELU" as const, "RELU6" as const, "RELU_N1_TO_1" as const),
      });
      fc.assert(
        fc.property(situation, constant, ({ parts, shape, seed }, { dimensions, first, activation }) => {
          const whole = computed([1, ...shape]);
          const suffix = dimensions === undefined ? shape : shape.slice(Math.max(0, shape.length - dimensions));
          const other: Tensor =
            dimensions === undefined || suffix.length === 0
              ? dimensions === undefined
                ? whole
                : { ...computed([1]), data: new Float32Array(1) }
              : { ...computed(suffix), data: new Float32Array(elementCount(suffix)) };
          const tensors = first ? [other, whole, whole] : [whole, other, whole];
          const operator = { type, inputs: [0, 1], outputs: [2], options: { activation, powerOfTwoScales: false } };
          const definition: Definition = ([a, b]) =>
            Array.from({ length: Math.max(a.length, b.length) }, (_, i) =>
              activations[activation](of(a[i % a.length], b[i % b.length])),
            );
          check({ operator: operator as Operator, tensors, definition }, parts, randomOf(seed));
        }),
        { numRuns: 60 },
      );
    });
  }

  it("CONCATENATION along each axis", () => {
    fc.assert(
      fc.property(
        situation,
        fc.nat(),
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
        ({ parts, shape, seed }, axisSeed, lengths) => {
          const axis = axisSeed % shape.length;
          const shapes = lengths.map((length) => shape.with(axis, length));
          const joined = shape.with(
            axis,
            lengths.reduce((sum, length) => sum + length, 0),
          );
          const inner = elementCount(shape.slice(axis + 1));
          const batch = parts.reduce((sum, rows) => sum + rows, 0);
          const rows = batch * elementCount(shape.slice(0, axis));
          const definition: Definition = (inputs) =>
            Array.from({ length: rows }, (_, row) =>
              inputs.flatMap((input, i) => input.slice(row * lengths[i] * inner, (row + 1) * lengths[i] * inner)),
            ).flat();
          const operator: Operator = {
            type: "CONCATENATION",
            inputs: shapes.map((_, i) => i),
            outputs: [shapes.length],
            options: { axis: axis + 1, activation: "NONE" },
          };
          check(
            { operator, tensors: [...shapes, joined].map((each) => computed([1, ...each])), definition },
            parts,
            randomOf(seed),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it("BATCH_NORMALIZATION, by the statistics of the whole batch", () => {
    fc.assert(
      fc.property(situation, ({ parts, shape, seed }) => {
        const channels = shape[shape.length - 1];
        const batch = parts.reduce((sum, rows) => sum + rows, 0);
        // with one number for a channel nothing is left of it
        fc.pre((batch * elementCount(shape)) / channels > 1);
        const perChannel: Tensor = { ...computed([channels]), data: new Float32Array(channels) };
        const tensor = computed([1, ...shape]);
        const definition: Definition = ([x, gamma, beta]) => {
          const of = (c: number): number[] => x.filter((_, i) => i % channels === c);
          const mean = (values: readonly number[]): number =>
            values.reduce((sum, value) => sum + value, 0) / values.length;
          const means = gamma.map((_, c) => mean(of(c)));
          const variances = gamma.map((_, c) => mean(of(c).map((value) => (value - means[c]) ** 2)));
          return x.map((value, i) => {
            const c = i % channels;
            return (gamma[c] * (value - means[c])) / Math.sqrt(variances[c] + 0.1) + beta[c];
          });
        };
        const operator: Operator = {
          type: "BATCH_NORMALIZATION",
          inputs: [0, 1, 2, 3, 4],
          outputs: [5],
          options: { epsilon: 0.1, momentum: 0.9 },
        };
        const tensors = [tensor, perChannel, perChannel, perChannel, perChannel, tensor];
        check({ operator, tensors, definition }, parts, randomOf(seed), (input) => input < 3);
      }),
      { numRuns: 60 },
    );
  });
});
