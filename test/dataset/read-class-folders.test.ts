import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { readData } from "../../src/dataset/read-data";
import type { ReadOptions } from "../../src/dataset/read-options";
import type { ErrorCode } from "../../src/errors";
import { knownPictures, pngBytes } from "./support/pictures";
import { folderOf } from "./support/tree";
import { pcm16, wavBytes } from "./support/wav";

const sound = (...samples: number[]) => wavBytes(pcm16(samples));
const grey = (...pixels: number[]) => pngBytes(2, pixels.length / 2, Uint8Array.from(pixels));
const colour = pngBytes(2, 1, Uint8Array.of(255, 0, 0, 0, 0, 255));
const jpeg = knownPictures.find(({ name }) => name === "colours.jpg")?.bytes ?? "";

describe("a folder per class", () => {
  it("of WAV files: a window each, as long as the longest; shorter ones end in silence", async () => {
    const table = await readData(
      await folderOf({
        "yes/b.wav": sound(0.5),
        "yes/a.WAV": sound(0.25, -0.25),
        "no/c.wav": sound(1 / 8, 0, -1 / 8),
        "no/notes.txt": "",
        ".git/x.wav": "",
      }),
    );
    assert.deepEqual(table, {
      name: "data",
      task: "classification",
      channels: [{ name: "sound", unit: "" }],
      shape: [3, 1],
      labels: ["no", "yes"],
      inputs: Float32Array.of(1 / 8, 0, -1 / 8, 0.25, -0.25, 0, 0.5, 0, 0),
      outputs: Float32Array.of(0, 1, 1),
      rows: 3,
    });
  });

  it("of WAV files, brought to the length that is wanted", async () => {
    const folder = await folderOf({ "yes/a.wav": sound(0.5, 0.25, 0.125), "no/b.wav": sound(0.5) });
    const { shape, inputs } = await readData(folder, { shape: [2, 1] });
    assert.deepEqual({ shape, inputs }, { shape: [2, 1], inputs: Float32Array.of(0.5, 0, 0.5, 0.25) });
  });

  it("of PNG and JPEG files: bytes, grey where all are, else in colours", async () => {
    const greys = await readData(await folderOf({ "0/a.png": grey(1, 2, 3, 4), "1/a.png": grey(5, 6, 7, 8) }));
    assert.deepEqual([greys.shape, greys.inputs], [[2, 2, 1], Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)]);
    assert.deepEqual(greys.channels, [{ name: "pixel", unit: "" }]);
    const colours = await readData(await folderOf({ "red/a.jpg": jpeg, "red/b.jpeg": jpeg }));
    assert.deepEqual([colours.shape, colours.rows], [[7, 11, 3], 2]);
    assert.deepEqual(
      colours.channels.map(({ name }) => name),
      ["red", "green", "blue"],
    );
  });

  it("of pictures, made grey or coloured as it is wanted", async () => {
    const folder = await folderOf({ "a/x.png": colour, "b/y.png": grey(1, 2) });
    const asked = async (channels: number) => (await readData(folder, { shape: [1, 2, channels] })).inputs;
    assert.deepEqual(await asked(1), Uint8Array.of(76, 29, 1, 2));
    assert.deepEqual(await asked(3), Uint8Array.of(255, 0, 0, 0, 0, 255, 1, 1, 1, 2, 2, 2));
  });

  it("of CSV files: a window per recording", async () => {
    const table = await readData(
      await folderOf({ "up/1.csv": "x,y\n1,2\n3,4\n", "down/1.csv": "x,y\n5,6\n7,8\n\n9,10\n11,12\n" }),
    );
    assert.deepEqual(
      { shape: table.shape, labels: table.labels, outputs: table.outputs },
      { shape: [2, 2], labels: ["down", "up"], outputs: Float32Array.of(0, 0, 1) },
    );
  });

  it("below train, validation and test: the sides of the split", async () => {
    const files = ["train/a/1.wav", "train/b/1.wav", "Validation/a/2.wav", "test/a/3.wav"];
    const table = await readData(await folderOf(Object.fromEntries(files.map((file) => [file, sound(0.5)]))));
    assert.deepEqual(table.labels, ["a", "b"]);
    assert.deepEqual(table.splits, ["validation", "test", "training", "training"]);
  });

  it("where train is a class among others: a class", async () => {
    const table = await readData(await folderOf({ "train/1.wav": sound(0.5), "car/1.wav": sound(0.5) }));
    assert.deepEqual([table.labels, table.splits], [["car", "train"], undefined]);
  });

  it("whose files name their source: groups", async () => {
    const files = ["7/7_anna_0.wav", "7/7_bob_smith_12.wav", "7/0a7c2a8d_nohash_1.wav", "7/7_1.wav", "7/x_anna_0.wav"];
    const table = await readData(await folderOf(Object.fromEntries(files.map((file) => [file, sound(0.5)]))));
    assert.deepEqual(table.groups, ["0a7c2a8d", "", "anna", "bob_smith", ""]);
  });

  it("orders labels that are numbers by these, and takes names that mean something to JavaScript", async () => {
    const numbers = await readData(await folderOf({ "10/a.wav": sound(0.5), "9/a.wav": sound(0.5) }));
    assert.deepEqual([numbers.labels, numbers.outputs], [["9", "10"], Float32Array.of(1, 0)]);
    const odd = await readData(await folderOf({ "constructor/a.wav": sound(0.5), "__proto__/a.wav": sound(0.5) }));
    assert.deepEqual(odd.labels, ["__proto__", "constructor"]);
  });

  const faults: [
    what: string,
    files: Record<string, Uint8Array | string>,
    options: ReadOptions,
    code: ErrorCode,
    says: RegExp,
  ][] = [
    [
      "sounds of two rates",
      { "a/1.wav": sound(1), "b/2.wav": wavBytes(pcm16([1]), { rateHz: 16000 }) },
      {},
      "TINYML_SAMPLES_DIFFER",
      /1\.wav has 8000.*2\.wav 16000/,
    ],
    ["sounds without a sample", { "a/1.wav": sound() }, {}, "TINYML_DATASET_EMPTY", /1\.wav/],
    [
      "pictures of two sizes",
      { "a/1.png": grey(1, 2), "b/2.png": grey(1, 2, 3, 4) },
      {},
      "TINYML_SAMPLES_DIFFER",
      /1\.png has 2 × 1.*2\.png 2 × 2/,
    ],
    [
      "pictures in grey and in colour",
      { "a/1.png": grey(1, 2), "b/2.png": colour },
      {},
      "TINYML_SAMPLES_DIFFER",
      /in grey.*in colour/,
    ],
    [
      "pictures of two sizes, though the channels are known",
      { "a/1.png": grey(1, 2), "b/2.png": grey(1, 2, 3, 4) },
      { shape: [1, 2, 1] },
      "TINYML_SAMPLES_DIFFER",
      /2 × 1.*2 × 2/,
    ],
    [
      "files of two kinds",
      { "a/1.png": grey(1, 2), "b/2.wav": sound(1) },
      {},
      "TINYML_SAMPLES_DIFFER",
      /1\.png and .*2\.wav/,
    ],
    ["a damaged file", { "a/1.png": grey(1, 2), "b/2.png": "GIF89a" }, {}, "TINYML_DATASET_CORRUPT", /2\.png/],
    ["a label with a line break", { "a\nb/1.wav": sound(1) }, {}, "TINYML_UNKNOWN_LABEL", /a\\nb/],
    [
      "sounds that get too long together",
      { "a/1.wav": sound(1), "b/2.wav": sound(1) },
      { shape: [2 ** 28, 1] },
      "TINYML_DATASET_TOO_LARGE",
      /1 GiB/,
    ],
    ["nothing at all", { "readme.txt": "" }, {}, "TINYML_DATASET_MISSING", /holds no data/],
    ["folders without samples", { "a/readme.txt": "", "b/x.txt": "" }, {}, "TINYML_DATASET_MISSING", /holds no data/],
    [
      "a CSV file beside them",
      { "list.csv": "a,b\n1,2\n", "a/1.wav": sound(1) },
      {},
      "TINYML_DATASET_MISSING",
      /list\.csv.*1\.wav/,
    ],
  ];
  for (const [what, files, options, code, says] of faults) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(readData(await folderOf(files), options), { code, message: says });
    });
  }

  it("refuses an empty folder and what is not there", async () => {
    const folder = await folderOf({});
    await assert.rejects(readData(folder), { code: "TINYML_DATASET_MISSING" });
    await mkdir(join(folder, "a"));
    await assert.rejects(readData(folder), { code: "TINYML_DATASET_MISSING" });
    await assert.rejects(readData(join(folder, "none")), { code: "TINYML_FILE", message: /none/ });
  });
});
