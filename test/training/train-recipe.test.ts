import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { inputsInMemory, type Split, selectRows, type Table } from "../../src/dataset/table";
import type { ErrorCode } from "../../src/errors";
import { kernels } from "../../src/kernels/kernels";
import { packageFolder } from "../../src/package-folder";
import { createPredictor } from "../../src/runtime/predictor";
import { writeTflite } from "../../src/tflite/write-tflite";
import { evaluateModel } from "../../src/training/evaluate-model";
import { parseRecipe, type Recipe, type RecipeInput } from "../../src/training/recipe";
import { type TrainingProgress, trainRecipe } from "../../src/training/train-recipe";
import { cloudsTable, potentiometerTable } from "../support/potentiometer";

const bookRecipe: RecipeInput = JSON.parse(
  readFileSync(path.join(packageFolder(), "examples", "recipes", "potentiometer.json"), "utf8"),
);

/** The book's recipe with other training settings. */
function bookWith(training: Partial<RecipeInput["training"]>, rest: Partial<RecipeInput> = {}): Recipe {
  return parseRecipe({ ...bookRecipe, ...rest, training: { ...bookRecipe.training, ...training } });
}

const cloudsRecipe: RecipeInput = {
  version: 1,
  task: "classification",
  input: { shape: [2] },
  features: [{ block: "normalize" }],
  layers: [
    { type: "dense", units: 8, activation: "relu" },
    { type: "dense", units: 3, activation: "softmax" },
  ],
  training: { loss: "categoricalCrossentropy", optimizer: { type: "adam", learningRate: 0.01 }, epochs: 60 },
};

describe("the book's potentiometer network, 500 epochs", () => {
  const table = potentiometerTable();

  for (const seed of [1, 2, 3]) {
    it(`seed ${seed}: validation MSE at most .0030, and 3e-4 against the sine without noise`, () => {
      const model = trainRecipe({ recipe: bookWith({ seed }), table, name: "pot" });
      const { report } = model.metadata ?? {};
      assert.equal(report?.epochs, 500);
      assert.equal(report?.trainingSamples, 750);
      assert.ok(report.validationMetric <= 0.003, `validation MSE ${report.validationMetric}`);
      const codes = Float32Array.from({ length: 1024 }, (_, code) => code / 1023);
      const truth: Table = { ...table, inputs: codes, outputs: codes.map((x) => Math.sin(Math.PI * x)), rows: 1024 };
      const { value } = evaluateModel(model, truth);
      assert.ok(value <= 3e-4, `MSE against sin(πx) ${value}`);
    });
  }

  it("has 177 parameters", () => {
    const model = trainRecipe({ recipe: bookWith({ epochs: 1 }), table, name: "pot" });
    assert.equal(
      model.tensors.reduce((sum, { data }) => sum + (data?.length ?? 0), 0),
      177,
    );
  });
});

