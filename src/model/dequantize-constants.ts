import type { Model, Operator, Tensor } from "./model";
import { operatorRule } from "./operators";
import { elementCount } from "./tensor";

/**
 * Gives float operators float weights: constants that a file stores in int8 (a dynamic range model), uint8, int16 or
 * float16 become float32. TensorFlow Lite rounds the other operand of int8 weights to int8 at every run; this leaves it
 * as it is, which is nearer to the model that was trained. The model is otherwise unchanged.
 */
export function dequantizeConstants(model: Model): Model {
  const tensors = [...model.tensors];
  const replaced = new Map<number, number>();
  const floatOf = (index: number): number => {
    const found = replaced.get(index) ?? tensors.push(dequantize(model.tensors[index])) - 1;
    replaced.set(index, found);
    return found;
  };
  const operators = model.operators.map((operator): Operator => {
    const wanted = operatorRule(operator.type).types.find(([inputs, outputs]) => {
      return inputs.includes("float32") && outputs[0] === "float32";
    })?.[0];
    const computesFloats = operator.outputs.every((index) => model.tensors[index].type === "float32");
    if (wanted === undefined || !computesFloats) return operator;
    const inputs = operator.inputs.map((index, i) => {
      const tensor = model.tensors[index];
      const isStored = tensor?.data !== undefined && (tensor.type === "float16" || tensor.quantization !== undefined);
      const wantsFloats = wanted[Math.min(i, wanted.length - 1)] === "float32";
      return isStored && wantsFloats && tensor.type !== "float32" ? floatOf(index) : index;
    });
    return { ...operator, inputs };
  });
  return replaced.size === 0 ? model : { ...model, tensors, operators };
}

/** A constant in float32: scale × (stored − zero point), or what a float16's bits stand for. */
export function dequantize({ name, shape, type, data, quantization }: Tensor): Tensor {
  const count = elementCount(shape);
  const stored = data ?? new Float32Array(count);
  const { scales, zeroPoints, axis } = quantization ?? { scales: [1], zeroPoints: [0], axis: 0 };
  // elements that lie side by side before the channel changes, and how many channels there are
  const inner = elementCount(shape.slice(axis + 1));
  const channels = scales.length;
  const real = (i: number): number => {
    if (type === "float16") return float16(Number(stored[i]));
    const channel = channels === 1 ? 0 : Math.floor(i / inner) % channels;
    return scales[channel] * (Number(stored[i]) - (zeroPoints[channel] ?? 0));
  };
  return { name, shape, type: "float32", data: Float32Array.from({ length: count }, (_, i) => real(i)) };
}

/** The number that 16 bits stand for in IEEE 754's half precision: sign, 5 bits of exponent, 10 of fraction. */
function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = (bits & 0x3ff) / 1024;
  if (exponent === 0) return sign * fraction * 2 ** -14;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction) * 2 ** (exponent - 15);
}
