import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { pack } from "tar-stream";
import { type ImportedSamples, importSamples } from "../../../src/dataset/exchange/import-samples";
import type { NamedBytes } from "../../../src/dataset/exchange/named-bytes";
import { storeSamples } from "../../../src/dataset/exchange/store-samples";
import { openDataset } from "../../../src/dataset/open-dataset";
import { createRandom } from "../../../src/dataset/random";
import { type ErrorCode, TinymlError } from "../../../src/errors";
import { isPrintable } from "../../../src/printable";
import { temporaryFolder } from "../../support/folders";
import { damage } from "../../tflite/damage";
import { idxBytes } from "../support/idx";
import { knownPictures, pngBytes } from "../support/pictures";
import { pcm16, wavBytes } from "../support/wav";

/** How many damaged files are imported, those of all formats together. */
const count = 10_000;

/** What importing a damaged file may end with. */
const allowed: readonly ErrorCode[] = [
  "TINYML_IMPORT_INVALID",
  "TINYML_DATASET_CORRUPT",
  "TINYML_DATASET_EMPTY",
  "TINYML_DATASET_MISSING",
  "TINYML_DATASET_TOO_LARGE",
  "TINYML_NO_LABEL",
  "TINYML_NOT_A_NUMBER",
  "TINYML_SAMPLES_DIFFER",
  "TINYML_UNKNOWN_LABEL",
];

const text = (value: string): Buffer => Buffer.from(value);
const counting = (length: number) => Array.from({ length }, (_, i) => i);
const sound = wavBytes(pcm16(counting(20).map((i) => Math.sin(i))));
const grey = pngBytes(3, 3, Uint8Array.from(counting(9)));
const jpeg = knownPictures.find(({ name }) => name === "colours.jpg")?.bytes ?? Buffer.alloc(0);
const readings = counting(12).map((i) => `${i},${i / 3}\n${i % 4 === 3 ? "\n" : ""}`);
const recordings = text(`x,y\n${readings.join("")}`);
const acquisition = {
  protected: { ver: "v1", alg: "none", iat: 1700000000 },
  signature: "0".repeat(64),
  payload: {
    device_name: "board",
    device_type: "PICO",
    interval_ms: 10,
    sensors: [{ name: "x", units: "V" }, { name: "y" }],
    values: counting(8).map((i) => [i, i / 3]),
  },
};
const json = text(JSON.stringify(acquisition));
const info = text(
  JSON.stringify({
    version: 1,
    files: [
      { path: "training/a.json", category: "training", label: { type: "label", label: "a" } },
      { path: "testing/b.json", category: "testing", label: { type: "label", label: "b" }, boundingBoxes: [] },
    ],
  }),
);
const folders = { "up/1.csv": recordings, "down/2.csv": recordings };