describe("training", () => {
  const table = potentiometerTable();

  it("gives the same bytes for the same recipe, data and seed, and others for another seed", () => {
    const bytes = (seed: number): Uint8Array => {
      const model = trainRecipe({ recipe: bookWith({ seed, epochs: 5 }), table, name: "pot" });
      return writeTflite(model, { metadata: false });
    };
    assert.deepEqual(bytes(4), bytes(4));
    assert.notDeepEqual(bytes(4), bytes(5));
  });

  it("keeps the weights of the best epoch, with and without early stopping", () => {
    for (const earlyStopping of [false, { patience: 3 }] as const) {
      const seen: TrainingProgress[] = [];
      const model = trainRecipe(
        {
          recipe: bookWith({ epochs: 40, earlyStopping, optimizer: { type: "adam", learningRate: 0.05 } }),
          table,
          name: "pot",
        },
        { onProgress: (progress) => seen.push(progress) },
      );
      const best = seen.reduce((a, b) => (b.validationLoss < a.validationLoss ? b : a));
      assert.equal(model.metadata?.report?.bestEpoch, best.epoch);
      assert.equal(model.metadata?.report?.validationMetric, best.validationMetric);
      assert.equal(model.metadata?.report?.epochs, seen.length);
      if (earlyStopping !== false) assert.equal(seen.length, best.epoch + 3);
    }
  });

  it("stops by itself unless the recipe says otherwise", () => {
    const { earlyStopping } = parseRecipe({ ...cloudsRecipe }).training;
    assert.deepEqual(earlyStopping, { patience: 20, minDelta: 0 });
  });

  it("classifies, normalizing its inputs by what it learned from the training rows", () => {
    const model = trainRecipe({ recipe: parseRecipe(cloudsRecipe), table: cloudsTable(), name: "clouds" });
    assert.equal(model.metadata?.report?.metric, "accuracy");
    assert.ok(model.metadata.report.validationMetric >= 0.98);
    assert.equal(model.metadata.features[0].block, "normalize");
    const predictor = createPredictor(model);
    const prediction = predictor.predict([1, -1]);
    assert.ok(typeof prediction === "object" && "label" in prediction);
    assert.equal(prediction.label, "below");
    const sum = Object.values(prediction.scores).reduce((total, score) => total + score, 0);
    assert.ok(Math.abs(sum - 1) < 1e-6);
    predictor.dispose();
  });

  it("learns from readings of 0..1023 when they are normalized", () => {
    const raw: Table = { ...table, inputs: table.inputs.map((x) => Math.round(x * 1023)) };
    const model = trainRecipe({
      recipe: bookWith({}, { features: [{ block: "normalize" }] }),
      table: raw,
      name: "raw",
    });
    assert.ok((model.metadata?.report?.validationMetric ?? 1) <= 0.003);
  });

  it("takes no more memory for a batch size that is larger than the dataset", () => {
    const before = kernels().heap.usedBytes;
    let most = 0;
    trainRecipe(
      { recipe: bookWith({ epochs: 1, batchSize: 1_000_000 }), table, name: "pot" },
      {
        onProgress: () => {
          most = kernels().heap.usedBytes - before;
        },
      },
    );
    assert.ok(most < 1e6, `${most} bytes`);
    assert.equal(kernels().heap.usedBytes, before);
  });

  it("reports progress for every epoch and stops when asked", () => {
    const seen: number[] = [];
    assert.throws(
      () =>
        trainRecipe(
          { recipe: bookWith({ epochs: 100 }), table, name: "pot" },
          { onProgress: ({ epoch }) => seen.push(epoch), shouldStop: () => seen.length === 7 },
        ),
      { code: "TINYML_TRAINING_CANCELLED" },
    );
    assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7]);
  });
});

