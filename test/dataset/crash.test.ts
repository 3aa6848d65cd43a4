import assert from "node:assert/strict";
import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { openDataset } from "../../src/dataset/open-dataset";
import { createRandom } from "../../src/dataset/random";
import { readDataset } from "../../src/dataset/read-dataset";
import { mountSmallDisk } from "../support/small-disk";
import { requireTool, runTool } from "../support/tools";
import { describeRecorded, recordedRow } from "./support/recorded";

/** How often to kill; a developer who changes the journal may ask for more. */
const kills = Number(process.env.TINYML_KILLS ?? 12);

/** A process that records rows into a folder, from a number on. */
class Recorder {
  readonly process: ChildProcessByStdio<null, Readable, null>;
  readonly #closed: Promise<unknown>;
  #output = "";

  constructor(folder: string, first: number) {
    const script = join(__dirname, "support", "recorder.ts");
    this.process = spawn(process.execPath, ["--require", "tsx/cjs", script, folder, String(first)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#closed = once(this.process, "close");
    this.process.stdout.on("data", (text) => {
      this.#output += text;
    });
  }

  /** The rows it acknowledged, by their numbers; a last line that is not whole counts as none. */
  get acknowledged(): number[] {
    const lines = this.#output.split("\n").slice(0, -1);
    return lines.filter((line) => /^\d+$/.test(line)).map(Number);
  }

  count(line: RegExp): number {
    return this.#output.split("\n").filter((each) => line.test(each)).length;
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const end = Date.now() + 20_000;
    while (!condition()) {
      assert.ok(Date.now() < end && this.process.exitCode === null, `${what}: ${this.#output.slice(-500)}`);
      await sleep(2);
    }
  }

  /** kill -9, and the rest of its output. */
  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.#closed;
  }
}

/** Opens the dataset after a crash: rows 0, 1, 2, … as they were recorded, all acknowledged ones among them. Gives their number. */
async function checkRows(folder: string, acknowledged: readonly number[]): Promise<number> {
  const dataset = await openDataset(folder, describeRecorded);
  const { count } = dataset;
  await dataset.close();
  assert.ok(
    count > acknowledged.reduce((a, b) => Math.max(a, b), -1),
    `${count} rows, acknowledged: ${acknowledged.at(-1)}`,
  );
  if (count === 0) return 0;
  const table = await readDataset(folder);
  assert.equal(table.rows, count);
  for (let row = 0; row < count; row++) {
    const recorded = recordedRow(row);
    assert.equal(table.inputs[2 * row], row);
    assert.equal(table.inputs[2 * row + 1], Math.fround(row / 3));
    assert.equal(table.labels?.[table.outputs[row] ?? -1], recorded.label);
    assert.equal(table.groups?.[row], recorded.group);
  }
  const events = (await readFile(join(folder, "index.ndjson"), "utf8")).trimEnd().split("\n");
  assert.equal(events.length, count);
  return count;
}

describe("dataset when things go wrong", function () {
  this.timeout(Math.max(60_000, kills * 5000));
  let parent: string;
  let recorder: Recorder | undefined;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "tinyml-crash-"));
  });
  afterEach(async () => {
    await recorder?.kill();
    recorder = undefined;
    await rm(parent, { recursive: true, force: true });
  });

  it("has every acknowledged row after kill -9 at any moment, again and again", async () => {
    const random = createRandom(Date.now());
    const folder = join(parent, "killed");
    let first = 0;
    let recorded = 0;
    for (let kill = 0; kill < kills; kill++) {
      recorder = new Recorder(folder, first);
      // Most die while they record, some while they open and repair what the last one left.
      if (kill % 4 !== 3) {
        const opened = recorder;
        await recorder.until(() => opened.count(/^opened /) > 0, "it did not open the dataset");
      }
      await sleep(random.uniform() * (kill % 4 === 3 ? 600 : 100));
      await recorder.kill();
      recorded += recorder.acknowledged.length;
      first = await checkRows(folder, recorder.acknowledged);
      recorder = undefined;
    }
    assert.ok(recorded > 0, "it recorded nothing, so nothing was tested");
  });

  it("rejects the rows that a file size limit keeps out, and goes on when the limit is gone", async function () {
    requireTool(this, "prlimit");
    const folder = join(parent, "limited");
    const recording = new Recorder(folder, 0);
    recorder = recording;
    const limit = (bytes: string): Buffer =>
      runTool("prlimit", ["--pid", String(recording.process.pid), `--fsize=${bytes}:`]);
    await recording.until(() => recording.acknowledged.length > 20, "it recorded nothing");
    // Not a whole number of rows: the last write succeeds in part.
    limit(String((await readFile(join(folder, "index.ndjson"))).length + 10_007));
    await recording.until(() => recording.count(/^failed TINYML_DISK_FULL$/) > 100, "the limit was not noticed");
    const before = recording.acknowledged.length;
    limit("unlimited");
    await recording.until(() => recording.acknowledged.length > before + 100, "it did not go on");
    await recording.kill();
    assert.equal(recording.count(/^failed (?!TINYML_DISK_FULL)/), 0);
    await checkKept(folder, recording.acknowledged);
  });

  describe("on a full disk", () => {
    let disk: string | undefined;
    afterEach(() => {
      if (disk !== undefined) execFileSync("umount", ["--lazy", disk]);
      disk = undefined;
    });

    it("rejects the rows that have no room, keeps the others, and goes on when there is room", async function () {
      disk = await mountSmallDisk(this, join(parent, "disk"));
      const folder = join(disk, "full");
      const ballast = join(disk, "ballast");
      await writeFile(ballast, Buffer.alloc(40 * 1024));
      const recording = new Recorder(folder, 0);
      recorder = recording;
      await recording.until(() => recording.count(/^failed TINYML_DISK_FULL$/) > 100, "the full disk was not noticed");
      assert.ok(recording.acknowledged.length > 0);
      const before = recording.acknowledged.length;
      await rm(ballast);
      await recording.until(() => recording.acknowledged.length > before + 20, "it did not go on");
      await recording.kill();
      assert.equal(recording.count(/^failed (?!TINYML_DISK_FULL)/), 0);
      await checkKept(folder, recording.acknowledged);
    });

    it("can be cleared, and tells when not even an empty dataset fits", async function () {
      disk = await mountSmallDisk(this, join(parent, "disk"));
      const folder = join(disk, "full");
      const dataset = await openDataset(folder, describeRecorded, { delay: 0 });
      let rows = 0;
      for (;;) {
        const outcome = await dataset.append(recordedRow(rows)).then(
          () => "kept",
          (error) => error.code,
        );
        if (outcome !== "kept") {
          assert.equal(outcome, "TINYML_DISK_FULL");
          break;
        }
        rows += 1;
      }
      assert.equal(dataset.count, rows);
      await writeFile(join(disk, "rest"), Buffer.alloc(64 * 1024)).catch(() => undefined);
      await assert.rejects(openDataset(join(disk, "another"), describeRecorded), { code: "TINYML_DISK_FULL" });
      await dataset.clear();
      await dataset.append(recordedRow(0));
      assert.equal(dataset.count, 1);
      await dataset.close();
      assert.equal((await readDataset(folder)).rows, 1);
    });
  });
});

/** Rows were refused in between, so the numbers have gaps: what is there are the acknowledged rows and, at the end, at most unacknowledged ones. */
async function checkKept(folder: string, acknowledged: readonly number[]): Promise<void> {
  const dataset = await openDataset(folder, describeRecorded);
  await dataset.close();
  const table = await readDataset(folder);
  const numbers = Array.from({ length: table.rows }, (_, row) => table.inputs[2 * row]);
  assert.deepEqual(numbers.slice(0, acknowledged.length), acknowledged);
  assert.equal(dataset.count, table.rows);
  table.groups?.forEach((group, row) => {
    assert.equal(group, `g${numbers[row]}`);
  });
}
