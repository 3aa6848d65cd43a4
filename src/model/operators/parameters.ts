import { TinymlError } from "../../errors";
import type { Tensor, TensorData, TensorType } from "../model";
import type { TypeSignature } from "./operator-rule";

/*
 * Parameters that a file keeps as constant tensors of int32 or int64 (axes, paddings, sizes, …), and the element types of
 * operators that move elements without looking at them.
 */

/** The element types that can be moved: what takes one, two, four or eight bytes. */
export const MOVED_TYPES: readonly TensorType[] = ["float32", "int8", "int16", "int32", "int64", "uint8", "bool"];

const PARAMETER_TYPES = ["int32", "int64"] as const;

/**
 * The signatures of an operator that moves elements of any type, with parameters of int32 or int64.
 * @param inputs the types of the inputs, for the type of the elements and that of the parameters
 */
export function movingTypes(
  inputs: (element: TensorType, parameter: TensorType) => readonly TensorType[],
): readonly TypeSignature[] {
  return MOVED_TYPES.flatMap((element) =>
    PARAMETER_TYPES.map((parameter): TypeSignature => [inputs(element, parameter), [element]]),
  );
}

/** The whole numbers of a constant; none of one that is left out or not of int32 or int64. */
export function wholeNumbers(data: TensorData | undefined): number[] {
  if (data instanceof Int32Array) return [...data];
  return data instanceof BigInt64Array ? Array.from(data, Number) : [];
}

/** The one whole number of a constant; NaN where it has none or several. */
export function singleNumber(data: TensorData | undefined): number {
  const [value, ...others] = wholeNumbers(data);
  return value !== undefined && others.length === 0 ? value : Number.NaN;
}

/**
 * An axis as a number from 0: below 0 it counts from the end.
 * @returns a sentence where the shape does not have it
 */
export function resolveAxis(shape: readonly number[], axis: number): number | string {
  const from0 = axis < 0 ? axis + shape.length : axis;
  return from0 >= 0 && from0 < shape.length ? from0 : `its input [${shape}] has no axis ${axis}`;
}

/**
 * What `shapes` of a rule has accepted, once more for the kernel's call.
 * @throws TinymlError TINYML_MODEL_INVALID with the sentence that it would be refused with
 */
export function accepted<Value>(value: Value | string): Value {
  if (typeof value !== "string") return value;
  throw new TinymlError("TINYML_MODEL_INVALID", `The model is damaged: in one of its operators, ${value}.`);
}

/** Where the real value 0 lies in a tensor's stored numbers. */
export function zeroPointOf({ quantization }: Tensor): number {
  return quantization?.zeroPoints[0] ?? 0;
}