describe("training refuses", () => {
  const table = potentiometerTable(1, 40);
  const clouds = cloudsTable(1, 30);
  const cases: { what: string; recipe: () => unknown; table: Table; code: ErrorCode; says: RegExp }[] = [
    {
      what: "an empty dataset",
      recipe: () => bookRecipe,
      table: { ...table, rows: 0, inputs: new Float32Array(), outputs: new Float32Array() },
      code: "TINYML_DATASET_EMPTY",
      says: /record/,
    },
    {
      what: "a single row",
      recipe: () => bookRecipe,
      table: { ...table, rows: 1, inputs: table.inputs.slice(0, 1), outputs: table.outputs.slice(0, 1) },
      code: "TINYML_DATASET_EMPTY",
      says: /too few/,
    },
    {
      what: "one class",
      recipe: () => cloudsRecipe,
      table: { ...clouds, outputs: new Float32Array(30) },
      code: "TINYML_ONE_CLASS",
      says: /"left"/,
    },
    {
      what: "labels out of range",
      recipe: () => cloudsRecipe,
      table: { ...clouds, outputs: clouds.outputs.map((label) => label + 1) },
      code: "TINYML_UNKNOWN_LABEL",
      says: /3/,
    },
    { what: "another task", recipe: () => cloudsRecipe, table, code: "TINYML_DATASET_MISMATCH", says: /regression/ },
    {
      what: "another number of channels",
      recipe: () => ({ ...bookRecipe, input: { shape: [2] } }),
      table,
      code: "TINYML_RECIPE_INVALID",
      says: /input\.shape/,
    },
    {
      what: "a last layer that does not fit the labels",
      recipe: () => ({ ...cloudsRecipe, layers: [{ type: "dense", units: 4, activation: "softmax" }] }),
      table: clouds,
      code: "TINYML_RECIPE_INVALID",
      says: /layers\.0\.units.*3/,
    },
    {
      what: "a block that comes twice",
      recipe: () => ({ ...bookRecipe, features: [{ block: "normalize" }, { block: "normalize" }] }),
      table,
      code: "TINYML_RECIPE_INVALID",
      says: /features\.0\.block.*last/,
    },
    {
      what: "a division behind normalizing",
      recipe: () => ({ ...bookRecipe, features: [{ block: "normalize" }, { block: "scale", divide: 2 }] }),
      table,
      code: "TINYML_RECIPE_INVALID",
      says: /features\.0\.block.*last/,
    },
    {
      what: "a division by zero",
      recipe: () => ({ ...bookRecipe, features: [{ block: "scale", divide: 0 }] }),
      table,
      code: "TINYML_RECIPE_INVALID",
      says: /features\.0\.divide/,
    },
    {
      what: "no layers",
      recipe: () => ({ ...bookRecipe, layers: [] }),
      table,
      code: "TINYML_RECIPE_INVALID",
      says: /layers/,
    },
    {
      what: "units of 0",
      recipe: () => ({ ...bookRecipe, layers: [{ type: "dense", units: 0 }] }),
      table,
      code: "TINYML_RECIPE_INVALID",
      says: /layers\.0\.units/,
    },
    {
      what: "a layer that no other one takes",
      recipe: () => ({
        ...cloudsRecipe,
        layers: [
          { type: "dense", units: 4, name: "forgotten" },
          { type: "dense", units: 3, activation: "softmax", inputs: ["input"] },
        ],
      }),
      table: clouds,
      code: "TINYML_RECIPE_INVALID",
      says: /layers\.0 .*no later layer takes what it gives/,
    },
    {
      what: "a name that a layer has anyway",
      recipe: () => ({
        ...cloudsRecipe,
        layers: [
          { type: "dense", units: 4, name: "dense2" },
          { type: "dense", units: 3, activation: "softmax" },
        ],
      }),
      table: clouds,
      code: "TINYML_RECIPE_INVALID",
      says: /layers\.1\.name .*"dense2" is taken/,
    },
    {
      what: "more weights than memory holds, before they are drawn",
      recipe: () => ({ ...bookRecipe, layers: [1, 2, 3, 4].map(() => ({ type: "dense", units: 65536 })) }),
      table,
      code: "TINYML_OUT_OF_MEMORY",
      says: /layers\.1 .*smaller layer/,
    },
    {
      what: "an unknown option",
      recipe: () => ({ ...bookRecipe, layers: [{ type: "dense", units: 1, size: 3 }] }),
      table,
      code: "TINYML_RECIPE_INVALID",
      says: /size/,
    },
    {
      what: "a softmax in the middle",
      recipe: () => ({
        ...cloudsRecipe,
        layers: [
          { type: "dense", units: 4, activation: "softmax" },
          { type: "dense", units: 3, activation: "softmax" },
        ],
      }),
      table: clouds,
      code: "TINYML_RECIPE_INVALID",
      says: /layers\.0\.activation/,
    },
    {
      what: "a loss of another task",
      recipe: () => ({ ...bookRecipe, training: { ...bookRecipe.training, loss: "categoricalCrossentropy" } }),
      table,
      code: "TINYML_RECIPE_INVALID",
      says: /training\.loss/,
    },
    {
      what: "a learning rate of NaN",
      recipe: () => ({
        ...bookRecipe,
        training: { ...bookRecipe.training, optimizer: { type: "sgd", learningRate: Number.NaN } },
      }),
      table,
      code: "TINYML_RECIPE_INVALID",
      says: /learningRate/,
    },
    { what: "what is no recipe at all", recipe: () => "dense", table, code: "TINYML_RECIPE_INVALID", says: /recipe/ },
    {
      what: "a learning rate that explodes",
      recipe: () => ({
        ...bookRecipe,
        training: { ...bookRecipe.training, optimizer: { type: "sgd", learningRate: 1e9 } },
      }),
      table,
      code: "TINYML_TRAINING_DIVERGED",
      says: /learning rate below/,
    },
    {
      what: "a learning rate that explodes behind a softmax",
      recipe: () => ({
        ...cloudsRecipe,
        training: { ...cloudsRecipe.training, optimizer: { type: "sgd", learningRate: 1e30 } },
      }),
      table: clouds,
      code: "TINYML_TRAINING_DIVERGED",
      says: /learning rate below/,
    },
    {
      what: "numbers to learn that overflow when they are squared",
      recipe: () => bookRecipe,
      table: { ...table, outputs: table.outputs.map((y) => y * 1e30) },
      code: "TINYML_NOT_A_NUMBER",
      says: /another unit/,
    },
    {
      what: "a validation share that leaves no row",
      recipe: () => ({ ...bookRecipe, training: { ...bookRecipe.training, validation: 1e-9 } }),
      table,
      code: "TINYML_DATASET_EMPTY",
      says: /share/,
    },
    {
      what: "an endless minDelta",
      recipe: () => ({
        ...bookRecipe,
        training: { ...bookRecipe.training, earlyStopping: { minDelta: Number.POSITIVE_INFINITY } },
      }),
      table,
      code: "TINYML_RECIPE_INVALID",
      says: /earlyStopping/,
    },
  ];
  for (const { what, recipe, table: rows, code, says } of cases) {
    it(`${what}: ${code}`, () => {
      assert.throws(() => trainRecipe({ recipe: parseRecipe(recipe()), table: rows, name: "m" }), {
        code,
        message: says,
      });
    });
  }
});

