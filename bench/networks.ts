import { readFileSync } from "node:fs";
import { packagePath } from "../build/package-files";
import type { Table } from "../src/dataset/table";
import type { Model } from "../src/model/model";
import type { Recipe, RecipeInput } from "../src/training/recipe";
import { library } from "./library";

/** A dense layer as the peers' builders want it. */
export interface DenseLayer {
  inputs: number;
  units: number;
  /** Row-major units × inputs. */
  weights: Float32Array;
  bias: Float32Array;
  activation: "linear" | "relu" | "softmax";
}

/** A network of the bench: what to train it on, and how. */
export interface Network {
  name: string;
  recipe: Recipe;
  table: Table<Float32Array>;
}

/** The book's potentiometer network with its recipe, examples/recipes/potentiometer.json, on 1,000 rows. */
export function potentiometer(): Network {
  const text = readFileSync(packagePath("examples", "recipes", "potentiometer.json"), "utf8");
  return { name: "1-8-16-1", recipe: library.parseRecipe(JSON.parse(text)), table: sineTable(1000) };
}

/** 1-16-16-1 on 1,000 rows, batch 32. */
export function smallRegression(): Network {
  const { recipe } = potentiometer();
  return {
    name: "1-16-16-1",
    recipe: library.parseRecipe({
      ...recipe,
      layers: [
        { type: "dense", units: 16, activation: "relu" },
        { type: "dense", units: 16, activation: "relu" },
        { type: "dense", units: 1, activation: "linear" },
      ],
      training: { ...recipe.training, batchSize: 32 },
    }),
    table: sineTable(1000),
  };
}

/** 784-128-10 on 6,000 made-up pictures in ten classes, batch 32. */
export function digitsNetwork(): Network {
  return classifier("784-128-10", [784], 6000, 32, [
    { type: "dense", units: 128, activation: "relu" },
    { type: "dense", units: 10, activation: "softmax" },
  ]);
}

type Layers = RecipeInput["layers"];

/** Networks over pictures, each with the milliseconds that an epoch on so many samples may take (one core, adam). */
export function pictureNetworks(): { network: Network; most: number; share?: number }[] {
  const conv = (filters: number, padding: "same" | "valid"): Layers[number] => ({
    type: "conv2d",
    filters,
    kernelSize: 3,
    padding,
    activation: "relu",
  });
  const pool: Layers[number] = { type: "maxPooling2d" };
  const dense = (units: number): Layers[number] => ({ type: "dense", units, activation: "softmax" });
  const normalized: Layers = [{ type: "batchNormalization" }, { type: "activation", activation: "relu" }];
  const separable: Layers = [
    { type: "depthwiseConv2d", kernelSize: 3, padding: "same" },
    ...normalized,
    { type: "conv2d", filters: 64, kernelSize: 1 },
    ...normalized,
  ];
  const small: Layers = [conv(8, "valid"), pool, conv(16, "valid"), pool, { type: "flatten" }, dense(10)];
  const book: Layers = [conv(32, "valid"), pool, conv(64, "valid"), pool, { type: "flatten" }, dense(10)];
  const keyword: Layers = [
    ...[conv(16, "same"), pool, conv(32, "same"), pool, conv(64, "same")],
    ...[{ type: "flatten" } as const, dense(12)],
  ];
  const depthwise: Layers = [
    { type: "conv2d", filters: 64, kernelSize: [10, 4], strides: 2, padding: "same" },
    ...normalized,
    ...Array.from({ length: 4 }, () => separable).flat(),
    { type: "globalAveragePooling2d" },
    dense(12),
  ];
  return [
    { network: classifier("small digits CNN", [28, 28, 1], 1000, 32, small), most: 80, share: 28 },
    { network: classifier("keyword CNN 49×10", [49, 10, 1], 512, 32, keyword), most: 130, share: 45 },
    { network: classifier("depthwise-separable CNN with batch norm", [49, 10, 1], 256, 32, depthwise), most: 200 },
    { network: classifier("the book's digits CNN, one step", [28, 28, 1], 128, 128, book), most: 100 },
  ];
}

