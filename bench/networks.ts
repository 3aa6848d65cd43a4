import { readFileSync } from "node:fs";
import { packagePath } from "../build/package-files";
import type { Table } from "../src/dataset/table";
import type { Model } from "../src/model/model";
import type { Recipe } from "../src/training/recipe";
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
  table: Table;
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

/**
 * 784-128-10 on 6,000 made-up pictures in ten classes, batch 32: ten patterns, a fifth of each is ink, with 15 % of the
 * pixels drawn anew. They can be learned, so that as many units stay alive as with real pictures: what a dead unit costs
 * differs between engines.
 */
export function digitsNetwork(): Network {
  const { recipe } = potentiometer();
  const rows = 6000;
  const { uniform, below } = library.createRandom(1);
  const pixel = () => (uniform() < 0.2 ? uniform() : 0);
  const patterns = Array.from({ length: 10 }, () => Float32Array.from({ length: 784 }, pixel));
  const classes = Float32Array.from({ length: rows }, () => below(10));
  const inputs = new Float32Array(rows * 784);
  for (let row = 0; row < rows; row++) {
    const pattern = patterns[classes[row]];
    for (let i = 0; i < 784; i++) inputs[row * 784 + i] = uniform() < 0.15 ? pixel() : pattern[i];
  }
  return {
    name: "784-128-10",
    recipe: library.parseRecipe({
      ...recipe,
      task: "classification",
      input: { shape: [784] },
      layers: [
        { type: "dense", units: 128, activation: "relu" },
        { type: "dense", units: 10, activation: "softmax" },
      ],
      training: { ...recipe.training, loss: "categoricalCrossentropy", batchSize: 32 },
    }),
    table: {
      name: "pictures",
      task: "classification",
      channels: Array.from({ length: 784 }, (_, i) => ({ name: `pixel ${i}`, unit: "" })),
      labels: Array.from({ length: 10 }, (_, i) => String(i)),
      inputs,
      outputs: classes,
      rows,
    },
  };
}

/** The network as it is before training, with random weights. */
export function untrained({ recipe, table }: Network): Model {
  const outputs = table.labels?.length ?? library.outputWidth(table);
  const model = library.compileRecipe(recipe, outputs, library.createRandom(recipe.training.seed));
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