describe("one sigmoid for two labels", () => {
  it("learns which of them it is, and is sure of it", () => {
    const all = cloudsTable();
    const rows = Array.from({ length: all.rows }, (_, row) => row).filter((row) => all.outputs[row] < 2);
    const table = { ...selectRows(all, rows), labels: all.labels?.slice(0, 2) ?? [] };
    const recipe = parseRecipe({
      ...cloudsRecipe,
      layers: [
        { type: "dense", units: 8, activation: "relu" },
        { type: "dense", units: 1, activation: "sigmoid" },
      ],
      training: { ...cloudsRecipe.training, loss: "binaryCrossentropy" },
    });
    const model = trainRecipe({ recipe, table, name: "two" });
    assert.ok((model.metadata?.report?.validationMetric ?? 0) >= 0.98);
    const { metric, value } = evaluateModel(model, table);
    assert.equal(metric, "accuracy");
    assert.ok(value >= 0.98, `${value}`);
  });

  it("is not enough for three", () => {
    const recipe = parseRecipe({
      ...cloudsRecipe,
      layers: [{ type: "dense", units: 1, activation: "sigmoid" }],
      training: { ...cloudsRecipe.training, loss: "binaryCrossentropy" },
    });
    assert.throws(() => trainRecipe({ recipe, table: cloudsTable(), name: "three" }), {
      code: "TINYML_RECIPE_INVALID",
      message: /the dataset has 3 labels, so the last layer needs 3 units, not 1/,
    });
  });
});

