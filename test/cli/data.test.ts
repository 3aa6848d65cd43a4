import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRandom } from "../../src/dataset/random";
import { idxBytes } from "../dataset/support/idx";
import { pngBytes } from "../dataset/support/pictures";
import { pcm16, wavBytes } from "../dataset/support/wav";
import { temporaryFolder } from "../support/folders";
import { tinyml, tinymlJson } from "./support/tinyml";

/** A recipe for two classes that are easily told apart. */
const recipeFor = (shape: readonly number[], features: readonly unknown[] = []) => ({
  $schema: "https://example.org/recipe.schema.json",
  version: 1,
  task: "classification",
  input: { shape },
  features,
  layers: [
    ...(shape.length > 1 ? [{ type: "flatten" }] : []),
    { type: "dense", units: 4, activation: "relu" },
    { type: "dense", units: 2, activation: "softmax" },
  ],
  training: { loss: "categoricalCrossentropy", optimizer: { type: "adam", learningRate: 0.03 }, epochs: 40 },
});

describe("tinyml with data of every kind", function () {
  this.timeout(60_000);
  let folder: string;
  const write = async (path: string, bytes: Uint8Array | string): Promise<void> => {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), bytes);
  };

  before(async () => {
    folder = await temporaryFolder();
    const { uniform } = createRandom(7);
    /** Four numbers of a class: it lies in the upper or the lower half. */
    const sample = (label: number, scale: number): number[] =>
      Array.from({ length: 4 }, () => Math.floor(scale * (label / 2 + uniform() / 2)));
    const labels = Array.from({ length: 40 }, (_, i) => i % 2);
    const bytes = labels.map((label) => sample(label, 256));
    await write("idx/train-images-idx3-ubyte", idxBytes("uint8", [40, 2, 2], bytes.flat()));
    await write("idx/train-labels-idx1-ubyte", idxBytes("uint8", [40], labels));
    for (const [i, label] of labels.entries()) {
      await write(`png/${label}/${i}.png`, pngBytes(2, 2, Uint8Array.from(bytes[i])));
      const wave = sample(label, 100).map((value) => value / 100);
      await write(`wav/${label}/${i}.wav`, wavBytes(pcm16(wave.slice(0, 3 + (i % 2)))));
    }
    for (const label of [0, 1]) {
      const recordings = Array.from({ length: 20 }, () => {
        const [a, b, c, d] = sample(label, 100);
        return `${a},${b}\n${c},${d}\n\n`;
      });
      await write(`csv/class${label}.csv`, `x,y\n${recordings.join("")}`);
    }
    const scale = { block: "scale", divide: 255 };
    await write("pictures.json", JSON.stringify(recipeFor([2, 2, 1], [scale])));
    await write("sounds.json", JSON.stringify(recipeFor([4, 1])));
    await write("gestures.json", JSON.stringify(recipeFor([2, 2], [{ block: "normalize" }])));
  });

  const cases: [recipe: string, data: string, rows: number][] = [
    ["pictures.json", "idx", 40],
    ["pictures.json", "idx/train-images-idx3-ubyte", 40],
    ["pictures.json", "png", 40],
    ["sounds.json", "wav", 40],
    ["gestures.json", "csv", 40],
  ];
  for (const [recipe, data, rows] of cases) {
    it(`trains ${recipe} on ${data}`, async () => {
      const report = await tinymlJson(folder, "train", recipe, "--data", data, "--out", "m.tflite", "--force");
      assert.equal(report.accuracy, 1);
      assert.equal(Number(report.trainingSamples) + Number(report.validationSamples), rows);
    });
  }

  it("keeps the last rows for a test", async () => {
    const args = ["train", "pictures.json", "--data", "idx", "--out", "m.tflite", "--test-rows", "8"];
    const { trainingSamples, validationSamples } = await tinymlJson(folder, ...args);
    assert.deepEqual([trainingSamples, validationSamples], [24, 8]);
  });

  for (const rows of ["40", "41", "-1", "ten", "1.5"]) {
    it(`refuses ${rows} test rows of 40`, async () => {
      const { status, stderr } = await tinyml(
        folder,
        "train",
        "pictures.json",
        "--data",
        "idx",
        "--out",
        "n.tflite",
        `--test-rows=${rows}`,
      );
      assert.equal(status, 2);
      assert.match(stderr, /^TINYML_USAGE: --test-rows/);
    });
  }

  it("says which file is damaged, and fails", async () => {
    await write("broken/a/1.png", "GIF89a");
    const { status, stdout, stderr } = await tinyml(
      folder,
      "train",
      "pictures.json",
      "--data",
      "broken",
      "--out",
      "n.tflite",
    );
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^TINYML_DATASET_CORRUPT: .*1\.png/);
  });
});
