import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { sharedModel } from "../support/shared-models";
import { findFields } from "../tflite/fields";
import { floatModel } from "../tflite/models";
import { createWorkshop, tinyml, tinymlJson } from "./support/tinyml";

describe("tinyml inspect", function () {
  this.timeout(60_000);
  let folder: string;

  before(async () => {
    folder = await createWorkshop();
    await tinymlJson(folder, "train", "clouds.json", "--data", "clouds", "--out", "clouds.tflite");
  });

  it("--json tells what a model of ours takes, gives, contains and carries", async () => {
    const { metadata, accuracy, ...summary } = await tinymlJson(folder, "inspect", "clouds.tflite");
    assert.deepEqual(summary, {
      name: "clouds",
      task: "classification",
      labels: ["left", "right", "below"],
      inputs: [{ name: "input", type: "float32", shape: [1, 2] }],
      outputs: [{ name: "dense2/softmax", type: "float32", shape: [1, 3] }],
      parameters: 2 * 8 + 8 + 8 * 3 + 3,
      parameterBytes: 4 * 51,
      macs: 2 * 8 + 8 * 3,
      bytes: (await readFile(join(folder, "clouds.tflite"))).length,
      quantized: false,
      operators: { FULLY_CONNECTED: 2, SOFTMAX: 1 },
      graph: [
        { type: "FULLY_CONNECTED", outputs: [{ name: "dense1", type: "float32", shape: [1, 8] }], macs: 2 * 8 },
        { type: "FULLY_CONNECTED", outputs: [{ name: "dense2", type: "float32", shape: [1, 3] }], macs: 8 * 3 },
        { type: "SOFTMAX", outputs: [{ name: "dense2/softmax", type: "float32", shape: [1, 3] }], macs: 0 },
      ],
      // The hidden layer's 8 floats and the output's 3, which begin at a multiple of 16 bytes.
      memoryBytes: 32 + 16,
      compression: [],
    });
    assert.ok(Number(accuracy) > 0.9);
    assert.equal(Object(metadata).report.validationMetric, accuracy);
    assert.equal(Object(metadata).features[0].block, "normalize");
  });

  it("tells people the same in lines", async () => {
    const { status, stdout, stderr } = await tinyml(folder, "inspect", "clouds.tflite");
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /^name: +clouds$/m);
    assert.match(stdout, /^labels: +left, right, below$/m);
    assert.match(stdout, /^input: +input float32 \[1, 2\]$/m);
    assert.match(stdout, /^parameters: +51 \(204 bytes\)$/m);
    assert.match(stdout, /^memory: +\d+ bytes while it runs$/m);
    assert.match(stdout, /^operators: +2 × FULLY_CONNECTED, 1 × SOFTMAX$/m);
    assert.match(stdout, /^0 {2}FULLY_CONNECTED {2}float32 \[1, 8\] {4}16$/m);
    assert.match(stdout, /^2 {2}SOFTMAX {10}float32 \[1, 3\] {5}0$/m);
    assert.match(stdout, /^accuracy: +(0\.\d+|1)$/m);
  });

  it("prints no control characters of a file", async () => {
    const model = readTflite(await readFile(join(folder, "clouds.tflite")));
    const { metadata } = model;
    assert.ok(metadata);
    const hostile = { ...model, metadata: { ...metadata, labels: ["\u001b[2J", "a\ntask: x", "c"] } };
    await writeFile(join(folder, "hostile.tflite"), writeTflite(hostile));
    const { status, stdout, stderr } = await tinyml(folder, "inspect", "hostile.tflite");
    // Whether such a model is taken or refused.
    assert.match(`${stdout}${stderr}`, /^[^\p{Cc}]+(\n[^\p{Cc}]+)*\n$/u);
    assert.doesNotMatch(stdout, /^task: x/m);
    if (status === 0) assert.match(stdout, /^labels: +\\u001b\[2J, a\\u000atask: x, c$/m);
    await writeFile(join(folder, "hostile.csv"), "x,y,\u001b[2Jz\n1,2,a\n");
    const failed = await tinyml(folder, "train", "clouds.json", "--data", "hostile.csv", "--out", "never.tflite");
    assert.match(failed.stderr, /^TINYML_DATASET_CORRUPT: [^\p{Cc}]*\\u001b[^\p{Cc}]*\n$/u);
  });

  it("lists a model that can't be used, with what is not known of it, and fails", async () => {
    const file = writeTflite(floatModel("NONE", "TANH"));
    const tanh = findFields(file).find(
      ({ at, group, kind }) => group === "code" && kind === "uint8" && file[at] === 28,
    );
    assert.ok(tanh);
    // SIN
    file[tanh.at] = 66;
    await writeFile(join(folder, "sin.tflite"), file);
    const { status, stdout, stderr } = await tinyml(folder, "inspect", "sin.tflite");
    assert.equal(status, 1);
    assert.match(stderr, /^TINYML_MODEL_UNSUPPORTED: .*operators\[1\] is SIN, .*docs\/operators\.md lists/);
    assert.match(stdout, /^input: +input float32 \[1, 3\]\n/);
    assert.match(stdout, /^not known: +SIN$/m);
    assert.match(stdout, /^0 {2}FULLY_CONNECTED {2}float32 \[1, 4\]\n1 {2}SIN {14}float32 \[1, 4\] {2}not known$/m);
    const printed = await tinyml(folder, "inspect", "sin.tflite", "--json");
    assert.equal(printed.status, 1);
    assert.deepEqual(JSON.parse(printed.stdout).unknown, ["SIN"]);
  });

  it("takes models of other tools", async function () {
    await writeFile(join(folder, "sine.tflite"), sharedModel(this, "hello_world_int8.tflite"));
    const summary = await tinymlJson(folder, "inspect", "sine.tflite");
    assert.equal(summary.metadata, undefined);
    assert.equal(summary.parameters, 16 + 16 + 16 * 16 + 16 + 16 + 1);
    assert.equal(summary.quantized, true);
    const { stdout } = await tinyml(folder, "inspect", "sine.tflite");
    assert.match(stdout, /^name: +\(none\)$/m);
    // As the interpreter of TensorFlow Lite reads them.
    assert.match(stdout, /^input: .* int8 \[1, 1\], scale 0\.02448\d+, zero point -128$/m);
    assert.match(stdout, /^output: .* int8 \[1, 1\], scale 0\.00829\d+, zero point \d+$/m);
  });

  it("takes a float model whose weights lie in int8", async function () {
    await writeFile(join(folder, "kws.tflite"), sharedModel(this, "kws_ref_model_float32.tflite"));
    const { macs, graph } = await tinymlJson(folder, "inspect", "kws.tflite");
    const shares = (graph as { macs: number }[]).map((operator) => operator.macs);
    assert.equal(
      shares.reduce((sum, share) => sum + share, 0),
      macs,
    );
  });
});
