import * as tf from "@tensorflow/tfjs";
import type { TensorData } from "../../src/model/model";
import { loadModel } from "../../src/runtime/load-model";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";

/* Models that TensorFlow.js makes, and what it says that they answer. */

// without the advice to install tfjs-node
tf.env().set("IS_TEST", true);

/** A layers model as tfjs saves it. */
export interface SavedModel {
  json: string;
  weights: Uint8Array;
}

/** The files beside a model.json: its weights, and nothing else. */
export function beside(weights: Uint8Array): (file: string) => Uint8Array | undefined {
  return (file) => (file === "weights.bin" ? weights : undefined);
}

/** Random weights, so that no bias and no moving mean is zero. */
export function scatterWeights(model: tf.LayersModel, seed: number): void {
  const random = (shape: number[], low: number, high: number) => tf.randomUniform(shape, low, high, "float32", seed);
  for (const layer of model.layers) {
    if (layer instanceof tf.Sequential || layer.getClassName() === "Model") {
      scatterWeights(layer as unknown as tf.LayersModel, seed);
      continue;
    }
    layer.setWeights(
      layer.weights.map(({ originalName, shape }, i) => {
        const fixed = shape.map((size) => size ?? 1);
        const isVariance = originalName.includes("variance");
        return random(fixed, isVariance ? 0.5 : -0.5, isVariance ? 2 : 0.5 + 0.01 * i);
      }),
    );
  }
}

/** Saves a model as model.json and weights.bin, as tfjs does. */
export async function saveTfjs(model: tf.LayersModel): Promise<SavedModel> {
  const saved: SavedModel[] = [];
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs = [], weightData, format }) => {
      const json = { format, modelTopology, weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs }] };
      const bytes = Array.isArray(weightData)
        ? Buffer.concat(weightData.map((part) => new Uint8Array(part)))
        : weightData;
      saved.push({ json: JSON.stringify(json), weights: new Uint8Array(bytes ?? new ArrayBuffer(0)) });
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    }),
  );
  return saved[0];
}

/** Loads a model from model.json and weights.bin. */
export function loadTfjs(json: string, weights: Uint8Array): Promise<tf.LayersModel> {
  const { modelTopology, weightsManifest } = JSON.parse(json);
  return tf.loadLayersModel(
    tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest[0].weights, weightData: weights.slice().buffer }),
  );
}

/** What tfjs answers to one sample. */
export function predictTfjs(model: tf.LayersModel, sample: Float32Array): number[] {
  return tf.tidy(() => {
    const shape = [1, ...model.inputs[0].shape.slice(1).map((size) => size ?? 1)];
    const output = model.predict(tf.tensor(sample, shape));
    return Array.from((output as tf.Tensor).dataSync());
  });
}

/** What our engine answers, the model having gone through a .tflite file. */
export function predictOurs(model: Parameters<typeof writeTflite>[0], sample: Float32Array): number[] {
  const loaded = loadModel(readTflite(writeTflite(model)));
  try {
    const [output]: readonly TensorData[] = loaded.run([sample]);
    return Array.from(output, Number);
  } finally {
    loaded.dispose();
  }
}

/** A sample of a model's input, by a simple rule. */
export function anySample(model: tf.LayersModel, seed: number): Float32Array {
  const count = model.inputs[0].shape.slice(1).reduce<number>((product, size) => product * (size ?? 1), 1);
  return Float32Array.from({ length: count }, (_, i) => Math.sin(1 + i * (0.7 + seed / 10)));
}

const { layers: l } = tf;

/** One network of each kind of layer. */
export const networks: readonly { name: string; make(): tf.LayersModel }[] = [
  {
    name: "dense layers with each activation",
    make: () =>
      tf.sequential({
        layers: [
          l.dense({ inputShape: [4], units: 5, activation: "relu" }),
          l.dense({ units: 6, activation: "elu" }),
          l.dense({ units: 5, activation: "tanh", useBias: false }),
          l.dense({ units: 6, activation: "relu6" }),
          l.dropout({ rate: 0.4 }),
          l.dense({ units: 3, activation: "sigmoid" }),
        ],
      }),
  },
  {
    name: "convolutions with batch normalization and pooling",
    make: () =>
      tf.sequential({
        layers: [
          l.conv2d({ inputShape: [9, 8, 2], filters: 4, kernelSize: [3, 2], padding: "same", strides: [2, 1] }),
          l.batchNormalization(),
          l.activation({ activation: "relu" }),
          l.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same" }),
          l.batchNormalization({ scale: false }),
          l.leakyReLU({ alpha: 0.1 }),
          l.maxPooling2d({ poolSize: 2, strides: 1 }),
          l.separableConv2d({ filters: 5, kernelSize: 2, activation: "relu" }),
          l.zeroPadding2d({
            padding: [
              [1, 0],
              [2, 1],
            ],
          }),
          l.averagePooling2d({ poolSize: [2, 3], padding: "same" }),
          l.flatten(),
          l.dense({ units: 3, activation: "softmax" }),
        ],
      }),
  },
  {
    name: "convolutions over readings",
    make: () =>
      tf.sequential({
        layers: [
          l.conv1d({ inputShape: [20, 3], filters: 4, kernelSize: 5, activation: "relu", padding: "same" }),
          l.maxPooling1d({ poolSize: 2 }),
          l.conv1d({ filters: 6, kernelSize: 3, dilationRate: 2 }),
          l.batchNormalization(),
          l.averagePooling1d({ poolSize: 2 }),
          l.globalAveragePooling1d({}),
          l.dense({ units: 2 }),
        ],
      }),
  },
  {
    name: "branches that are added and joined",
    make() {
      const input = tf.input({ shape: [6, 6, 3] });
      const left = l.conv2d({ filters: 4, kernelSize: 3, padding: "same" }).apply(input) as tf.SymbolicTensor;
      const right = l.conv2d({ filters: 4, kernelSize: 1 }).apply(input) as tf.SymbolicTensor;
      const sum = l.add().apply([left, right]) as tf.SymbolicTensor;
      const relu = l.reLU({ maxValue: 6 }).apply(sum) as tf.SymbolicTensor;
      const joined = l.concatenate().apply([relu, left]) as tf.SymbolicTensor;
      const pooled = l.globalMaxPooling2d({}).apply(joined) as tf.SymbolicTensor;
      const output = l.dense({ units: 3, activation: "softmax" }).apply(pooled) as tf.SymbolicTensor;
      return tf.model({ inputs: input, outputs: output });
    },
  },
  {
    name: "models in models, as Teachable Machine builds them",
    make() {
      const input = tf.input({ shape: [8, 8, 3] });
      const conv = l.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same", useBias: false });
      const normalized = l.batchNormalization().apply(conv.apply(input)) as tf.SymbolicTensor;
      const features = l.reLU({ maxValue: 6 }).apply(normalized) as tf.SymbolicTensor;
      const base = tf.sequential();
      base.add(tf.model({ inputs: input, outputs: features }));
      base.add(l.globalAveragePooling2d({}));
      const head = tf.sequential();
      head.add(l.dense({ inputShape: [4], units: 10, activation: "relu" }));
      head.add(l.dense({ units: 3, activation: "softmax", useBias: false }));
      const whole = tf.sequential();
      whole.add(base);
      whole.add(head);
      return whole;
    },
  },
];
