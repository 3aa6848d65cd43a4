import * as fc from "fast-check";
import { createRandom } from "../../../src/dataset/random";
import type { Model, Operator, ResizeOptions, Tensor, TensorType } from "../../../src/model/model";
import { operatorRule } from "../../../src/model/operators";
import { elementCount } from "../../../src/model/tensor";

/* Random models of a single reduction or resizing, with an input for them. */

export interface ReducingSample {
  described: Described;
  model: Model;
  input: Float32Array | Int8Array | Int16Array;
}

export type ReducedType = "float32" | "int8" | "int16";

const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });

type Any = (type: ReducedType) => fc.Arbitrary<ReducingSample>;

/** A generator for each operator. */
export const REDUCING_OPERATORS: Readonly<Record<string, Any>> = {
  MEAN: (type) => anyReduction("MEAN", type),
  SUM: (type) => anyReduction("SUM", type),
  REDUCE_MAX: (type) => anyReduction("REDUCE_MAX", type),
  REDUCE_MIN: (type) => anyReduction("REDUCE_MIN", type),
  ARG_MAX: (type) => anyPlace("ARG_MAX", type),
  ARG_MIN: (type) => anyPlace("ARG_MIN", type),
  RESIZE_NEAREST_NEIGHBOR: (type) => anyResizing("RESIZE_NEAREST_NEIGHBOR", type),
  RESIZE_BILINEAR: (type) => anyResizing("RESIZE_BILINEAR", type),
};

function anyReduction(operatorType: "MEAN" | "SUM" | "REDUCE_MAX" | "REDUCE_MIN", type: ReducedType) {
  return fc
    .record({
      shape: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }),
      axes: fc.array(fc.integer({ min: -6, max: 5 }), { minLength: 1, maxLength: 4 }),
      keepDims: fc.boolean(),
      scaleRatio: fc.double({ min: 0.3, max: 3, noNaN: true }),
      start: seed,
    })
    .map(({ shape, axes, keepDims, scaleRatio, start }) => {
      const from0 = [...new Set(axes.map((axis) => ((axis % shape.length) + shape.length) % shape.length))];
      const signed = from0.map((axis, i) => (i % 2 === 0 ? axis : axis - shape.length));
      const options = keepDims ? { keepDims } : {};
      const operator: Operator = { type: operatorType, inputs: [0, 1], outputs: [2], options };
      const computes = operatorType === "MEAN" || operatorType === "SUM";
      return assemble(operator, type, type, shape, signed, [signed.length], computes ? scaleRatio : 1, start);
    });
}

function anyPlace(operatorType: "ARG_MAX" | "ARG_MIN", type: ReducedType) {
  return fc
    .record({
      shape: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 4 }),
      place: fc.nat(3),
      fromEnd: fc.boolean(),
      start: seed,
    })
    .map(({ shape, place, fromEnd, start }) => {
      const axis = (place % shape.length) - (fromEnd ? shape.length : 0);
      const options = { outputType: "int32" as const };
      const operator: Operator = { type: operatorType, inputs: [0, 1], outputs: [2], options };
      return assemble(operator, type, "int32", shape, [axis], [], 1, start);
    });
}

function anyResizing(operatorType: "RESIZE_NEAREST_NEIGHBOR" | "RESIZE_BILINEAR", type: ReducedType) {
  const side = fc.integer({ min: 1, max: 12 });
  return fc
    .record({
      shape: fc.tuple(fc.integer({ min: 1, max: 2 }), side, side, fc.integer({ min: 1, max: 5 })),
      size: fc.tuple(side, side),
      options: fc.constantFrom<ResizeOptions>({}, { alignCorners: true }, { halfPixelCenters: true }),
      start: seed,
    })
    .map(({ shape, size, options, start }) => {
      const operator: Operator = { type: operatorType, inputs: [0, 1], outputs: [2], options };
      return assemble(operator, type, type, shape, size, [2], 1, start);
    });
}

/** All that a model of a reduction or resizing is made from: an input, a constant of int32, an output. */
export interface Described {
  operator: Operator;
  type: ReducedType;
  outputType: TensorType;
  shape: readonly number[];
  parameter: readonly number[];
  parameterShape: readonly number[];
  /** Of input and output, where these are quantized. */
  scales: readonly [number, number];
  zeroPoints: readonly [number, number];
}

export function describedModel(described: Described): Model {
  const { operator, type, outputType, shape, parameter, parameterShape, scales, zeroPoints } = described;
  const quantize = (tensor: Tensor, end: 0 | 1): Tensor => {
    if (type === "float32" || tensor.type === "int32") return tensor;
    return { ...tensor, quantization: { scales: [scales[end]], zeroPoints: [zeroPoints[end]], axis: 0 } };
  };
  const data = Int32Array.from(parameter);
  const shapes = operatorRule(operator.type).shapes([shape, parameterShape], operator.options, [undefined, data], []);
  if (typeof shapes === "string") throw new Error(`${JSON.stringify([operator, shape, parameter])}: ${shapes}`);
  return {
    description: "",
    tensors: [
      quantize({ name: "input", type, shape }, 0),
      { name: "parameter", type: "int32", shape: parameterShape, data },
      quantize({ name: "output", type: outputType, shape: shapes[0] }, 1),
    ],
    operators: [operator],
    inputs: [0],
    outputs: [2],
  };
}

function assemble(
  operator: Operator,
  type: ReducedType,
  outputType: TensorType,
  shape: readonly number[],
  parameter: readonly number[],
  parameterShape: readonly number[],
  scaleRatio: number,
  start: number,
): ReducingSample {
  const { uniform } = createRandom(start);
  const zeroPoint = () => (type === "int8" ? Math.floor(256 * uniform()) - 128 : 0);
  const scale = Math.fround(0.001 + 0.1 * uniform());
  const from = zeroPoint();
  const described: Described = {
    operator,
    type,
    outputType,
    shape,
    parameter,
    parameterShape,
    scales: [scale, Math.fround(scale * scaleRatio)],
    zeroPoints: [from, scaleRatio === 1 ? from : zeroPoint()],
  };
  const length = elementCount(shape);
  const values = Array.from({ length }, uniform);
  return { described, model: describedModel(described), input: inputOf(type, values) };
}

/** Numbers from 0 to 1 spread over the range of a type. */
function inputOf(type: ReducedType, values: readonly number[]): ReducingSample["input"] {
  if (type === "float32") return Float32Array.from(values, (value) => 2 * value - 1);
  if (type === "int8") return Int8Array.from(values, (value) => Math.floor(256 * value) - 128);
  return Int16Array.from(values, (value) => Math.floor(65536 * value) - 32768);
}
