import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unzipSync, zipSync } from "fflate";
import type { DatasetDescription } from "../src/dataset/description";
import { importSamples } from "../src/dataset/exchange/import-samples";
import { openDataset } from "../src/dataset/open-dataset";
import { createRandom } from "../src/dataset/random";
import { readData } from "../src/dataset/read-data";
import { type ErrorCode, TinymlError } from "../src/errors";
import { exportProject, importProject, type ProjectContent } from "../src/project";
import { writeTflite } from "../src/tflite/write-tflite";
import { temporaryFolder } from "./support/folders";
import { damage } from "./tflite/damage";
import { bookNetwork } from "./tflite/models";

const lamp: DatasetDescription = {
  version: 1,
  kind: "table",
  task: "classification",
  channels: [{ name: "x", unit: "V" }],
};
const model = writeTflite(bookNetwork());
const flows = [
  { id: "tab", type: "tab", label: "Lab" },
  { id: "d", type: "tinyml-dataset", name: "lamp", credentials: { secret: "x" } },
  { id: "p", z: "tab", type: "tinyml-predict", model: "pot", wires: [[]] },
  { id: "o", z: "tab", type: "debug", name: "lamp", model: "pot" },
];

/** A storage folder with the dataset "lamp" and the model "pot". */
async function sampleStorage(): Promise<string> {
  const storage = join(await temporaryFolder(), "tinyml");
  const dataset = await openDataset(join(storage, "datasets", "lamp"), lamp);
  await dataset.addAll(["on", "off"].map((label, i) => ({ label, time: i, group: "g", values: Float32Array.of(i) })));
  await dataset.close();
  await mkdir(join(storage, "models", "pot"), { recursive: true });
  await writeFile(join(storage, "models", "pot", "model.tflite"), model);
  return storage;
}

async function pack(storage: string, content?: ProjectContent): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of exportProject(storage, content)) pieces.push(piece);
  return Buffer.concat(pieces);
}

const listAll = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true }).catch(() => [])).map(String).sort();

const emptyStorage = async (): Promise<string> => join(await temporaryFolder(), "tinyml");
const named = (bytes: Uint8Array) => ({ name: "project.zip", bytes });

