import { quantizeInt8 } from "../../src/compression/quantize-int8";
import { createRandom } from "../../src/dataset/random";
import type { Table } from "../../src/dataset/table";
import type { Channel, FeatureBlock } from "../../src/model/metadata";
import type { FusedActivation, Model, Operator, Tensor } from "../../src/model/model";

export interface RandomNetwork {
  inputs: number;
  layers: readonly RandomLayer[];
  /** Classification with these labels; a regression unless given. */
  labels?: readonly string[];
  /** The range of every channel; 0..1 unless given, none when null. */
  inputRange?: readonly [number, number] | null;
  /** The range of every target; 0..1 unless given, none when null. */
  targetRange?: readonly [number, number] | null;
  normalize?: boolean;
  name?: string;
  seed?: number;
}

export interface RandomLayer {
  units: number;
  /** Fused into the dense layer, or an operator after it. */
  activation?: FusedActivation | "RELU_OPERATOR" | "LOGISTIC" | "TANH" | "SOFTMAX";
  bias?: false;
}

/** A dense float network with random weights of a sensible size, and metadata as the trainer writes it. */
export function randomNetwork(network: RandomNetwork): Model {
  const { uniform } = createRandom(network.seed ?? 1);
  const between = (low: number, high: number): number => low + (high - low) * uniform();
  const { inputRange = [0, 1], targetRange = [0, 1] } = network;
  const tensors: Tensor[] = [{ name: "input", type: "float32", shape: [1, network.inputs] }];
  const operators: Operator[] = [];
  const add = (tensor: Tensor): number => tensors.push(tensor) - 1;
  const constant = (name: string, shape: number[], limit: number): number => {
    const length = shape.reduce((product, dimension) => product * dimension, 1);
    return add({
      name,
      type: "float32",
      shape,
      data: Float32Array.from({ length }, () => between(-limit, limit)),
    });
  };
  let at = 0;
  let width = network.inputs;
  network.layers.forEach(({ units, activation = "NONE", bias }, i) => {
    const limit = Math.sqrt(6 / width);
    const weights = constant(`dense_${i}/weights`, [units, width], limit);
    const biases = bias === false ? -1 : constant(`dense_${i}/bias`, [units], 0.3);
    const inputs = [at, weights, biases];
    const shape = [1, units];
    at = add({ name: `dense_${i}`, type: "float32", shape });
    width = units;
    const fused =
      activation === "NONE" || activation === "RELU" || activation === "RELU6" || activation === "RELU_N1_TO_1";
    operators.push({
      type: "FULLY_CONNECTED",
      inputs,
      outputs: [at],
      options: { activation: fused ? activation : "NONE" },
    });
    if (fused) return;
    const from = at;
    at = add({ name: `activation_${i}`, type: "float32", shape });
    const places = { inputs: [from], outputs: [at] };
    if (activation === "SOFTMAX") operators.push({ type: "SOFTMAX", ...places, options: { beta: 1 } });
    else if (activation === "RELU_OPERATOR") operators.push({ type: "RELU", ...places, options: {} });
    else operators.push({ type: activation, ...places, options: {} });
  });
  const channel = (name: string, range: readonly [number, number] | null): Channel =>
    range === null ? { name, unit: "" } : { name, unit: "", range };
  const features: FeatureBlock[] = network.normalize
    ? [
        {
          block: "normalize",
          mean: Array.from({ length: network.inputs }, () => Math.fround(between(0.3, 0.7))),
          deviation: Array.from({ length: network.inputs }, () => Math.fround(between(0.1, 0.4))),
        },
      ]
    : [];
  return {
    description: "random",
    tensors,
    operators,
    inputs: [0],
    outputs: [at],
    metadata: {
      version: 1,
      name: network.name ?? "random",
      inputs: Array.from({ length: network.inputs }, (_, i) => channel(`channel ${i}`, inputRange)),
      ...(network.labels
        ? { task: "classification", labels: network.labels }
        : {
            task: "regression",
            targets: Array.from({ length: width }, (_, i) => channel(width === 1 ? "level" : `level${i}`, targetRange)),
          }),
      features,
      compression: [],
    },
  };
}

