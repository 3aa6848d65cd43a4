import assert from "node:assert/strict";
import { parseRecipe, type RecipeInput } from "../../src/training/recipe";
import { summarizeRecipe } from "../../src/training/summarize-recipe";

type Layers = RecipeInput["layers"];

const summary = (shape: number[], layers: Layers) =>
  summarizeRecipe(
    parseRecipe({
      version: 1,
      task: "classification",
      input: { shape },
      layers: [...layers, { type: "dense", units: 10, activation: "softmax" }],
      training: { loss: "categoricalCrossentropy" },
    }),
  );

/** The book's networks, with the numbers of parameters that its notebooks print. */
const networks: { name: string; shape: number[]; layers: Layers; parameters: number }[] = [
  {
    name: "digits with a dense network",
    shape: [784],
    layers: [
      { type: "dense", units: 512, activation: "relu" },
      { type: "dense", units: 128, activation: "relu" },
    ],
    parameters: 468_874,
  },
  {
    name: "digits with a CNN",
    shape: [28, 28, 1],
    layers: [
      { type: "conv2d", filters: 32, kernelSize: 3, activation: "relu" },
      { type: "maxPooling2d" },
      { type: "conv2d", filters: 64, kernelSize: 3, activation: "relu" },
      { type: "maxPooling2d" },
      { type: "flatten" },
      { type: "dropout", rate: 0.5 },
    ],
    parameters: 34_826,
  },
  {
    name: "clothes",
    shape: [28, 28, 1],
    layers: [
      { type: "conv2d", filters: 32, kernelSize: 3 },
      { type: "maxPooling2d" },
      { type: "conv2d", filters: 64, kernelSize: 3 },
      { type: "maxPooling2d" },
      { type: "flatten" },
      { type: "dropout", rate: 0.5 },
      { type: "dense", units: 100, activation: "relu" },
    ],
    parameters: 179_926 + 0,
  },
];

describe("summarizeRecipe", () => {
  for (const { name, shape, layers, parameters } of networks) {
    it(`counts the parameters of the book's ${name}`, () => {
      const found = summary(shape, layers);
      assert.equal(found.parameters, parameters);
      assert.equal(found.floatBytes, 4 * parameters);
      assert.equal(found.layers.length, layers.length + 1);
      assert.ok(found.int8ArenaBytes * 4 <= found.floatArenaBytes + 16);
    });
  }

  it("leaves a normalization's moving mean and variance out", () => {
    const { layers } = summary([4], [{ type: "batchNormalization" }]);
    assert.equal(layers[0].parameters, 8);
  });

  it("gives what there is before the first layer that does not fit, and says why it does not", () => {
    const { layers, problem } = summary(
      [28, 28, 1],
      [{ type: "flatten" }, { type: "conv2d", filters: 8, kernelSize: 3 }],
    );
    assert.equal(layers.length, 1);
    assert.equal(problem?.layer, 1);
    assert.match(problem?.message ?? "", /layers\.1 is wrong: it takes pictures/);
  });

  it("does not fill the memory for sizes that somebody is typing", () => {
    const { problem } = summary([65536], [{ type: "dense", units: 65536 }]);
    assert.match(problem?.message ?? "", /more than 20 million numbers to learn/);
  });
});
