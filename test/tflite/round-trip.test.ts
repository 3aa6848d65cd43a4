import assert from "node:assert/strict";
import * as fc from "fast-check";
import { unzipSync } from "fflate";
import { summarizeModel } from "../../src/model/summarize";
import { FlatFile } from "../../src/tflite/cursor";
import { isTflite } from "../../src/tflite/is-tflite";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { sharedModel } from "../support/shared-models";
import { anyModel, bookNetwork, classifier, int8Model } from "./models";

describe("writing and reading .tflite", () => {
  it("gives back every model that was written", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const bytes = writeTflite(model);
        assert.ok(isTflite(bytes));
        assert.deepEqual(readTflite(bytes), model);
        const { metadata: _own, otherMetadata: _others, associatedFiles: _files, ...graph } = model;
        assert.deepEqual(readTflite(writeTflite(model, { metadata: false })), graph);
      }),
      { numRuns: 300 },
    );
  });

  it("reads a file at any alignment, and shares no memory with it", () => {
    const model = int8Model("RELU");
    const bytes = writeTflite(model);
    for (let offset = 0; offset < 9; offset += 1) {
      const larger = Buffer.alloc(bytes.length + offset + 3, 0xaa);
      larger.set(bytes, offset);
      const read = readTflite(larger.subarray(offset, offset + bytes.length));
      larger.fill(0);
      assert.deepEqual(read, model);
    }
  });

  it("writes equal bytes for equal models", () => {
    assert.deepEqual(writeTflite(classifier()), writeTflite(classifier()));
  });

  it("writes the book's network smaller than TensorFlow does", () => {
    const bytes = writeTflite(bookNetwork(), { metadata: false });
    assert.equal(summarizeModel(bookNetwork(), bytes.length).parameters, 177);
    assert.ok(bytes.length <= 1600, `${bytes.length} bytes, 708 of them parameters`);
  });

  it("aligns constants to 16 bytes", () => {
    const bytes = Buffer.from(writeTflite(bookNetwork()));
    for (const { data } of bookNetwork().tensors) {
      if (data !== undefined) assert.equal(bytes.indexOf(Buffer.from(data.buffer)) % 16, 0);
    }
  });

  it("stores a constant that tensors share once", () => {
    const model = bookNetwork();
    const twice = { ...model, tensors: [...model.tensors, { ...model.tensors[3], name: "w3" }] } as typeof model;
    assert.ok(writeTflite(twice).length - writeTflite(model).length < 48);
    const { tensors } = readTflite(writeTflite(twice));
    assert.equal(tensors.at(-1)?.data, tensors[3]?.data);
  });

  it("carries labels the way TensorFlow Lite's libraries read them", () => {
    const model = classifier();
    const bytes = writeTflite(model);
    const files = unzipSync(bytes);
    assert.deepEqual(Object.keys(files), ["labels.txt"]);
    assert.equal(new TextDecoder().decode(files["labels.txt"]), "apple\nbanana\nKürbis 🎃\nother\n");
    assert.deepEqual(readTflite(bytes), model);

    // the buffer itself shows in a reader that does not know our metadata
    const ours = Buffer.from("TINYML_FLOWS");
    const foreign = Buffer.from(bytes);
    foreign.write("SOMETHING_EL", foreign.indexOf(ours));
    const found = readTflite(foreign).otherMetadata?.TFLITE_METADATA;
    assert.ok(found);
    assert.equal(Buffer.from(found.subarray(4, 8)).toString(), "M001");
    // tables of the metadata's schema, with the slots that are looked at
    const described = new FlatFile(found).root("ModelMetadata", {
      name: 0,
      subgraph_metadata: 3,
      min_parser_version: 7,
    });
    assert.equal(described.string("name"), "fruit by colour");
    assert.equal(described.string("min_parser_version"), "1.0.0");
    const [subgraph] = described.tables("subgraph_metadata", { input_tensor_metadata: 2, output_tensor_metadata: 3 });
    const tensor = { name: 0, associated_files: 6 };
    assert.deepEqual(
      subgraph?.tables("input_tensor_metadata", tensor).map((input) => input.string("name")),
      ["input"],
    );
    const [output] = subgraph?.tables("output_tensor_metadata", tensor) ?? [];
    const [file] = output?.tables("associated_files", { name: 0, type: 2 }) ?? [];
    assert.equal(file?.string("name"), "labels.txt");
    assert.equal(file?.int8("type"), 2);
  });

  for (const file of ["hello_world_float.tflite", "hello_world_int8.tflite"]) {
    it(`reads and writes ${file}`, function () {
      const bytes = sharedModel(this, file);
      const model = readTflite(bytes);
      assert.equal(model.description, "MLIR Converted.");
      assert.deepEqual(Object.keys(model.otherMetadata ?? {}), ["min_runtime_version", "CONVERSION_METADATA"]);
      assert.equal(summarizeModel(model, bytes.length).parameters, 321);
      const written = writeTflite(model);
      assert.deepEqual(readTflite(written), model);
      assert.ok(written.length < bytes.length);
    });
  }

  for (const [file, parameters] of [
    ["kws_ref_model.tflite", 22604],
    ["kws_ref_model_float32.tflite", 22604],
    ["micro_speech_quantized.tflite", 16652],
    ["mnist_dw_f.tflite", 1322],
    ["mnist_dw_q.tflite", 1322],
    ["mnist_valid_f.tflite", 1674],
    ["mnist_valid_q.tflite", 1674],
    ["person_detect.tflite", 210706],
  ] as const) {
    it(`reads and writes ${file}`, function () {
      const bytes = sharedModel(this, file);
      const model = readTflite(bytes);
      assert.equal(summarizeModel(model, bytes.length).parameters, parameters);
      const written = writeTflite(model);
      assert.deepEqual(readTflite(written), model);
      assert.ok(written.length < bytes.length);
    });
  }
});
