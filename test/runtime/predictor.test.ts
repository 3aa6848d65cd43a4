import assert from "node:assert/strict";
import { quantizeInt8 } from "../../src/compression/quantize-int8";
import type { ErrorCode } from "../../src/errors";
import { kernels } from "../../src/kernels/kernels";
import type { Model } from "../../src/model/model";
import { loadModel } from "../../src/runtime/load-model";
import { createPredictor } from "../../src/runtime/predictor";
import { parseRecipe } from "../../src/training/recipe";
import { trainRecipe } from "../../src/training/train-recipe";
import { cloudsTable } from "../support/potentiometer";

const table = cloudsTable();
const classifier = trainRecipe({
  recipe: parseRecipe({
    version: 1,
    task: "classification",
    input: { shape: [2] },
    features: [{ block: "normalize" }],
    layers: [
      { type: "dense", units: 6, activation: "relu" },
      { type: "dense", units: 3, activation: "softmax" },
    ],
    training: { loss: "categoricalCrossentropy", epochs: 30, optimizer: { type: "adam", learningRate: 0.02 } },
  }),
  table,
  name: "clouds",
});

describe("a predictor", () => {
  for (const [type, model] of [
    ["float", classifier],
    ["int8", quantizeInt8(classifier, table)],
  ] as const) {
    it(`names the class of a reading, ${type}`, () => {
      const predictor = createPredictor(model);
      const answers = [
        [-1, -1],
        [1, 1],
        [1, -1],
      ].map((reading) => predictor.predict(reading));
      assert.deepEqual(
        answers.map((answer) => typeof answer === "object" && "label" in answer && answer.label),
        ["left", "right", "below"],
      );
      predictor.dispose();
    });
  }

  it("gives plain numbers for a model that carries no metadata", () => {
    const { metadata: _, ...bare } = classifier;
    const predictor = createPredictor(bare);
    const prediction = predictor.predict([0, 0]);
    assert.ok(Array.isArray(prediction) && prediction.length === 3);
    predictor.dispose();
  });

  it("takes plain arrays and typed arrays", () => {
    const predictor = createPredictor(classifier);
    assert.deepEqual(predictor.predict([0.5, -0.25]), predictor.predict(Float32Array.of(0.5, -0.25)));
    predictor.dispose();
  });

  const wrong: { what: string; reading: ArrayLike<number>; code: ErrorCode }[] = [
    { what: "too few numbers", reading: [1], code: "TINYML_CHANNEL_COUNT" },
    { what: "too many numbers", reading: [1, 2, 3], code: "TINYML_CHANNEL_COUNT" },
    { what: "no numbers", reading: [], code: "TINYML_CHANNEL_COUNT" },
    { what: "NaN", reading: [1, Number.NaN], code: "TINYML_NOT_A_NUMBER" },
    { what: "a number beyond float32", reading: [1e300, 1], code: "TINYML_NOT_A_NUMBER" },
    { what: "infinity", reading: [Number.POSITIVE_INFINITY, 0], code: "TINYML_NOT_A_NUMBER" },
    { what: "text", reading: JSON.parse('["a", "b"]'), code: "TINYML_NOT_A_NUMBER" },
    { what: "a text of the right length", reading: JSON.parse('"12"'), code: "TINYML_NOT_A_NUMBER" },
  ];
  for (const { what, reading, code } of wrong) {
    it(`refuses ${what} with ${code} and works on`, () => {
      const predictor = createPredictor(classifier);
      assert.throws(() => predictor.predict(reading), { code });
      assert.ok(predictor.predict([0, 0]));
      predictor.dispose();
    });
  }

  it("has a score for every label, whatever its name", () => {
    const { metadata } = classifier;
    assert.ok(metadata);
    const predictor = createPredictor({
      ...classifier,
      metadata: { ...metadata, labels: ["__proto__", "b", "toString"] },
    });
    const prediction = predictor.predict([-1, -1]);
    assert.ok(typeof prediction === "object" && "label" in prediction);
    assert.equal(prediction.label, "__proto__");
    assert.deepEqual(Object.keys(prediction.scores), ["__proto__", "b", "toString"]);
    predictor.dispose();
  });

  it("refuses a model that would take the machine's memory, before it takes any", () => {
    const shape = [1, 500_000_000];
    const tensors = [0, 1].map((i) => ({ name: `t${i}`, type: "float32" as const, shape }));
    const huge: Model = {
      description: "",
      tensors,
      operators: [{ type: "RELU", inputs: [0], outputs: [1], options: {} }],
      inputs: [0],
      outputs: [1],
    };
    assert.throws(() => loadModel(huge), { code: "TINYML_OUT_OF_MEMORY" });
  });

  it("refuses an int8 softmax over more classes than its sum holds", () => {
    const shape = [1, 8192];
    const quantization = { scales: [1 / 256], zeroPoints: [-128], axis: 0 };
    const tensors = [0, 1].map((i) => ({ name: `t${i}`, type: "int8" as const, shape, quantization }));
    const wide: Model = {
      description: "",
      tensors,
      operators: [{ type: "SOFTMAX", inputs: [0], outputs: [1], options: { beta: 1 } }],
      inputs: [0],
      outputs: [1],
    };
    assert.throws(() => loadModel(wide), { code: "TINYML_MODEL_INVALID", message: /8192 classes/ });
  });

  it("gives all its memory back, also when it could not be made", () => {
    const before = kernels().heap.usedBytes;
    const predictor = createPredictor(quantizeInt8(classifier, table));
    predictor.predict([0, 0]);
    predictor.dispose();
    predictor.dispose();
    assert.throws(() => predictor.predict([0, 0]), { code: "TINYML_NO_MODEL" });
    const { metadata } = classifier;
    assert.ok(metadata);
    const mean = [1, 2, 3];
    const misfit: Model = {
      ...classifier,
      metadata: { ...metadata, features: [{ block: "normalize", mean, deviation: mean }] },
    };
    assert.throws(() => createPredictor(misfit), { code: "TINYML_MODEL_INVALID" });
    assert.equal(kernels().heap.usedBytes, before);
  });
});

describe("a model on raw tensors", () => {
  it("refuses tensors that are not its own", () => {
    const loaded = loadModel(classifier);
    const wrong = [[], [new Float32Array(3)], [new Int8Array(2)], [new Float32Array(2), new Float32Array(2)]];
    for (const inputs of wrong) assert.throws(() => loaded.run(inputs), { code: "TINYML_MODEL_MISMATCH" });
    assert.equal(loaded.run([new Float32Array(2)])[0].length, 3);
    loaded.dispose();
    assert.throws(() => loaded.run([new Float32Array(2)]), { code: "TINYML_MODEL_MISMATCH" });
  });

  it("gives results that the next run does not change", () => {
    const loaded = loadModel(classifier);
    const [first] = loaded.run([Float32Array.of(1, 1)]);
    const copy = first.slice();
    loaded.run([Float32Array.of(-1, -1)]);
    assert.deepEqual(first, copy);
    loaded.dispose();
  });
});
