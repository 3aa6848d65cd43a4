import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { createRandom } from "../../src/dataset/random";
import type { Table } from "../../src/dataset/table";
import { kernels } from "../../src/kernels/kernels";
import { elementCount } from "../../src/model/tensor";
import { writeTflite } from "../../src/tflite/write-tflite";
import { compileRecipe } from "../../src/training/compile-recipe";
import { parseRecipe, type Recipe, type RecipeInput } from "../../src/training/recipe";
import { checkTrainingMemory } from "../../src/training/shard";
import { trainRecipe } from "../../src/training/train-recipe";
import { temporaryFolder } from "../support/folders";

/** Pictures of bytes in ten classes. */
function pictures(rows: number, shape: readonly number[]): Table<Uint8Array> {
  const random = createRandom(2);
  return {
    task: "classification",
    channels: Array.from({ length: shape[shape.length - 1] }, (_, i) => ({ name: `${i}`, unit: "" })),
    shape,
    labels: [..."0123456789"],
    inputs: Uint8Array.from({ length: rows * elementCount(shape) }, () => random.below(256)),
    outputs: Float32Array.from({ length: rows }, () => random.below(10)),
    rows,
  };
}

function recipe(layers: RecipeInput["layers"], training: object, shape: readonly number[] = [28, 28, 1]): Recipe {
  return parseRecipe({
    version: 1,
    task: "classification",
    input: { shape },
    layers: [...layers, { type: "dense", units: 10, activation: "softmax" }],
    training: { loss: "categoricalCrossentropy", epochs: 1, ...training },
  });
}

const ann: RecipeInput["layers"] = [
  { type: "flatten" },
  { type: "dense", units: 512, activation: "relu" },
  { type: "dense", units: 128, activation: "relu" },
];
const cnn: RecipeInput["layers"] = [
  { type: "conv2d", filters: 32, kernelSize: 3, activation: "relu" },
  { type: "maxPooling2d" },
  { type: "conv2d", filters: 64, kernelSize: 3, activation: "relu" },
  { type: "maxPooling2d" },
  { type: "flatten" },
  { type: "dropout", rate: 0.5 },
];
const separable: RecipeInput["layers"] = [
  { type: "conv2d", filters: 16, kernelSize: 3, strides: 2, useBias: false },
  { type: "batchNormalization" },
  { type: "activation", activation: "relu" },
  { type: "separableConv2d", filters: 32, kernelSize: 3, padding: "same" },
  { type: "batchNormalization" },
  { type: "activation", activation: "relu" },
  { type: "globalAveragePooling2d" },
];

describe("memory while training", () => {
  /** Numbers that the optimizers keep for each weight. */
  const adam = 2;
  const momentum = 1;
  const cases: { what: string; recipe: Recipe; kept: number }[] = [
    { what: "the book's ANN", recipe: recipe(ann, { batchSize: 128 }), kept: adam },
    {
      what: "the book's ANN, sgd with momentum",
      recipe: recipe(ann, { batchSize: 128, optimizer: { type: "sgd", momentum: 0.9 } }),
      kept: momentum,
    },
    { what: "the book's CNN", recipe: recipe(cnn, { batchSize: 128 }), kept: adam },
    { what: "a dense network in small batches", recipe: recipe(ann, { batchSize: 8 }), kept: adam },
    { what: "batch normalization", recipe: recipe(separable, { batchSize: 64 }), kept: adam },
  ];
  for (const { what, recipe, kept } of cases) {
    it(`${what}: within 1.5 times weights, gradients, optimizer and one batch's activations`, function () {
      this.timeout(60_000);
      const { heap } = kernels();
      const { model } = compileRecipe(recipe, 10, createRandom(1));
      const sizes = { weights: 0, activations: 0 };
      for (const { data, shape } of model.tensors) sizes[data ? "weights" : "activations"] += 4 * elementCount(shape);
      const { batchSize } = recipe.training;
      const allowed = 1.5 * ((2 + kept) * sizes.weights + batchSize * sizes.activations);
      const before = heap.usedBytes;
      let most = 0;
      const onProgress = () => {
        most = heap.usedBytes - before;
      };
      trainRecipe({ recipe, table: pictures(2 * batchSize, [28, 28, 1]), name: "m" }, { onProgress });
      assert.ok(most > 0 && most <= allowed, `${most} bytes, ${(most / allowed).toFixed(2)} of what is allowed`);
      assert.equal(heap.usedBytes, before);
    });
  }

  it("does not grow with the table, which may lie in a file and then gives the same bits", async () => {
    const table = pictures(600, [28, 28, 1]);
    const file = path.join(await temporaryFolder(), "samples");
    await writeFile(file, Buffer.concat([Buffer.from("head"), table.inputs]));
    const { heap } = kernels();
    const most = (rows: Table): [number, Uint8Array] => {
      let bytes = 0;
      const features = [{ block: "normalize" as const }];
      const small = recipe([{ type: "flatten" }], { batchSize: 8 });
      const model = trainRecipe(
        { recipe: { ...small, features }, table: rows, name: "m" },
        {
          onProgress: () => {
            bytes = heap.usedBytes;
          },
        },
      );
      return [bytes, writeTflite(model, { metadata: false })];
    };
    const [bytes, model] = most(table);
    const [bytesOfFile, modelOfFile] = most({ ...table, inputs: { file, type: "uint8", offset: 4 } });
    assert.deepEqual(modelOfFile, model);
    assert.equal(bytesOfFile, bytes);
    assert.equal(most(pictures(60, [28, 28, 1]))[0], bytes);
  });

  it("what can't be had is refused before it is reserved, with the layer that takes most", () => {
    const { heap } = kernels();
    const before = heap.usedBytes;
    const shape = [512, 512, 1];
    const wide: RecipeInput["layers"] = [
      { type: "conv2d", filters: 64, kernelSize: 3, padding: "same", name: "wide" },
      { type: "globalAveragePooling2d" },
    ];
    const table: Table = { ...pictures(8, [1]), shape, inputs: new Uint8Array(400 * 512 * 512), rows: 400 };
    const rows = { ...table, outputs: Float32Array.from({ length: 400 }, (_, row) => row % 10) };
    assert.throws(() => trainRecipe({ recipe: recipe(wide, { batchSize: 300 }, shape), table: rows, name: "m" }), {
      code: "TINYML_OUT_OF_MEMORY",
      message: /wide gives for a batch of 300 samples.*batchSize/,
    });
    const { model } = compileRecipe(recipe(ann, {}), 10, createRandom(1));
    assert.throws(() => checkTrainingMemory(model, { batchSize: 1, samples: 1, weightBytes: 2 ** 40 }), {
      code: "TINYML_OUT_OF_MEMORY",
      message: /the weights of dense2/,
    });
    assert.equal(heap.usedBytes, before);
  });
});
