import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { createRandom } from "../../src/dataset/random";
import type { Table } from "../../src/dataset/table";
import { elementCount } from "../../src/model/tensor";
import { loadModel } from "../../src/runtime/load-model";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { compileRecipe } from "../../src/training/compile-recipe";
import { foldTraining } from "../../src/training/fold-training";
import { parseRecipe, type RecipeInput } from "../../src/training/recipe";
import { createTrainer } from "../../src/training/trainer";
import { loadInLiteRt } from "../support/litert";
import { createTwin } from "../support/tfjs";

/*
 * Networks are trained with dropout and batch normalization, folded and written; what the file gives in our kernels and in
 * LiteRT is compared with what TensorFlow.js predicts with the unfolded weights.
 */

const softmax = { type: "dense", units: 3, activation: "softmax" } as const;

const networks: Readonly<Record<string, { shape: number[]; layers: RecipeInput["layers"]; operators: string[] }>> = {
  "batch normalization behind dense layers": {
    shape: [6],
    layers: [
      { type: "dense", units: 8, useBias: false },
      { type: "batchNormalization", momentum: 0.5 },
      { type: "activation", activation: "relu" },
      { type: "dropout", rate: 0.3 },
      { type: "dense", units: 5, activation: "tanh" },
      { type: "batchNormalization", momentum: 0.5, scale: true, epsilon: 0.01 },
      softmax,
    ],
    operators: ["FULLY_CONNECTED", "FULLY_CONNECTED", "TANH", "MUL", "ADD", "FULLY_CONNECTED", "SOFTMAX"],
  },
  "batch normalization at the beginning": {
    shape: [4],
    layers: [{ type: "batchNormalization", momentum: 0.5 }, softmax],
    operators: ["MUL", "ADD", "FULLY_CONNECTED", "SOFTMAX"],
  },
  "a picture network": {
    shape: [8, 8, 2],
    layers: [
      { type: "conv2d", filters: 4, kernelSize: 3, useBias: false },
      { type: "batchNormalization", momentum: 0.5 },
      { type: "activation", activation: "relu6" },
      { type: "dropout", rate: 0.2 },
      { type: "depthwiseConv2d", kernelSize: 3 },
      { type: "batchNormalization", momentum: 0.5 },
      { type: "activation", activation: "relu" },
      { type: "flatten" },
      { type: "dropout", rate: 0.5 },
      softmax,
    ],
    operators: ["CONV_2D", "DEPTHWISE_CONV_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"],
  },
};

const rows = 24;

function assertClose(found: ArrayLike<number>, wanted: ArrayLike<number>, what: string): void {
  assert.equal(found.length, wanted.length);
  for (let i = 0; i < found.length; i++) {
    assert.ok(Math.abs(found[i] - wanted[i]) <= 1e-5, `${what}, ${i}: ${found[i]}, not ${wanted[i]}`);
  }
}

describe("what is stored of a trained network", () => {
  for (const [name, { shape, layers, operators }] of Object.entries(networks)) {
    it(`${name}: gives what the network gave`, async () => {
      await tf.setBackend("cpu");
      const recipe = parseRecipe({
        version: 1,
        task: "classification",
        input: { shape },
        layers,
        training: { loss: "categoricalCrossentropy", batchSize: 8, optimizer: { type: "adam", learningRate: 0.02 } },
      });
      const random = createRandom(3);
      const table: Table<Float32Array> = {
        task: "classification",
        channels: Array.from({ length: shape[shape.length - 1] }, (_, i) => ({ name: `c${i}`, unit: "" })),
        shape,
        labels: ["a", "b", "c"],
        inputs: Float32Array.from({ length: rows * elementCount(shape) }, () => 3 * random.uniform() - 1),
        outputs: Float32Array.from({ length: rows }, () => random.below(3)),
        rows,
      };
      const network = compileRecipe(recipe, 3, random);
      const trainer = createTrainer(network, recipe.training, rows);
      const order = Uint32Array.from({ length: rows }, (_, row) => row);
      for (let epoch = 0; epoch < 4; epoch++) trainer.trainEpoch(table, order);
      const trained = trainer.trainedModel();
      trainer.dispose();

      const twin = createTwin(shape, recipe.layers, trained);
      const prediction = twin.model.predict(tf.tensor(table.inputs, [rows, ...shape]));
      assert.ok(!Array.isArray(prediction));
      const wanted = prediction.dataSync();

      const bytes = writeTflite(foldTraining(trained));
      const stored = readTflite(bytes);
      assert.deepEqual(
        stored.operators.map(({ type }) => type),
        operators,
      );
      const ours = loadModel(stored);
      const theirs = await loadInLiteRt(bytes);
      for (let row = 0; row < rows; row++) {
        const width = elementCount(shape);
        const sample = table.inputs.slice(row * width, (row + 1) * width);
        const scores = wanted.slice(3 * row, 3 * row + 3);
        assertClose(Float32Array.from(ours.run([sample])[0], Number), scores, `row ${row}`);
        const [litert] = await theirs.run([sample]);
        assertClose(litert, scores, `row ${row} in LiteRT`);
      }
      ours.dispose();
      theirs.dispose();
      tf.disposeVariables();
    });
  }
});
