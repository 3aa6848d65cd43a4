import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Model } from "../../src/model/model";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { createWorkshop, tinyml, tinymlJson } from "./support/tinyml";

describe("tinyml train", function () {
  this.timeout(60_000);
  let folder: string;
  const read = async (file: string): Promise<Model> => readTflite(await readFile(join(folder, file)));
  /** All that the same data, recipe and seed must give again: everything but the time that it took. */
  const repeatable = (model: Model): unknown => {
    const { report, ...metadata } = model.metadata ?? {};
    return [writeTflite(model, { metadata: false }), metadata, { ...report, seconds: 0 }];
  };

  before(async () => {
    folder = await createWorkshop();
  });

  for (const data of ["pot", "pot.csv", "csv"]) {
    it(`reaches the book's figure with the example's recipe on ${data}`, async () => {
      const out = `from-${data}.tflite`;
      const report = await tinymlJson(folder, "train", "pot.json", "--data", data, "--out", out, "--seed", "2");
      assert.ok(typeof report.validationMse === "number" && report.validationMse <= 0.003, `${report.validationMse}`);
      assert.equal(report.epochs, 500);
      const { metadata } = await read(out);
      assert.equal(metadata?.report?.validationMetric, report.validationMse);
      assert.deepEqual(
        metadata?.inputs.map(({ name }) => name),
        ["position"],
      );
      // Only a dataset knows its channels' ranges.
      assert.deepEqual(metadata?.inputs[0].range, data === "pot" ? [0, 1] : undefined);
    });
  }

  it("gives the same model from a dataset as from a CSV file with the same rows", async () => {
    const [dataset, csv] = [await read("from-pot.tflite"), await read("from-pot.csv.tflite")];
    const bytes = (model: Model): Uint8Array => writeTflite(model, { metadata: false });
    assert.deepEqual(bytes(dataset), bytes(csv));
  });

  it("--folds cross-validates, and trains the same model as without", async () => {
    const plain = await tinymlJson(folder, "train", "clouds.json", "--data", "clouds", "--out", "plain.tflite");
    const folded = await tinymlJson(
      ...([folder, "train", "clouds.json", "--data", "clouds", "--out", "folded.tflite", "--folds", "3"] as const),
    );
    const { folds, crossValidation } = folded;
    assert.ok(Array.isArray(folds) && folds.length === 3 && folds.every((each) => each > 0.9), JSON.stringify(folds));
    assert.ok(Math.abs(Number(crossValidation) - (folds[0] + folds[1] + folds[2]) / 3) < 1e-12);
    assert.equal(folded.validationLoss, plain.validationLoss);
    const refused = await tinyml(
      folder,
      "train",
      "clouds.json",
      "--data",
      "clouds",
      "--out",
      "f.tflite",
      "--folds",
      "1",
    );
    assert.match(refused.stderr, /^TINYML_USAGE: --folds takes a whole number from 2/);
  });

  it("--json prints what docs/cli.md says", async () => {
    const report = await tinymlJson(folder, "train", "clouds.json", "--data", "clouds", "--out", "c.tflite");
    const { model, ...figures } = report;
    assert.deepEqual(Object.keys(figures), [
      "out",
      "bytes",
      "seed",
      "accuracy",
      "trainingSeconds",
      "metric",
      "epochs",
      "bestEpoch",
      "trainingSamples",
      "validationSamples",
      "loss",
      "validationLoss",
      "validationMetric",
    ]);
    const file = await readFile(join(folder, "c.tflite"));
    assert.equal(report.out, "c.tflite");
    assert.equal(report.bytes, file.length);
    assert.equal(report.seed, 1);
    assert.deepEqual([report.trainingSamples, report.validationSamples], [225, 75]);
    assert.ok(Number(report.accuracy) > 0.9);
    assert.deepEqual(await tinymlJson(folder, "inspect", "c.tflite"), {
      ...Object(model),
      metadata: JSON.parse(JSON.stringify((await read("c.tflite")).metadata)),
    });
  });

  it("the same seed gives the same model, another seed another one", async () => {
    const train = async (seed: string, out: string): Promise<Model> => {
      await tinymlJson(folder, "train", "quick.json", "--data", "pot", "--out", out, "--seed", seed, "--name", "pot");
      return read(out);
    };
    const [first, again, other] = [await train("7", "a"), await train("7", "b"), await train("8", "c")];
    assert.deepEqual(repeatable(first), repeatable(again));
    assert.notDeepEqual(repeatable(first), repeatable(other));
  });

  it("gives the same model for any number of threads, and resumes what was cut off only where something was", async () => {
    const train = (out: string, ...args: string[]) =>
      tinymlJson(folder, "train", "quick.json", "--data", "pot", "--out", out, "--name", "pot", ...args);
    await train("one", "--threads", "1");
    await train("three", "--threads=3", "--checkpoint", "kept");
    assert.deepEqual(repeatable(await read("three")), repeatable(await read("one")));
    for (const [args, code] of [
      [["--checkpoint", "kept", "--resume"], "TINYML_NO_CHECKPOINT"],
      [["--resume"], "TINYML_USAGE"],
      [["--threads", "0"], "TINYML_USAGE"],
    ] as const) {
      const { stderr } = await tinyml(folder, "train", "quick.json", "--data", "pot", "--out", "no.tflite", ...args);
      assert.match(stderr, new RegExp(code));
    }
  });

  it("--seed takes the place of the recipe's, and the model remembers it", async () => {
    const seedOf = async (...args: string[]): Promise<unknown> => {
      await tinymlJson(folder, "train", "quick.json", "--data", "pot", "--out", "seed.tflite", ...args);
      return Object((await read("seed.tflite")).metadata?.recipe).training.seed;
    };
    assert.equal(await seedOf(), 1);
    assert.equal(await seedOf("--seed", "4294967295"), 4294967295);
    assert.equal(await seedOf("--seed=0"), 0);
  });

  for (const [out, name] of [
    ["my model.tflite", "my model"],
    ["new/folder/modell-ü.tflite", "modell-ü"],
    ["50%: best!.tflite", "50_ best_"],
    ["con.tflite", "model"],
  ]) {
    it(`calls the model of ${out} "${name}"`, async () => {
      const { model } = await tinymlJson(folder, "train", "quick.json", "--data", "pot", "--out", out);
      assert.equal(Object(model).name, name);
    });
  }

  it("says in one line for people what it reached, and nothing else", async () => {
    const { status, stdout, stderr } = await tinyml(
      folder,
      "train",
      "quick.json",
      "--data",
      "pot",
      "--out",
      "l.tflite",
    );
    assert.match(
      stdout,
      /^l\.tflite: \d+ bytes; validation mean squared error [\d.]+ \(epoch \d+ of \d+, [\d.]+ s\)\n$/,
    );
    assert.deepEqual([status, stderr], [0, ""]);
  });
});
