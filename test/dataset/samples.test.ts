import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFile, cp, readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import type { DatasetDescription, NewSample } from "../../src/dataset/dataset";
import { findWarnings } from "../../src/dataset/find-warnings";
import { openDataset, openStoredDataset } from "../../src/dataset/open-dataset";
import { readDataset } from "../../src/dataset/read-dataset";
import { allRows } from "../../src/dataset/table";
import { temporaryFolder } from "../support/folders";
import { mountSmallDisk } from "../support/small-disk";

const channels = [
  { name: "x", unit: "g" },
  { name: "y", unit: "g" },
];
const motion: DatasetDescription = { version: 1, kind: "timeseries", task: "classification", channels, rateHz: 100 };
const sounds: DatasetDescription = {
  version: 1,
  kind: "audio",
  task: "classification",
  channels: [{ name: "sound", unit: "" }],
  rateHz: 8000,
};
const pictures: DatasetDescription = {
  version: 1,
  kind: "image",
  task: "classification",
  channels: [{ name: "pixel", unit: "" }],
};
const rows: DatasetDescription = { version: 1, kind: "table", task: "classification", channels };

/** A picture of one grey pixel, written by another program. */
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCB0EqqJAAAAABJRU5ErkJggg==",
  "base64",
);

const recording = (readings: number, label = "wave"): NewSample => ({
  values: Float32Array.from({ length: 2 * readings }, (_, i) => i / 10),
  label,
});

