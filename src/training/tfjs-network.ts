import type * as TensorFlow from "@tensorflow/tfjs";
import { TinymlError } from "../errors";
import type { Model } from "../model/model";
import { transposed } from "../model/transposed";
import { bothOf, leakyReluSlope, type Refuse, refuseLayer, type WeightRole } from "./network";
import type { ActivationName, Layer, LayerOf, Regularizer } from "./recipe-layers";

/*
 * A recipe's network as a model of TensorFlow.js. The package itself is given by the caller: it is the user's own
 * installation, or that of the tests.
 */

export type Tfjs = typeof TensorFlow;

/** A network of TensorFlow.js with the layers and weights of one of ours. */
export interface TfjsNetwork {
  model: TensorFlow.LayersModel;
  /** Our weights as TensorFlow.js has them: in its order and its shapes. */
  weightsOf(ours: Model): NamedWeights[];
  /** Its own weights as they are now, in the same order. */
  weights(): NamedWeights[];
  /** Sets its weights, as `weights` gave them. */
  setWeights(weights: readonly NamedWeights[]): void;
  /** Our model with the weights that it has now. */
  trainedModel(): Model;
}

export interface NamedWeights {
  name: string;
  shape: number[];
  values: Float32Array;
}

/**
 * The layers of a recipe in TensorFlow.js, with the weights of our network.
 * @throws TinymlError TINYML_RECIPE_INVALID for a layer that TensorFlow.js does not have
 * @param inputShape of a sample, without the batch
 * @param ours the network of these layers, which names its weights by layer and role
 */
export function createTfjsNetwork(
  tf: Tfjs,
  inputShape: readonly number[],
  layers: readonly Layer[],
  ours: Model,
): TfjsNetwork {
  const input = tf.input({ shape: [...inputShape] });
  const named = new Map([["input", input]]);
  const weighted: { name: string; roles: readonly WeightRole[]; layer: TensorFlow.layers.Layer }[] = [];
  let last = input;
  layers.forEach((described, index) => {
    const inputs = described.inputs?.map((name) => named.get(name) ?? missing(name)) ?? [last];
    const name = described.name ?? `${described.type}${index + 1}`;
    const [first, ...others] = layersOf(tf, described, refuseLayer(index));
    last = applyTo(tf, first, inputs.length === 1 ? inputs[0] : inputs);
    weighted.push({ name, roles: rolesOf(described), layer: first });
    for (const layer of others) last = applyTo(tf, layer, last);
    named.set(name, last);
  });
  const model = tf.model({ inputs: input, outputs: last });
  const all = weighted.flatMap(({ name, roles, layer }) =>
    roles.map((role, i) => ({ name: `${name}/${role}`, role, variable: () => layer.weights[i] })),
  );
  const weightsOf = (from: Model): NamedWeights[] =>
    all.map(({ name, role, variable }) => {
      const tensor = from.tensors.find((one) => one.name === name) ?? missing(name);
      if (!(tensor.data instanceof Float32Array)) return missing(name);
      const shape = variable().shape.map((size) => size ?? 0);
      return { name, shape, values: inTheirOrder(tensor.data, tensor.shape, role) };
    });
  const setWeights = (values: readonly NamedWeights[]): void => {
    all.forEach(({ variable }, i) => {
      const value = tf.tensor(values[i].values, values[i].shape);
      variable().write(value);
      value.dispose();
    });
  };
  setWeights(weightsOf(ours));
  const weights = (): NamedWeights[] =>
    all.map(({ name, variable }) => {
      const value = variable().read();
      return { name, shape: value.shape, values: Float32Array.from(value.dataSync()) };
    });
  return {
    model,
    weightsOf,
    weights,
    setWeights,
    trainedModel() {
      const trained = new Map(weights().map((each, i) => [each.name, inOurOrder(each, all[i].role)]));
      const tensors = ours.tensors.map((tensor) => {
        const data = trained.get(tensor.name);
        return data === undefined ? tensor : { ...tensor, data };
      });
      return { ...ours, tensors };
    },
  };
}

