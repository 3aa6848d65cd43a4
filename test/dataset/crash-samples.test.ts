import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildSync } from "esbuild";
import type { SampleEntry } from "../../src/dataset/dataset";
import { openStoredDataset } from "../../src/dataset/open-dataset";
import { createRandom } from "../../src/dataset/random";
import { temporaryFolder } from "../support/folders";
import { groupOfSamples, recordedReading } from "./support/recorded-samples";
import type { Told } from "./support/sample-recorder";

/** How often to kill; with the tables' test a hundred times. A developer who changes how samples are stored may ask for more. */
const kills = Number(process.env.TINYML_KILLS ?? 88);

/** Runs the process that fills the dataset, kills it after a while, and gives what it told until then. */
async function fillAndKill(script: string, folder: string, first: number, after: number): Promise<Told[]> {
  const child = spawn(process.execPath, [script, folder, String(first)], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  const closed = once(child, "close");
  const opened = new Promise<void>((resolve) => {
    child.stdout.on("data", (text) => {
      output += text;
      if (output.includes('"opened"')) resolve();
    });
    void closed.then(() => resolve());
  });
  // Some die while they open what the last one left.
  if (first % 4 !== 3) await opened;
  await sleep(after);
  assert.equal(child.exitCode, null, "it ended by itself");
  child.kill("SIGKILL");
  await closed;
  const lines = output.split("\n").slice(0, -1);
  return lines.map((line): Told => JSON.parse(line));
}

describe("dataset of recordings when its process is killed", function () {
  this.timeout(Math.max(60_000, kills * 2000));

  it("has every acknowledged reading and sample, and of samples that were added together all or none", async () => {
    const home = await temporaryFolder();
    const script = join(home, "recorder.js");
    const source = join(__dirname, "support", "sample-recorder.ts");
    // Built once: each process lives for a moment only.
    buildSync({ entryPoints: [source], outfile: script, bundle: true, platform: "node", logLevel: "error" });
    const folder = join(home, "killed");
    const random = createRandom(Date.now());
    const expected = new Expected();
    let first = 0;
    for (let kill = 0; kill < kills; kill++) {
      const told = await fillAndKill(script, folder, first, random.uniform() * 80);
      for (const each of told) expected.take(each);
      // Numbers that were begun and not acknowledged are not used again.
      first += told.filter((each) => "group" in each).length + 1;
      await expected.check(folder);
    }
    for (const [what, count] of Object.entries(expected.acknowledged))
      assert.ok(count > 0, `no ${what}: nothing was tested`);
  });
});

/** What must be in the dataset, by what its processes told. */
class Expected {
  readonly acknowledged = { readings: 0, groups: 0, clearings: 0 };
  readonly #readings = new Map<number, number>();
  readonly #groups = new Map<number, { group: number; place: number }>();
  readonly #deleted = new Set<number>();
  /** Whether the last process may have been killed while it cleared the dataset. */
  #clearing = false;

  take(told: Told): void {
    if ("recording" in told) {
      this.acknowledged.readings += 1;
      this.#readings.set(told.recording, told.readings);
    } else if ("group" in told) {
      this.acknowledged.groups += 1;
      for (const [place, id] of told.ids.entries()) this.#groups.set(id, { group: told.group, place });
    } else if ("deleted" in told) {
      this.#deleted.add(told.deleted);
    } else if ("clearing" in told) {
      this.#clearing = told.clearing === "begins";
      if (this.#clearing) return;
      this.acknowledged.clearings += 1;
      this.#forget();
    }
  }

  #forget(): void {
    this.#readings.clear();
    this.#groups.clear();
    this.#deleted.clear();
  }

  /** Opens the dataset after a kill. */
  async check(folder: string): Promise<void> {
    // A process that was killed very early has made no dataset yet.
    if ((await stat(join(folder, "dataset.json")).catch(() => undefined)) === undefined) return;
    const dataset = await openStoredDataset(folder);
    const entries = new Map((await dataset.samples({ deleted: true })).map((entry) => [entry.id, entry]));
    if (this.#clearing) {
      // Cleared as a whole, or not at all; readings that were acknowledged after the clearing began may be those of new recordings.
      const kept = [...this.#groups.keys()].filter((id) => entries.has(id));
      assert.ok(kept.length === 0 || kept.length === this.#groups.size, "cleared in part");
      if (kept.length === 0) this.#forget();
      this.#clearing = false;
    }
    for (const [id, readings] of this.#readings) {
      const found = entries.get(id)?.readings ?? 0;
      assert.ok(found >= readings, `recording ${id} has ${found} readings, acknowledged: ${readings}`);
    }
    for (const [id, { group, place }] of this.#groups) {
      const entry = entries.get(id);
      assert.ok(entry !== undefined, `sample ${id} is gone`);
      assert.equal(entry.group, String(group));
      assert.ok(!this.#deleted.has(id) || entry.deleted, `sample ${id} is back`);
      if (!entry.deleted) {
        assert.deepEqual((await dataset.readSample(id)).values, Float32Array.from([group, place, group, place]));
      }
    }
    await assertWhole(dataset, [...entries.values()]);
    await dataset.close();
  }
}

/** Samples that were not acknowledged may be there, as a whole. */
async function assertWhole(
  dataset: Awaited<ReturnType<typeof openStoredDataset>>,
  entries: readonly SampleEntry[],
): Promise<void> {
  const sizes = new Map<string, number>();
  for (const { group } of entries) if (group !== undefined) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  for (const [group, size] of sizes)
    assert.equal(size % groupOfSamples(Number(group)).length, 0, `group ${group} in part`);
  const live = entries.filter(({ label, deleted }) => label === "live" && !deleted).slice(-2);
  for (const { id, readings = 0 } of live) {
    const { values, shape } = await dataset.readSample(id);
    assert.deepEqual(shape, [readings, 2]);
    const recorded = Array.from({ length: readings }, (_, n) => recordedReading(n)).flat();
    assert.deepEqual(values, Float32Array.from(recorded));
  }
}
