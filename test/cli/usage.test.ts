import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { packagePath } from "../../build/package-files";
import { temporaryFolder } from "../support/folders";
import { tinyml } from "./support/tinyml";

describe("tinyml's command line", function () {
  this.timeout(30_000);
  let folder: string;

  before(async () => {
    folder = await temporaryFolder();
  });

  const train = ["train", "r.json", "--data", "d", "--out", "o.tflite"];
  const wrong: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [[], /Name a command: train, evaluate, compress, run, inspect, export/],
    [["trian"], /no command "trian".*train/],
    [["toString"], /no command "toString"/],
    [["--json"], /no command "--json"/],
    [["train"], /Name a recipe/],
    [["train", "r.json"], /--data is missing/],
    [["train", "r.json", "--data", "d"], /--out is missing/],
    [["train", "r.json", "--data", "--out", "o"], /--data needs a value, but --out follows/],
    [["train", "r.json", "--out", "o", "--data"], /--data needs a value/],
    [["train", "r.json", "--out", "o", "--data="], /--data needs a value/],
    [
      [...train, "--epochs", "5"],
      /no option --epochs.*Known: --data, --out, --seed, --name, --test-rows, --threads, --folds, --checkpoint, --engine, --json, --force, --resume/,
    ],
    [[...train, "-j"], /no option -j/],
    [[...train, "--out", "p.tflite"], /--out stands there twice/],
    [[...train, "--json=yes"], /--json takes no value/],
    [[...train, "more.json"], /"more.json" follows "r.json"/],
    [[...train, "--seed", "one"], /--seed takes a whole number from 0 to 4294967295, not "one"/],
    [[...train, "--seed", "-1"], /--seed takes a whole number/],
    [[...train, "--seed", "1.5"], /--seed takes a whole number/],
    [[...train, "--seed", "4294967296"], /--seed takes a whole number/],
    [["evaluate", "m.tflite"], /--data is missing/],
    [["evaluate", "m.tflite", "--data", "d", "--split", "most"], /--split takes train, validation, test or all/],
    [["evaluate", "m.tflite", "--data", "d", "--svg", "./m.tflite"], /--svg names m\.tflite, .* would be lost/],
    [["evaluate", "m.tflite", "--data", "d.csv", "--svg", "d.csv"], /--svg names d\.csv/],
    [["compress", "m.tflite", "--data", "d", "--out", "o"], /--method is missing/],
    [["compress", "m.tflite", "--method", "prune", "--data", "d", "--out", "o"], /no method "prune".*int8/],
    [["compress", "m.tflite", "--method", "int8", "--data", "d", "--out", "./m.tflite"], /--out names m\.tflite/],
    [["compress", "m.tflite", "--method", "int8", "--data", "d", "--out", "d", "--force"], /--out names d,/],
    [["train", "r.json", "--data", "d.csv", "--out", "d.csv", "--force"], /--out names d\.csv/],
    [["train", "r.json", "--data", "d.csv", "--out", "./r.json", "--force"], /--out names r\.json/],
    [["import", "model.json", "--out", "model.json", "--force"], /--out names model\.json/],
    [["import", "m.h5", "--out", "m.tflite", "--labels", "a,,b"], /--labels takes/],
    [["import", "m.h5", "--out", "m.tflite", "--labels", "a,b,a"], /--labels takes/],
    [["import", "m.h5", "--out", "m.tflite", "--dataset", "d"], /one of --out .*--dataset/],
    [["import", "d.csv", "--dataset", "d", "--rate", "fast"], /--rate takes a number/],
    [["import", "d.csv", "--dataset", "d", "--targets", "1.5"], /--targets takes a whole number/],
    [["run", "m.tflite", "--input", "i"], /--output is missing/],
    [["run", "m.tflite", "--input", "i", "--output", "i"], /would be lost/],
    [["run", "m.tflite", "--input", "i", "--output", "./m.tflite"], /would be lost/],
    [["inspect"], /Name a model/],
    [["export", "m.tflite", "--board", "uno"], /--out is missing/],
    [["export", "m.tflite", "--out", "o"], /--board is missing/],
    [
      ["export", "m.tflite", "--board", "uno", "--out", "o", "--template", "rust"],
      /no template "rust".*arduino, stdio/,
    ],
    [["export", "m.tflite", "--board", "uno", "--out", "o", "--input-range", "0"], /--input-range takes two different/],
    [["export", "m.tflite", "--board", "uno", "--out", "o", "--input-range", "1,1"], /two different/],
    [["export", "m.tflite", "--board", "uno", "--out", "o", "--target-range", "0,"], /two different/],
  ];
  for (const [args, message] of wrong) {
    it(`wrong usage: tinyml ${args.join(" ")}`, async () => {
      const { status, stdout, stderr } = await tinyml(folder, ...args);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, /^TINYML_USAGE: [^\n]+\n$/);
      assert.match(stderr, message);
    });
  }

  for (const args of [["--help"], ["-h"], ["help"], ["train", "--help"], ["export", "-h"]]) {
    it(`tinyml ${args.join(" ")} explains itself on standard output`, async () => {
      const { status, stdout, stderr } = await tinyml(folder, ...args);
      assert.deepEqual([status, stderr], [0, ""]);
      assert.match(stdout, /tinyml (train|export)/);
    });
  }

  it("tinyml --version", async () => {
    const { version } = JSON.parse(await readFile(packagePath("package.json"), "utf8"));
    assert.deepEqual(await tinyml(folder, "--version"), { status: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("docs/cli.md has every command as --help prints it", async () => {
    const { stdout } = await tinyml(folder, "--help");
    const docs = await readFile(packagePath("docs", "cli.md"), "utf8");
    const usages = [...stdout.matchAll(/^ +(tinyml \w+ .*?)$/gm)].map(([, line]) => line);
    assert.equal(usages.length, 11);
    for (const line of usages) assert.ok(docs.includes(line), line);
    for (const [, option] of stdout.matchAll(/(--[a-z-]+)/g)) assert.ok(docs.includes(option), option);
  });
});
