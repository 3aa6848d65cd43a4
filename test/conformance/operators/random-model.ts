import type { Model, Operator, Quantization, Tensor, TensorData } from "../../../src/model/model";
import { elementCount } from "../../../src/model/tensor";

/* The parts that generators of random models of a single operator are made of. */

/** A model, and samples for its one input back to back. */
export interface Samples {
  model: Model;
  input: Float32Array | Int8Array | Int16Array;
}

/** Element types of what is computed. */
export type Kind = "float32" | "int8" | "int16";

export const PLAIN = { noNullPrototype: true };

/** One scale, as a file can hold it, and its zero point. */
export function one(scale: number, zeroPoint: number): Quantization {
  return { scales: [Math.fround(scale)], zeroPoints: [zeroPoint], axis: 0 };
}

/** A tensor that is computed. */
export function computed(name: string, type: Kind, shape: readonly number[], quantization: Quantization): Tensor {
  return type === "float32" ? { name, type, shape } : { name, type, shape, quantization };
}

/** A constant of random numbers. */
export function constant(
  name: string,
  type: Kind | "int32" | "int64",
  shape: readonly number[],
  quantization: Quantization,
  uniform: () => number,
): Tensor {
  const tensor: Tensor = { name, type, shape, data: numbers(type, elementCount(shape), uniform) };
  return type === "float32" ? tensor : { ...tensor, quantization };
}

/** Numbers over all of int8, int16, or what sums of a few products reach. */
function numbers(type: Kind | "int32" | "int64", length: number, uniform: () => number): TensorData {
  const whole = (most: number) => Math.round((2 * uniform() - 1) * most);
  switch (type) {
    case "float32":
      return Float32Array.from({ length }, () => 2 * uniform() - 1);
    case "int8":
      return Int8Array.from({ length }, () => whole(127));
    case "int16":
      return Int16Array.from({ length }, () => whole(32767));
    case "int32":
      return Int32Array.from({ length }, () => whole(20000));
    case "int64":
      return BigInt64Array.from({ length }, () => BigInt(whole(5000000)));
  }
}

/** The model of an operator whose first input is tensor `filled`, and `length` random elements for it. */
export function assemble(
  operator: Operator,
  tensors: Tensor[],
  length: number,
  uniform: () => number,
  filled = 0,
): Samples {
  const { type } = tensors[filled];
  const model: Model = {
    description: "",
    tensors,
    operators: [operator],
    inputs: [filled],
    outputs: [...operator.outputs],
  };
  switch (type) {
    case "int8":
      return { model, input: Int8Array.from({ length }, () => Math.floor(256 * uniform()) - 128) };
    case "int16":
      return { model, input: Int16Array.from({ length }, () => Math.floor(65536 * uniform()) - 32768) };
    default:
      return { model, input: Float32Array.from({ length }, () => 2 * uniform() - 1) };
  }
}