async function tarOf(files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const archive = pack();
  for (const [name, bytes] of Object.entries(files)) archive.entry({ name, mtime: new Date(0) }, bytes);
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Sound imports: the first file is damaged, the others lie beside it. */
async function soundImports(): Promise<[what: string, files: NamedBytes[]][]> {
  const { encode } = await import("cborg");
  const tar = await tarOf(folders);
  const sets: Record<string, Record<string, Uint8Array>> = {
    "CSV, table": { "lamp.csv": text("x,y,state\n1,2,on\n3,4,off\n") },
    "CSV, recordings": { "up.csv": recordings, "down.csv": recordings },
    WAV: { "a/x.wav": sound, "b/y.wav": sound },
    PNG: { "a/x.png": grey, "b/y.png": grey },
    JPEG: { "a/x.jpg": jpeg },
    IDX: { "images.idx": idxBytes("uint8", [3, 2, 2], counting(12)), "labels.idx": idxBytes("uint8", [3], [0, 1, 0]) },
    "IDX, labels": {
      "labels.idx": idxBytes("uint8", [3], [0, 1, 0]),
      "images.idx": idxBytes("int16", [3, 2], counting(6)),
    },
    "Edge Impulse, JSON": { "up.1.json": json },
    "Edge Impulse, CBOR": { "up.1.cbor": encode(acquisition) },
    "Edge Impulse, info.labels": { "info.labels": info, "training/a.json": json, "testing/b.json": json },
    "Edge Impulse, export": {
      "x.zip": zipSync({ "info.labels": info, "training/a.json": json, "testing/b.json": json }),
    },
    "Teachable Machine": {
      "x.tm": zipSync(
        { "Class 1-!-0.jpg": jpeg, "manifest.json": text('{"type":"image","version":"2","appdata":{}}') },
        { level: 0 },
      ),
    },
    "zip, deflated": { "x.zip": zipSync(folders) },
    "zip, stored": { "x.zip": zipSync(folders, { level: 0 }) },
    "zip in zip": { "x.zip": zipSync({ "up.zip": zipSync({ "1.csv": recordings }), "down/1.csv": recordings }) },
    tar: { "x.tar": tar },
    "tar.gz": { "x.tar.gz": gzipSync(tar) },
    "CSV, packed": { "x.csv.gz": gzipSync(text("x,y,state\n1,2,on\n3,4,off\n")) },
  };
  return Object.entries(sets).map(([what, files]) => [
    what,
    Object.entries(files).map(([name, bytes]) => ({ name, bytes: Uint8Array.from(bytes) })),
  ]);
}

function assertSound({ description, samples }: ImportedSamples): void {
  assert.ok(samples.length > 0 && [...samples].length === samples.length);
  for (const sample of samples) {
    assert.ok(sample.label === undefined || isPrintable(sample.label));
    if ("bytes" in sample) continue;
    assert.ok(sample.values.length > 0 && sample.values.length % description.channels.length === 0);
    assert.ok(sample.values.every(Number.isFinite));
  }
}

describe("importSamples: damaged files", function () {
  this.timeout(120_000);

  it(`${count} of all formats: each is understood, or refused with a code that is meant for it and the file's name`, async () => {
    const imports = await soundImports();
    for (const [what, files] of imports)
      assertSound(await importSamples(files).catch((error) => assert.fail(`${what}: ${error}`)));
    const before = process.memoryUsage().rss;
    let understood = 0;
    for (let seed = 0; seed < count; seed++) {
      const [what, [first, ...beside]] = imports[seed % imports.length];
      const damaged = { name: first.name, bytes: damage(first.bytes, createRandom(seed)) };
      try {
        assertSound(await importSamples([damaged, ...beside], { limits: { bytes: 2 ** 22, entries: 100 } }));
        understood += 1;
      } catch (error) {
        const where = `${what}, seed ${seed}: ${error}`;
        assert.ok(error instanceof TinymlError, where);
        assert.ok(allowed.includes(error.code), where);
        // The file's name, or that of an entry, which may be damaged as well.
        assert.match(error.message, /\S\.\S|labels|images/, where);
      }
    }
    // Some damage changes numbers only, most of it does not.
    assert.ok(understood > count / 50 && understood < count / 2, `${understood} were understood`);
    assert.ok(process.memoryUsage().rss - before < 3e8, "memory grew by more than 300 MB");
  });

  it("five hundred into a dataset that is in use: each is added as a whole, or not at all", async () => {
    const imports = (await soundImports()).filter(([what]) =>
      /recordings|zip|tar|^Edge Impulse, (JSON|CBOR)$/.test(what),
    );
    const folder = join(await temporaryFolder(), "moves");
    const channels = ["x", "y"].map((name) => ({ name, unit: "" }));
    const description = { version: 1, kind: "timeseries", task: "classification", channels } as const;
    const dataset = await openDataset(folder, description, { delay: 0 });
    let stored = 0;
    for (let seed = 0; seed < 500; seed++) {
      const [, [first, ...beside]] = imports[seed % imports.length];
      const damaged = { name: first.name, bytes: damage(first.bytes, createRandom(seed)) };
      const before = dataset.count;
      const ids = await importSamples([damaged, ...beside])
        .then((imported) => storeSamples(folder, imported))
        .catch((error) => {
          assert.ok(error instanceof TinymlError && error.code !== "TINYML_INTERNAL", `seed ${seed}: ${error}`);
          return [];
        });
      assert.equal(dataset.count, before + ids.length, `seed ${seed}`);
      stored += ids.length;
    }
    assert.ok(stored > 0);
    assert.equal((await dataset.samples()).length, stored);
    const files = (await readdir(join(folder, "samples"))).filter((name) => name.endsWith(".csv"));
    assert.equal(files.length, stored);
    await dataset.close();
  });
});
