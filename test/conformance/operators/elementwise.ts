import * as fc from "fast-check";
import type { OperatorType, TensorType } from "../../../src/model/model";
import { assemble, type Case, one } from "./elements";

/* Random models of functions of one number, and inputs for them. */

const PLAIN = { noNullPrototype: true };

const anyFunction = fc.record(
  {
    shape: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
    scale: fc.double({ min: -4, max: 0, noNaN: true }).map((exponent) => 10 ** exponent),
    /** The output's scale by the input's. */
    ratio: fc.oneof(fc.constant(1), fc.double({ min: 0.2, max: 3, noNaN: true })),
    zeroPoints: fc.tuple(fc.integer({ min: -128, max: 127 }), fc.integer({ min: -128, max: 127 })),
    alpha: fc.double({ min: -1.5, max: 1.5, noNaN: true }).map((alpha) => Math.fround(alpha) + 0),
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  },
  PLAIN,
);

/** Where a function is defined; elsewhere all give NaN or infinity. */
const POSITIVE: readonly OperatorType[] = ["SQRT", "RSQRT", "LOG"];

export function anyElementwise(type: OperatorType, element: TensorType): fc.Arbitrary<Case> {
  return anyFunction
    .map(({ shape, scale, ratio, zeroPoints, alpha, seed }) => {
      const [from, to] = element === "int16" ? [0, 0] : zeroPoints;
      const quantized = element !== "float32";
      const input = quantized ? one(scale, from) : undefined;
      const mapped = type === "L2_NORMALIZATION" ? one(1 / 128, 0) : one(scale * ratio, ratio === 1 ? from : to);
      const output = quantized ? mapped : undefined;
      return assemble(
        type,
        type === "LEAKY_RELU" ? { alpha } : {},
        [{ type: element, shape, quantization: input, range: POSITIVE.includes(type) ? [0.001, 50] : [-8, 8] }],
        { type: element, quantization: output },
        seed,
      );
    })
    .filter((found) => found !== undefined);
}
