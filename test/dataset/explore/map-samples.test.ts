import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { encode } from "jpeg-js";
import type { DatasetDescription, NewSample } from "../../../src/dataset/dataset";
import { mapSamples } from "../../../src/dataset/explore/map-samples";
import { openDataset } from "../../../src/dataset/open-dataset";
import { temporaryFolder } from "../../support/folders";

const channel = { name: "value", unit: "" };
const base = { version: 1, task: "classification", channels: [channel] } as const;

/** Samples of two sorts, in turns, of sizes that differ. */
const kinds: { description: DatasetDescription; sample: (sort: 0 | 1, i: number) => NewSample }[] = [
  {
    description: { ...base, kind: "table", channels: [channel, { name: "other", unit: "V" }] },
    sample: (sort, i) => ({ values: Float32Array.of(sort + 0.01 * i, 1000 * sort), label: "a" }),
  },
  {
    description: { ...base, kind: "timeseries" },
    sample: (sort, i) => ({ values: new Float32Array(700 + i).fill(sort).map((v, j) => v + (j % 3)), label: "a" }),
  },
  {
    description: { ...base, kind: "audio", rateHz: 8000 },
    sample: (sort, i) => ({
      values: Float32Array.from({ length: 2000 + 50 * i }, (_, j) => 0.5 * Math.sin(j * (sort === 0 ? 0.2 : 2))),
      label: "a",
    }),
  },
  {
    description: { ...base, kind: "image", channels: ["red", "green", "blue"].map((name) => ({ name, unit: "" })) },
    sample: (sort, i) => {
      const [width, height] = [12 + i, 30 - i];
      const data = Buffer.alloc(4 * width * height, 255).map((_, at) => (at % 4 === sort ? 255 : 10 * i));
      return { bytes: encode({ data: Buffer.from(data), width, height }, 90).data, type: "jpg", label: "a" };
    },
  },
];

async function store(description: DatasetDescription, samples: NewSample[]): Promise<string> {
  const folder = path.join(await temporaryFolder(), "data");
  const dataset = await openDataset(folder, description);
  await dataset.addAll(samples);
  await dataset.close();
  return folder;
}

describe("dataset: map of samples", () => {
  for (const { description, sample } of kinds) {
    it(`two sorts of samples of kind ${description.kind} lie apart`, async () => {
      const sorts = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 0 : 1));
      const { ids, points, shown, samples, unreadable } = await mapSamples(
        await store(
          description,
          sorts.map((sort, i) => sample(sort, i)),
        ),
      );
      assert.deepEqual([[...ids], samples.length, [...unreadable]], [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 10, []]);
      assert.ok(shown > 0.3 && shown <= 1, `${shown}`);
      const place = (sort: number): number[] => sorts.flatMap((each, i) => (each === sort ? [points[2 * i]] : []));
      const [zeros, ones] = [place(0), place(1)];
      assert.ok(
        Math.max(...zeros) < Math.min(...ones) || Math.max(...ones) < Math.min(...zeros),
        `${zeros} and ${ones}`,
      );
    });
  }

  it("leaves out deleted samples and those whose files are gone or damaged, and says which", async () => {
    const [, { description, sample }] = kinds;
    const folder = await store(
      description,
      [0, 1, 2, 3, 4].map((i) => sample(i % 2 === 0 ? 0 : 1, i)),
    );
    const dataset = await openDataset(folder, description);
    await dataset.remove([1]);
    await dataset.close();
    await rm(path.join(folder, "samples", "2.csv"));
    await writeFile(path.join(folder, "samples", "3.csv"), "value\nnonsense\n");
    const { ids, samples, unreadable } = await mapSamples(folder);
    assert.deepEqual(
      [ids, samples, unreadable].map((each) => [...each]),
      [
        [4, 5],
        [2, 3, 4, 5],
        [2, 3],
      ],
    );
  });

  it("has a target for each sample of a regression, as it is now", async () => {
    const description: DatasetDescription = { ...base, task: "regression", targets: [channel], kind: "table" };
    const folder = await store({ ...description, targets: [{ name: "wanted", unit: "" }] }, [
      { values: Float32Array.of(1), targets: [10] },
      { values: Float32Array.of(2), targets: [20] },
    ]);
    const dataset = await openDataset(folder, { ...description, targets: [{ name: "wanted", unit: "" }] });
    await dataset.relabel([2], { targets: [25] });
    await dataset.close();
    assert.deepEqual([...((await mapSamples(folder)).targets ?? [])], [10, 25]);
  });

  it("is empty for a dataset without samples, and fails where there is no dataset", async () => {
    for (const { description } of kinds) {
      const { ids, points, shown } = await mapSamples(await store(description, []));
      assert.deepEqual([ids.length, points.length, shown], [0, 0, 0], description.kind);
    }
    await assert.rejects(mapSamples(await temporaryFolder()), { code: "TINYML_DATASET_MISSING" });
  });
});
