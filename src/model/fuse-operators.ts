import type { FusedActivation, Model, Operator, OperatorOptions, Tensor, TensorData } from "./model";
import { elementCount } from "./tensor";

/** Operators that can do an activation on the way. */
type Fusing = {
  [T in keyof OperatorOptions]: OperatorOptions[T] extends { activation: FusedActivation } ? T : never;
}[keyof OperatorOptions];

/** Operators with weights: their channels can be scaled and shifted by other weights and another bias. */
type Weighted = "CONV_2D" | "DEPTHWISE_CONV_2D" | "FULLY_CONNECTED";

/** What small models get besides. */
const MOST_NEW_ELEMENTS = 2 ** 16;

/** Which activation an operator of its own is. */
const ACTIVATIONS: { readonly [T in Operator["type"]]?: FusedActivation } = {
  RELU: "RELU",
  RELU6: "RELU6",
  RELU_N1_TO_1: "RELU_N1_TO_1",
};

/**
 * Takes float operators together that one kernel can do at once: an activation goes into the operator before it, and what
 * a batch normalization leaves behind a layer (a factor and an offset for each channel) into the layer's weights and bias.
 * Integer operators round after each step, and stay apart.
 */
export function fuseOperators(model: Model): Model {
  const tensors = [...model.tensors];
  const constants = model.tensors.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
  /** As many elements of new weights as there are of old ones: layers that share theirs would each get their own. */
  const room = constants + MOST_NEW_ELEMENTS;
  let added = 0;
  const readers = new Map<number, Operator[]>();
  for (const operator of model.operators) {
    for (const index of operator.inputs) {
      const found = readers.get(index);
      if (found === undefined) readers.set(index, [operator]);
      else found.push(operator);
    }
  }
  /** The one operator that reads what another one computes, if there is just one and it is all floats. */
  const readerOf = ({ outputs: [output, ...others] }: Operator): Operator | undefined => {
    const [reader, ...more] = readers.get(output) ?? [];
    const isFloat = reader?.outputs.length === 1 && tensors[output].type === "float32";
    return others.length + more.length === 0 && isFloat && !outputs.has(output) ? reader : undefined;
  };
  const outputs = new Set(model.outputs);
  const gone = new Set<Operator>();
  const operators: Operator[] = [];
  for (const operator of model.operators) {
    if (gone.has(operator)) continue;
    let current = operator;
    // what is fused into an operator may be followed by more of the kind
    for (let reader = readerOf(current); reader !== undefined; reader = readerOf(current)) {
      if (added > room) break;
      const before = tensors.length;
      const fused = fuse(current, reader, tensors);
      if (fused === undefined) break;
      for (const { data } of tensors.slice(before)) added += data?.length ?? 0;
      gone.add(reader);
      current = fused;
    }
    operators.push(current);
  }
  return gone.size === 0 ? model : { ...model, tensors, operators };
}

/** Both operators as one, or undefined where no kernel does both; may append tensors. */
function fuse(first: Operator, second: Operator, tensors: Tensor[]): Operator | undefined {
  if (!isFusing(first) || first.options.activation !== "NONE") return undefined;
  const activation = ACTIVATIONS[second.type];
  if (activation !== undefined) return withActivation(first, activation, second.outputs);
  if (!isWeighted(first) || (second.type !== "MUL" && second.type !== "ADD" && second.type !== "SUB")) return undefined;
  const [left, right] = second.inputs;
  const constantFirst = tensors[left].data !== undefined;
  // offset − x would turn the weights around: converters write no such thing
  if (constantFirst && second.type === "SUB") return undefined;
  const channels = tensors[first.outputs[0]].shape.at(-1) ?? 1;
  const values = perChannel(tensors[constantFirst ? left : right], channels);
  const sameShape = `${tensors[first.outputs[0]].shape}` === `${tensors[second.outputs[0]].shape}`;
  if (values === undefined || !sameShape) return undefined;
  const [input, weights, bias = -1] = first.inputs;
  const add = (tensor: Tensor): number => tensors.push(tensor) - 1;
  const oldBias = bias < 0 ? new Float32Array(channels) : tensors[bias].data;
  if (!(oldBias instanceof Float32Array)) return undefined;
  const newBias = (values_: (c: number) => number) =>
    add({
      name: "fused bias",
      type: "float32",
      shape: [channels],
      data: Float32Array.from(oldBias, (_, c) => values_(c)),
    });
  if (second.type === "MUL") {
    const scaled = scaleWeights(tensors[weights], first.type, values);
    if (scaled === undefined) return undefined;
    const inputs = [input, add(scaled), newBias((c) => oldBias[c] * values[c])];
    return withActivation({ ...first, inputs }, second.options.activation, second.outputs);
  }
  const sign = second.type === "SUB" ? -1 : 1;
  const inputs = [input, weights, newBias((c) => oldBias[c] + sign * values[c])];
  return withActivation({ ...first, inputs }, second.options.activation, second.outputs);
}

/** CONCATENATION has the option, but its kernel only moves elements. */
function isFusing(operator: Operator): operator is Operator & { type: Fusing } {
  return "activation" in operator.options && operator.type !== "CONCATENATION";
}

function isWeighted(operator: Operator): operator is Operator & { type: Weighted } {
  const { type } = operator;
  return type === "CONV_2D" || type === "DEPTHWISE_CONV_2D" || type === "FULLY_CONNECTED";
}

function withActivation(
  operator: Operator & { type: Fusing },
  activation: FusedActivation,
  outputs: readonly number[],
): Operator {
  // only the value of one option changes, which TypeScript does not carry through the union of all options
  return { ...operator, options: { ...operator.options, activation }, outputs } as Operator;
}

/** A constant's number for each channel; undefined where it is no constant of one number or of one per channel. */
function perChannel({ type, shape, data }: Tensor, channels: number): Float32Array | undefined {
  if (type !== "float32" || !(data instanceof Float32Array)) return undefined;
  const count = elementCount(shape);
  if (count === 1) return new Float32Array(channels).fill(data[0]);
  return count === channels && shape.at(-1) === channels ? data : undefined;
}

/** The weights with each output channel's multiplied by its factor. */
function scaleWeights(weights: Tensor, type: Weighted, factors: Float32Array): Tensor | undefined {
  const data: TensorData | undefined = weights.data;
  if (!(data instanceof Float32Array)) return undefined;
  const channels = factors.length;
  // the channel is the last dimension of depthwise weights, and the first of others
  const inner = type === "DEPTHWISE_CONV_2D" ? 1 : data.length / channels;
  const scaled = data.map((weight, i) => weight * factors[Math.floor(i / inner) % channels]);
  return { ...weights, data: scaled };
}
