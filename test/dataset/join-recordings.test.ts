import assert from "node:assert/strict";
import { join } from "node:path";
import { joinRecordings } from "../../src/dataset/join-recordings";
import { openDataset } from "../../src/dataset/open-dataset";
import { temporaryFolder } from "../support/folders";

const channels = [
  { name: "x", unit: "" },
  { name: "y", unit: "" },
];

describe("joined recordings", () => {
  it("are all of a dataset in their order, with their labels and rate; deleted ones and rows are none", async () => {
    const folder = join(await temporaryFolder(), "motion");
    const dataset = await openDataset(folder, {
      version: 1,
      kind: "timeseries",
      task: "classification",
      channels,
      rateHz: 50,
    });
    await dataset.add({ values: Float32Array.of(1, 2, 3, 4), label: "up" });
    const deleted = await dataset.add({ values: Float32Array.of(9, 9), label: "up" });
    await dataset.add({ values: Float32Array.of(5, 6), label: "down" });
    await dataset.remove([deleted]);
    const joined = await joinRecordings(dataset);
    await dataset.close();
    assert.deepEqual(joined, {
      channels: ["x", "y"],
      values: Float32Array.of(1, 2, 3, 4, 5, 6),
      parts: [
        { readings: 2, label: "up" },
        { readings: 1, label: "down" },
      ],
      rateHz: 50,
    });
  });

  it("there are none in a table", async () => {
    const folder = join(await temporaryFolder(), "rows");
    const dataset = await openDataset(folder, { version: 1, kind: "table", task: "classification", channels });
    assert.equal(await joinRecordings(dataset), undefined);
    await dataset.close();
  });
});
