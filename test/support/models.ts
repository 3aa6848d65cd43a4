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
