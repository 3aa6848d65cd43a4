import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { openDataset } from "../src/dataset/open-dataset";
import { readData } from "../src/dataset/read-data";
import { exportProject, importProject } from "../src/project";
import { writeTflite } from "../src/tflite/write-tflite";
import { temporaryFolder } from "./support/folders";
import { bookNetwork } from "./tflite/models";

const model = writeTflite(bookNetwork());
const channels = [{ name: "x", unit: "V" }];

/** A storage folder with two datasets and a model. */
async function sampleStorage(): Promise<string> {
  const storage = join(await temporaryFolder(), "tinyml");
  for (const [name, kind] of [
    ["moves", "timeseries"],
    ["rows", "table"],
  ] as const) {
    const folder = join(storage, "datasets", name);
    const dataset = await openDataset(folder, { version: 1, kind, task: "classification", channels });
    await dataset.addAll(["on", "off"].map((label, i) => ({ label, time: i, values: Float32Array.of(i) })));
    await dataset.close();
  }
  await mkdir(join(storage, "models", "pot"), { recursive: true });
  await writeFile(join(storage, "models", "pot", "model.tflite"), model);
  return storage;
}

async function pack(storage: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of exportProject(storage)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** What of the project is stored. */
async function stored(storage: string): Promise<string[]> {
  const names = await Promise.all(
    ["datasets", "models"].map((folder) => readdir(join(storage, folder)).catch(() => [])),
  );
  return names.flat().sort();
}

const all = ["moves", "pot", "rows"];

describe("a project whose import is killed", function () {
  this.timeout(300_000);

  it("is stored as a whole or not at all once the next import or export has begun, wherever it was killed", async () => {
    const home = await temporaryFolder();
    const script = join(home, "importer.js");
    const source = join(__dirname, "support", "project-importer.ts");
    // Built once: each process lives for a moment only.
    buildSync({ entryPoints: [source], outfile: script, bundle: true, platform: "node", logLevel: "error" });
    const archive = join(home, "project.zip");
    const bytes = await pack(await sampleStorage());
    await writeFile(archive, bytes);
    const outcomes = { none: 0, part: 0, all: 0 };
    for (let step = 0; ; step++) {
      const storage = join(home, `${step}`, "tinyml");
      const { status, signal, stderr } = spawnSync(process.execPath, [script, storage, archive, String(step)]);
      if (status === 0) break;
      assert.equal(signal, "SIGKILL", String(stderr));
      const left = await stored(storage);
      outcomes[left.length === 0 ? "none" : left.length < all.length ? "part" : "all"] += 1;
      // The disk as it was left, for what comes next.
      const copy = join(home, `${step}`, "copy");
      await cp(storage, copy, { recursive: true }).catch(() => undefined);

      await pack(copy);
      const kept = await stored(copy);
      assert.ok(kept.length === 0 || kept.length === all.length, `step ${step}: ${left} became ${kept}`);
      assert.ok(kept.length >= left.length, `step ${step}: ${left} became ${kept}`);
      assert.deepEqual(await readdir(join(copy, "imports")).catch(() => []), [], `step ${step}`);

      if (left.length === 1) {
        const taken = join(home, `${step}`, "taken");
        await cp(storage, taken, { recursive: true });
        await mkdir(join(taken, "models", "POT"), { recursive: true });
        await pack(taken);
        assert.deepEqual(await stored(taken), ["POT", "moves", "pot 2", "rows"]);
      }

      if (step % 4 !== 0) continue;
      // Whoever tries again gets all of it, with what is there by now as it is.
      const names = (await importProject(storage, { name: "project.zip", bytes }, { rename: true })).datasets;
      const isThere = kept.length > 0;
      assert.deepEqual(
        names.map(({ storedAs }) => storedAs),
        isThere ? ["moves 2", "rows 2"] : ["moves", "rows"],
        `step ${step}`,
      );
      for (const name of isThere ? ["moves", "moves 2", "rows", "rows 2"] : ["moves", "rows"]) {
        const { rows, labels } = await readData(join(storage, "datasets", name), { shape: [1, 1] });
        assert.deepEqual([rows, labels], [2, ["on", "off"]], `step ${step}: ${name}`);
      }
      assert.deepEqual(await readFile(join(storage, "models", "pot", "model.tflite")), Buffer.from(model));
      assert.deepEqual(await readdir(join(storage, "imports")), [], `step ${step}`);
    }
    for (const [outcome, times] of Object.entries(outcomes)) assert.ok(times > 0, `never left ${outcome} of it`);
  });
});
