import assert from "node:assert/strict";
import { summarizeModel } from "../../src/model/summarize";
import { bookNetwork, classifier, floatModel } from "../tflite/models";

describe("a model's summary", () => {
  it("counts the book's network", () => {
    assert.deepEqual(summarizeModel(bookNetwork(), 1552), {
      name: "",
      inputs: [{ name: "input", type: "float32", shape: [1, 1] }],
      outputs: [{ name: "output", type: "float32", shape: [1, 1] }],
      parameters: 177,
      parameterBytes: 708,
      macs: 8 + 128 + 16,
      bytes: 1552,
      quantized: false,
      operators: { FULLY_CONNECTED: 3 },
      graph: [
        { type: "FULLY_CONNECTED", outputs: [{ name: "dense0", type: "float32", shape: [1, 8] }], macs: 8 },
        { type: "FULLY_CONNECTED", outputs: [{ name: "dense1", type: "float32", shape: [1, 16] }], macs: 128 },
        { type: "FULLY_CONNECTED", outputs: [{ name: "output", type: "float32", shape: [1, 1] }], macs: 16 },
      ],
      // The two hidden layers, of 8 and 16 floats, are needed at the same time.
      memoryBytes: 4 * (8 + 16),
      compression: [],
    });
  });

  it("tells what the metadata says", () => {
    const { task, labels, accuracy, validationMse, name, quantized, operators, compression } = summarizeModel(
      classifier(),
      3000,
    );
    assert.deepEqual(
      { task, labels, accuracy, validationMse, name, quantized, operators, compression },
      {
        task: "classification",
        labels: ["apple", "banana", "Kürbis 🎃", "other"],
        accuracy: 0.875,
        validationMse: undefined,
        name: "fruit by colour",
        quantized: true,
        operators: { FULLY_CONNECTED: 1, SOFTMAX: 1 },
        compression: ["int8"],
      },
    );
  });

  it("tells how quantized inputs and outputs are scaled", () => {
    const { inputs, outputs } = summarizeModel(classifier(), 0);
    const [input, output] = [...inputs, ...outputs].map(({ scale, zeroPoint }) => ({ scale, zeroPoint }));
    assert.deepEqual(input, { scale: Math.fround(2 / 255), zeroPoint: -3 });
    assert.deepEqual(output, { scale: 1 / 256, zeroPoint: -128 });
  });

  it("counts weights that two layers share once, and a batch's work per row", () => {
    const model = floatModel("NONE");
    const [dense] = model.operators;
    assert.ok(dense?.type === "FULLY_CONNECTED");
    const tensors = model.tensors.map((tensor) =>
      tensor.data ? tensor : { ...tensor, shape: [5, tensor.shape[1] ?? 0] },
    );
    const second = tensors.push({ name: "again", type: "float32", shape: [5, 4] }) - 1;
    const twice = { ...model, tensors, operators: [dense, { ...dense, outputs: [second] }] };
    assert.equal(summarizeModel(twice, 0).parameters, 16);
    assert.equal(summarizeModel(twice, 0).macs, 2 * 5 * 12);
  });
});
