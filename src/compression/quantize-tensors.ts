import type { Model, Operator, OperatorOf, OperatorType, Quantization, Tensor } from "../model/model";
import { perTensor } from "../model/operators/operator-rule";
import { fixedOutputQuantization } from "../model/quantization";

/** The lowest and the highest value of a tensor; 0 always lies between. */
export interface Range {
  low: number;
  high: number;
}

type Weighted = "FULLY_CONNECTED" | "CONV_2D" | "DEPTHWISE_CONV_2D";

/** Operators with weights, and the dimension of these along which each output has a scale; undefined: one for all. */
const WEIGHTED: Readonly<Record<Weighted, number | undefined>> = {
  FULLY_CONNECTED: undefined,
  CONV_2D: 0,
  DEPTHWISE_CONV_2D: 3,
};

/** Operators that only choose or move numbers: their outputs have their inputs' scale. */
const SAME_SCALE: readonly OperatorType[] = [
  "MAX_POOL_2D",
  "AVERAGE_POOL_2D",
  "REDUCE_MAX",
  "RESHAPE",
  "SQUEEZE",
  "EXPAND_DIMS",
  "PAD",
  "TRANSPOSE",
  "SLICE",
  "STRIDED_SLICE",
  "CONCATENATION",
];

/** Operators whose outputs have a scale of their own. */
const OWN_SCALE: readonly OperatorType[] = [
  "ADD",
  "SUB",
  "MUL",
  "MEAN",
  "RELU",
  "RELU6",
  "LEAKY_RELU",
  "HARD_SWISH",
  "ELU",
];

/** Whether an operator has an int8 form here. */
export function isQuantizable({ type }: Operator): boolean {
  return isWeighted(type) || isFixed(type) || SAME_SCALE.includes(type) || OWN_SCALE.includes(type);
}

function isWeighted(type: OperatorType): type is Weighted {
  return type in WEIGHTED;
}

function isFixed(type: OperatorType): type is keyof typeof fixedOutputQuantization {
  return type in fixedOutputQuantization;
}

/**
 * Puts a QUANTIZE in front of what joins a sigmoid's, a tanh's or a softmax's output with others: that output's scale is fixed by TensorFlow
 * Lite, and a joining needs one scale.
 */
function separateFixedScales(model: Model, measured: readonly Range[]): { separated: Model; ranges: readonly Range[] } {
  const tensors = [...model.tensors];
  const ranges = [...measured];
  /** Tensors with the scale of such an output. */
  const fixed = new Set<number>();
  const operators: Operator[] = [];
  for (const operator of model.operators) {
    let { inputs } = operator;
    if (operator.type === "CONCATENATION") {
      inputs = inputs.map((index) => {
        if (!fixed.has(index)) return index;
        const other = tensors.push({ ...tensors[index], name: `${tensors[index].name}/quantized` }) - 1;
        ranges.push(ranges[index]);
        operators.push({ type: "QUANTIZE", inputs: [index], outputs: [other], options: {} });
        return other;
      });
    } else if (isFixed(operator.type) || (SAME_SCALE.includes(operator.type) && fixed.has(inputs[0]))) {
      for (const index of operator.outputs) fixed.add(index);
    }
    operators.push({ ...operator, inputs });
  }
  return { separated: { ...model, tensors, operators }, ranges };
}

/**
 * A float model in int8, its computed tensors with these ranges: weights symmetric in −127..127, biases as int32.
 * @param model of operators that are `isQuantizable`
 */
export function quantizeTensors(model: Model, measured: readonly Range[]): Model {
  const { separated, ranges } = separateFixedScales(model, measured);
  const quantizations = activationQuantizations(separated, ranges);
  const tensors: Tensor[] = separated.tensors.map((tensor, index) => {
    const quantization = quantizations[index];
    return quantization === undefined ? tensor : { ...tensor, type: "int8", quantization };
  });
  for (const operator of separated.operators) {
    if (hasWeights(operator)) quantizeWeights(operator, tensors);
    else for (const index of operator.inputs) quantizeConstant(index, tensors);
  }
  return { ...separated, tensors };
}

function hasWeights(operator: Operator): operator is OperatorOf<Weighted> {
  return isWeighted(operator.type);
}

