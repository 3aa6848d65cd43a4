import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { quantizeInt8 } from "../../src/compression/quantize-int8";
import { readDataset } from "../../src/dataset/read-dataset";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { cloudsModel, fileOf, potentiometerModel, storeModelFile, storePotentiometer } from "./support/data";
import { potentiometerDataset, startFlow, tab } from "./support/flow";

const quantizer = {
  id: "quantize",
  z: "tab",
  type: "tinyml-quantize",
  dataset: "dataset",
  model: "",
  wires: [["out"]],
};
const base = [...tab, potentiometerDataset, { id: "out", z: "tab", type: "helper" }];

describe("node quantize", () => {
  const model = potentiometerModel();
  const file = fileOf(model);

  it("quantizes the model of the message, emits and stores it", async () => {
    const flow = await startFlow([...base, quantizer]);
    await storePotentiometer(flow.storage);
    flow.send("quantize", { payload: file, other: 1 });
    const { payload, model: summary, other } = await flow.next("out");
    const table = await readDataset(path.join(flow.storage, "datasets", "potentiometer"));
    assert.ok(Buffer.from(writeTflite(quantizeInt8(model, table))).equals(payload as Buffer));
    assert.equal((summary as { name: string }).name, "potentiometer-int8");
    assert.equal(other, 1);
    const stored = await readFile(path.join(flow.storage, "models", "potentiometer-int8", "model.tflite"));
    assert.ok(stored.equals(payload as Buffer));
    assert.ok(readTflite(stored).tensors.every(({ type }) => type === "int8" || type === "int32"));
    assert.equal(flow.statuses("quantize").at(0)?.text, "status.quantizing");
  });

  it("takes the stored model for any other message", async () => {
    const flow = await startFlow([...base, { ...quantizer, model: "pot" }]);
    await storePotentiometer(flow.storage);
    flow.send("quantize", { payload: "go" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_NO_MODEL");
    await storeModelFile(flow.storage, "pot", file);
    flow.send("quantize", { payload: Date.now() });
    assert.equal(((await flow.next("out")).model as { name: string }).name, "potentiometer-int8");
  });

  it("says what is wrong", async () => {
    const flow = await startFlow([
      ...base,
      quantizer,
      { ...quantizer, id: "unset", dataset: "" },
      { ...quantizer, id: "escape", model: "../../etc" },
    ]);
    const codeOf = async (id: string, payload: unknown): Promise<string | undefined> => {
      flow.send(id, { payload });
      return (await flow.next("errors")).error?.code;
    };
    assert.equal(await codeOf("unset", file), "TINYML_DATASET_NOT_SET");
    assert.equal(await codeOf("quantize", file), "TINYML_DATASET_MISSING");
    await storePotentiometer(flow.storage);
    assert.equal(await codeOf("quantize", 1), "TINYML_NO_MODEL");
    assert.equal(await codeOf("escape", 1), "TINYML_NAME_INVALID");
    assert.match((await codeOf("quantize", file.subarray(0, 500))) ?? "", /^TINYML_MODEL_/);
    assert.equal(await codeOf("quantize", fileOf(cloudsModel())), "TINYML_DATASET_MISMATCH");
    flow.send("quantize", { payload: file });
    const { payload } = await flow.next("out");
    assert.equal(await codeOf("quantize", payload), "TINYML_ALREADY_QUANTIZED");
  });
});
