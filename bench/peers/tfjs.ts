import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import type { Layer } from "../../src/training/recipe-layers";
import type { Callable } from "../measure";
import type { DenseLayer, Network } from "../networks";

/** The backends of TensorFlow.js that need no native code. */
export const backends = ["cpu", "wasm"] as const;
export type Backend = (typeof backends)[number];

/** Makes a backend the current one; tensors of the other one stay where they are. */
export async function useBackend(backend: Backend): Promise<void> {
  setWasmPaths(join(dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json")), "dist", "/"));
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no backend ${backend}`);
  await tf.ready();
}

/** A LayersModel of these layers, on the current backend. */
export function createLayersModel(layers: readonly DenseLayer[]): tf.Sequential {
  const model = tf.sequential({
    layers: layers.map(({ inputs, units, activation }, i) =>
      tf.layers.dense({ units, activation, ...(i === 0 ? { inputShape: [inputs] } : {}) }),
    ),
  });
  const weights = layers.flatMap(({ inputs, units, weights, bias }) => [
    tf.tidy(() => tf.tensor2d(weights, [units, inputs]).transpose()),
    tf.tensor1d(bias),
  ]);
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

/** Predictions of one reading, on the backend given. */
export async function createTfjsPredictor(
  layers: readonly DenseLayer[],
  backend: Backend,
  reading: Float32Array,
): Promise<Callable & { output(): Promise<number[]> }> {
  await useBackend(backend);
  const model = createLayersModel(layers);
  const predict = () =>
    tf.tidy(() => {
      const result = model.predict(tf.tensor2d(reading, [1, reading.length]));
      if (Array.isArray(result)) throw new Error("one output was expected");
      return result.dataSync();
    });
  return {
    async run(calls) {
      if (tf.getBackend() !== backend) await tf.setBackend(backend);
      for (let i = 0; i < calls; i++) predict();
    },
    async output() {
      await tf.setBackend(backend);
      return Array.from(predict());
    },
  };
}

/**
 * Milliseconds per epoch of `model.fit`, adam, the fastest epoch of those measured, each in a fit of its own.
 * @param rows how many of the table's rows an epoch trains on; the rest is the validation data, if any
 */
export async function tfjsEpochMilliseconds(
  network: Network,
  layers: readonly DenseLayer[],
  backend: Backend,
  { rows, warmUps, epochs }: { rows: number; warmUps: number; epochs: number },
): Promise<number> {
  await useBackend(backend);
  const { table, recipe } = network;
  const { batchSize, optimizer } = recipe.training;
  const model = createLayersModel(layers);
  const classification = table.task === "classification";
  model.compile({
    optimizer: tf.train.adam(optimizer.learningRate),
    loss: classification ? "categoricalCrossentropy" : "meanSquaredError",
  });
  const channels = table.channels.length;
  const inputs = tf.tensor2d(table.inputs, [table.rows, channels]);
  const outputs = classification
    ? tf.tidy(() => tf.oneHot(tf.tensor1d(table.outputs, "int32"), table.labels?.length ?? 0).toFloat())
    : tf.tensor2d(table.outputs, [table.rows, table.outputs.length / table.rows]);
  const part = (tensor: tf.Tensor, from: number, count: number) => tensor.slice([from, 0], [count, -1]);
  const training: [tf.Tensor, tf.Tensor] = [part(inputs, 0, rows), part(outputs, 0, rows)];
  const left = table.rows - rows;
  const validation: [tf.Tensor, tf.Tensor] = [part(inputs, rows, left), part(outputs, rows, left)];
  let best = Number.POSITIVE_INFINITY;
  for (let epoch = -warmUps; epoch < epochs; epoch++) {
    const start = performance.now();
    await model.fit(...training, {
      epochs: 1,
      batchSize,
      shuffle: true,
      verbose: 0,
      yieldEvery: "never",
      ...(left > 0 ? { validationData: validation } : {}),
    });
    if (epoch >= 0) best = Math.min(best, performance.now() - start);
  }
  tf.dispose([inputs, outputs, ...training, ...validation]);
  return best;
}

/** Milliseconds of one step of a network over pictures on its first samples, on the cpu backend: an epoch takes minutes. */
export async function tfjsStepMilliseconds({ table, recipe }: Network, samples: number): Promise<number> {
  await useBackend("cpu");
  const classes = table.labels?.length ?? 0;
  const inputLayer = tf.layers.inputLayer({ inputShape: [...recipe.input.shape] });
  const model = tf.sequential({ layers: [inputLayer, ...recipe.layers.map(pictureLayer)] });
  model.compile({ optimizer: tf.train.adam(), loss: "categoricalCrossentropy" });
  const shape = [samples, ...recipe.input.shape];
  const inputs = tf.tensor(table.inputs.slice(0, samples * (table.inputs.length / table.rows)), shape);
  const outputs = tf.tidy(() => tf.oneHot(tf.tensor1d(table.outputs.slice(0, samples), "int32"), classes).toFloat());
  const start = performance.now();
  await model.trainOnBatch(inputs, outputs);
  const milliseconds = performance.now() - start;
  tf.dispose([inputs, outputs]);
  return milliseconds;
}

/** A layer of the bench's networks over pictures, with random weights. */
function pictureLayer(layer: Layer): tf.layers.Layer {
  const both = (value: number | readonly [number, number]): [number, number] =>
    typeof value === "number" ? [value, value] : [...value];
  switch (layer.type) {
    case "conv2d":
    case "depthwiseConv2d": {
      const { padding, activation } = layer;
      if (activation !== "relu" && activation !== "linear") break;
      const settings = { kernelSize: both(layer.kernelSize), strides: both(layer.strides), padding, activation };
      if (layer.type === "depthwiseConv2d") return tf.layers.depthwiseConv2d(settings);
      return tf.layers.conv2d({ ...settings, filters: layer.filters });
    }
    case "maxPooling2d":
      return tf.layers.maxPooling2d({ poolSize: both(layer.poolSize) });
    case "batchNormalization":
      return tf.layers.batchNormalization();
    case "activation":
      return tf.layers.reLU();
    case "flatten":
      return tf.layers.flatten();
    case "globalAveragePooling2d":
      return tf.layers.globalAveragePooling2d({});
    case "dense":
      return tf.layers.dense({ units: layer.units, activation: "softmax" });
  }
  throw new Error(`the bench's peers are not built for ${layer.type}`);
}
