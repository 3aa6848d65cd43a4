import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { createRandom } from "../../src/dataset/random";
import { readData } from "../../src/dataset/read-data";
import { copySamples } from "../../src/dataset/samples";
import { allRows, inputWidth } from "../../src/dataset/table";
import { TinymlError } from "../../src/errors";
import { damage } from "../tflite/damage";
import { idxBytes } from "./support/idx";
import { knownPictures } from "./support/pictures";
import { folderOf } from "./support/tree";
import { pcm16, wavBytes } from "./support/wav";

/** What reading damaged data may end with. */
const allowed = [
  "TINYML_DATASET_CORRUPT",
  "TINYML_DATASET_EMPTY",
  "TINYML_DATASET_TOO_LARGE",
  "TINYML_NOT_A_NUMBER",
  "TINYML_SAMPLES_DIFFER",
  "TINYML_UNKNOWN_LABEL",
];

const counting = (count: number) => Array.from({ length: count }, (_, i) => i);
const labels = { "x-labels-idx": idxBytes("uint8", [6], [0, 1, 2, 0, 1, 2]) };
const wave = counting(40).map((i) => Math.sin(i));
const readings = counting(24).map((i) => `${i},${i / 3},${-i}\n${i % 4 === 3 ? "\n" : ""}`);

/** Sound data: the file that is damaged, and what lies beside it. */
const sound: Record<string, [file: string, bytes: Buffer, beside: Record<string, Uint8Array | string>]> = {
  "IDX, bytes": ["x-images-idx", idxBytes("uint8", [6, 3, 3], counting(54)), labels],
  "IDX, packed": ["x-images-idx.gz", gzipSync(idxBytes("uint8", [6, 3, 3], counting(54))), labels],
  "IDX, floats": ["x-images-idx", idxBytes("float32", [6, 3], counting(18)), labels],
  "IDX, doubles": ["x-images-idx", idxBytes("float64", [6, 3], counting(18)), labels],
  "IDX, labels": ["x-labels-idx", labels["x-labels-idx"], { "x-images-idx": idxBytes("uint8", [6, 2], counting(12)) }],
  "WAV, 16 bits": ["a/x.wav", wavBytes(pcm16(wave)), { "b/y.wav": wavBytes(pcm16(wave)) }],
  "WAV, floats": ["a/x.wav", wavBytes(Buffer.from(Float32Array.from(wave).buffer), { format: 3, bits: 32 }), {}],
  "CSV by class": ["a.csv", Buffer.from(`x,y,z\n${readings.join("")}`), { "b.csv": `x,y,z\n${readings.join("")}` }],
};
for (const { name, bytes } of knownPictures.filter((_, i) => i % 4 === 0)) {
  sound[name] = [`a/${name}`, bytes, { [`b/${name}`]: bytes }];
}

describe("damaged data", function () {
  this.timeout(60_000);

  for (const [what, [file, bytes, beside]] of Object.entries(sound)) {
    it(`${what}: is read, or refused with a code that is meant for it and the file's name`, async () => {
      const folder = await folderOf(beside);
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 32 - 1 }), async (seed) => {
          await writeFile(join(folder, file), damage(Uint8Array.from(bytes), createRandom(seed)));
          try {
            const table = await readData(folder);
            const numbers = copySamples(table.inputs, inputWidth(table), allRows(table));
            assert.ok(numbers.every(Number.isFinite));
            assert.ok(table.outputs.every((index) => index < (table.labels?.length ?? Number.POSITIVE_INFINITY)));
          } catch (error) {
            assert.ok(error instanceof TinymlError, String(error));
            assert.ok(allowed.includes(error.code), `${error.code}: ${error.message}`);
            assert.ok(error.message.includes(folder), error.message);
          }
        }),
        { numRuns: 150 },
      );
    });
  }

  it("random bytes are refused under every ending", async () => {
    const names = ["x-images-idx", "x-images-idx.gz", "a/x.wav", "a/x.png", "a/x.jpg", "a/x.csv"];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.uint8Array({ maxLength: 200 }), async (name, bytes) => {
        const folder = await folderOf({ [name]: bytes, ...(name.startsWith("x-") && labels) });
        await assert.rejects(readData(folder), TinymlError);
      }),
      { numRuns: 60 },
    );
  });
});
