import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DatasetDescription, NewSample } from "../../../src/dataset/dataset";
import { exportDataset } from "../../../src/dataset/exchange/export-dataset";
import { importInto } from "../../../src/dataset/exchange/import-into";
import { openDataset, openStoredDataset } from "../../../src/dataset/open-dataset";
import { temporaryFolder } from "../../support/folders";

const named = (...names: string[]) => names.map((name) => ({ name, unit: "" }));
const motion: DatasetDescription = {
  version: 1,
  kind: "timeseries",
  task: "classification",
  channels: named("x", "y", "z"),
  rateHz: 50,
};
const table = { ...motion, kind: "table" } as const;
const gesture = Buffer.from("x,y,z\n1,2,3\n4,5,6\n");

describe("importInto", () => {
  let folder: string;
  beforeEach(async () => {
    folder = join(await temporaryFolder(), "moves");
  });

  /** Makes the dataset with some samples, and closes it. */
  const fill = async (description: DatasetDescription, ...samples: NewSample[]): Promise<void> => {
    const dataset = await openDataset(folder, description);
    await dataset.addAll(samples);
    await dataset.close();
  };
  const add = (bytes: Uint8Array, name = "circle.csv", given = {}) => importInto(folder, [{ name, bytes }], given);
  /** What the dataset holds now: its kind and task, and of each sample the answer and the numbers. */
  const stored = async (): Promise<unknown[]> => {
    const dataset = await openStoredDataset(folder);
    const { kind, task } = dataset.description;
    const samples: unknown[] = [];
    for (const { id } of await dataset.samples()) {
      const { entry, values } = await dataset.readSample(id);
      samples.push([entry.label ?? entry.targets, [...values]]);
    }
    await dataset.close();
    return [kind, task, ...samples];
  };
  const exportedCsv = async (): Promise<Buffer> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of exportDataset(folder, "csv")) pieces.push(piece);
    return Buffer.concat(pieces);
  };

  it("takes the lines of a CSV file for a recording where the dataset holds such", async () => {
    await fill(motion, { label: "wave", values: Float32Array.of(7, 8, 9) });
    assert.deepEqual((await add(gesture)).ids, [2]);
    assert.deepEqual(await stored(), [
      "timeseries",
      "classification",
      ["wave", [7, 8, 9]],
      ["circle", [1, 2, 3, 4, 5, 6]],
    ]);
  });

  it("takes a table's own CSV export back, whose labels look like numbers", async () => {
    await fill(
      { ...table, channels: named("x") },
      ...["1", "2"].map((label) => ({ label, values: Float32Array.of(5) })),
    );
    await add(await exportedCsv(), "any.csv");
    assert.deepEqual((await stored()).slice(4), [
      ["1", [5]],
      ["2", [5]],
    ]);
  });

  it("takes a table's own CSV export back, which has several targets", async () => {
    const description = { ...table, task: "regression", channels: named("x"), targets: named("a", "b") } as const;
    await fill(description, { targets: [1, 2], values: Float32Array.of(5) });
    await add(await exportedCsv(), "any.csv");
    assert.deepEqual((await stored()).slice(3), [[[1, 2], [5]]]);
  });

  describe("a label that is given", () => {
    it("makes the lines of a CSV file a recording of it", async () => {
      await add(gesture, "1.csv", { label: "circle" });
      assert.deepEqual(await stored(), ["timeseries", "classification", ["circle", [1, 2, 3, 4, 5, 6]]]);
    });

    it("is that of each line where the dataset is a table", async () => {
      await fill(table, { label: "up", values: Float32Array.of(7, 8, 9) });
      await add(gesture, "1.csv", { label: "down" });
      assert.deepEqual((await stored()).slice(3), [
        ["down", [1, 2, 3]],
        ["down", [4, 5, 6]],
      ]);
    });

    it("changes nothing in a CSV file with labels of its own", async () => {
      await add(Buffer.from("x,state\n1,on\n"), "1.csv", { label: "off" });
      assert.deepEqual(await stored(), ["table", "classification", ["on", [1]]]);
    });
  });

  describe("into a dataset without samples", () => {
    it("says what the dataset holds from then on", async () => {
      await fill(motion);
      await add(Buffer.from("x,state\n1,on\n"));
      assert.deepEqual(await stored(), ["table", "classification", ["on", [1]]]);
    });

    it("is refused when others use it, and says what to change", async () => {
      const dataset = await openDataset(folder, motion);
      await assert.rejects(add(Buffer.from("x,y\n1,2\n")), {
        code: "TINYML_DATASET_MISMATCH",
        message: /has no samples yet: change its settings/,
      });
      await dataset.close();
      assert.deepEqual(await stored(), ["timeseries", "classification"]);
    });

    it("never touches deleted samples, or rows that were added by hand", async () => {
      await fill(table, { label: "up", values: Float32Array.of(7, 8, 9) });
      const dataset = await openStoredDataset(folder);
      await dataset.remove([1]);
      await dataset.close();
      const rows = await readFile(join(folder, "rows.csv"));
      const refused = { code: "TINYML_DATASET_MISMATCH", message: /Import it into another dataset/ };
      await assert.rejects(add(Buffer.from("a,state\n1,on\n")), refused);
      await rm(join(folder, "index.ndjson"));
      await assert.rejects(add(Buffer.from("a,state\n1,on\n")), refused);
      assert.deepEqual(await readFile(join(folder, "rows.csv")), rows);
    });
  });
});
