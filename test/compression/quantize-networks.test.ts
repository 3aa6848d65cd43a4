import assert from "node:assert/strict";
import { quantizeInt8 } from "../../src/compression/quantize-int8";
import { createRandom } from "../../src/dataset/random";
import type { Table } from "../../src/dataset/table";
import type { Model, Tensor } from "../../src/model/model";
import { perTensor } from "../../src/model/operators/operator-rule";
import { elementCount } from "../../src/model/tensor";
import { compileRecipe } from "../../src/training/compile-recipe";
import { foldTraining } from "../../src/training/fold-training";
import { parseRecipe, type RecipeInput } from "../../src/training/recipe";
import { runInFlow, runInLiteRt } from "../support/run-model";

/*
 * Networks of every layer, as training gives them (with random weights, for quantizing does not care), quantized and compared: with
 * their float form, and in int8 with LiteRT, which rounds each operator otherwise.
 */

const networks: { name: string; shape: number[]; layers: RecipeInput["layers"] }[] = [
  {
    name: "convolutions and pooling",
    shape: [8, 8, 2],
    layers: [
      { type: "conv2d", filters: 6, kernelSize: 3, activation: "relu", padding: "same" },
      { type: "maxPooling2d" },
      { type: "depthwiseConv2d", kernelSize: 3, depthMultiplier: 2, activation: "relu6" },
      { type: "averagePooling2d" },
      { type: "flatten" },
    ],
  },
  {
    name: "separable convolutions, normalized, and a mean",
    shape: [8, 8, 3],
    layers: [
      { type: "separableConv2d", filters: 8, kernelSize: 3 },
      { type: "batchNormalization" },
      { type: "activation", activation: "relu" },
      { type: "zeroPadding2d" },
      { type: "conv2d", filters: 8, kernelSize: 3, strides: 2, activation: "leakyRelu" },
      { type: "globalAveragePooling2d" },
    ],
  },
  {
    name: "windows of readings",
    shape: [30, 3],
    layers: [
      { type: "conv1d", filters: 8, kernelSize: 5, activation: "relu" },
      { type: "maxPooling1d" },
      { type: "conv1d", filters: 8, kernelSize: 3, activation: "elu" },
      { type: "globalMaxPooling1d" },
    ],
  },
  {
    name: "branches, with a sigmoid that is joined with others",
    shape: [6, 6, 2],
    layers: [
      { type: "conv2d", name: "left", filters: 4, kernelSize: 3, padding: "same" },
      { type: "conv2d", name: "right", filters: 4, kernelSize: 1, inputs: ["input"], activation: "hardSwish" },
      { type: "add", name: "sum", inputs: ["left", "right"] },
      { type: "conv2d", name: "gate", filters: 4, kernelSize: 1, inputs: ["input"], activation: "sigmoid" },
      { type: "concatenate", inputs: ["sum", "gate"] },
      { type: "flatten" },
    ],
  },
];

const labels = ["a", "b", "c"];

function networkOf({ shape, layers }: (typeof networks)[number]): { model: Model; table: Table } {
  const recipe = parseRecipe({
    version: 1,
    task: "classification",
    input: { shape },
    layers: [...layers, { type: "dense", units: 3 }, { type: "activation", activation: "softmax" }],
    training: { loss: "categoricalCrossentropy" },
  });
  const random = createRandom(4);
  const model = foldTraining(compileRecipe(recipe, 3, random).model);
  const channels = Array.from({ length: shape[shape.length - 1] }, (_, i) => ({ name: `c${i}`, unit: "" }));
  const rows = 80;
  const inputs = Float32Array.from({ length: rows * elementCount(shape) }, () => 4 * random.uniform() - 1);
  const outputs = Float32Array.from({ length: rows }, (_, i) => i % 3);
  const table: Table = { task: "classification", channels, shape, labels, inputs, outputs, rows };
  const metadata = {
    version: 1,
    name: "m",
    task: "classification",
    inputs: channels,
    labels,
    features: [],
    compression: [],
  };
  return { model: { ...model, metadata: { ...metadata, version: 1, task: "classification" } }, table };
}

const real = (values: ArrayLike<number | bigint>, tensor: Tensor): number[] => {
  const { scale, zeroPoint } = perTensor(tensor) ?? { scale: 1, zeroPoint: 0 };
  return Array.from(values, (value) => scale * (Number(value) - zeroPoint));
};

describe("int8 of whole networks", () => {
  for (const network of networks) {
    it(network.name, async () => {
      const { model, table } = networkOf(network);
      const int8 = quantizeInt8(model, table);
      assert.deepEqual(
        [...new Set(int8.tensors.map(({ type }) => type))].filter((type) => type === "float32"),
        [],
      );
      const [input] = int8.inputs.map((index) => int8.tensors[index]);
      const [output] = int8.outputs.map((index) => int8.tensors[index]);
      const { scale, zeroPoint } = perTensor(input) ?? assert.fail("the input has no scale");
      const width = elementCount(network.shape);
      assert.ok(table.inputs instanceof Float32Array);
      let worst = 0;
      let rounding = 0;
      for (let row = 0; row < 20; row++) {
        const sample = table.inputs.slice(row * width, (row + 1) * width);
        const stored = Int8Array.from(sample, (value) =>
          Math.max(-128, Math.min(127, Math.round(value / scale) + zeroPoint)),
        );
        const [floats] = runInFlow(model, [sample]);
        const [ours] = runInFlow(int8, [stored]);
        const [theirs] = await runInLiteRt(int8, [stored]);
        real(ours, output).forEach((value, i) => {
          worst = Math.max(worst, Math.abs(value - Number(floats[i])));
          rounding = Math.max(rounding, Math.abs(Number(ours[i]) - Number(theirs[i])));
        });
      }
      assert.ok(worst < 0.05, `${worst} from the float network`);
      assert.ok(rounding <= 6, `${rounding} steps from LiteRT`);
    });
  }
});
