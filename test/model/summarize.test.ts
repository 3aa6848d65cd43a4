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
