import type { Tensor, TensorArrays, TensorData, TensorType } from "./model";

/** Bytes of one element of each tensor type. */
const ELEMENT_BYTES: Readonly<Record<TensorType, number>> = {
  float32: 4,
  float16: 2,
  int8: 1,
  uint8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  bool: 1,
};

const OVER_BUFFER: { readonly [T in TensorType]: (buffer: ArrayBuffer) => TensorArrays[T] } = {
  float32: (buffer) => new Float32Array(buffer),
  float16: (buffer) => new Uint16Array(buffer),
  int8: (buffer) => new Int8Array(buffer),
  uint8: (buffer) => new Uint8Array(buffer),
  int16: (buffer) => new Int16Array(buffer),
  int32: (buffer) => new Int32Array(buffer),
  int64: (buffer) => new BigInt64Array(buffer),
  bool: (buffer) => new Uint8Array(buffer),
};

/** Bytes of one element. */
export function elementBytes(type: TensorType): number {
  return ELEMENT_BYTES[type];
}

/** The number of elements of a shape: the product of its dimensions, 1 for a scalar's empty shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** Bytes of all elements of a tensor. */
export function tensorBytes({ shape, type }: Tensor): number {
  return elementCount(shape) * elementBytes(type);
}

/** The byte of which the real value 0 consists: the zero point of 8 bit elements, else 0. */
export function zeroByte({ type, quantization }: Tensor): number {
  return type === "int8" || type === "uint8" ? (quantization?.zeroPoints[0] ?? 0) : 0;
}

/** A typed array of the tensor type over all of `buffer`, whose length must be a multiple of the element's bytes. */
export function tensorDataOver<T extends TensorType>(type: T, buffer: ArrayBuffer): TensorArrays[T] {
  return OVER_BUFFER[type](buffer);
}

/** True when `data` is the kind of typed array that holds elements of `type`. */
export function isTensorDataOf(type: TensorType, data: TensorData): boolean {
  return tensorDataOver(type, new ArrayBuffer(0)).constructor === data.constructor;
}

/** Whether constants of the type may have no elements: a list of axes or sizes can be empty. */
export function mayBeEmpty(type: TensorType): boolean {
  return type === "int32" || type === "int64";
}

/** The lowest and the highest zero point that a quantized tensor of this type can have. */
export function zeroPointRange(type: TensorType): readonly [low: number, high: number] {
  switch (type) {
    case "int8":
      return [-128, 127];
    case "uint8":
      return [0, 255];
    case "int16":
      return [-32768, 32767];
    default:
      return [-2147483648, 2147483647];
  }
}
