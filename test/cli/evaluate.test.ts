import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { cloudsTable, potentiometerTable } from "../support/potentiometer";
import { sharedModel } from "../support/shared-models";
import { createWorkshop, tinyml, tinymlJson, toCsv } from "./support/tinyml";

describe("tinyml evaluate", function () {
  this.timeout(60_000);
  let folder: string;
  const evaluate = (model: string, data: string, ...more: string[]) =>
    tinymlJson(folder, "evaluate", model, "--data", data, ...more);

  before(async () => {
    folder = await createWorkshop();
    await tinymlJson(folder, "train", "quick.json", "--data", "pot", "--out", "pot.tflite");
    await tinymlJson(folder, "train", "clouds.json", "--data", "clouds", "--out", "clouds.tflite");
  });

  it("--json prints what docs/cli.md says, of a classifier", async () => {
    const report = await evaluate("clouds.tflite", "clouds");
    const documented = (await readFile(join(__dirname, "../../docs/cli.md"), "utf8")).split("\n## evaluate\n")[1];
    for (const key of Object.keys(report)) assert.ok(documented.includes(`\`${key}\``), key);
    const { model, dataset, split, samples, accuracy, labels, confusion } = report;
    assert.deepEqual([model, dataset, split, samples], ["clouds", "clouds", "validation", 75]);
    assert.deepEqual(labels, ["left", "right", "below"]);
    const counts = confusion as number[][];
    assert.equal(
      counts.flat().reduce((a, b) => a + b),
      75,
    );
    assert.equal(accuracy, (counts[0][0] + counts[1][1] + counts[2][2]) / 75);
    assert.deepEqual(report.warnings, []);
  });

  it("and of a model that predicts numbers: what its training reported", async () => {
    for (const data of ["pot", "pot.csv", "csv"]) {
      const report = await evaluate("pot.tflite", data);
      assert.deepEqual([report.split, report.samples, report.confusion], ["validation", 250, undefined]);
      const { metadata } = readTflite(await readFile(join(folder, "pot.tflite")));
      // The report's was computed in one sum of 32-bit floats.
      assert.ok(Math.abs(Number(report.mse) - (metadata?.report?.validationMetric ?? 0)) < 1e-6);
    }
  });

  it("an int8 model has the accuracy that compressing it reported, with rows for a test or without", async () => {
    for (const rows of [[], ["--test-rows", "60"]]) {
      const data = ["--data", "clouds", ...rows];
      await tinymlJson(folder, "train", "clouds.json", ...data, "--out", "float.tflite");
      const step = ["--method", "int8", "--out", "int8.tflite"];
      const { accuracy } = await tinymlJson(folder, "compress", "float.tflite", ...data, ...step);
      const report = await evaluate("int8.tflite", "clouds", ...rows);
      assert.deepEqual([report.split, report.accuracy, report.warnings], ["validation", accuracy, []]);
    }
  });

  it("takes all rows of other data, and the rows that --split names", async () => {
    await writeFile(join(folder, "others.csv"), toCsv(cloudsTable(9, 60)));
    const others = await evaluate("clouds.tflite", "others.csv");
    assert.deepEqual([others.split, others.samples, others.warnings], ["all", 60, []]);
    const apart = await evaluate("clouds.tflite", "clouds", "--test-rows", "30", "--split", "test");
    assert.deepEqual([apart.split, apart.samples], ["test", 30]);
    for (const [word, split, samples] of [
      ["train", "training", 225],
      ["validation", "validation", 75],
      ["all", "all", 300],
    ] as const) {
      const report = await evaluate("clouds.tflite", "clouds", "--split", word);
      assert.deepEqual([report.split, report.samples], [split, samples]);
    }
  });

  it("prints a table for people, with warnings", async () => {
    const args = ["evaluate", "clouds.tflite", "--data", "clouds", "--split", "all"];
    const { status, stdout, stderr } = await tinyml(folder, ...args);
    assert.match(
      stdout,
      /^clouds: accuracy \S+ on all 300 rows\nlabel {2}samples {2}precision .*AUC\nleft +100 .*\nright .*\nbelow .*\nmean .*\n(confused: .*\n)?warning: Among these rows are .*\n$/,
    );
    assert.deepEqual([status, stderr], [0, ""]);
    const numbers = await tinyml(folder, "evaluate", "pot.tflite", "--data", "pot");
    assert.match(
      numbers.stdout,
      /^pot: mean squared error \S+ on 250 validation rows\ntarget +RMSE +MAE +R²\nbrightness +\S+ +\S+ +\S+\n$/,
    );
  });

  it("--svg draws a picture, and replaces only pictures", async () => {
    assert.equal((await evaluate("clouds.tflite", "clouds", "--svg", "new/picture.svg")).svg, "new/picture.svg");
    assert.match(await readFile(join(folder, "new", "picture.svg"), "utf8"), /^<svg .*<\/svg>$/s);
    await evaluate("pot.tflite", "pot", "--svg", "new/picture.svg");
    await writeFile(join(folder, "mine.svg"), "<svg>mine</svg>");
    const args = ["evaluate", "pot.tflite", "--data", "pot", "--svg"];
    const refused = await tinyml(folder, ...args, "mine.svg");
    assert.deepEqual([refused.status, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /^TINYML_WOULD_OVERWRITE: .*--svg, or add --force/);
    assert.equal((await tinyml(folder, ...args, "mine.svg", "--force")).status, 0);
    assert.match(await readFile(join(folder, "mine.svg"), "utf8"), /circle/);
  });

  it("evaluates a model that another tool made", async function () {
    // It computes sin(x) for x in 0..2π.
    await writeFile(join(folder, "sine.tflite"), sharedModel(this, "hello_world_float.tflite"));
    const table = potentiometerTable();
    const inputs = table.inputs.map((x) => 2 * Math.PI * x);
    await writeFile(join(folder, "sine.csv"), toCsv({ ...table, inputs, outputs: inputs.map(Math.sin) }));
    const report = await evaluate("sine.tflite", "sine.csv");
    assert.deepEqual([report.split, report.samples, report.model], ["all", 1000, ""]);
    assert.ok(Number(report.r2) > 0.97, `${report.r2}`);
  });

  it("and one without labels: classes by their numbers", async () => {
    const model = readTflite(await readFile(join(folder, "clouds.tflite")));
    const { metadata, associatedFiles, otherMetadata, ...bare } = model;
    const [block, ...others] = metadata?.features ?? [];
    assert.ok(block.block === "normalize" && others.length === 0);
    await writeFile(join(folder, "bare.tflite"), writeTflite(bare));
    const table = cloudsTable();
    const { mean, deviation } = block;
    const inputs = table.inputs.map((value, i) => (value - mean[i % 2]) / deviation[i % 2]);
    const numbered = { ...table, inputs, labels: ["0", "1", "2"] };
    const [header, ...rows] = toCsv(numbered).trimEnd().split("\n");
    await writeFile(join(folder, "numbered.csv"), `${[header, ...rows.reverse()].join("\n")}\n`);
    const report = await evaluate("bare.tflite", "numbered.csv");
    assert.deepEqual(report.labels, ["0", "1", "2"]);
    assert.ok(Number(report.accuracy) > 0.9, `${report.accuracy}`);
  });

  const failures: { what: string; args: string[]; code: string }[] = [
    {
      what: "a split without rows",
      args: ["clouds.tflite", "--data", "clouds", "--split", "test"],
      code: "TINYML_DATASET_EMPTY",
    },
    { what: "data of another task", args: ["clouds.tflite", "--data", "pot"], code: "TINYML_DATASET_MISMATCH" },
    { what: "data that isn't there", args: ["clouds.tflite", "--data", "nowhere"], code: "TINYML_FILE" },
    { what: "a model that is none", args: ["clouds.json", "--data", "clouds"], code: "TINYML_MODEL_INVALID" },
  ];
  for (const { what, args, code } of failures) {
    it(`refuses ${what}`, async () => {
      const outcome = await tinyml(folder, "evaluate", ...args);
      assert.deepEqual([outcome.status, outcome.stdout], [1, ""]);
      assert.match(outcome.stderr, new RegExp(`^${code}: .*\n$`));
    });
  }
});