/** The scale of each tensor that is computed; those that an operator only moves to one another share theirs. */
function activationQuantizations(
  { tensors, operators }: Model,
  ranges: readonly Range[],
): (Quantization | undefined)[] {
  const leader = tensors.map((_, index) => index);
  const find = (index: number): number => (leader[index] === index ? index : find(leader[index]));
  const isComputed = (index: number): boolean => index >= 0 && tensors[index].data === undefined;
  for (const { type, inputs, outputs } of operators) {
    if (!SAME_SCALE.includes(type)) continue;
    for (const index of inputs.filter(isComputed)) leader[find(index)] = find(outputs[0]);
  }
  const shared = new Map<number, Range>();
  tensors.forEach((_, index) => {
    if (!isComputed(index)) return;
    const { low, high } = shared.get(find(index)) ?? { low: 0, high: 0 };
    shared.set(find(index), { low: Math.min(low, ranges[index].low), high: Math.max(high, ranges[index].high) });
  });
  const fixed = new Map<number, Quantization>();
  for (const { type, outputs } of operators) {
    if (isFixed(type)) fixed.set(find(outputs[0]), fixedOutputQuantization[type]);
  }
  return tensors.map((_, index) => {
    if (!isComputed(index)) return undefined;
    return fixed.get(find(index)) ?? activationQuantization(shared.get(find(index)) ?? ranges[index]);
  });
}

/** Scale and zero point so that −128..127 covers the range and 0 is stored exactly. */
function activationQuantization({ low, high }: Range): Quantization {
  const scale = Math.fround((high - low) / 255) || 1;
  const zeroPoint = Math.max(-128, Math.min(127, Math.round(-128 - low / scale)));
  return { scales: [scale], zeroPoints: [zeroPoint], axis: 0 };
}

/** A constant that is added or multiplied, as any int8 tensor. */
function quantizeConstant(index: number, tensors: Tensor[]): void {
  const data = tensors[index]?.data;
  if (!(data instanceof Float32Array)) return;
  const quantization = activationQuantization({
    low: data.reduce((low, value) => Math.min(low, value), 0),
    high: data.reduce((high, value) => Math.max(high, value), 0),
  });
  const [scale] = quantization.scales;
  const [zeroPoint] = quantization.zeroPoints;
  const stored = (value: number): number => Math.max(-128, Math.min(127, Math.round(value / scale) + zeroPoint));
  tensors[index] = { ...tensors[index], type: "int8", data: Int8Array.from(data, stored), quantization };
}

/** Weights symmetric in −127..127, with one scale or one per output; biases as int32 in steps of input scale × weight scale. */
function quantizeWeights({ type, inputs }: OperatorOf<Weighted>, tensors: Tensor[]): void {
  const [input, weights, bias = -1] = inputs;
  const { data, shape } = tensors[weights];
  const biases = bias < 0 ? undefined : tensors[bias].data;
  // layers may share their weights
  if (!(data instanceof Float32Array)) return;
  const axis = WEIGHTED[type];
  const channels = axis === undefined ? 1 : shape[axis];
  // the channel is the last dimension of depthwise weights, and the first of others
  const inner = axis === 3 ? 1 : data.length / channels;
  const channelOf = (i: number): number => Math.floor(i / inner) % channels;
  const largest = new Float32Array(channels);
  data.forEach((weight, i) => {
    largest[channelOf(i)] = Math.max(largest[channelOf(i)], Math.abs(weight));
  });
  const inputScale = perTensor(tensors[input])?.scale ?? 1;
  const offsets = biases instanceof Float32Array ? biases : new Float32Array();
  const largestBias = (channel: number): number =>
    axis === undefined
      ? offsets.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      : Math.abs(offsets[channel] ?? 0);
  // Tiny weights under a large bias: a coarser scale, so that the bias fits into half of int32 and sums do not overflow.
  const scales = Array.from(
    largest,
    (weight, channel) => Math.fround(Math.max(weight / 127, largestBias(channel) / (inputScale * 2 ** 30))) || 1,
  );
  const zeroPoints = scales.map(() => 0);
  tensors[weights] = {
    ...tensors[weights],
    type: "int8",
    data: Int8Array.from(data, (weight, i) => Math.max(-127, Math.min(127, Math.round(weight / scales[channelOf(i)])))),
    quantization: { scales, zeroPoints, axis: axis ?? 0 },
  };
  if (!(biases instanceof Float32Array)) return;
  const biasScales = scales.map((scale) => Math.fround(inputScale * scale));
  tensors[bias] = {
    ...tensors[bias],
    type: "int32",
    data: Int32Array.from(biases, (value, i) => Math.round(value / biasScales[axis === undefined ? 0 : i])),
    quantization: { scales: biasScales, zeroPoints, axis: 0 },
  };
}
