import assert from "node:assert/strict";
import { quantizeInt8 } from "../../src/compression/quantize-int8";
import type { ErrorCode } from "../../src/errors";
import { kernels } from "../../src/kernels/kernels";
import type { Model, Tensor, TensorType } from "../../src/model/model";
import { summarizeModel } from "../../src/model/summarize";
import { elementCount } from "../../src/model/tensor";
import { loadModel } from "../../src/runtime/load-model";
import { createPredictor, isLabelPrediction, type Prediction } from "../../src/runtime/predictor";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
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

describe("a predictor of a model from elsewhere", () => {
  const { metadata: _ours, ...foreign } = classifier;
  const file = (text: string) => new TextEncoder().encode(text);
  for (const [title, files, labels] of [
    [
      "takes its labels from the file that travels with it",
      { "labels.txt": file("north\r\nsouth\r\nwest\n") },
      ["north", "south", "west"],
    ],
    ["gives numbers where there are other than three labels", { "labels.txt": file("north\nsouth\n") }, undefined],
    ["gives numbers where two files could be meant", { "a.txt": file("a\nb\nc"), "b.txt": file("d\ne\nf") }, undefined],
  ] as const) {
    it(title, () => {
      const model: Model = { ...foreign, associatedFiles: files };
      const predictor = createPredictor(readTflite(writeTflite(model)));
      const prediction = predictor.predict([1, 1]);
      predictor.dispose();
      if (labels === undefined) assert.ok(Array.isArray(prediction) && prediction.length === 3);
      else assert.ok(isLabelPrediction(prediction) && labels.some((label) => label === prediction.label));
      assert.deepEqual(summarizeModel(model, 0).labels, labels);
    });
  }
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
    // 4,000 means for 2 inputs
    const wide: Model = {
      ...classifier,
      metadata: {
        ...metadata,
        features: [{ block: "statistics", of: ["mean"] }],
        window: { shape: [2, 4000] },
      },
    };
    assert.throws(() => createPredictor(wide), { code: "TINYML_MODEL_INVALID", message: /4000 features .* 2 numbers/ });
    assert.equal(kernels().heap.usedBytes, before);
  });
});

/** A model that gives each of its inputs again, reshaped to a line. */
function passing(...inputs: Tensor[]): Model {
  const lines = inputs.map((tensor, i) => ({
    ...tensor,
    name: `line ${i + 1}`,
    shape: [1, elementCount(tensor.shape)],
  }));
  return {
    description: "",
    tensors: [...inputs, ...lines],
    operators: inputs.map((_, i) => ({
      type: "RESHAPE",
      inputs: [i, -1],
      outputs: [inputs.length + i],
      options: { newShape: lines[i].shape },
    })),
    inputs: inputs.map((_, i) => i),
    outputs: inputs.map((_, i) => inputs.length + i),
  };
}

/** A model that gives its input as it is. */
function identity(input: Tensor): Model {
  return { description: "", tensors: [input], operators: [], inputs: [0], outputs: [0] };
}

function tensor(name: string, type: TensorType, shape: number[], scale?: number, zeroPoint = 0): Tensor {
  const quantization =
    scale === undefined ? {} : { quantization: { scales: [scale], zeroPoints: [zeroPoint], axis: 0 } };
  return { name, type, shape, ...quantization };
}

