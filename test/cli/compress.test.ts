import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { evaluateModel } from "../../src/training/evaluate-model";
import { loadInLiteRt } from "../support/litert";
import { cloudsTable, potentiometerTable } from "../support/potentiometer";
import { sharedModel } from "../support/shared-models";
import { createWorkshop, tinyml, tinymlJson, toCsv } from "./support/tinyml";

describe("tinyml compress --method int8", function () {
  this.timeout(60_000);
  let folder: string;
  const compress = (model: string, data: string, out: string) =>
    tinymlJson(folder, "compress", model, "--method", "int8", "--data", data, "--out", out);

  before(async () => {
    folder = await createWorkshop();
    await tinymlJson(folder, "train", "pot.json", "--data", "pot", "--out", "pot.tflite");
    await tinymlJson(folder, "train", "clouds.json", "--data", "clouds", "--out", "clouds.tflite");
  });

  for (const data of ["pot", "pot.csv", "csv"]) {
    it(`makes the book's model smaller with ${data}, and hardly worse`, async () => {
      const report = await compress("pot.tflite", data, `pot-${data}.int8.tflite`);
      assert.ok(Number(report.validationMse) <= 0.0035, `${report.validationMse}`);
      assert.deepEqual([report.parameterBytesBefore, report.parameterBytes], [4 * 177, 152 + 4 * 25]);
      assert.equal(report.calibrationSamples, 750);
      const { metadata, tensors, inputs, outputs } = readTflite(await readFile(join(folder, String(report.out))));
      assert.deepEqual([tensors[inputs[0]].type, tensors[outputs[0]].type], ["int8", "int8"]);
      assert.equal(metadata?.compression[0].validationMetric, report.validationMse);
    });
  }

  it("takes a classifier of another tool, with rows whose labels are texts", async () => {
    const { metadata, associatedFiles, otherMetadata, ...bare } = readTflite(
      await readFile(join(folder, "clouds.tflite")),
    );
    await writeFile(join(folder, "bare.tflite"), writeTflite(bare));
    const report = await compress("bare.tflite", "clouds.csv", "bare.int8.tflite");
    assert.ok(Number(report.parameterBytes) < Number(report.parameterBytesBefore));
  });

  it("--json prints what docs/cli.md says", async () => {
    const report = await compress("clouds.tflite", "clouds", "clouds.int8.tflite");
    assert.deepEqual(Object.keys(report), [
      "out",
      "bytes",
      "bytesBefore",
      "parameterBytes",
      "parameterBytesBefore",
      "method",
      "calibrationSamples",
      "accuracy",
      "model",
    ]);
    assert.equal(report.bytes, (await readFile(join(folder, "clouds.int8.tflite"))).length);
    assert.equal(report.bytesBefore, (await readFile(join(folder, "clouds.tflite"))).length);
    assert.deepEqual(Object(report.model).compression, ["int8"]);
  });

  it("writes a file that LiteRT loads", async () => {
    const model = await loadInLiteRt(await readFile(join(folder, "clouds.int8.tflite")));
    assert.deepEqual(model.outputs[0].shape, [1, 3]);
    model.dispose();
  });

  it("finds the model's labels in a CSV file that meets them in another order", async () => {
    const clouds = cloudsTable();
    const [header, ...rows] = toCsv(clouds).trimEnd().split("\n");
    await writeFile(join(folder, "reversed.csv"), `${[header, ...rows.reverse()].join("\n")}\n`);
    await compress("clouds.tflite", "reversed.csv", "reversed.int8.tflite");
    const model = readTflite(await readFile(join(folder, "reversed.int8.tflite")));
    assert.deepEqual(model.metadata?.labels, ["left", "right", "below"]);
    assert.ok(evaluateModel(model, clouds).value > 0.9);
    assert.ok(Number(model.metadata?.compression[0].validationMetric) > 0.9);
  });

  it("quantizes a model that another tool made, and may write its own result again", async function () {
    // The model computes sin(x) for x in 0..2π.
    await writeFile(join(folder, "sine.tflite"), sharedModel(this, "hello_world_float.tflite"));
    const table = potentiometerTable();
    const scaled = { ...table, inputs: table.inputs.map((x) => 2 * Math.PI * x) };
    await writeFile(join(folder, "sine.csv"), toCsv(scaled));
    for (let time = 1; time <= 2; time++) {
      const report = await compress("sine.tflite", "sine.csv", "sine.int8.tflite");
      assert.equal(report.validationMse, undefined);
      assert.equal(Object(report.model).quantized, true);
    }
  });

  it("says in one line for people what it saved", async () => {
    const args = ["compress", "pot.tflite", "--method", "int8", "--data", "pot", "--out", "line.tflite"];
    const { status, stdout, stderr } = await tinyml(folder, ...args);
    assert.match(
      stdout,
      /^line\.tflite: parameters 252 bytes \(before: 708\), file \d+ bytes \(before: \d+\); validation mean squared error [\d.]+\n$/,
    );
    assert.deepEqual([status, stderr], [0, ""]);
  });

  it("gives the same bytes again for the same model and data", async () => {
    await compress("pot.tflite", "pot", "one.tflite");
    await compress("pot.tflite", "pot", "two.tflite");
    const [one, two] = await Promise.all(["one.tflite", "two.tflite"].map((file) => readFile(join(folder, file))));
    assert.deepEqual(one, two);
    assert.ok(writeTflite(readTflite(one), { metadata: false }).length < one.length);
  });
});
