import { hasComputedTypes } from "./check";
import type { Model, Operator, OperatorType, Tensor } from "./model";
import { operatorRule } from "./operators";

/** What int8 lies below uint8: q as uint8 with zero point z is q − 128 as int8 with zero point z − 128. */
const SHIFT = 128;

/**
 * Computes in int8 what a file describes in uint8, as models were quantized before 2020: every number and zero point 128
 * lower is the same real number. Inputs and outputs stay uint8, with QUANTIZE between, and so do weights, for which
 * there are kernels: those of int8 have the zero point 0.
 */
export function convertUint8(model: Model): Model {
  if (!model.tensors.some(({ type }) => type === "uint8")) return model;
  const tensors = [...model.tensors];
  const operators: Operator[] = [];
  const twins = new Map<number, number>();
  const computed = new Set(model.inputs);
  const append = (tensor: Tensor): number => tensors.push(tensor) - 1;
  const isQuantized = (index: number): boolean => {
    const { type, quantization } = tensors[index] ?? {};
    return type === "uint8" && quantization !== undefined;
  };
  const twinOf = (index: number): number => {
    const found = twins.get(index) ?? append(asInt8(tensors[index]));
    twins.set(index, found);
    return found;
  };
  /** The tensor as int8, converted where only its uint8 form was computed. */
  const int8Of = (index: number): number => {
    if (!isQuantized(index)) return index;
    const twin = twinOf(index);
    if (tensors[index].data === undefined && !computed.has(twin)) {
      operators.push({ type: "QUANTIZE", inputs: [index], outputs: [twin], options: {} });
      computed.add(twin);
    }
    return twin;
  };
  /** The tensor as uint8, converted back where only its int8 form was computed. */
  const uint8Of = (index: number): number => {
    const twin = twins.get(index);
    if (twin !== undefined && !computed.has(index) && computed.has(twin)) {
      operators.push({ type: "QUANTIZE", inputs: [twin], outputs: [index], options: {} });
      computed.add(index);
    }
    return index;
  };
  for (const operator of model.operators) {
    // weights of float layers become floats as they are (dequantizeConstants)
    const isFloat = operator.outputs.every((index) => tensors[index].type === "float32");
    const isComputed = isFloat || hasComputedTypes(model, operator);
    if (isComputed) {
      const inputs = operator.inputs.map(uint8Of);
      operators.push({ ...operator, inputs });
      for (const index of operator.outputs) computed.add(index);
      continue;
    }
    const inputs = operator.inputs.map((index, i) => {
      return isUint8Weights(operator.type, i, tensors[index]) ? uint8Of(index) : int8Of(index);
    });
    const outputs = operator.outputs.map((index) => (isQuantized(index) ? twinOf(index) : index));
    operators.push({ ...operator, inputs, outputs });
    for (const index of outputs) computed.add(index);
  }
  for (const index of model.outputs) uint8Of(index);
  return { ...model, tensors, operators };
}

/** Whether an input of an operator is weights which its kernels take in uint8: constants, or what will be one. */
function isUint8Weights(type: OperatorType, i: number, tensor: Tensor | undefined): boolean {
  const { inputs, types } = operatorRule(type);
  const input = inputs[i];
  const isConstant = tensor?.data !== undefined || input?.constant === true;
  return isConstant && input?.name === "weights" && types.some(([wanted]) => wanted[i] === "uint8");
}

/** The same real numbers in int8. */
function asInt8({ quantization, data, ...tensor }: Tensor): Tensor {
  return {
    ...tensor,
    type: "int8",
    ...(quantization && {
      quantization: { ...quantization, zeroPoints: quantization.zeroPoints.map((zeroPoint) => zeroPoint - SHIFT) },
    }),
    ...(data && { data: Int8Array.from(Array.from(data, Number), (stored) => stored - SHIFT) }),
  };
}
