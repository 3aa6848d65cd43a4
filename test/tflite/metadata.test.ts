import assert from "node:assert/strict";
import type { Metadata } from "../../src/model/metadata";
import type { Model } from "../../src/model/model";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { classifier, floatModel } from "./models";

/** A file in which our metadata is this text, put there as any other metadata is. */
function fileWith(text: string | Uint8Array): Uint8Array {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return writeTflite({ ...floatModel("NONE"), otherMetadata: { TINYML_FLOWS: bytes } });
}

const REGRESSION: Metadata = {
  version: 1,
  name: "dimmer",
  task: "regression",
  inputs: [{ name: "position", unit: "" }],
  targets: ["a", "b", "c", "d"].map((name) => ({ name, unit: "%", range: [0, 100] as const })),
  features: [],
  compression: [],
};

describe("the metadata TINYML_FLOWS", () => {
  it("travels in the file, and only when it is wanted", () => {
    const model: Model = { ...floatModel("NONE"), metadata: REGRESSION };
    assert.deepEqual(readTflite(writeTflite(model)), model);
    const plain = writeTflite(model, { metadata: false });
    assert.equal(readTflite(plain).metadata, undefined);
    assert.equal(Buffer.from(plain).includes("dimmer"), false);
    assert.equal(Buffer.from(writeTflite(classifier(), { metadata: false })).includes("labels.txt"), false);
  });

  it("keeps the metadata of others", () => {
    const { otherMetadata } = readTflite(writeTflite(classifier()));
    assert.deepEqual(otherMetadata, { min_runtime_version: new Uint8Array([49, 46, 53, 0]), empty: new Uint8Array() });
    const foreign = {
      ...floatModel("NONE"),
      otherMetadata: { TFLITE_METADATA: new Uint8Array([1, 2]), __proto__x: new Uint8Array([3]) },
    };
    assert.deepEqual(readTflite(writeTflite(foreign)), foreign);
  });

  const damaged: [string, string | Uint8Array, RegExp][] = [
    ["what is not UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), /metadata TINYML_FLOWS is not UTF-8 JSON/],
    ["what is not JSON", '{"version":1', /metadata TINYML_FLOWS is not UTF-8 JSON/],
    ["nothing", "", /metadata TINYML_FLOWS is not UTF-8 JSON/],
    ["another kind of JSON", "[1]", /metadata TINYML_FLOWS/],
    ["a missing property", '{"version":1}', /metadata TINYML_FLOWS\.name/],
    ["a wrong property", JSON.stringify({ ...REGRESSION, task: "guess" }), /metadata TINYML_FLOWS\.task/],
    [
      "a wrong property deep inside",
      JSON.stringify({ ...REGRESSION, inputs: [{ name: "x" }] }),
      /TINYML_FLOWS\.inputs\.0\.unit/,
    ],
    ["an older version", JSON.stringify({ ...REGRESSION, version: 0 }), /TINYML_FLOWS\.version/],
    ["targets of another model", JSON.stringify({ ...REGRESSION, targets: [] }), /TINYML_FLOWS\.targets/],
  ];
  for (const [name, text, message] of damaged) {
    it(`is damaged when it holds ${name}`, () => {
      assert.throws(() => readTflite(fileWith(text)), { code: "TINYML_MODEL_INVALID", message });
    });
  }

  it("of a newer version asks for an update", () => {
    assert.throws(() => readTflite(fileWith('{"version":2,"shape":"unheard of"}')), {
      code: "TINYML_MODEL_UNSUPPORTED",
      message: /metadata TINYML_FLOWS has version 2.*Update the package/,
    });
  });

  it("is not written when JSON can't hold it", () => {
    const endless: { layers: unknown[] } = { layers: [] };
    endless.layers.push(endless);
    const model = { ...floatModel("NONE"), metadata: { ...REGRESSION, recipe: endless } };
    assert.throws(() => writeTflite(model), { code: "TINYML_MODEL_INVALID", message: /expressed as JSON/ });
  });

  it("is not written when it could not be read again", () => {
    const features = [{ block: "normalize", mean: [NaN], deviation: [1] }] as const;
    const model = { ...floatModel("NONE"), metadata: { ...REGRESSION, features } };
    assert.throws(() => writeTflite(model), {
      code: "TINYML_MODEL_INVALID",
      message: /TINYML_FLOWS\.features\.0\.mean\.0/,
    });
  });
});
