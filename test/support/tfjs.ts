import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import type { Model } from "../../src/model/model";
import type { WeightRole } from "../../src/training/network";
import type { ActivationName, Layer, Regularizer } from "../../src/training/recipe-layers";

/*
 * TensorFlow.js as the judge of what training computes: the same layers with the same weights, on its plain JavaScript
 * backend.
 */

// without the advice to install tfjs-node
tf.env().set("IS_TEST", true);

/** A network of TensorFlow.js beside ours. */
export interface Twin {
  model: tf.LayersModel;
  /** Our weights as TensorFlow.js has them: in its order and its shapes. */
  weightsOf(ours: Model): NamedWeights[];
  /** Its own weights as they are now, in the same order. */
  weights(): NamedWeights[];
}

export interface NamedWeights {
  name: string;
  shape: number[];
  values: Float32Array;
}

/**
 * The layers of a recipe in TensorFlow.js, with the weights of our network.
 * @param inputShape of a sample, without the batch
 * @param ours the network of these layers, which names its weights by layer and role
 */
export function createTwin(inputShape: readonly number[], layers: readonly Layer[], ours: Model): Twin {
  const input = tf.input({ shape: [...inputShape] });
  const named = new Map([["input", input]]);
  const weighted: { name: string; roles: readonly WeightRole[]; layer: tf.layers.Layer; described: Layer }[] = [];
  let last = input;
  layers.forEach((described, index) => {
    const inputs = described.inputs?.map((name) => named.get(name) ?? assert.fail(`no layer ${name}`)) ?? [last];
    const name = described.name ?? `${described.type}${index + 1}`;
    const [first, ...others] = layersOf(described);
    last = applyTo(first, inputs.length === 1 ? inputs[0] : inputs);
    weighted.push({ name, roles: rolesOf(described), layer: first, described });
    for (const layer of others) last = applyTo(layer, last);
    named.set(name, last);
  });
  const model = tf.model({ inputs: input, outputs: last });
  const all = weighted.flatMap(({ name, roles, layer, described }) =>
    roles.map((role, i) => ({ name: `${name}/${role}`, role, variable: () => layer.weights[i], described })),
  );
  const weightsOf = (from: Model): NamedWeights[] =>
    all.map(({ name, role, variable, described }) => {
      const tensor = from.tensors.find((one) => one.name === name) ?? assert.fail(`no weights ${name}`);
      assert.ok(tensor.data instanceof Float32Array);
      const shape = variable().shape.map((size) => size ?? 0);
      return { name, shape, values: inTheirOrder(tensor.data, tensor.shape, role, described) };
    });
  const initial = weightsOf(ours);
  all.forEach(({ variable }, i) => {
    variable().write(tf.tensor(initial[i].values, initial[i].shape));
  });
  const weights = (): NamedWeights[] =>
    all.map(({ name, variable }) => {
      const value = variable().read();
      return { name, shape: value.shape, values: Float32Array.from(value.dataSync()) };
    });
  return { model, weightsOf, weights };
}

/** Asks that both have the same numbers, with an error of at most `tolerance` (absolute). */
export function assertSameWeights(found: readonly NamedWeights[], wanted: readonly NamedWeights[], tolerance: number) {
  assert.deepEqual(
    found.map(({ name }) => name),
    wanted.map(({ name }) => name),
  );
  found.forEach(({ name, values }, i) => {
    const expected = wanted[i].values;
    assert.equal(values.length, expected.length, name);
    values.forEach((value, k) => {
      // not > tolerance, so that NaN is seen
      if (!(Math.abs(value - expected[k]) <= tolerance)) assert.fail(`${name}[${k}] is ${value}, not ${expected[k]}`);
    });
  });
}