describe("a loss that is no number", () => {
  const table = cloudsTable();
  const splits = Array.from({ length: table.rows }, (_, row): Split => (row % 4 === 0 ? "validation" : "training"));
  for (const { row, features, what } of [
    { row: 17, features: [], what: "a training row" },
    { row: 17, features: cloudsRecipe.features, what: "a training row, from which normalizing learned" },
    { row: 20, features: [], what: "a validation row" },
  ]) {
    it(`names ${what} that has one`, () => {
      const inputs = inputsInMemory(table).slice();
      inputs[2 * row] = Number.NaN;
      const recipe = parseRecipe({ ...cloudsRecipe, features });
      assert.throws(() => trainRecipe({ recipe, table: { ...table, inputs, splits }, name: "nan" }), {
        code: "TINYML_NOT_A_NUMBER",
        message: new RegExp(`Row ${row + 1} of the dataset`),
      });
    });
  }

  it("names the row whose number to learn is none", () => {
    const data = potentiometerTable(1, 40);
    const outputs = data.outputs.slice();
    outputs[7] = Number.NaN;
    assert.throws(() => trainRecipe({ recipe: bookWith({}), table: { ...data, outputs }, name: "nan" }), {
      code: "TINYML_NOT_A_NUMBER",
      message: /Row 8 of the dataset/,
    });
  });

  it("names the layer where it began", () => {
    const recipe = parseRecipe({
      ...cloudsRecipe,
      layers: [
        { type: "dense", units: 4 },
        { type: "dense", units: 4 },
        { type: "dense", units: 3, activation: "softmax" },
      ],
      training: { ...cloudsRecipe.training, optimizer: { type: "sgd", learningRate: 1e25 } },
    });
    assert.throws(() => trainRecipe({ recipe, table: cloudsTable(), name: "hot" }), {
      code: "TINYML_TRAINING_DIVERGED",
      message: /epoch 1, first in what layers\.1 \(dense\) gives; use a learning rate below 1e\+25/,
    });
  });
});

describe("augmentation", () => {
  it("changes what is learned, in the same way for the same seed, and leaves the validation rows alone", () => {
    const task = (training: Partial<RecipeInput["training"]>) => ({
      recipe: parseRecipe({
        ...cloudsRecipe,
        training: { ...cloudsRecipe.training, epochs: 5, earlyStopping: false, ...training },
      }),
      table: cloudsTable(),
      name: "clouds",
    });
    const bytes = (training: Partial<RecipeInput["training"]>): Uint8Array =>
      writeTflite(trainRecipe(task(training)), { metadata: false });
    const noise = [{ type: "noise" as const, deviation: 0.3 }];
    assert.deepEqual(bytes({ augmentation: noise }), bytes({ augmentation: noise }));
    assert.notDeepEqual(bytes({ augmentation: noise }), bytes({}));
    // a learning rate that moves nothing: the loss over the validation rows is that without augmentation
    const still = { optimizer: { type: "sgd" as const, learningRate: 1e-30 }, epochs: 2 };
    const validationLoss = (training: Partial<RecipeInput["training"]>) =>
      trainRecipe(task({ ...still, ...training })).metadata?.report?.curve.validationLoss;
    assert.deepEqual(validationLoss({ augmentation: noise }), validationLoss({}));
  });
});

describe("the progress of a training", () => {
  it("tells the share of training rows that was right, of classification", () => {
    const seen: (number | undefined)[] = [];
    const task = { recipe: parseRecipe(cloudsRecipe), table: cloudsTable(), name: "clouds" };
    trainRecipe(task, { onProgress: ({ accuracy }) => seen.push(accuracy) });
    const [first = 1] = seen;
    const last = seen.at(-1) ?? 0;
    assert.ok(seen.every((accuracy) => accuracy !== undefined && accuracy >= 0 && accuracy <= 1));
    assert.ok(first < last && last > 0.9, `${first}, then ${last}`);
  });
});
