import * as fc from "fast-check";
import { createRandom } from "../../../src/dataset/random";
import type { FusedActivation, Operator, Padding, Quantization, Tensor } from "../../../src/model/model";
import { slideWindow } from "../../../src/model/window";
import { assemble, computed, constant, one, PLAIN, type Samples } from "./random-model";

/* Random layers of int16 activations. */

const side = fc.integer({ min: 1, max: 8 });
const small = fc.integer({ min: 1, max: 4 });
const pair = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }));
const anyWindow = fc.record(
  {
    batch: fc.integer({ min: 1, max: 2 }),
    height: side,
    width: side,
    inputs: fc.integer({ min: 1, max: 8 }),
    window: fc.tuple(small, small),
    strides: pair,
    padding: fc.constantFrom<Padding>("SAME", "VALID"),
    activation: fc.constantFrom<FusedActivation>("NONE", "RELU", "RELU_N1_TO_1", "RELU6"),
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    scale: fc.double({ min: 0.00001, max: 0.0005, noNaN: true }),
  },
  PLAIN,
);

/** CONV_2D (with one group or several) or DEPTHWISE_CONV_2D. */
export function anyInt16Convolution(type: "CONV_2D" | "DEPTHWISE_CONV_2D"): fc.Arbitrary<Samples> {
  return fc
    .record({
      place: anyWindow,
      groups: fc.constantFrom(1, 1, 2),
      outputs: fc.integer({ min: 1, max: 6 }),
      dilation: pair,
      perChannel: fc.boolean(),
      // TensorFlow Lite Micro computes depthwise ones with int64 only
      bias:
        type === "CONV_2D"
          ? fc.constantFrom("int64", "int32", "none", "none, int32")
          : fc.constantFrom("int64", "none"),
    })
    .map(({ place, groups, outputs, dilation, perChannel, bias }) => {
      const { batch, height, width, padding, activation } = place;
      const { uniform } = createRandom(place.seed);
      const depthwise = type === "DEPTHWISE_CONV_2D";
      const inputs = depthwise ? place.inputs : place.inputs * groups;
      const channels = depthwise ? inputs * (1 + (outputs % 3)) : outputs * groups;
      const options = {
        padding,
        activation,
        strideHeight: place.strides[0],
        strideWidth: place.strides[1],
        dilationHeight: dilation[0],
        dilationWidth: dilation[1],
      };
      const slid = slideWindow([height, width, inputs], place.window, channels, options);
      if (typeof slid === "string") return undefined;
      const from = one(place.scale, 0);
      const scales = Array.from({ length: perChannel ? channels : 1 }, () => Math.fround(0.002 + 0.01 * uniform()));
      const by: Quantization = {
        scales,
        zeroPoints: scales.map(() => 0),
        axis: scales.length > 1 && depthwise ? 3 : 0,
      };
      const added = {
        scales: scales.map((scale) => Math.fround(scale * from.scales[0])),
        zeroPoints: scales.map(() => 0),
        axis: 0,
      };
      const terms = place.window[0] * place.window[1] * (depthwise ? 1 : place.inputs);
      const to = one((from.scales[0] * Math.max(...scales) * Math.sqrt(terms) * 1500000) / 20000, 0);
      const shape = depthwise ? [1, ...place.window, channels] : [channels, ...place.window, place.inputs];
      const hasBias = bias === "int64" || bias === "int32";
      const tensors: Tensor[] = [
        computed("input", "int16", [batch, height, width, inputs], from),
        constant("weights", "int8", shape, by, uniform),
        computed("output", "int16", [batch, slid.outputHeight, slid.outputWidth, channels], to),
        ...(hasBias ? [constant("bias", bias === "int32" ? "int32" : "int64", [channels], added, uniform)] : []),
      ];
      const operator = {
        type,
        inputs: hasBias ? [0, 1, 3] : [0, 1],
        outputs: [2],
        options: {
          ...options,
          ...(depthwise && { depthMultiplier: channels / inputs }),
          ...(bias === "none, int32" && { quantizedBiasType: "int32" }),
        },
        // the options are those of `type`
      } as Operator;
      return assemble(operator, tensors, batch * height * width * inputs, uniform);
    })
    .filter((sample) => sample !== undefined);
}

export function anyInt16Pool(type: "AVERAGE_POOL_2D" | "MAX_POOL_2D"): fc.Arbitrary<Samples> {
  return anyWindow
    .map(({ batch, height, width, inputs, window, strides, padding, activation, seed, scale }) => {
      const [filterHeight, filterWidth] = window;
      const options = { padding, activation, strideHeight: strides[0], strideWidth: strides[1] };
      const slid = slideWindow([height, width, inputs], window, inputs, options);
      if (typeof slid === "string") return undefined;
      const quantization = one(scale, 0);
      const tensors = [
        computed("input", "int16", [batch, height, width, inputs], quantization),
        computed("output", "int16", [batch, slid.outputHeight, slid.outputWidth, inputs], quantization),
      ];
      const operator: Operator = {
        type,
        inputs: [0],
        outputs: [1],
        options: { ...options, filterHeight, filterWidth },
      };
      return assemble(operator, tensors, batch * height * width * inputs, createRandom(seed).uniform);
    })
    .filter((sample) => sample !== undefined);
}

/** LOGISTIC or TANH of an input whose scale is a power of two or not. */
export function anyInt16Curve(type: "LOGISTIC" | "TANH"): fc.Arbitrary<Samples> {
  const anyScale = fc.oneof(
    fc.integer({ min: -16, max: -8 }).map((power) => 2 ** power),
    fc.double({ min: 0.00001, max: 1.5, noNaN: true }),
  );
  const anySeed = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  return fc.tuple(anyScale, fc.integer({ min: 1, max: 200 }), anySeed).map(([scale, length, seed]) => {
    const tensors = [
      computed("input", "int16", [1, length], one(scale, 0)),
      computed("output", "int16", [1, length], one(2 ** -15, 0)),
    ];
    const operator: Operator = { type, inputs: [0], outputs: [1], options: {} };
    return assemble(operator, tensors, length, createRandom(seed).uniform);
  });
}

/** SOFTMAX, whose rows come from int8 too. */
export function anyInt16Softmax(from: "int8" | "int16"): fc.Arbitrary<Samples> {
  return fc
    .record({
      shape: fc.tuple(small, fc.integer({ min: 1, max: 60 })),
      beta: fc.constantFrom(1, 0.5, 2),
      // from rows in which all classes are alike to rows with one that has it all
      range: fc.double({ min: 0.01, max: 60, noNaN: true }),
      zeroPoint: fc.integer({ min: -128, max: 127 }),
      seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    })
    .map(({ shape, beta, range, zeroPoint, seed }) => {
      const input = from === "int8" ? one(range / 256, zeroPoint) : one(range / 65536, 0);
      const tensors = [
        computed("input", from, shape, input),
        computed("output", "int16", shape, from === "int8" ? one(2 ** -16, -32768) : one(2 ** -15, 0)),
      ];
      const operator: Operator = { type: "SOFTMAX", inputs: [0], outputs: [1], options: { beta: Math.fround(beta) } };
      return assemble(operator, tensors, shape[0] * shape[1], createRandom(seed).uniform);
    });
}