function applyTo(layer: tf.layers.Layer, input: tf.SymbolicTensor | tf.SymbolicTensor[]): tf.SymbolicTensor {
  const output = layer.apply(input);
  assert.ok(output instanceof tf.SymbolicTensor);
  return output;
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
function inTheirOrder(values: Float32Array, shape: readonly number[], role: WeightRole, layer: Layer): Float32Array {
  // [1, height, width, in × multiplier] is [height, width, in, multiplier]; others have one dimension
  if (role !== "kernel" && role !== "pointwiseKernel") return values;
  const outputs = shape[0];
  const rest = values.length / outputs;
  assert.ok(layer.type !== "batchNormalization");
  return Float32Array.from(values, (_, i) => values[(i % outputs) * rest + Math.floor(i / outputs)]);
}

/** What a layer of a recipe is in TensorFlow.js, one after the other. */
function layersOf(layer: Layer): tf.layers.Layer[] {
  switch (layer.type) {
    case "dense":
      return activated(layer.activation, (activation) =>
        tf.layers.dense({
          units: layer.units,
          useBias: layer.useBias,
          activation,
          ...regularized("kernelRegularizer", layer.kernelRegularizer),
        }),
      );
    case "conv1d":
      return activated(layer.activation, (activation) =>
        tf.layers.conv1d({
          filters: layer.filters,
          kernelSize: layer.kernelSize,
          strides: layer.strides,
          padding: layer.padding,
          dilationRate: layer.dilationRate,
          useBias: layer.useBias,
          activation,
          ...regularized("kernelRegularizer", layer.kernelRegularizer),
        }),
      );
    case "conv2d":
      return activated(layer.activation, (activation) =>
        tf.layers.conv2d({
          filters: layer.filters,
          kernelSize: both(layer.kernelSize),
          strides: both(layer.strides),
          padding: layer.padding,
          dilationRate: both(layer.dilationRate),
          useBias: layer.useBias,
          activation,
          ...regularized("kernelRegularizer", layer.kernelRegularizer),
        }),
      );
    case "depthwiseConv2d":
      return activated(layer.activation, (activation) =>
        tf.layers.depthwiseConv2d({
          kernelSize: both(layer.kernelSize),
          depthMultiplier: layer.depthMultiplier,
          strides: both(layer.strides),
          padding: layer.padding,
          dilationRate: both(layer.dilationRate),
          useBias: layer.useBias,
          activation,
          ...regularized("depthwiseRegularizer", layer.depthwiseRegularizer),
        }),
      );
    case "separableConv2d":
      return activated(layer.activation, (activation) =>
        tf.layers.separableConv2d({
          filters: layer.filters,
          kernelSize: both(layer.kernelSize),
          depthMultiplier: layer.depthMultiplier,
          strides: both(layer.strides),
          padding: layer.padding,
          dilationRate: both(layer.dilationRate),
          useBias: layer.useBias,
          activation,
          ...regularized("depthwiseRegularizer", layer.depthwiseRegularizer),
          ...regularized("pointwiseRegularizer", layer.pointwiseRegularizer),
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
      return activated(layer.activation, (activation) => tf.layers.activation({ activation }));
    case "leakyReLU":
      return [tf.layers.leakyReLU({ alpha: layer.alpha })];
    case "add":
      return [tf.layers.add()];
    case "concatenate":
      return [tf.layers.concatenate({ axis: layer.axis })];
    default:
      return assert.fail(`TensorFlow.js has no ${layer.type}`);
  }
}

type TheirActivation = "linear" | "relu" | "relu6" | "elu" | "sigmoid" | "tanh" | "softmax";

/** A layer with its activation: in a layer behind it where TensorFlow.js has it as a layer only. */
function activated(
  activation: ActivationName,
  create: (activation: TheirActivation) => tf.layers.Layer,
): tf.layers.Layer[] {
  if (activation === "hardSwish") return assert.fail("TensorFlow.js has no hardSwish");
  if (activation === "leakyRelu") return [create("linear"), tf.layers.leakyReLU({ alpha: 0.2 })];
  return [create(activation)];
}

function regularized(
  name: string,
  regularizer: Regularizer | undefined,
): Record<string, ReturnType<typeof tf.regularizers.l1l2>> {
  return regularizer === undefined ? {} : { [name]: tf.regularizers.l1l2({ ...regularizer }) };
}

function both(value: number | readonly [number, number]): [number, number] {
  return typeof value === "number" ? [value, value] : [...value];
}
