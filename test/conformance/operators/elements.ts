import { createRandom } from "../../../src/dataset/random";
import type { Model, Operator, Quantization, Tensor, TensorData, TensorType } from "../../../src/model/model";
import { operatorRule } from "../../../src/model/operators";
import { elementCount, tensorDataOver, zeroPointRange } from "../../../src/model/tensor";
import { bytesOf } from "../run-samples";

/* What the random models of element-wise operators are made of. */

/** A model of one operator, and what its inputs are given, in the model's order. */
export interface Case {
  model: Model;
  inputs: readonly TensorData[];
}

/** A tensor to be filled with random numbers: a constant, or what the model is given. */
export interface Described {
  type: TensorType;
  shape: readonly number[];
  quantization?: Quantization | undefined;
  constant?: boolean;
  /** The range of floats, or of whole numbers without scale. */
  range?: readonly [low: number, high: number];
}

/** A scale, as a file can hold it, and a zero point. */
export function one(scale: number, zeroPoint: number): Quantization {
  return { scales: [Math.fround(scale)], zeroPoints: [zeroPoint], axis: 0 };
}

/** The model of an operator over these inputs; undefined where its shapes do not fit. */
export function assemble(
  type: Operator["type"],
  options: Operator["options"],
  inputs: readonly Described[],
  output: Pick<Described, "type" | "quantization">,
  seed: number,
): Case | undefined {
  const tensors = inputs.map(({ type: element, shape, quantization, constant, range }, i): Tensor => {
    const tensor = { name: `input ${i + 1}`, type: element, shape, ...(quantization && { quantization }) };
    return constant ? { ...tensor, data: randomData(element, elementCount(shape), seed + i, range) } : tensor;
  });
  // `options` are those of `type` by the callers
  const operator = { type, inputs: tensors.map((_, i) => i), outputs: [tensors.length], options } as Operator;
  const shapes = operatorRule(operator.type).shapes(
    tensors.map(({ shape }) => shape),
    operator.options,
    tensors.map(({ data }) => data),
    [],
  );
  if (typeof shapes === "string") return undefined;
  const { quantization } = output;
  const result: Tensor = { name: "output", type: output.type, shape: shapes[0], ...(quantization && { quantization }) };
  const given = tensors.flatMap(({ data }, i) => (data === undefined ? [i] : []));
  return {
    model: {
      description: "",
      tensors: [...tensors, result],
      operators: [operator],
      inputs: given,
      outputs: [tensors.length],
    },
    inputs: given.map((i) => {
      const { type: element, shape, range } = inputs[i];
      return randomData(element, elementCount(shape), seed + i, range);
    }),
  };
}

/** Random numbers over the whole range of an integer type, or over the given range. */
export function randomData(
  type: TensorType,
  count: number,
  seed: number,
  range: readonly [low: number, high: number] = [-8, 8],
): TensorData {
  const { uniform } = createRandom(seed);
  const isStored = type === "int8" || type === "uint8" || type === "int16";
  const [low, high] = isStored ? zeroPointRange(type) : range;
  const wide = type === "float32" ? high - low : high - low + 1;
  const values = Array.from({ length: count }, () => low + uniform() * wide);
  if (type === "float32") return Float32Array.from(values);
  const data = tensorDataOver(
    type,
    new ArrayBuffer(count * tensorDataOver(type, new ArrayBuffer(0)).BYTES_PER_ELEMENT),
  );
  if (!(data instanceof BigInt64Array)) data.set(values.map(Math.floor));
  return data;
}

/** The bytes of several tensors, one after the other. */
export function joined(tensors: readonly TensorData[]): Uint8Array {
  return new Uint8Array(Buffer.concat(tensors.map(bytesOf)));
}
