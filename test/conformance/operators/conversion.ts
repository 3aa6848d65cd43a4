import * as fc from "fast-check";
import type { TensorType } from "../../../src/model/model";
import { zeroPointRange } from "../../../src/model/tensor";
import { assemble, type Case, one } from "./elements";

/* Random models of QUANTIZE, DEQUANTIZE and CAST, and inputs for them. */

const PLAIN = { noNullPrototype: true };

const anyEnds = fc.record(
  {
    shape: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
    scale: fc.double({ min: -4, max: 0, noNaN: true }).map((exponent) => 10 ** exponent),
    /** The output's scale by the input's, for a range of the same size. */
    ratio: fc.oneof(fc.constant(1), fc.double({ min: 0.2, max: 3, noNaN: true })),
    /** Where in its range each zero point is. */
    zeroPoints: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  },
  PLAIN,
);

export function anyConversion(
  type: "QUANTIZE" | "DEQUANTIZE" | "CAST",
  from: TensorType,
  to: TensorType,
): fc.Arbitrary<Case> {
  return anyEnds
    .map(({ shape, scale, ratio, zeroPoints, seed }) => {
      const steps = stepsOf(to) === 1 || stepsOf(from) === 1 ? 1 : stepsOf(from) / stepsOf(to);
      const [input, output] =
        type === "CAST"
          ? []
          : [quantizationOf(from, scale, zeroPoints[0]), quantizationOf(to, scale * ratio * steps, zeroPoints[1])];
      // floats beyond the ends of the output's range, too
      const range = type === "CAST" ? 100 : 0.7 * stepsOf(to) * scale * ratio;
      return assemble(
        type,
        {},
        [{ type: from, shape, quantization: input, range: [-range, range] }],
        { type: to, quantization: output },
        seed,
      );
    })
    .filter((found) => found !== undefined);
}

/** How many numbers a type has; 1 for what has no scale. */
function stepsOf(type: TensorType): number {
  if (type === "int16") return 65536;
  return type === "int8" || type === "uint8" ? 256 : 1;
}

function quantizationOf(type: TensorType, scale: number, place: number) {
  if (type === "float32") return undefined;
  if (type === "int16" || type === "int32") return one(scale, 0);
  const [low, high] = zeroPointRange(type);
  return one(scale, Math.round(low + place * (high - low)));
}