/** The network in int8, calibrated on random readings of its channels' ranges. */
export function quantizeRandomly(model: Model, seed = 1): Model {
  const { uniform } = createRandom(seed);
  const rows = 200;
  const { metadata } = model;
  if (metadata === undefined) throw new Error("the model has no metadata");
  const channels = metadata.inputs.length;
  const inputs = Float32Array.from({ length: rows * channels }, (_, i) => {
    const [low, high] = metadata.inputs[i % channels].range ?? [0, 1];
    return low + (high - low) * uniform();
  });
  const outputs = new Float32Array(rows * (metadata.targets?.length ?? 1));
  const { task, labels, targets } = metadata;
  const table: Table = {
    task,
    channels: metadata.inputs,
    ...(labels ? { labels } : {}),
    ...(targets ? { targets } : {}),
    inputs,
    outputs,
    rows,
  };
  return quantizeInt8(model, table);
}

/** The simplest model: factor × reading, in float, for readings of one number. */
export function scalingModel(factor: number): Model {
  return {
    description: "scaling",
    tensors: [
      { name: "input", type: "float32", shape: [1, 1] },
      { name: "weights", type: "float32", shape: [1, 1], data: Float32Array.of(factor) },
      { name: "output", type: "float32", shape: [1, 1] },
    ],
    operators: [{ type: "FULLY_CONNECTED", inputs: [0, 1, -1], outputs: [2], options: { activation: "NONE" } }],
    inputs: [0],
    outputs: [2],
  };
}

/**
 * A model of 12 million multiply-accumulate operations and few weights that gives the number it takes, times the factor, in float:
 * the number becomes a picture of it, which a convolution by the identity leaves as it is, and the mean is taken.
 */
export function largeScalingModel(factor: number): Model {
  const [side, channels] = [36, 32];
  const count = side * side * channels;
  const identity = new Float32Array(channels * 9 * channels);
  // The middle of each channel's 3 × 3 window.
  for (let c = 0; c < channels; c++) identity[(c * 9 + 4) * channels + c] = 1;
  const float = (name: string, shape: number[], data?: Float32Array) =>
    ({ name, type: "float32", shape, ...(data && { data }) }) satisfies Tensor;
  const window = { padding: "SAME", strideWidth: 1, strideHeight: 1, dilationWidth: 1, dilationHeight: 1 } as const;
  return {
    description: "large scaling",
    tensors: [
      float("input", [1, 1]),
      float("copies", [count, 1], new Float32Array(count).fill(factor)),
      float("copied", [1, count]),
      float("picture", [1, side, side, channels]),
      float("identity", [channels, 3, 3, channels], identity),
      float("same picture", [1, side, side, channels]),
      { name: "axes", type: "int32", shape: [2], data: Int32Array.of(1, 2) },
      float("means", [1, channels]),
      float(
        "first",
        [1, channels],
        Float32Array.from({ length: channels }, (_, i) => (i === 0 ? 1 : 0)),
      ),
      float("output", [1, 1]),
    ],
    operators: [
      { type: "FULLY_CONNECTED", inputs: [0, 1, -1], outputs: [2], options: { activation: "NONE" } },
      {
        type: "RESHAPE",
        inputs: [2, -1],
        outputs: [3],
        options: { newShape: [1, side, side, channels] },
      },
      { type: "CONV_2D", inputs: [3, 4, -1], outputs: [5], options: { ...window, activation: "NONE" } },
      { type: "MEAN", inputs: [5, 6], outputs: [7], options: {} },
      { type: "FULLY_CONNECTED", inputs: [7, 8, -1], outputs: [9], options: { activation: "NONE" } },
    ],
    inputs: [0],
    outputs: [9],
  };
}
