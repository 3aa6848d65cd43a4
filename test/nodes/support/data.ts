import path from "node:path";
import { openDataset } from "../../../src/dataset/open-dataset";
import type { Table } from "../../../src/dataset/table";
import type { Model } from "../../../src/model/model";
import { writeFileAtomic } from "../../../src/storage";
import { writeTflite } from "../../../src/tflite/write-tflite";
import { parseRecipe } from "../../../src/training/recipe";
import { trainRecipe } from "../../../src/training/train-recipe";
import { cloudsTable, potentiometerTable } from "../../support/potentiometer";

/** The recipe settings of a train node for the book's potentiometer, with few epochs so that tests are quick. */
export const quickRecipe = {
  layers: [
    { units: 8, activation: "relu" },
    { units: 16, activation: "relu" },
  ],
  normalize: false,
  epochs: 60,
  batchSize: 50,
  learningRate: 0.01,
  earlyStopping: false,
};

/** A recipe that trains until it is stopped: some ten minutes. */
export const endlessRecipe = { ...quickRecipe, epochs: 1_000_000 };

/** Puts the potentiometer's rows into the dataset "potentiometer" of a user folder. */
export async function storePotentiometer(storage: string, rows = 400): Promise<void> {
  const table = potentiometerTable(1, rows);
  const folder = path.join(storage, "datasets", "potentiometer");
  const { channels, targets = [] } = table;
  const dataset = await openDataset(folder, { version: 1, kind: "table", task: "regression", channels, targets });
  const stored: Promise<void>[] = [];
  for (let row = 0; row < rows; row++) {
    stored.push(dataset.append({ values: [table.inputs[row]], targets: [table.outputs[row]] }));
  }
  await Promise.all(stored);
  await dataset.close();
}

/** A small model of the potentiometer, trained here. */
export function potentiometerModel(name = "potentiometer"): Model {
  return train(name, potentiometerTable(1, 400), "regression");
}

/** A small model that tells three clouds of points apart, trained here. */
export function cloudsModel(): Model {
  return train("clouds", cloudsTable(), "classification");
}

/** A model's file. */
export function fileOf(model: Model): Buffer {
  return Buffer.from(writeTflite(model));
}

/** Puts a model into the model store of a user folder. */
export async function storeModelFile(storage: string, name: string, file: Uint8Array): Promise<void> {
  await writeFileAtomic(path.join(storage, "models", name, "model.tflite"), file);
}

function train(name: string, table: Table, task: "regression" | "classification"): Model {
  const regression = task === "regression";
  const recipe = parseRecipe({
    version: 1,
    task,
    input: { shape: [table.channels.length] },
    layers: [
      { type: "dense", units: 8, activation: "relu" },
      { type: "dense", units: regression ? 1 : 3, activation: regression ? "linear" : "softmax" },
    ],
    training: {
      loss: regression ? "meanSquaredError" : "categoricalCrossentropy",
      optimizer: { type: "adam", learningRate: 0.02 },
      epochs: 60,
    },
  });
  return trainRecipe({ recipe, table, name });
}
