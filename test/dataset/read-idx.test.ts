import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { readData } from "../../src/dataset/read-data";
import { copySamples } from "../../src/dataset/samples";
import { allRows, inputWidth, type Table } from "../../src/dataset/table";
import type { ErrorCode } from "../../src/errors";
import { type IdxTypeName, idxBytes } from "./support/idx";
import { folderOf } from "./support/tree";

/** All samples of a table as plain numbers. */
function numbersOf(table: Table): number[] {
  return [...copySamples(table.inputs, inputWidth(table), allRows(table))];
}

const images = idxBytes("uint8", [3, 2, 2], [0, 1, 2, 3, 10, 11, 12, 13, 255, 254, 253, 252]);
const labels = idxBytes("uint8", [3], [7, 0, 7]);

describe("IDX files", () => {
  it("a folder with images and labels is a table of pictures", async () => {
    const table = await readData(
      await folderOf({ "train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels, LICENSE: "free" }),
    );
    assert.deepEqual(
      { ...table, inputs: undefined },
      {
        name: "data",
        task: "classification",
        channels: [{ name: "pixel", unit: "" }],
        shape: [2, 2, 1],
        labels: ["0", "7"],
        inputs: undefined,
        outputs: Float32Array.of(1, 0, 1),
        rows: 3,
      },
    );
    assert.ok(table.inputs instanceof Uint8Array);
    assert.deepEqual([...table.inputs], [0, 1, 2, 3, 10, 11, 12, 13, 255, 254, 253, 252]);
  });

  it("a folder has its name however its path is written", async () => {
    const folder = await folderOf({ "train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels });
    assert.equal((await readData(`${folder}/.`)).name, "data");
  });

  const names: [images: string, labels: string][] = [
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"],
    ["train-images.idx3-ubyte", "train-labels.idx1-ubyte"],
    ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"],
    ["train-images-idx3-ubyte.gz", "train-labels.idx1-ubyte"],
    ["digits-images-idx3-ubyte.gz", "digits-labels-idx1-ubyte.gz"],
    ["emnist-letters-train-images-idx3-ubyte", "emnist-letters-train-labels-idx1-ubyte"],
    ["images.idx", "labels.idx"],
    ["Image_idx3", "Label_idx1"],
  ];
  for (const [imagesName, labelsName] of names) {
    it(`finds ${labelsName} for ${imagesName}`, async () => {
      const packed = (name: string, bytes: Uint8Array) => (name.endsWith(".gz") ? gzipSync(bytes) : bytes);
      const folder = await folderOf({
        [imagesName]: packed(imagesName, images),
        [labelsName]: packed(labelsName, labels),
      });
      for (const location of [folder, join(folder, imagesName)]) {
        const table = await readData(location);
        assert.equal(table.rows, 3);
        assert.deepEqual(table.outputs, Float32Array.of(1, 0, 1));
        assert.equal(table.splits, undefined);
      }
    });
  }

  it("t10k files are for a test, behind those of train, with the classes of both", async () => {
    const folder = await folderOf({
      "t10k-images-idx3-ubyte.gz": gzipSync(idxBytes("uint8", [1, 2, 2], [9, 9, 9, 9])),
      "t10k-labels-idx1-ubyte.gz": gzipSync(idxBytes("uint8", [1], [3])),
      "train-images-idx3-ubyte.gz": gzipSync(images),
      "train-labels-idx1-ubyte": labels,
    });
    const table = await readData(folder);
    assert.deepEqual(table.labels, ["0", "3", "7"]);
    assert.deepEqual(table.outputs, Float32Array.of(2, 0, 2, 1));
    assert.deepEqual(table.splits, [undefined, undefined, undefined, "test"]);
    assert.deepEqual(numbersOf(table).slice(12), [9, 9, 9, 9]);
    assert.equal((await readData(join(folder, "t10k-images-idx3-ubyte.gz"))).splits, undefined);
  });

  it("takes the plain file where there is a packed one, too", async () => {
    const table = await readData(
      await folderOf({
        "train-images-idx3-ubyte.gz": gzipSync(images).subarray(0, 20),
        "train-images-idx3-ubyte": images,
        "train-labels-idx1-ubyte": labels,
      }),
    );
    assert.equal(table.rows, 3);
  });

  it("a large plain file of bytes stays where it is and gives the same samples", async () => {
    const folder = await folderOf({ "a-images-idx3-ubyte": images, "a-labels-idx1-ubyte": labels });
    const table = await readData(folder, { streamedFrom: images.length - 1 });
    assert.ok("file" in table.inputs);
    assert.deepEqual(numbersOf(table), numbersOf(await readData(folder)));
  });

  const shapes: [what: string, dimensions: number[], shape: number[] | undefined, channels: string[]][] = [
    ["numbers", [4], undefined, ["channel 1"]],
    ["readings", [2, 3], undefined, ["channel 1", "channel 2", "channel 3"]],
    ["grey pictures", [2, 3, 4], [3, 4, 1], ["pixel"]],
    ["grey pictures with their channel", [2, 3, 4, 1], [3, 4, 1], ["pixel"]],
    ["coloured pictures", [2, 3, 4, 3], [3, 4, 3], ["red", "green", "blue"]],
    ["pictures of two channels", [2, 3, 4, 2], [3, 4, 2], ["channel 1", "channel 2"]],
  ];
  for (const [what, dimensions, shape, channels] of shapes) {
    it(`of ${dimensions.length} dimensions (${dimensions.join(" × ")}) hold ${what}`, async () => {
      const count = dimensions.reduce((product, size) => product * size);
      const values = Array.from({ length: count }, (_, i) => i);
      const table = await readData(
        await folderOf({
          "x-images-idx": idxBytes("uint8", dimensions, values),
          "x-labels-idx": idxBytes("uint8", [dimensions[0]], new Array(dimensions[0]).fill(0)),
        }),
      );
      assert.deepEqual(table.shape, shape);
      assert.deepEqual(
        table.channels.map(({ name }) => name),
        channels,
      );
      assert.deepEqual(numbersOf(table), values);
    });
  }

  const element: Readonly<Record<IdxTypeName, fc.Arbitrary<number>>> = {
    uint8: fc.integer({ min: 0, max: 255 }),
    int8: fc.integer({ min: -128, max: 127 }),
    int16: fc.integer({ min: -32768, max: 32767 }),
    int32: fc.integer(),
    float32: fc.float({ noNaN: true, noDefaultInfinity: true }),
    float64: fc.double({ noNaN: true, min: -3e38, max: 3e38 }),
  };
  for (const type of Object.keys(element) as IdxTypeName[]) {
    it(`hold ${type}`, () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(element[type], element[type]), { minLength: 1, maxLength: 9 }),
          fc.boolean(),
          async (readings, packed) => {
            const bytes = idxBytes(type, [readings.length, 2], readings.flat());
            const folder = await folderOf({
              "x-images-idx": packed ? gzipSync(bytes) : bytes,
              "x-labels-idx": idxBytes(
                "int32",
                [readings.length],
                readings.map((_, i) => i - 1),
              ),
            });
            const table = await readData(folder);
            assert.deepEqual(numbersOf(table), readings.flat().map(Math.fround));
            assert.deepEqual(
              table.labels,
              readings.map((_, i) => String(i - 1)),
            );
          },
        ),
        { numRuns: 20 },
      ));
  }

  it("numbers with fractions are what a regression learns, several per sample too", async () => {
    const folder = await folderOf({
      "x-images-idx": idxBytes("float32", [2, 1], [1, 2]),
      "x-labels-idx": idxBytes("float32", [2, 2], [0.5, 1, 1.5, 2]),
    });
    const { task, targets, outputs } = await readData(folder);
    assert.deepEqual(
      { task, targets: targets?.length, outputs },
      { task: "regression", targets: 2, outputs: Float32Array.of(0.5, 1, 1.5, 2) },
    );
    await assert.rejects(readData(folder, { task: "classification" }), { code: "TINYML_UNKNOWN_LABEL" });
  });

  const header = (code: number, rank: number, ...sizes: number[]): Buffer => {
    const bytes = Buffer.alloc(4 + 4 * sizes.length);
    bytes[2] = code;
    bytes[3] = rank;
    sizes.forEach((size, i) => {
      bytes.writeUInt32BE(size, 4 + 4 * i);
    });
    return bytes;
  };
  const faults: [what: string, images: Uint8Array, labels: Uint8Array | undefined, code: ErrorCode, says: RegExp][] = [
    ["an empty file", Buffer.alloc(0), labels, "TINYML_DATASET_CORRUPT", /two zeros/],
    ["another format", Buffer.from("RIFFxxxx"), labels, "TINYML_DATASET_CORRUPT", /two zeros/],
    ["an unknown element type", header(0x0a, 1, 3), labels, "TINYML_DATASET_CORRUPT", /0x0a/],
    ["no dimensions", header(0x08, 0), labels, "TINYML_DATASET_CORRUPT", /no dimensions/],
    ["a header cut short", header(0x08, 9, 1, 2), labels, "TINYML_DATASET_CORRUPT", /within its header/],
    ["a picture cut short", images.subarray(0, -1), labels, "TINYML_DATASET_CORRUPT", /28 bytes, but it has 27/],
    [
      "bytes too many",
      Buffer.concat([images, Buffer.of(1)]),
      labels,
      "TINYML_DATASET_CORRUPT",
      /28 bytes, but it has 29/,
    ],
    ["a huge claim", header(0x08, 3, 2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1), labels, "TINYML_DATASET_CORRUPT", /bytes/],
    [
      "a packed huge claim",
      gzipSync(header(0x08, 3, 60000, 2 ** 20, 28)),
      labels,
      "TINYML_DATASET_TOO_LARGE",
      /gunzip/,
    ],
    [
      "a packed claim of 255 dimensions",
      gzipSync(header(0x0e, 255, ...new Array(255).fill(2 ** 32 - 1))),
      labels,
      "TINYML_DATASET_TOO_LARGE",
      /GiB/,
    ],
    [
      "more than it says, packed",
      gzipSync(Buffer.concat([images, Buffer.alloc(1e7)])),
      labels,
      "TINYML_DATASET_CORRUPT",
      /unpacks to more/,
    ],
    ["less than it says, packed", gzipSync(images.subarray(0, -1)), labels, "TINYML_DATASET_CORRUPT", /28 bytes/],
    ["a packed file cut short", gzipSync(images).subarray(0, -9), labels, "TINYML_DATASET_CORRUPT", /unpacked/],
    ["samples without numbers", header(0x08, 3, 3, 0, 2), labels, "TINYML_DATASET_CORRUPT", /0 × 2/],
    [
      "five dimensions",
      idxBytes("uint8", [3, 1, 1, 1, 1], [1, 2, 3]),
      labels,
      "TINYML_DATASET_CORRUPT",
      /one to three/,
    ],
    ["NaN", idxBytes("float32", [3, 1], [1, Number.NaN, 3]), labels, "TINYML_NOT_A_NUMBER", /Number 2/],
    ["what float32 can't hold", idxBytes("float64", [3], [1, 2, 1e300]), labels, "TINYML_NOT_A_NUMBER", /Number 3/],
    ["no labels", images, undefined, "TINYML_DATASET_MISSING", /labels of .*x-images-idx3-ubyte/],
    ["too few labels", images, idxBytes("uint8", [2], [7, 0]), "TINYML_DATASET_CORRUPT", /3 samples.* 2 labels/],
    ["no samples", header(0x08, 3, 0, 28, 28), header(0x08, 1, 0), "TINYML_DATASET_EMPTY", /samples/],
  ];
  for (const [what, damaged, beside, code, says] of faults) {
    it(`refuses ${what}`, async () => {
      const folder = await folderOf({
        "x-images-idx3-ubyte": damaged,
        ...(beside && { "x-labels-idx1-ubyte": beside }),
      });
      await assert.rejects(readData(folder), (error: Error & { code: string }) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, says);
        assert.match(error.message, /x-(images|labels)-idx/);
        return true;
      });
    });
  }

  const folders: [what: string, names: string[], code: ErrorCode, says: RegExp][] = [
    ["labels alone", ["train-labels-idx1-ubyte"], "TINYML_DATASET_MISSING", /none has "images"/],
    [
      "two sets to train on",
      ["a-images-idx3-ubyte", "b-images-idx3-ubyte"],
      "TINYML_DATASET_MISSING",
      /both a-images.*b-images/,
    ],
  ];
  for (const [what, files, code, says] of folders) {
    it(`refuses a folder with ${what}`, async () => {
      const folder = await folderOf(Object.fromEntries(files.map((name) => [name, images])));
      await assert.rejects(readData(folder), { code, message: says });
    });
  }

  it("refuses train and test files of different sizes", async () => {
    const folder = await folderOf({
      "train-images-idx3-ubyte": images,
      "train-labels-idx1-ubyte": labels,
      "t10k-images-idx3-ubyte": idxBytes("uint8", [1, 2, 3], [1, 2, 3, 4, 5, 6]),
      "t10k-labels-idx1-ubyte": idxBytes("uint8", [1], [0]),
    });
    await assert.rejects(readData(folder), {
      code: "TINYML_SAMPLES_DIFFER",
      message: /2 × 2 × 1.*2 × 3 × 1|2 × 3 × 1.*2 × 2 × 1/,
    });
  });

  it("refuses the name of a labels file", async () => {
    const folder = await folderOf({ "x-images-idx": images, "x-labels-idx": labels });
    await assert.rejects(readData(join(folder, "x-labels-idx")), { code: "TINYML_DATASET_MISSING", message: /images/ });
  });
});