/** What a network built from the same layers has. */
function missing(name: string): never {
  throw new TinymlError("TINYML_INTERNAL", `The network has no ${name}.`);
}

function applyTo(
  tf: Tfjs,
  layer: TensorFlow.layers.Layer,
  input: TensorFlow.SymbolicTensor | TensorFlow.SymbolicTensor[],
): TensorFlow.SymbolicTensor {
  const output = layer.apply(input);
  if (output instanceof tf.SymbolicTensor) return output;
  throw new TinymlError("TINYML_INTERNAL", "A layer of TensorFlow.js gave no tensor.");
}

/** The weights that a layer has, in the order of TensorFlow.js. */
function rolesOf(layer: Layer): readonly WeightRole[] {
  switch (layer.type) {
    case "dense":
    case "conv1d":
    case "conv2d":
      return layer.useBias ? ["kernel", "bias"] : ["kernel"];
    case "depthwiseConv2d":
      return layer.useBias ? ["depthwiseKernel", "bias"] : ["depthwiseKernel"];
    case "separableConv2d":
      return layer.useBias ? ["depthwiseKernel", "pointwiseKernel", "bias"] : ["depthwiseKernel", "pointwiseKernel"];
    case "batchNormalization":
      return [
        ...(layer.scale ? ["gamma" as const] : []),
        ...(layer.center ? ["beta" as const] : []),
        "mean",
        "variance",
      ];
    default:
      return [];
  }
}

/** TensorFlow Lite has outputs first and channels last; TensorFlow.js [height, width, in, out], and multipliers last. */
function inTheirOrder(values: Float32Array, shape: readonly number[], role: WeightRole): Float32Array {
  // [1, height, width, in × multiplier] is [height, width, in, multiplier]; others have one dimension
  if (role !== "kernel" && role !== "pointwiseKernel") return values;
  return values.map(transposed(values, shape[0], values.length / shape[0]));
}

/** The reverse of `inTheirOrder`. */
function inOurOrder({ values, shape }: NamedWeights, role: WeightRole): Float32Array {
  if (role !== "kernel" && role !== "pointwiseKernel") return values;
  const outputs = shape[shape.length - 1];
  return values.map(transposed(values, values.length / outputs, outputs));
}

