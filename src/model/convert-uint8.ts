import { hasComputedTypes } from "./check";
import type { Model, Operator, Quantization, Tensor, TensorData } from "./model";
import { operatorRule } from "./operators";
import { elementCount } from "./tensor";

/** What int8 lies below uint8: q as uint8 with zero point z is q − 128 as int8 with zero point z − 128. */
const SHIFT = 128;

/**
 * Computes in int8 what a file describes in uint8, as models were quantized before 2020: every number and zero point 128
 * lower is the same real number. Inputs and outputs stay uint8, with QUANTIZE between. Weights of convolutions, which
 * int8 wants with the zero point 0, are rounded to a scale per channel where their range does not fit.
 */
export function convertUint8(model: Model): Model {
  if (!model.tensors.some(({ type }) => type === "uint8")) return model;
  const tensors = [...model.tensors];
  const operators: Operator[] = [];
  const twins = new Map<number, number>();
  const computed = new Set(model.inputs);
  const append = (tensor: Tensor): number => tensors.push(tensor) - 1;
  /** The weights and bias that were made symmetric: layers may share them. */
  const layers = new Map<string, readonly [weights: number, bias: number | undefined]>();
  const symmetricOf = ({ type, inputs }: Operator, weightsAt: number, biasAt: number) => {
    const key = `${type} ${inputs[weightsAt]} ${inputs[biasAt]}`;
    let found = layers.get(key);
    if (found === undefined) {
      const [weights, bias] = symmetric(type, tensors[inputs[weightsAt]], tensors[inputs[biasAt]]);
      found = [append(weights), bias && append(bias)];
      layers.set(key, found);
    }
    return found;
  };
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
    const inputs = operator.inputs.map(int8Of);
    const [weightsAt, biasAt] = symmetricParameters(operator);
    const weights = tensors[operator.inputs[weightsAt]];
    if (weights?.data !== undefined && weights.type === "uint8") {
      const [newWeights, newBias] = symmetricOf(operator, weightsAt, biasAt);
      inputs[weightsAt] = newWeights;
      if (newBias !== undefined) inputs[biasAt] = newBias;
    }
    const outputs = operator.outputs.map((index) => (isQuantized(index) ? twinOf(index) : index));
    operators.push({ ...operator, inputs, outputs });
    for (const index of outputs) computed.add(index);
  }
  for (const index of model.outputs) uint8Of(index);
  return { ...model, tensors, operators };
}

/** The places of weights that must have the zero point 0, and of their bias, among an operator's inputs; −1 where there are none. */
function symmetricParameters({ type }: Operator): [weights: number, bias: number] {
  if (type === "FULLY_CONNECTED") return [-1, -1];
  const { inputs } = operatorRule(type);
  const weights = inputs.findIndex(({ name, perChannel }) => name === "weights" && perChannel);
  return [weights, inputs.findIndex(({ name }) => name === "bias")];
}

/** The same real numbers in int8. */
function asInt8({ quantization, data, ...tensor }: Tensor): Tensor {
  return {
    ...tensor,
    type: "int8",
    ...(quantization && {
      quantization: { ...quantization, zeroPoints: quantization.zeroPoints.map((zeroPoint) => zeroPoint - SHIFT) },
    }),
    ...(data && { data: Int8Array.from(numbers(data), (stored) => stored - SHIFT) }),
  };
}

/** The weights of a convolution with the zero point 0, and its bias in the steps that go with them. */
function symmetric(
  type: Operator["type"],
  weights: Tensor,
  bias: Tensor | undefined,
): [weights: Tensor, bias: Tensor | undefined] {
  const stored = numbers(weights.data ?? new Uint8Array());
  const { scales, zeroPoints } = weights.quantization ?? { scales: [1], zeroPoints: [0] };
  const axis = type === "DEPTHWISE_CONV_2D" ? 3 : 0;
  const channels = weights.shape[axis];
  const inner = elementCount(weights.shape.slice(axis + 1));
  const channelOf = (i: number): number => Math.floor(i / inner) % channels;
  const largest = new Float64Array(channels);
  stored.forEach((value, i) => {
    const channel = channelOf(i);
    largest[channel] = Math.max(largest[channel], Math.abs(value - zeroPoints[0]));
  });
  // a channel that fits into int8 keeps its steps, and so its exact values
  const factors = Float64Array.from(largest, (most) => (most > 127 ? 127 / most : 1));
  const quantization: Quantization = {
    scales: Array.from(factors, (factor) => Math.fround(scales[0] / factor)),
    zeroPoints: Array.from(factors, () => 0),
    axis,
  };
  const data = Int8Array.from(stored, (value, i) => Math.round((value - zeroPoints[0]) * factors[channelOf(i)]));
  const symmetricWeights: Tensor = { ...weights, type: "int8", data, quantization };
  if (!(bias?.data instanceof Int32Array)) return [symmetricWeights, bias];
  const steps = bias.quantization?.scales[0];
  return [
    symmetricWeights,
    {
      ...bias,
      data: bias.data.map((value, channel) => Math.round(value * factors[channel])),
      ...(steps !== undefined && {
        quantization: {
          scales: Array.from(factors, (factor) => Math.fround(steps / factor)),
          zeroPoints: quantization.zeroPoints,
          axis: 0,
        },
      }),
    },
  ];
}

function numbers(data: TensorData): number[] {
  return Array.from(data, Number);
}
