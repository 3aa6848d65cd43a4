import * as fc from "fast-check";
import { createRandom } from "../../../src/dataset/random";
import type { FusedActivation, Operator, Quantization, Tensor } from "../../../src/model/model";
import { assemble, computed, constant, type Kind, one, PLAIN, type Samples } from "./random-model";

/** Weights of one scale, of one for each output, with a zero point, or computed: then they are the model's second input. */
export type Weights = "plain" | "per channel" | "zero point" | "computed";

/** Random fully connected layers. */
export function anyDense(kind: Kind, weights: Weights): fc.Arbitrary<Samples> {
  return fc
    .record(
      {
        batch: fc.integer({ min: 1, max: 4 }),
        inputs: fc.integer({ min: 1, max: 90 }),
        outputs: fc.integer({ min: 1, max: 20 }),
        keepNumDims: fc.boolean(),
        activation: fc.constantFrom<FusedActivation>("NONE", "RELU", "RELU_N1_TO_1", "RELU6"),
        seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
        zeroPoint: fc.integer({ min: -128, max: 127 }),
        outputZeroPoint: fc.integer({ min: -128, max: 127 }),
        scale: fc.double({ min: 0.002, max: 0.1, noNaN: true }),
        bias: fc.constantFrom("none", "constant", "constant", "narrow"),
        samples: fc.integer({ min: 1, max: 3 }),
      },
      PLAIN,
    )
    .map(({ batch, inputs, outputs, keepNumDims, activation, ...numbers }) => {
      const { uniform } = createRandom(numbers.seed);
      const isInt16 = kind === "int16";
      const isFloat = kind === "float32";
      const from = one(isInt16 ? numbers.scale / 256 : numbers.scale, isInt16 ? 0 : numbers.zeroPoint);
      const scales = Array.from({ length: weights === "per channel" ? outputs : 1 }, () =>
        Math.fround(0.002 + 0.01 * uniform()),
      );
      const zeroPoint = weights === "zero point" ? Math.round(40 * uniform()) - 20 : 0;
      const by: Quantization = { scales, zeroPoints: scales.map(() => zeroPoint), axis: 0 };
      const added = {
        scales: scales.map((scale) => Math.fround(scale * from.scales[0])),
        zeroPoints: scales.map(() => 0),
        axis: 0,
      };
      const spread = from.scales[0] * Math.max(...scales) * Math.sqrt(inputs) * 6000 * (isInt16 ? 256 : 1);
      const to = one(spread / (isInt16 ? 20000 : 80), isInt16 ? 0 : numbers.outputZeroPoint);
      const wide = numbers.bias === "narrow" ? "int32" : "int64";
      const shape = keepNumDims ? [1, batch, inputs] : [batch, inputs];
      const type = isFloat ? "float32" : "int8";
      const tensors: Tensor[] = [
        computed("input", kind, shape, from),
        weights === "computed"
          ? computed("weights", type, [outputs, inputs], by)
          : constant("weights", type, [outputs, inputs], by, uniform),
        computed("output", kind, [...shape.slice(0, -1), outputs], to),
        ...(numbers.bias === "none"
          ? []
          : [constant("bias", isFloat ? "float32" : isInt16 ? wide : "int32", [outputs], added, uniform)]),
      ];
      const operator: Operator = {
        type: "FULLY_CONNECTED",
        inputs: numbers.bias === "none" ? [0, 1, -1] : [0, 1, 3],
        outputs: [2],
        options: { activation, ...(keepNumDims && { keepNumDims }) },
      };
      const elements = batch * inputs + (weights === "computed" ? outputs * inputs : 0);
      const { model, input } = assemble(operator, tensors, numbers.samples * elements, uniform);
      return { model: weights === "computed" ? { ...model, inputs: [0, 1] } : model, input };
    });
}