/**
 * A network on made-up samples: a pattern for each class, a fifth of it is ink, with 15 % of the pixels drawn anew. They can
 * be learned, so that as many units stay alive as with real pictures: what a dead unit costs differs between engines. Three
 * labels in ten are chance, so that the gradients never vanish.
 */
function classifier(name: string, shape: number[], rows: number, batchSize: number, layers: Layers): Network {
  const last = layers[layers.length - 1];
  const classes = last.type === "dense" ? last.units : 0;
  const width = shape.reduce((product, size) => product * size);
  const { uniform, below } = library.createRandom(1);
  const pixel = () => (uniform() < 0.2 ? uniform() : 0);
  const patterns = Array.from({ length: classes }, () => Float32Array.from({ length: width }, pixel));
  const outputs = Float32Array.from({ length: rows }, () => below(classes));
  const inputs = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const pattern = patterns[outputs[row]];
    for (let i = 0; i < width; i++) inputs[row * width + i] = uniform() < 0.15 ? pixel() : pattern[i];
    if (uniform() < 0.3) outputs[row] = below(classes);
  }
  return {
    name,
    recipe: library.parseRecipe({
      version: 1,
      task: "classification",
      input: { shape },
      layers,
      training: { loss: "categoricalCrossentropy", optimizer: { type: "adam" }, batchSize },
    } satisfies RecipeInput),
    table: {
      name: "pictures",
      task: "classification",
      shape,
      channels: Array.from({ length: shape[shape.length - 1] }, (_, i) => ({ name: `pixel ${i}`, unit: "" })),
      labels: Array.from({ length: classes }, (_, i) => String(i)),
      inputs,
      outputs,
      rows,
    },
  };
}

/** The network as it is before training, with random weights. */
export function untrained({ recipe, table }: Network): Model {
  const outputs = table.labels?.length ?? library.outputWidth(table);
  const { model } = library.compileRecipe(recipe, outputs, library.createRandom(recipe.training.seed));
  const { channels, labels, targets, task } = table;
  return {
    ...model,
    metadata: {
      version: 1,
      name: table.name ?? "",
      task,
      inputs: channels,
      ...(labels === undefined ? { targets: targets ?? [] } : { labels }),
      features: [],
      compression: [],
    },
  };
}

/** The layers of a float model, its weights with them. */
export function denseLayers(model: Model): DenseLayer[] {
  const layers: DenseLayer[] = [];
  const floats = (index: number): Float32Array => {
    const data = model.tensors[index]?.data;
    if (data instanceof Float32Array) return data;
    throw new Error(`tensor ${index} is no float constant`);
  };
  for (const operator of model.operators) {
    if (operator.type === "FULLY_CONNECTED") {
      const [, weights, bias] = operator.inputs;
      const [units, inputs] = model.tensors[weights].shape;
      const activation = operator.options.activation === "RELU" ? "relu" : "linear";
      layers.push({ inputs, units, weights: floats(weights), bias: floats(bias), activation });
    } else if (operator.type === "SOFTMAX") {
      layers[layers.length - 1].activation = "softmax";
    } else {
      throw new Error(`the bench's peers are not built for ${operator.type}`);
    }
  }
  return layers;
}

/** The book's data, chapter 8: x in 0..1 and sin(πx) with noise of deviation 0.05. */
function sineTable(rows: number): Table<Float32Array> {
  const { uniform } = library.createRandom(2023);
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const inputs = Float32Array.from({ length: rows }, uniform);
  return {
    name: "potentiometer",
    task: "regression",
    channels: [{ name: "position", unit: "", range: [0, 1] }],
    targets: [{ name: "brightness", unit: "", range: [0, 1] }],
    inputs,
    outputs: inputs.map((x) => Math.sin(Math.PI * x) + 0.05 * normal()),
    rows,
  };
}