/** What a layer of a recipe is in TensorFlow.js, one after the other. */
function layersOf(tf: Tfjs, layer: Layer, refuse: Refuse): TensorFlow.layers.Layer[] {
  switch (layer.type) {
    case "dense":
      return activated(tf, layer.activation, refuse, (activation) =>
        tf.layers.dense({
          units: layer.units,
          useBias: layer.useBias,
          activation,
          ...regularized(tf, "kernelRegularizer", layer.kernelRegularizer),
        }),
      );
    case "conv1d":
      return activated(tf, layer.activation, refuse, (activation) =>
        tf.layers.conv1d({
          filters: layer.filters,
          kernelSize: layer.kernelSize,
          strides: layer.strides,
          padding: layer.padding,
          dilationRate: layer.dilationRate,
          useBias: layer.useBias,
          activation,
          ...regularized(tf, "kernelRegularizer", layer.kernelRegularizer),
        }),
      );
    case "conv2d":
      return activated(tf, layer.activation, refuse, (activation) =>
        tf.layers.conv2d({
          filters: layer.filters,
          ...slidingWindow(layer),
          activation,
          ...regularized(tf, "kernelRegularizer", layer.kernelRegularizer),
        }),
      );
    case "depthwiseConv2d":
      return activated(tf, layer.activation, refuse, (activation) =>
        tf.layers.depthwiseConv2d({
          depthMultiplier: layer.depthMultiplier,
          ...slidingWindow(layer),
          activation,
          ...regularized(tf, "depthwiseRegularizer", layer.depthwiseRegularizer),
        }),
      );
    case "separableConv2d":
      return activated(tf, layer.activation, refuse, (activation) =>
        tf.layers.separableConv2d({
          filters: layer.filters,
          depthMultiplier: layer.depthMultiplier,
          ...slidingWindow(layer),
          activation,
          ...regularized(tf, "depthwiseRegularizer", layer.depthwiseRegularizer),
          ...regularized(tf, "pointwiseRegularizer", layer.pointwiseRegularizer),
        }),
      );
    case "batchNormalization": {
      const { momentum, epsilon, center, scale } = layer;
      return [tf.layers.batchNormalization({ momentum, epsilon, center, scale })];
    }
    case "maxPooling1d":
    case "averagePooling1d": {
      const { poolSize, strides = poolSize, padding } = layer;
      return [tf.layers[layer.type]({ poolSize, strides, padding })];
    }
    case "maxPooling2d":
    case "averagePooling2d": {
      const { poolSize, strides = poolSize, padding } = layer;
      return [tf.layers[layer.type]({ poolSize: both(poolSize), strides: both(strides), padding })];
    }
    case "globalMaxPooling1d":
    case "globalAveragePooling1d":
      return [tf.layers[layer.type]()];
    case "globalMaxPooling2d":
    case "globalAveragePooling2d":
      return [tf.layers[layer.type]({})];
    case "flatten":
      return [tf.layers.flatten()];
    case "reshape":
      return [tf.layers.reshape({ targetShape: [...layer.targetShape] })];
    case "dropout":
      return [tf.layers.dropout({ rate: layer.rate })];
    case "zeroPadding2d": {
      const { padding } = layer;
      if (typeof padding === "number") return [tf.layers.zeroPadding2d({ padding })];
      const [vertical, horizontal] = padding;
      return [tf.layers.zeroPadding2d({ padding: [both(vertical), both(horizontal)] })];
    }
    case "activation":
      return activated(tf, layer.activation, refuse, (activation) => tf.layers.activation({ activation }));
    case "leakyReLU":
      return [tf.layers.leakyReLU({ alpha: layer.alpha })];
    case "add":
      return [tf.layers.add()];
    case "concatenate":
      return [tf.layers.concatenate({ axis: layer.axis })];
    default:
      return refuse("type", `TensorFlow.js has no ${layer.type}`);
  }
}

type TheirActivation = "linear" | "relu" | "relu6" | "elu" | "sigmoid" | "tanh" | "softmax";

/** A layer with its activation: in a layer behind it where TensorFlow.js has it as a layer only. */
function activated(
  tf: Tfjs,
  activation: ActivationName,
  refuse: Refuse,
  create: (activation: TheirActivation) => TensorFlow.layers.Layer,
): TensorFlow.layers.Layer[] {
  if (activation === "hardSwish") return refuse("activation", "TensorFlow.js has no hardSwish");
  if (activation === "leakyRelu") return [create("linear"), tf.layers.leakyReLU({ alpha: leakyReluSlope })];
  return [create(activation)];
}

function regularized(
  tf: Tfjs,
  name: string,
  regularizer: Regularizer | undefined,
): Record<string, ReturnType<Tfjs["regularizers"]["l1l2"]>> {
  return regularizer === undefined ? {} : { [name]: tf.regularizers.l1l2({ ...regularizer }) };
}

/** What the convolutions over pictures have in common. */
function slidingWindow(layer: LayerOf<"conv2d" | "depthwiseConv2d" | "separableConv2d">) {
  return {
    kernelSize: both(layer.kernelSize),
    strides: both(layer.strides),
    padding: layer.padding,
    dilationRate: both(layer.dilationRate),
    useBias: layer.useBias,
  };
}

/** As TensorFlow.js's types want it: a pair that may be written to. */
function both(value: number | readonly [number, number]): [number, number] {
  return [...bothOf(value)];
}
