import * as fc from "fast-check";
import type { FusedActivation, TensorType } from "../../../src/model/model";
import { assemble, type Case, one } from "./elements";

/* Random models of arithmetic between two tensors, and inputs for them. */

export type Arithmetic =
  | "ADD"
  | "SUB"
  | "MUL"
  | "DIV"
  | "MAXIMUM"
  | "MINIMUM"
  | "SQUARED_DIFFERENCE"
  | "FLOOR_DIV"
  | "FLOOR_MOD"
  | "PRELU";

const PLAIN = { noNullPrototype: true };

const anyShape = fc.record(
  {
    sizes: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 5 }),
    /** The last size is often large enough for vectors. */
    last: fc.integer({ min: 1, max: 40 }),
    /** What an operand has of the shape: 0 drops the dimensions up to here, 1 repeats along this one. */
    first: fc.array(fc.constantFrom("all", "all", "repeated"), { minLength: 5, maxLength: 5 }),
    second: fc.array(fc.constantFrom("all", "all", "repeated"), { minLength: 5, maxLength: 5 }),
    dropped: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
    repeats: fc.boolean(),
  },
  PLAIN,
);

const anyScales = fc.record(
  {
    scales: fc.tuple(...[0, 1, 2].map(() => fc.double({ min: -6, max: 0, noNaN: true }).map((e) => 10 ** e))),
    zeroPoints: fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: -128, max: 127 }))),
    /** How far the results spread over the output's range. */
    spread: fc.double({ min: 0.3, max: 2, noNaN: true }),
  },
  PLAIN,
);

export function anyArithmetic(type: Arithmetic, element: TensorType): fc.Arbitrary<Case> {
  return fc
    .record({
      shape: anyShape,
      numbers: anyScales,
      constant: fc.constantFrom("none", "second", "first"),
      activation: fc.constantFrom<FusedActivation>("NONE", "RELU", "RELU_N1_TO_1", "RELU6"),
      seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    })
    .map(({ shape, numbers, constant, activation, seed }) => {
      const sizes = shape.sizes.length === 0 ? [] : [...shape.sizes.slice(0, -1), shape.last];
      const [a, b] = shape.repeats
        ? ([0, 1] as const).map((i) => operand(sizes, [shape.first, shape.second][i], shape.dropped[i]))
        : [sizes, sizes];
      const first = type === "PRELU" ? sizes : a;
      const isConstant = (which: "first" | "second") => (type === "PRELU" ? which === "second" : constant === which);
      const scales = scalesOf(type, element, numbers);
      return assemble(
        type,
        optionsOf(type, activation),
        [
          {
            type: element,
            shape: first,
            quantization: scales?.[0],
            constant: isConstant("first"),
            ...rangeOf(element),
          },
          {
            // PRELU's slopes of int16 numbers are int8
            type: type === "PRELU" && element === "int16" ? "int8" : element,
            shape: b,
            quantization: scales?.[1],
            constant: isConstant("second"),
            ...(isDivision(type) ? divisorsOf(element, seed) : rangeOf(element)),
          },
        ],
        { type: element, quantization: scales?.[2] },
        seed,
      );
    })
    .filter((found) => found !== undefined);
}

function optionsOf(type: Arithmetic, activation: FusedActivation) {
  if (type === "ADD" || type === "SUB") return { activation, powerOfTwoScales: false };
  return type === "MUL" || type === "DIV" ? { activation } : {};
}

/** Whole numbers whose products wrap around now and then. */
function rangeOf(element: TensorType) {
  return element === "int32" ? ({ range: [-100000, 100000] } as const) : {};
}

function isDivision(type: Arithmetic): boolean {
  return type === "FLOOR_DIV" || type === "FLOOR_MOD";
}

/** All above 0 or all below, because runtimes refuse to divide by 0. */
function divisorsOf(element: TensorType, seed: number) {
  if (element !== "int32") return {};
  return { range: seed % 2 === 0 ? ([1, 3000] as const) : ([-3000, -1] as const) };
}

function operand(sizes: readonly number[], kinds: readonly string[], dropped: number): number[] {
  return sizes.map((size, axis) => (kinds[axis] === "repeated" ? 1 : size)).slice(Math.min(dropped, sizes.length));
}

/** The scales of both operands and the output; undefined for what has none. */
function scalesOf(
  type: Arithmetic,
  element: TensorType,
  { scales, zeroPoints, spread }: typeof anyScales extends fc.Arbitrary<infer V> ? V : never,
) {
  if (element !== "int8" && element !== "int16") return undefined;
  const [a, b] = scales;
  const [za, zb, zo] = element === "int16" ? [0, 0, 0] : zeroPoints;
  if (type === "MAXIMUM" || type === "MINIMUM") return [one(a, za), one(a, za), one(a, za)];
  // most results lie within so many stored numbers of the zero point
  const steps = element === "int8" ? 128 : 32768;
  // MUL with factors of up to 2
  const by = type === "PRELU" ? 128 : steps;
  const largest = {
    ADD: a + b,
    SUB: a + b,
    MUL: a * b * steps,
    DIV: 1,
    FLOOR_DIV: 1,
    FLOOR_MOD: 1,
    SQUARED_DIFFERENCE: (a + b) ** 2 * steps,
    PRELU: Math.max(a, a * b * by),
  }[type];
  return [one(a, za), one(b, zb), one(largest * spread, zo)];
}