describe("dataset of recordings, sounds and pictures", () => {
  let folder: string;

  beforeEach(async () => {
    folder = path.join(await temporaryFolder(), "motion");
  });

  it("keeps each recording in a CSV file of its own, which reads back as it was", async () => {
    const dataset = await openDataset(folder, motion);
    const ids = await dataset.addAll([
      recording(3),
      { ...recording(2, "rest"), group: "anna", source: "imu", time: 5 },
    ]);
    assert.deepEqual(ids, [1, 2]);
    assert.equal(await readFile(path.join(folder, "samples", "1.csv"), "utf8"), "x,y\n0,0.1\n0.2,0.3\n0.4,0.5\n");
    const { values, shape } = await dataset.readSample(1);
    assert.deepEqual(values, Float32Array.from([0, 0.1, 0.2, 0.3, 0.4, 0.5]));
    assert.deepEqual(shape, [3, 2]);
    const [, second] = await dataset.samples();
    const { bytes, ...known } = second;
    assert.ok(bytes !== undefined && bytes > 0);
    assert.deepEqual(known, {
      id: 2,
      label: "rest",
      group: "anna",
      source: "imu",
      time: 5,
      readings: 2,
      file: "samples/2.csv",
    });
    assert.deepEqual(dataset.countsPerLabel(), { wave: 1, rest: 1 });
    await dataset.close();
    const again = await openStoredDataset(folder);
    assert.equal(again.count, 2);
    assert.equal(await again.add(recording(1)), 3);
    await again.close();
  });

  it("keeps sounds as WAV files of 16 bits, and files of sounds and pictures as they came", async () => {
    const dataset = await openDataset(folder, sounds);
    await dataset.add({ values: Float32Array.from([0, 0.5, -1, 1]), label: "on" });
    const { values, file } = await dataset.readSample(1);
    assert.deepEqual(Array.from(values), [0, 0.5, -1, 1 - 2 ** -15]);
    assert.ok(file !== undefined);
    await dataset.add({ bytes: file.bytes, type: "wav", label: "on" });
    assert.deepEqual(await readFile(path.join(folder, "samples", "2.wav")), Buffer.from(file.bytes));
    await dataset.close();
    await rm(folder, { recursive: true });

    const album = await openDataset(folder, pictures);
    await album.add({ bytes: png, type: "png", label: "dot" });
    const stored = await album.readSample(1);
    assert.deepEqual(stored.shape, [1, 1, 1]);
    assert.deepEqual(Buffer.from(stored.file?.bytes ?? []), png);
    await album.close();
  });

  const refused: [what: string, description: DatasetDescription, sample: NewSample, code: string][] = [
    ["no whole readings", motion, { values: new Float32Array(3), label: "a" }, "TINYML_CHANNEL_COUNT"],
    ["no readings", motion, { values: new Float32Array(0), label: "a" }, "TINYML_CHANNEL_COUNT"],
    [
      "a number that is none",
      motion,
      { values: Float32Array.from([0, Number.NaN]), label: "a" },
      "TINYML_NOT_A_NUMBER",
    ],
    ["no label", motion, { values: new Float32Array(2) }, "TINYML_NO_LABEL"],
    ["an unknown label", { ...motion, labels: ["b"] }, recording(1, "a"), "TINYML_UNKNOWN_LABEL"],
    ["a picture among recordings", motion, { bytes: png, type: "png", label: "a" }, "TINYML_SAMPLES_DIFFER"],
    ["numbers among pictures", pictures, { values: new Float32Array(1), label: "a" }, "TINYML_SAMPLES_DIFFER"],
    ["a damaged picture", pictures, { bytes: png.subarray(0, 40), type: "png", label: "a" }, "TINYML_DATASET_CORRUPT"],
    ["a loud sound", sounds, { values: Float32Array.from([2]), label: "a" }, "TINYML_NOT_A_NUMBER"],
    ["a file among rows", rows, { bytes: png, type: "png", label: "a" }, "TINYML_SAMPLES_DIFFER"],
    ["more than the quota", { ...motion, quotaMegabytes: 0.0005 }, recording(100), "TINYML_QUOTA_EXCEEDED"],
  ];
  for (const [what, description, sample, code] of refused) {
    it(`adds all or nothing: ${what} (${code})`, async () => {
      const dataset = await openDataset(folder, description);
      const good = description.kind === "timeseries" ? [recording(1, description.labels?.[0])] : [];
      await assert.rejects(dataset.addAll([...good, sample]), { code });
      assert.equal(dataset.count, 0);
      assert.deepEqual(await dataset.samples({ deleted: true }), []);
      if (description.kind !== "table") assert.deepEqual(await readdir(path.join(folder, "samples")), []);
      await dataset.close();
    });
  }

  it("frees the quota of what is deleted", async () => {
    const dataset = await openDataset(folder, { ...motion, quotaMegabytes: 0.0005 });
    await dataset.add(recording(25));
    await dataset.add(recording(25));
    await assert.rejects(dataset.add(recording(25)), { code: "TINYML_QUOTA_EXCEEDED" });
    await dataset.remove([1]);
    await dataset.add(recording(25));
    await dataset.close();
  });

  it("does not count readings that were refused for its quota", async () => {
    const dataset = await openDataset(folder, { ...motion, quotaMegabytes: 0.0005 }, { delay: 1 });
    const live = await dataset.record({ label: "wave" });
    const file = path.join(folder, "samples", "1.csv");
    await rename(file, `${file}.away`);
    for (let i = 0; i < 200; i++) await assert.rejects(live.append([1, 2]), { code: "TINYML_STORAGE" });
    await rename(`${file}.away`, file);
    await live.append([1, 2]);
    assert.equal((await live.finish())?.readings, 1);
    await dataset.close();
  });

  describe("recorded piece by piece", () => {
    it("is a sample when it ends, and its readings are on disk before that", async () => {
      const dataset = await openDataset(folder, motion, { delay: 1 });
      const live = await dataset.record({ label: "wave", source: "serial" });
      await Promise.all([live.append([1, 2]), live.append([3, 4.5])]);
      assert.equal(await readFile(path.join(folder, "samples", "1.csv"), "utf8"), "x,y\n1,2\n3,4.5\n");
      await assert.rejects(live.append([1]), { code: "TINYML_CHANNEL_COUNT" });
      await assert.rejects(live.append([1, Number.NaN]), { code: "TINYML_NOT_A_NUMBER" });
      const entry = await live.finish();
      assert.equal(entry?.readings, 2);
      await assert.rejects(live.append([5, 6]), { code: "TINYML_STORAGE" });
      const empty = await dataset.record({ label: "wave" });
      assert.equal(await empty.finish(), undefined);
      const unwanted = await dataset.record({ label: "wave" });
      await unwanted.append([1, 1]);
      await unwanted.discard();
      assert.deepEqual(
        (await dataset.samples()).map(({ id }) => id),
        [1],
      );
      assert.equal(dataset.count, 1);
      await dataset.close();
    });

    it("ends with its last whole reading where nobody ended it", async () => {
      const dataset = await openDataset(folder, motion, { delay: 1 });
      const live = await dataset.record({ label: "wave" });
      await live.append([1, 2]);
      const crashed = path.join(folder, "..", "crashed");
      await cp(folder, crashed, { recursive: true });
      await dataset.close();
      assert.equal((await readDataset(folder)).rows, 1);
      // What a crash in the middle of a line leaves, and files of samples that were never acknowledged.
      await appendFile(path.join(crashed, "samples", "1.csv"), "3,");
      await writeFile(path.join(crashed, "samples", "9.csv"), "x,y\n0,0\n");
      const again = await openStoredDataset(crashed);
      const [entry] = await again.samples();
      assert.equal(entry.readings, 1);
      assert.equal(await readFile(path.join(crashed, "samples", "1.csv"), "utf8"), "x,y\n1,2\n");
      assert.deepEqual(await readdir(path.join(crashed, "samples", "unknown")), ["9.csv"]);
      await again.close();
    });

    it("only where the dataset holds recordings", async () => {
      const dataset = await openDataset(folder, rows);
      await assert.rejects(dataset.record({ label: "a" }), { code: "TINYML_SAMPLES_DIFFER" });
      await dataset.close();
      await rm(folder, { recursive: true });
      const recordings = await openDataset(folder, motion);
      await assert.rejects(recordings.append({ values: [1, 2], label: "a" }), { code: "TINYML_SAMPLES_DIFFER" });
      await recordings.close();
    });
  });

  for (const description of [motion, rows]) {
    it(`relabels, splits, deletes and restores samples of a ${description.kind}, for good`, async () => {
      const dataset = await openDataset(folder, description);
      const sample = (label: string): NewSample => ({ values: Float32Array.from([1, 2]), label });
      await dataset.addAll(["a", "b", "b", "c"].map(sample));
      await dataset.relabel([1, 2], { label: "d" });
      await dataset.assignSplit([1, 4], "test");
      await dataset.assignSplit([4], undefined);
      await dataset.remove([3, 4]);
      await dataset.restore([4]);
      const expected = [
        { id: 1, label: "d", split: "test" },
        { id: 2, label: "d" },
        { id: 4, label: "c" },
      ];
      const brief = async (): Promise<object[]> =>
        (await dataset.samples()).map(({ id, label, split }) => ({ id, label, ...(split && { split }) }));
      assert.deepEqual(await brief(), expected);
      assert.deepEqual(dataset.countsPerLabel(), { d: 2, c: 1 });
      assert.equal(dataset.count, 3);
      const deleted = (await dataset.samples({ deleted: true })).filter((entry) => entry.deleted);
      assert.deepEqual(
        deleted.map(({ id }) => id),
        [3],
      );
      for (const wrong of [
        () => dataset.remove([3]),
        () => dataset.relabel([9], { label: "a" }),
        () => dataset.restore([1]),
      ]) {
        await assert.rejects(wrong(), { code: "TINYML_UNKNOWN_SAMPLE" });
      }
      await dataset.close();

      const { labels, outputs, splits } = await readDataset(folder);
      assert.deepEqual(
        Array.from(outputs, (label) => labels?.[label]),
        ["d", "d", "c"],
      );
      assert.deepEqual(splits, ["test", undefined, undefined]);
      const again = await openStoredDataset(folder);
      assert.equal(again.count, 3);
      assert.deepEqual(again.countsPerLabel(), { d: 2, c: 1 });
      assert.deepEqual(Array.from((await again.readSample(4)).values), [1, 2]);
      await again.clear();
      assert.equal(again.count, 0);
      assert.ok((await again.add(sample("e"))) > 4);
      await again.close();
    });
  }

  it("keeps rows and what is known of them together while others add rows", async () => {
    const dataset = await openDataset(folder, rows, { delay: 1 });
    const row = (x: number, label: string) => ({ values: Float32Array.from([x, x]), label });
    async function* slowly() {
      yield row(1, "import");
      await dataset.append({ values: [99, 99], label: "live" });
      yield row(2, "import");
    }
    await dataset.addAll(slowly());
    for (const { id, label } of await dataset.samples()) {
      const { values } = await dataset.readSample(id);
      assert.equal(label, values[0] === 99 ? "live" : "import");
    }
    await dataset.close();
  });

  it("stores a batch that is larger than what may wait", async () => {
    const dataset = await openDataset(folder, rows, { backlog: 1000 });
    const many = Array.from({ length: 500 }, (_, i) => ({ values: Float32Array.from([i, i]), label: "a" }));
    assert.equal((await dataset.addAll(many)).length, 500);
    await dataset.close();
  });

  it("lets other work go on while it takes many rows, which are none when the table is cleared meanwhile", async () => {
    const dataset = await openDataset(folder, rows);
    function* many() {
      for (let i = 0; i < 100_000; i++) yield { values: Float32Array.from([i, i]), label: "a" };
    }
    const adding = dataset.addAll(many());
    const refused = assert.rejects(adding, {
      code: "TINYML_STORAGE",
      message: /cleared while samples were being added/,
    });
    await new Promise((resolve) => setTimeout(resolve, 1));
    await dataset.clear();
    await refused;
    assert.equal(dataset.count, 0);
    await dataset.close();
  });

  it("cuts windows out of recordings, keeps those of one recording together, and tells which are too short", async () => {
    const dataset = await openDataset(folder, motion);
    await dataset.addAll([recording(5, "a"), recording(2, "b"), { ...recording(3, "b"), group: "anna" }]);
    await dataset.close();
    const table = await readDataset(folder, { shape: [3, 2], stride: 2 });
    assert.deepEqual(table.shape, [3, 2]);
    assert.equal(table.rows, 3);
    assert.deepEqual(Array.from(table.inputs.slice(6, 12)), Array.from(recordingValues(5).slice(4, 10)));
    assert.deepEqual(table.groups, ["sample 1", "sample 1", "anna"]);
    const warnings = findWarnings(table, allRows(table)).map(({ type }) => type);
    assert.ok(warnings.includes("shortRecordings"));
    await assert.rejects(readDataset(folder, { shape: [9, 2] }), { code: "TINYML_SAMPLES_DIFFER" });
    await assert.rejects(readDataset(folder), { code: "TINYML_SAMPLES_DIFFER" });
  });

  it("names the file that is gone, and goes on with the others", async () => {
    const dataset = await openDataset(folder, motion);
    await dataset.addAll([recording(2), recording(2)]);
    await rm(path.join(folder, "samples", "1.csv"));
    await assert.rejects(dataset.readSample(1), { code: "TINYML_DATASET_CORRUPT", message: /1\.csv/ });
    await assert.rejects(readDataset(folder), { code: "TINYML_DATASET_CORRUPT", message: /1\.csv/ });
    await dataset.remove([1]);
    assert.equal((await readDataset(folder)).rows, 1);
    await dataset.close();
  });

  it("touches no sample where the index is gone", async () => {
    const dataset = await openDataset(folder, motion);
    await dataset.add(recording(2));
    await dataset.close();
    await rm(path.join(folder, "index.ndjson"));
    await assert.rejects(openStoredDataset(folder), { code: "TINYML_DATASET_CORRUPT", message: /index\.ndjson/ });
    assert.deepEqual(await readdir(path.join(folder, "samples")), ["1.csv"]);
  });

  it("has all samples of an import or none, wherever a crash cuts the index", async () => {
    const dataset = await openDataset(folder, motion);
    await dataset.add(recording(1));
    await dataset.addAll([recording(1), recording(2), recording(3)]);
    await dataset.close();
    const index = path.join(folder, "index.ndjson");
    const whole = await readFile(index);
    const [begun, first] = whole.toString().split("\n");
    const counts = new Set<number>();
    for (let length = begun.length + first.length + 2; length <= whole.length; length++) {
      await writeFile(index, whole.subarray(0, length));
      counts.add((await readDataset(folder, { shape: [1, 2] })).rows);
    }
    // The import's recordings give 1 + 2 + 3 windows.
    assert.deepEqual([...counts], [1, 7]);
    await truncate(index, whole.length - 1);
    const again = await openStoredDataset(folder);
    assert.equal(again.count, 1);
    assert.deepEqual((await readdir(path.join(folder, "samples"))).sort(), ["1.csv", "unknown"]);
    assert.deepEqual((await readdir(path.join(folder, "samples", "unknown"))).sort(), ["2.csv", "3.csv", "4.csv"]);
    await again.close();
  });

  it("opens where a crash came before the first sample was acknowledged", async () => {
    const dataset = await openDataset(folder, motion);
    await dataset.close();
    await writeFile(path.join(folder, "samples", "1.csv"), "x,y\n");
    const again = await openStoredDataset(folder);
    assert.equal(again.count, 0);
    assert.equal(await again.add(recording(1)), 1);
    assert.deepEqual(await readdir(path.join(folder, "samples", "unknown")), ["1.csv"]);
    await again.close();
  });

  it("says where the index is damaged, and does not advise to delete what the samples need", async () => {
    const dataset = await openDataset(folder, motion);
    await dataset.add(recording(2));
    await dataset.add(recording(2));
    await dataset.close();
    const index = path.join(folder, "index.ndjson");
    await writeFile(index, (await readFile(index, "utf8")).replace("{", "("));
    const expected = { code: "TINYML_DATASET_CORRUPT", message: /Line 1 of .*Restore the file\. Of a table/ };
    await assert.rejects(openStoredDataset(folder), expected);
    await assert.rejects(readDataset(folder), expected);
  });

  describe("while another program works in its folder", () => {
    const line = (event: object): string => `${JSON.stringify({ ...event, time: 1 })}\n`;

    it("goes on behind the samples that came", async () => {
      const dataset = await openDataset(folder, motion);
      await dataset.add(recording(1));
      await writeFile(path.join(folder, "samples", "2.csv"), "x,y\n7,7\n");
      const added = { event: "add", id: 2, label: "wave", type: "csv", readings: 1, bytes: 8 };
      await appendFile(path.join(folder, "index.ndjson"), line(added));
      assert.equal(await dataset.add(recording(1)), 3);
      assert.deepEqual(Array.from((await dataset.readSample(2)).values), [7, 7]);
      await dataset.close();
    });

    it("leaves files alone that are not in the index yet", async () => {
      const dataset = await openDataset(folder, motion);
      await writeFile(path.join(folder, "samples", "1.csv"), "x,y\n7,7\n");
      const live = await dataset.record({ label: "wave" });
      assert.equal(live.id, 2);
      await live.discard();
      await assert.rejects(dataset.addAll([recording(1), { values: new Float32Array(3), label: "wave" }]));
      assert.equal(await readFile(path.join(folder, "samples", "1.csv"), "utf8"), "x,y\n7,7\n");
      await dataset.close();
    });

    it("keeps the file of a sample that is on its way when the index changes", async () => {
      const dataset = await openDataset(folder, motion);
      await dataset.add(recording(1));
      // The second sample is asked for when the file of the first is written.
      const samples = async function* (): AsyncGenerator<NewSample> {
        yield recording(1);
        await appendFile(path.join(folder, "index.ndjson"), line({ event: "relabel", ids: [1], label: "rest" }));
        yield recording(2);
      };
      for (const id of await dataset.addAll(samples())) await dataset.readSample(id);
      assert.deepEqual(dataset.countsPerLabel(), { rest: 1, wave: 2 });
      await dataset.close();
    });
  });

  it("refuses samples that are on their way while it is cleared", async () => {
    const dataset = await openDataset(folder, motion);
    const samples = async function* (): AsyncGenerator<NewSample> {
      yield recording(1);
      await dataset.clear();
      yield recording(2);
    };
    await assert.rejects(dataset.addAll(samples()));
    assert.equal(dataset.count, 0);
    await dataset.add(recording(2));
    assert.deepEqual((await readDataset(folder)).rows, 1);
    await dataset.close();
  });

  it("refuses samples that are on their way when it is closed", async () => {
    const dataset = await openDataset(folder, motion);
    const samples = async function* (): AsyncGenerator<NewSample> {
      yield recording(1);
      await dataset.close();
      yield recording(2);
    };
    await assert.rejects(dataset.addAll(samples()), { code: "TINYML_STORAGE" });
    await assert.rejects(dataset.record({ label: "wave" }), { code: "TINYML_STORAGE" });
    assert.deepEqual(await readdir(path.join(folder, "samples")), []);
    const again = await openStoredDataset(folder);
    assert.equal(again.count, 0);
    await again.close();
  });

  it("reads channels back whose names are numbers", async () => {
    const numbered = {
      ...motion,
      channels: [
        { name: "1", unit: "" },
        { name: "2", unit: "" },
      ],
    };
    const dataset = await openDataset(folder, numbered);
    await dataset.add(recording(2));
    assert.deepEqual((await dataset.readSample(1)).values, recordingValues(2));
    await dataset.close();
    const table = await readDataset(folder);
    assert.deepEqual([table.rows, table.channels.map(({ name }) => name)], [1, ["1", "2"]]);
  });

  it("is cleared where a crash kept the index from beginning anew", async () => {
    const dataset = await openDataset(folder, motion);
    await dataset.addAll([recording(1), recording(2)]);
    await dataset.close();
    await appendFile(path.join(folder, "index.ndjson"), '{"event":"clear","id":3,"time":1}\n');
    const again = await openStoredDataset(folder);
    assert.equal(again.count, 0);
    assert.equal(await again.add(recording(1)), 3);
    await again.close();
    await rm(path.join(folder, "samples"), { recursive: true });
    await writeFile(path.join(folder, "index.ndjson"), clearedIndex());
    const table = await openDataset(folder, rows);
    await table.append({ values: [1, 2], label: "a" });
    await table.close();
    const { labels } = await readDataset(folder);
    assert.deepEqual(labels, ["a"]);
  });

  it("loses no reading of twenty channels that come as fast as they can", async () => {
    const names = Array.from({ length: 20 }, (_, i) => ({ name: `channel ${i}`, unit: "" }));
    const dataset = await openDataset(folder, { ...motion, channels: names, rateHz: 1000 });
    const live = await dataset.record({ label: "wave" });
    const reading = (n: number): number[] => names.map((_, i) => Math.sin(n / 50 + i));
    let kept = 0;
    const appended: Promise<void>[] = [];
    for (let n = 0; n < 3000; n++) {
      appended.push(
        live.append(reading(n)).then(() => {
          kept += 1;
        }),
      );
      if (n % 500 === 499) await appended[n];
    }
    await Promise.all(appended);
    assert.equal(kept, 3000);
    assert.equal((await live.finish())?.readings, 3000);
    const { values } = await dataset.readSample(live.id);
    const expected = Float32Array.from(Array.from({ length: 3000 }, (_, n) => reading(n)).flat());
    assert.deepEqual(values, expected);
    await dataset.close();
  });

  describe("on a full disk", () => {
    let disk: string | undefined;
    afterEach(() => {
      if (disk !== undefined) execFileSync("umount", ["--lazy", disk]);
      disk = undefined;
    });

    it("adds nothing of what has no room, keeps the readings that had some, and goes on when there is room", async function () {
      disk = await mountSmallDisk(this, path.join(await temporaryFolder(), "disk"));
      const dataset = await openDataset(path.join(disk, "full"), motion, { delay: 0 });
      await dataset.add(recording(2));
      const live = await dataset.record({ label: "wave" });
      const large = Array.from({ length: 20 }, () => recording(2000));
      await assert.rejects(dataset.addAll(large), { code: "TINYML_DISK_FULL" });
      assert.deepEqual((await readdir(path.join(disk, "full", "samples"))).sort(), ["1.csv", "2.csv"]);
      const ballast = path.join(disk, "ballast");
      await writeFile(ballast, Buffer.alloc(256 * 1024)).catch(() => undefined);
      let readings = 0;
      const fill = async (): Promise<string> => {
        for (;;) {
          const code = await live.append([readings, 1]).then(
            () => "",
            (error) => error.code,
          );
          if (code !== "") return code;
          readings += 1;
        }
      };
      assert.equal(await fill(), "TINYML_DISK_FULL");
      assert.equal(live.readings, readings);
      await rm(ballast);
      await live.append([readings, 1]);
      assert.equal((await live.finish())?.readings, readings + 1);
      const { values } = await dataset.readSample(live.id);
      assert.deepEqual(
        values.filter((_, i) => i % 2 === 0),
        Float32Array.from({ length: readings + 1 }, (_, n) => n),
      );
      await dataset.clear();
      await dataset.add(recording(1));
      await dataset.close();
    });
  });
});

/** The index of recordings that were cleared. */
function clearedIndex(): string {
  const add = { event: "add", id: 1, label: "wave", type: "csv", readings: 1, bytes: 8, time: 1 };
  return `${JSON.stringify(add)}\n{"event":"clear","id":2,"time":1}\n`;
}

function recordingValues(readings: number): Float32Array {
  return Float32Array.from({ length: 2 * readings }, (_, i) => i / 10);
}