describe("a project", function () {
  this.timeout(60_000);

  it("is exported and imported again: datasets, models, flow; without credentials", async () => {
    const storage = await emptyStorage();
    const imported = await importProject(storage, named(await pack(await sampleStorage(), { flows })));
    assert.deepEqual(imported, {
      datasets: [{ name: "lamp", storedAs: "lamp" }],
      models: [{ name: "pot", storedAs: "pot" }],
      flows: flows.map(({ credentials: _, ...node }) => node),
    });
    const { labels, inputs, groups, channels } = await readData(join(storage, "datasets", "lamp"));
    assert.deepEqual(
      { labels, inputs, groups, channels },
      { labels: ["on", "off"], inputs: Float32Array.of(0, 1), groups: ["g", "g"], channels: lamp.channels },
    );
    assert.deepEqual(await readFile(join(storage, "models", "pot", "model.tflite")), Buffer.from(model));
    assert.deepEqual(await readdir(join(storage, "imports")), []);
  });

  it("is no dataset", async () => {
    const archive = named(await pack(await sampleStorage()));
    await assert.rejects(importSamples([archive]), {
      code: "TINYML_IMPORT_INVALID",
      message: /a whole project\. Import it as a project/,
    });
  });

  it("leaves nothing of an import that was killed for long", async () => {
    const storage = await sampleStorage();
    const left = join(storage, "imports", "killed");
    await mkdir(left, { recursive: true });
    await utimes(left, 0, 0);
    await importProject(storage, named(await pack(storage)), { rename: true });
    assert.deepEqual(await readdir(join(storage, "imports")), []);
  });

  it("has what is named, and no more", async () => {
    const storage = await sampleStorage();
    assert.deepEqual(Object.keys(unzipSync(await pack(storage, { datasets: [] }))), [
      "project.json",
      "flows.json",
      "models/pot/model.tflite",
    ]);
    await assert.rejects(pack(storage, { models: ["none"] }), { code: "TINYML_NO_MODEL" });
    await assert.rejects(pack(storage, { datasets: ["none"] }), { code: "TINYML_DATASET_MISSING" });
    await assert.rejects(pack(storage, { datasets: ["../models"] }), { code: "TINYML_NAME_INVALID" });
  });

  it("is not begun where a sample of a dataset is lost: that is named", async () => {
    const storage = await sampleStorage();
    const folder = join(storage, "datasets", "moves");
    const dataset = await openDataset(folder, { ...lamp, kind: "timeseries" });
    await dataset.addAll([{ label: "up", values: Float32Array.of(1) }]);
    await dataset.close();
    await rm(join(folder, "samples", "1.csv"));
    await assert.rejects(exportProject(storage).next(), {
      code: "TINYML_DATASET_CORRUPT",
      message: /sample 1 of the dataset moves/,
    });
    assert.ok((await pack(storage, { datasets: ["lamp"] })).length > 0);
  });

  it("never overwrites what is there: it is refused, or gets new names, in the flow as well", async () => {
    const storage = await sampleStorage();
    const archive = named(await pack(storage, { flows }));
    const before = await listAll(storage);
    await assert.rejects(importProject(storage, archive), {
      code: "TINYML_WOULD_OVERWRITE",
      message: /"lamp" already. Nothing was imported/,
    });
    assert.deepEqual(
      (await listAll(storage)).filter((name) => name !== "imports"),
      before,
    );
    const { datasets, models, flows: renamed } = await importProject(storage, archive, { rename: true });
    assert.deepEqual(
      [datasets, models],
      [[{ name: "lamp", storedAs: "lamp 2" }], [{ name: "pot", storedAs: "pot 2" }]],
    );
    assert.deepEqual(
      renamed.map(({ name, model }) => [name, model]),
      [
        [undefined, undefined],
        ["lamp 2", undefined],
        [undefined, "pot 2"],
        ["lamp", "pot"],
      ],
    );
    const again = await importProject(storage, archive, { rename: true });
    assert.deepEqual(again.datasets, [{ name: "lamp", storedAs: "lamp 3" }]);
    assert.equal((await readData(join(storage, "datasets", "lamp"))).rows, 2);
  });

  describe("of others is refused, and nothing of it is stored:", () => {
    let sound: Record<string, Uint8Array>;
    before(async () => {
      sound = unzipSync(await pack(await sampleStorage(), { flows }));
    });
    const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
    const list = (datasets: unknown[], models: unknown[] = []) => ({
      "project.json": json({ type: "tinyml-flows-project", version: 1, datasets, models }),
    });
    const faults: [what: string, change: Record<string, Uint8Array | undefined>, says: RegExp, code?: ErrorCode][] = [
      ["a name that leads elsewhere", list(["../../etc"]), /\.\.\/\.\.\/etc/, "TINYML_NAME_INVALID"],
      ["a model's name that does", list([], ["a\\b"]), /letters, digits/, "TINYML_NAME_INVALID"],
      ["a name that stands there twice, but for its case", list(["lamp", "LAMP"]), /twice/],
      ["a name that is none", list([5]), /project\.json/],
      ["a newer version", { "project.json": json({ type: "tinyml-flows-project", version: 2 }) }, /project\.json/],
      ["something else", { "project.json": json({ version: 1 }) }, /project\.json/],
      ["no list of contents", { "project.json": undefined }, /no project\.json/],
      ["no flow", { "flows.json": undefined }, /no flows\.json/],
      ["a flow that is none", { "flows.json": json([1]) }, /flows\.json.*no list of nodes/],
      ["a model that is none", { "models/pot/model.tflite": json({}) }, /pot\/model\.tflite.*no \.tflite/],
      ["a damaged model", { "models/pot/model.tflite": model.slice(0, 200) }, /pot\/model\.tflite/],
      ["a missing model", { "models/pot/model.tflite": undefined }, /no models\/pot/],
      ["a missing dataset", { "datasets/lamp/samples.ndjson": undefined }, /datasets\/lamp\/samples\.ndjson/],
      ["missing rows", { "datasets/lamp/rows.csv": undefined }, /datasets\/lamp\/rows\.csv/],
      ["another number of rows", { "datasets/lamp/rows.csv": Buffer.from("x,label\n1,on\n") }, /1 rows.*2 lines/],
      ["an index that is none", { "datasets/lamp/samples.ndjson": Buffer.from("{}\nx\n") }, /line 2 is no JSON/],
      ["an index cut short", { "datasets/lamp/samples.ndjson": Buffer.from("{}\n{}") }, /cut short/],
      ["a time that is none", { "datasets/lamp/samples.ndjson": Buffer.from('{"time":"now"}\n{}\n') }, /line 1/],
      ["a description that is none", { "datasets/lamp/dataset.json": json({ kind: "table" }) }, /dataset\.json/],
    ];
    for (const [what, change, says, code = "TINYML_IMPORT_INVALID"] of faults) {
      it(what, async () => {
        const storage = await emptyStorage();
        const files = Object.entries({ ...sound, ...change }).flatMap(([name, bytes]) =>
          bytes ? [[name, bytes] as const] : [],
        );
        await assert.rejects(importProject(storage, named(zipSync(Object.fromEntries(files)))), {
          code,
          message: says,
        });
        assert.deepEqual(await listAll(storage), []);
      });
    }

    it("an archive that is none", async () => {
      const storage = await emptyStorage();
      await assert.rejects(importProject(storage, named(Buffer.from("PK"))), { code: "TINYML_IMPORT_INVALID" });
      assert.deepEqual(await listAll(storage), []);
    });

    it("damaged ones, five hundred times: all is stored, or nothing", async () => {
      const archive = zipSync(sound, { level: 0 });
      for (let seed = 0; seed < 500; seed++) {
        const storage = await emptyStorage();
        const damaged = damage(Uint8Array.from(archive), createRandom(seed));
        try {
          await importProject(storage, named(damaged), { limits: { bytes: 2 ** 22, entries: 100 } });
          assert.ok((await listAll(storage)).includes(join("models", "pot", "model.tflite")), `seed ${seed}`);
        } catch (error) {
          assert.ok(error instanceof TinymlError && error.code !== "TINYML_INTERNAL", `seed ${seed}: ${error}`);
          assert.deepEqual(await listAll(storage), [], `seed ${seed}`);
        }
      }
    });
  });
});
