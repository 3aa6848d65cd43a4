import * as fc from "fast-check";
import { createRandom } from "../../../src/dataset/random";
import type { FusedActivation, Operator, Padding, Quantization, Tensor } from "../../../src/model/model";
import { assemble, computed, constant, type Kind, one, PLAIN, type Samples } from "./random-model";

/* Random transposed convolutions. */

const side = fc.integer({ min: 1, max: 6 });
const small = fc.integer({ min: 1, max: 4 });

export function anyTransposeConvolution(kind: Kind): fc.Arbitrary<Samples> {
  return fc
    .record(
      {
        picture: fc.tuple(fc.integer({ min: 1, max: 2 }), side, side),
        inputs: fc.integer({ min: 1, max: 9 }),
        outputs: fc.integer({ min: 1, max: 9 }),
        window: fc.tuple(small, small),
        padding: fc.constantFrom<Padding>("SAME", "VALID"),
        strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
        activation: fc.constantFrom<FusedActivation>("NONE", "RELU", "RELU_N1_TO_1", "RELU6"),
        more: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
        seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
        zeroPoint: fc.integer({ min: -128, max: 127 }),
        outputZeroPoint: fc.integer({ min: -128, max: 127 }),
        scale: fc.double({ min: 0.002, max: 0.1, noNaN: true }),
        perChannel: fc.boolean(),
        hasBias: fc.boolean(),
      },
      PLAIN,
    )
    .map(({ picture, inputs, outputs, window, padding, strides, activation, more, ...numbers }) => {
      const { uniform } = createRandom(numbers.seed);
      const [batch, height, width] = picture;
      // all sizes of which a convolution makes the input's
      const [outHeight, outWidth] = [height, width].map((size, i) => {
        const extra = more[i] % strides[i];
        return padding === "SAME" ? size * strides[i] - extra : (size - 1) * strides[i] + window[i] + extra;
      });
      const isInt16 = kind === "int16";
      const from = one(isInt16 ? numbers.scale / 256 : numbers.scale, isInt16 ? 0 : numbers.zeroPoint);
      const scales = Array.from({ length: numbers.perChannel ? outputs : 1 }, () =>
        Math.fround(0.002 + 0.01 * uniform()),
      );
      const by: Quantization = { scales, zeroPoints: scales.map(() => 0), axis: 0 };
      const added: Quantization = { ...by, scales: scales.map((scale) => Math.fround(scale * from.scales[0])) };
      const spread = from.scales[0] * Math.max(...scales) * Math.sqrt(inputs) * 9000;
      const to = one(spread / 100, isInt16 ? 0 : numbers.outputZeroPoint);
      const weights = kind === "float32" ? "float32" : "int8";
      const bias = kind === "float32" ? "float32" : kind === "int8" ? "int32" : "int64";
      const shape = [batch, outHeight, outWidth, outputs];
      const tensors: Tensor[] = [
        { name: "output shape", type: "int32", shape: [4], data: Int32Array.from(shape) },
        constant("weights", weights, [outputs, ...window, inputs], by, uniform),
        computed("input", kind, [...picture, inputs], from),
        constant("bias", bias, [outputs], added, uniform),
        computed("output", kind, shape, to),
      ];
      const operator: Operator = {
        type: "TRANSPOSE_CONV",
        inputs: numbers.hasBias ? [0, 1, 2, 3] : [0, 1, 2],
        outputs: [4],
        options: { padding, strideHeight: strides[0], strideWidth: strides[1], activation },
      };
      return assemble(operator, tensors, batch * height * width * inputs, uniform, 2);
    });
}
