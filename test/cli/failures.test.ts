import assert from "node:assert/strict";
import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packagePath } from "../../build/package-files";
import type { ErrorCode } from "../../src/errors";
import { cloudsRecipe, createWorkshop, quickRecipe, runProcess, tinyml, tinymlJson } from "./support/tinyml";

describe("tinyml, when something is wrong", function () {
  this.timeout(60_000);
  let folder: string;
  const write = (file: string, content: string | Uint8Array) => writeFile(join(folder, file), content);

  before(async () => {
    folder = await createWorkshop();
    await tinymlJson(folder, "train", "quick.json", "--data", "pot", "--out", "pot.tflite");
    await tinymlJson(folder, "compress", "pot.tflite", "--method", "int8", "--data", "pot", "--out", "pot.int8.tflite");
    await tinymlJson(folder, "train", "clouds.json", "--data", "clouds", "--out", "clouds.tflite");
    const model = await readFile(join(folder, "pot.tflite"));
    await mkdir(join(folder, "empty"));
    await mkdir(join(folder, "two"));
    const csv = (...lines: string[]): string => `x,y\n${lines.join("\n")}\n`;
    const rows = Array.from({ length: 40 }, (_, i) => `${i / 40},${i / 80}`);
    const recipe = (change: object): string => JSON.stringify({ ...quickRecipe, ...change });
    const training = (change: object): string => recipe({ training: { ...quickRecipe.training, ...change } });
    await Promise.all([
      write("nothing.tflite", ""),
      write("text.tflite", "This is a text, and no model."),
      write("half.tflite", model.subarray(0, model.length / 2)),
      write("start.tflite", model.subarray(0, 8)),
      write("empty.bin", ""),
      write("six.bin", new Uint8Array(6)),
      write("two/a.csv", csv(...rows)),
      write("two/b.csv", csv(...rows)),
      write("empty.csv", ""),
      write("header.csv", "x,y\n"),
      write("headless.csv", rows.join("\n")),
      write("nan.csv", csv(...rows, "0.5,NaN")),
      write("infinite.csv", csv(...rows, "1e39,1")),
      write("word.csv", csv(...rows, "high,1")),
      write("comma.csv", csv(...rows, "0,5,1")),
      write("one-column.csv", "x\n1\n2\n"),
      write("three-columns.csv", `a,b,y\n${rows.map((row) => `0,${row}`).join("\n")}\n`),
      write("two-rows.csv", csv("0,0", "1,1")),
      write("one-row.csv", csv("0,0")),
      write("no-label.csv", "x,z,label\n1,2,a\n2,3,\n"),
      write("one-class.csv", `x,z,label\n${rows.map((row) => `${row},same`).join("\n")}\n`),
      write("no-json.json", "{ version: 1 }"),
      write("list.json", "[]"),
      write("old.json", recipe({ version: 0 })),
      write("conv.json", recipe({ layers: [{ type: "conv9d", filters: 8 }] })),
      write("typo.json", recipe({ trainning: {} })),
      write("loss.json", training({ loss: "mse" })),
      write("epochs.json", training({ epochs: 0 })),
      write("hot.json", training({ optimizer: { type: "sgd", learningRate: 1e30 } })),
      write("units.json", recipe({ layers: [{ type: "dense", units: 2 }] })),
      write(
        "four.json",
        JSON.stringify({ ...cloudsRecipe, layers: [{ type: "dense", units: 4, activation: "softmax" }] }),
      ),
    ]);
  });

  const train = (recipe: string, data: string, out = "never.tflite"): string[] => [
    ...["train", recipe, "--data", data, "--out", out],
  ];
  const compress = (model: string, data: string, out = "never.tflite"): string[] => [
    ...["compress", model, "--method", "int8", "--data", data, "--out", out],
  ];
  const run = (model: string, input: string, output = "never.bin"): string[] => [
    ...["run", model, "--input", input, "--output", output],
  ];
  const exportTo = (model: string, out: string, ...more: string[]): string[] => [
    ...["export", model, "--board", "uno", "--out", out, ...more],
  ];

  const failures: readonly (readonly [what: string, args: readonly string[], code: ErrorCode, says: RegExp])[] = [
    // recipes
    ["no such recipe", train("none.json", "pot"), "TINYML_FILE", /no file none\.json/],
    ["a folder as the recipe", train("pot", "pot"), "TINYML_FILE", /pot is a folder/],
    ["a recipe that is not JSON", train("no-json.json", "pot"), "TINYML_RECIPE_INVALID", /no-json\.json .*not JSON/],
    ["a recipe that is a list", train("list.json", "pot"), "TINYML_RECIPE_INVALID", /version is wrong: it is missing/],
    ["a model as the recipe", train("pot.tflite", "pot"), "TINYML_RECIPE_INVALID", /not JSON/],
    ["another version", train("old.json", "pot"), "TINYML_RECIPE_INVALID", /version is wrong: 1 is needed, not 0/],
    ["an unknown layer", train("conv.json", "pot"), "TINYML_RECIPE_INVALID", /"conv9d" is not known; known: .*"dense"/],
    ["an unknown setting", train("typo.json", "pot"), "TINYML_RECIPE_INVALID", /trainning is wrong: there is no such/],
    ["an unknown loss", train("loss.json", "pot"), "TINYML_RECIPE_INVALID", /training\.loss .*"meanSquaredError"/],
    ["no epochs", train("epochs.json", "pot"), "TINYML_RECIPE_INVALID", /training\.epochs .*from 1 to 1000000/],
    ["a learning rate that explodes", train("hot.json", "pot"), "TINYML_TRAINING_DIVERGED", /learning rate/],
    ["more outputs than targets", train("units.json", "pot"), "TINYML_RECIPE_INVALID", /1 targets?.* needs 1 units?/],
    ["more outputs than labels", train("four.json", "clouds"), "TINYML_RECIPE_INVALID", /3 labels.* needs 3 units/],
    // data
    ["no such data", train("quick.json", "none"), "TINYML_FILE", /no file or folder none/],
    [
      "an empty folder",
      train("quick.json", "empty"),
      "TINYML_DATASET_MISSING",
      /holds no data .*no dataset .*no IDX or CSV/,
    ],
    ["two CSV files", train("quick.json", "two"), "TINYML_DATASET_MISSING", /2 CSV files \(a\.csv, b\.csv\)/],
    ["an empty CSV file", train("quick.json", "empty.csv"), "TINYML_DATASET_EMPTY", /no rows in empty\.csv/],
    ["nothing but a header", train("quick.json", "header.csv"), "TINYML_DATASET_EMPTY", /no rows in header\.csv/],
    ["no header", train("quick.json", "headless.csv"), "TINYML_DATASET_CORRUPT", /must name the columns/],
    ["NaN", train("quick.json", "nan.csv"), "TINYML_NOT_A_NUMBER", /Line 42 of nan\.csv: "y" must be a number/],
    ["a number too large", train("quick.json", "infinite.csv"), "TINYML_NOT_A_NUMBER", /Line 42 .*"x".*"1e39"/],
    ["a word for a number", train("quick.json", "word.csv"), "TINYML_NOT_A_NUMBER", /Line 42 .*"x".*"high"/],
    ["a decimal comma", train("quick.json", "comma.csv"), "TINYML_DATASET_CORRUPT", /Line 42 .*3 columns/],
    ["one column", train("quick.json", "one-column.csv"), "TINYML_DATASET_CORRUPT", /too few columns \(1\)/],
    [
      "a column too many",
      train("quick.json", "three-columns.csv"),
      "TINYML_RECIPE_INVALID",
      /input\.shape.* samples are \[2\]/,
    ],
    ["one row", train("quick.json", "one-row.csv"), "TINYML_DATASET_EMPTY", /1 row is too few/],
    ["no label", train("clouds.json", "no-label.csv"), "TINYML_NO_LABEL", /Line 3 .*"label" is empty/],
    ["one class", train("clouds.json", "one-class.csv"), "TINYML_ONE_CLASS", /the label "same"/],
    [
      "classes for a regression",
      train("quick.json", "clouds"),
      "TINYML_DATASET_MISMATCH",
      /regression.*classification/,
    ],
    ["a model as the data", train("quick.json", "pot.tflite"), "TINYML_DATASET_CORRUPT", /pot\.tflite/],
    // models
    ["no such model", ["inspect", "none.tflite"], "TINYML_FILE", /no file none\.tflite/],
    ["a folder as the model", ["inspect", "pot"], "TINYML_FILE", /pot is a folder/],
    ["an empty model", ["inspect", "nothing.tflite"], "TINYML_MODEL_INVALID", /not a \.tflite model/],
    ["a text as the model", ["inspect", "text.tflite"], "TINYML_MODEL_INVALID", /not a \.tflite model/],
    ["half a model", ["inspect", "half.tflite"], "TINYML_MODEL_INVALID", /damaged/],
    ["the start of a model", ["inspect", "start.tflite"], "TINYML_MODEL_INVALID", /damaged/],
    ["half a model, running", run("half.tflite", "six.bin"), "TINYML_MODEL_INVALID", /damaged/],
    ["half a model, exporting", exportTo("half.tflite", "never"), "TINYML_MODEL_INVALID", /damaged/],
    ["half a model, compressing", compress("half.tflite", "pot"), "TINYML_MODEL_INVALID", /damaged/],
    ["a quantized model, compressing", compress("pot.int8.tflite", "pot"), "TINYML_ALREADY_QUANTIZED", /float model/],
    ["another model's dataset", compress("pot.tflite", "clouds"), "TINYML_DATASET_MISMATCH", /1 channels?.* 2/],
    ["another model's CSV file", compress("clouds.tflite", "pot.csv"), "TINYML_DATASET_MISMATCH", /2 channels.* 1/],
    // running
    ["no such input", run("pot.tflite", "none.bin"), "TINYML_FILE", /no file none\.bin/],
    [
      "an empty input",
      run("pot.tflite", "empty.bin"),
      "TINYML_FILE",
      /empty\.bin has 0 bytes.*float32 \[1, 1\]\) has 4/,
    ],
    ["a sample and a half", run("pot.tflite", "six.bin"), "TINYML_FILE", /six\.bin has 6 bytes.* has 4/],
    // writing
    ["a folder as the output", run("pot.int8.tflite", "six.bin", "empty"), "TINYML_STORAGE", /empty is a folder/],
    ["a file as the folder", run("pot.int8.tflite", "six.bin", "six.bin/o"), "TINYML_STORAGE", /six\.bin is a file/],
    ["a folder as the model's file", train("quick.json", "pot", "empty"), "TINYML_STORAGE", /empty is a folder/],
    ["a file as the model's folder", train("quick.json", "pot", "six.bin/m"), "TINYML_STORAGE", /six\.bin is a file/],
    ["a file as the sketch's folder", exportTo("pot.tflite", "six.bin"), "TINYML_STORAGE", /six\.bin/],
    ["a file of another hand", train("quick.json", "pot", "pot.csv"), "TINYML_WOULD_OVERWRITE", /pot\.csv.*--force/],
    ["half a model in the way", compress("pot.tflite", "pot", "half.tflite"), "TINYML_WOULD_OVERWRITE", /--force/],
    // boards
    ["no such board", exportTo("pot.tflite", "never", "--board=x"), "TINYML_USAGE", /--board stands there twice/],
    [
      "an unknown board",
      ["export", "pot.tflite", "--board", "unno", "--out", "never"],
      "TINYML_UNKNOWN_BOARD",
      /no board "unno".*uno/,
    ],
    [
      "a channel without a range",
      exportTo("clouds.tflite", "never"),
      "TINYML_NO_SCALING",
      /"x" has no range.*--input-range/,
    ],
  ];

  for (const [what, args, code, says] of failures) {
    it(`${what}: ${code}`, async () => {
      for (const more of [[], ["--json"]]) {
        const { status, stdout, stderr } = await tinyml(folder, ...args, ...more);
        assert.equal(stdout, "");
        assert.match(stderr, new RegExp(`^${code}: [^\n]+\n$`));
        assert.match(stderr, says);
        assert.equal(status, code === "TINYML_USAGE" ? 2 : 1);
      }
      for (const file of ["never", "never.tflite", "never.bin"]) {
        await assert.rejects(stat(join(folder, file)), `${file} was written`);
      }
    });
  }

  it("refuses to overwrite a file before it trains, and overwrites it with --force", async () => {
    await write("mine.tflite", "A file of mine.");
    const start = Date.now();
    const long = { ...quickRecipe, training: { ...quickRecipe.training, epochs: 100_000, earlyStopping: false } };
    await write("long.json", JSON.stringify(long));
    const refused = await tinyml(folder, ...train("long.json", "pot", "mine.tflite"));
    assert.match(refused.stderr, /^TINYML_WOULD_OVERWRITE/);
    assert.ok(Date.now() - start < 10_000);
    assert.equal((await tinyml(folder, ...train("quick.json", "pot", "mine.tflite"), "--force")).status, 0);
    assert.equal((await tinyml(folder, ...train("quick.json", "pot", "mine.tflite"))).status, 0);
  });

  it("overwrites neither the model nor the input, not even through a link", async function () {
    if (process.platform === "win32") this.skip();
    for (const file of ["pot.tflite", "six.bin"]) {
      const before = await readFile(join(folder, file));
      await symlink(file, join(folder, `link-to-${file}`));
      for (const output of [file, `./empty/../${file}`, `link-to-${file}`]) {
        const { status, stderr } = await tinyml(folder, ...run("pot.tflite", "six.bin", output));
        assert.deepEqual([status, stderr.split(":")[0]], [2, "TINYML_USAGE"], output);
      }
      assert.deepEqual(await readFile(join(folder, file)), before);
    }
    const { status, stderr } = await tinyml(folder, ...compress("pot.tflite", "pot", "link-to-pot.tflite"));
    assert.deepEqual([status, stderr.split(":")[0]], [2, "TINYML_USAGE"]);
  });

  it("a full disk: TINYML_DISK_FULL, and the old file stays", async function () {
    if (process.platform !== "linux") this.skip();
    await tinymlJson(folder, ...train("quick.json", "pot", "full.tflite"));
    const before = await readFile(join(folder, "full.tflite"));
    // A limit of 1,024 bytes for every file that the process writes.
    const script = 'ulimit -f 1; trap "" XFSZ; exec "$@"';
    const args = [packagePath("dist", "tinyml.js"), ...compress("pot.tflite", "pot", "full.tflite")];
    const { status, stderr } = await runProcess("bash", ["-c", script, "bash", process.execPath, ...args], folder);
    assert.match(stderr, /^TINYML_DISK_FULL: [^\n]+\n$/);
    assert.equal(status, 1);
    assert.deepEqual(await readFile(join(folder, "full.tflite")), before);
  });

  it("a reader that stops early is no failure", async function () {
    if (process.platform === "win32") this.skip();
    const script = '"$0" "$1" inspect pot.tflite --json | true';
    const args = ["-c", script, process.execPath, packagePath("dist", "tinyml.js")];
    assert.deepEqual(await runProcess("sh", args, folder), { status: 0, stdout: "", stderr: "" });
  });
});