describe("a predictor of any tensors", () => {
  const types: { what: string; input: Tensor; reading: unknown; answer: Prediction }[] = [
    { what: "float32", input: tensor("x", "float32", [1, 3]), reading: [1.5, -2, 0], answer: [1.5, -2, 0] },
    {
      what: "int8 by its scale, to the nearest step and within its range",
      input: tensor("x", "int8", [1, 4], 0.5, -3),
      reading: [1, 1.25, -1000, 1000],
      answer: [1, 1.5, -62.5, 65],
    },
    {
      what: "uint8 by its scale",
      input: tensor("x", "uint8", [1, 4], 0.5, 128),
      reading: [1, -1.25, -1000, 1000],
      answer: [1, -1.5, -64, 63.5],
    },
    {
      what: "int16 by its scale",
      input: tensor("x", "int16", [1, 3], 0.25),
      reading: [1, -0.125, 1e6],
      answer: [1, -0.25, 8191.75],
    },
    {
      what: "int32 as it is",
      input: tensor("x", "int32", [1, 2]),
      reading: [16_777_217, -2_147_483_648],
      answer: [16_777_217, -2_147_483_648],
    },
    { what: "booleans", input: tensor("x", "bool", [1, 3]), reading: [true, false, 1], answer: [1, 0, 1] },
  ];
  for (const { what, input, reading, answer } of types) {
    it(`takes and gives ${what}`, () => {
      const predictor = createPredictor(identity(input));
      assert.deepEqual(predictor.predict(reading), answer);
      predictor.dispose();
    });
  }

  const picture = tensor("picture", "float32", [1, 2, 3, 1]);
  const shapes: { what: string; reading: unknown; code?: ErrorCode }[] = [
    { what: "a flat list", reading: [1, 2, 3, 4, 5, 6] },
    { what: "a typed array", reading: Uint8Array.of(1, 2, 3, 4, 5, 6) },
    {
      what: "rows",
      reading: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    },
    { what: "rows as typed arrays", reading: [Float32Array.of(1, 2, 3), Float64Array.of(4, 5, 6)] },
    {
      what: "the tensor's own nesting",
      reading: [
        [
          [[1], [2], [3]],
          [[4], [5], [6]],
        ],
      ],
    },
    {
      what: "rows of different lengths",
      reading: [
        [1, 2, 3, 4],
        [5, 6],
      ],
      code: "TINYML_CHANNEL_COUNT",
    },
    {
      what: "a row too many",
      reading: [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ],
      code: "TINYML_CHANNEL_COUNT",
    },
    { what: "a row among numbers", reading: [1, 2, 3, 4, 5, [6]], code: "TINYML_NOT_A_NUMBER" },
    { what: "a buffer", reading: Buffer.from([1, 2, 3, 4, 5, 6]), code: "TINYML_NOT_A_NUMBER" },
    { what: "an object", reading: { picture: [1, 2, 3, 4, 5, 6] }, code: "TINYML_NOT_A_NUMBER" },
    { what: "a list that holds itself", reading: listOfItself(1), code: "TINYML_CHANNEL_COUNT" },
    { what: "a long list that holds itself", reading: listOfItself(6), code: "TINYML_CHANNEL_COUNT" },
  ];
  for (const { what, reading, code } of shapes) {
    it(`${code === undefined ? "takes" : "refuses"} ${what} for an input of several dimensions`, () => {
      const predictor = createPredictor(passing(picture));
      if (code === undefined) assert.deepEqual(predictor.predict(reading), [1, 2, 3, 4, 5, 6]);
      else assert.throws(() => predictor.predict(reading), { code });
      predictor.dispose();
    });
  }

  it("takes an object with a list for each of several inputs, or the lists in order, and gives each output by its name", () => {
    const inputs = [tensor("sound", "float32", [1, 2]), tensor("level", "int8", [1, 1], 0.5)];
    const predictor = createPredictor(passing(...inputs));
    const answer = { "line 1": [1, 2], "line 2": [3.5] };
    assert.deepEqual(predictor.predict({ level: 3.5, sound: [1, 2] }), answer);
    assert.deepEqual(predictor.predict([[1, 2], 3.5]), answer);
    const wrong: [reading: unknown, code: ErrorCode, message: RegExp][] = [
      [{ sound: [1, 2] }, "TINYML_MODEL_MISMATCH", /"sound", "level".*nothing for "level"/],
      [
        { sound: [1, 2], Level: 3 },
        "TINYML_MODEL_MISMATCH",
        /nothing for "level".*"Level", which the model doesn't know/,
      ],
      [[1, 2, 3], "TINYML_MODEL_MISMATCH", /2 inputs.*a list of 3 numbers/],
      [5, "TINYML_MODEL_MISMATCH", /this is 5/],
      [Float32Array.of(1, 2), "TINYML_MODEL_MISMATCH", /this is a list of 2 numbers/],
      [
        { sound: [1], level: 3 },
        "TINYML_CHANNEL_COUNT",
        /The input "sound" takes 2 numbers per reading, but this one has 1/,
      ],
      [{ sound: [1, "2"], level: 3 }, "TINYML_NOT_A_NUMBER", /Number 2 of the input "sound" is the text "2"/],
    ];
    for (const [reading, code, message] of wrong) {
      assert.throws(() => predictor.predict(reading), { code, message });
    }
    predictor.dispose();
  });

  it("tells inputs and outputs without a name, or of the same, apart", () => {
    const predictor = createPredictor(passing(tensor("x", "float32", [1, 1]), tensor("x", "float32", [1, 1])));
    assert.deepEqual(predictor.predict({ x: 1, "x 2": 2 }), { "line 1": [1], "line 2": [2] });
    predictor.dispose();
  });

  it("refuses fractions and numbers out of range for whole numbers", () => {
    const predictor = createPredictor(identity(tensor("x", "int32", [1, 1])));
    for (const reading of [0.5, 2 ** 31, Number.NaN, true]) {
      assert.throws(() => predictor.predict(reading), { code: "TINYML_NOT_A_NUMBER" });
    }
    predictor.dispose();
  });
});

/** A list of the length whose entries are the list itself. */
function listOfItself(length: number): unknown[] {
  const list: unknown[] = [];
  for (let i = 0; i < length; i++) list.push(list);
  return list;
}

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
