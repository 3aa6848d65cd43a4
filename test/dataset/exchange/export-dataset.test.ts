import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { zipSync } from "fflate";
import type { Dataset, NewSample } from "../../../src/dataset/dataset";
import type { DatasetDescription } from "../../../src/dataset/description";
import { type ExportFormat, exportDataset } from "../../../src/dataset/exchange/export-dataset";
import { importSamples } from "../../../src/dataset/exchange/import-samples";
import { storeSamples } from "../../../src/dataset/exchange/store-samples";
import { openDataset } from "../../../src/dataset/open-dataset";
import { readData } from "../../../src/dataset/read-data";
import { temporaryFolder } from "../../support/folders";
import { sharedData } from "../../support/shared-data";
import { requireTool, runTool } from "../../support/tools";
import { pngBytes } from "../support/pictures";
import { pcm16, wavBytes } from "../support/wav";

const acceleration = [
  { name: "aX", unit: "m/s²" },
  { name: 'odd, "name"', unit: "" },
];
const timeseries: DatasetDescription = {
  version: 1,
  kind: "timeseries",
  task: "classification",
  channels: acceleration,
  rateHz: 62.5,
};

async function withDataset<Result>(
  description: DatasetDescription,
  samples: Iterable<NewSample>,
  use: (dataset: Dataset) => Promise<Result>,
): Promise<Result> {
  const dataset = await openDataset(join(await temporaryFolder(), "data"), description, { delay: 0 });
  try {
    await dataset.addAll(samples);
    return await use(dataset);
  } finally {
    await dataset.close();
  }
}

async function exported(dataset: Dataset, format: ExportFormat): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of exportDataset(dataset.folder, format)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** What a dataset holds, but for its ids. */
async function contentOf(dataset: Dataset): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const { id } of await dataset.samples()) {
    const sample = await dataset.readSample(id);
    const { label, targets, split, group, source, time } = sample.entry;
    const content = sample.file ? Buffer.from(sample.file.bytes).toString("base64") : Array.from(sample.values);
    all.push({ label, targets, split, group, source, time, content });
  }
  return all;
}

/** What importing an export into an empty dataset gives. */
async function restored(
  name: string,
  bytes: Buffer,
  options = {},
): Promise<{ description: DatasetDescription; content: unknown[] }> {
  const imported = await importSamples([{ name, bytes }], options);
  const content = await withDataset(imported.description, imported.samples, contentOf);
  return { description: imported.description, content };
}

const label = fc.oneof(
  fc.constantFrom("up", "a/b", "..", "CON", ".hidden", "x ", "Ünder", 'a,b;"c"', "train", "=1+1"),
  fc
    .string({ minLength: 1, maxLength: 8, unit: "grapheme" })
    .filter((text) => /^\P{C}+$/u.test(text) && text.trim() !== ""),
);
const float = fc.float({ noNaN: true, noDefaultInfinity: true });
const properties = fc.record(
  {
    split: fc.constantFrom("training" as const, "validation" as const, "test" as const),
    group: label,
    source: label,
    time: fc.integer({ min: 0, max: 2e12 }),
  },
  { requiredKeys: ["time"] },
);
const sampleOf = (content: fc.Arbitrary<{ values: Float32Array } | { bytes: Uint8Array; type: "wav" | "png" }>) =>
  fc.tuple(label, properties, content).map(([text, others, what]): NewSample => ({ label: text, ...others, ...what }));
const samplesOf = (content: Parameters<typeof sampleOf>[0]) =>
  fc.array(sampleOf(content), { minLength: 1, maxLength: 6 });
const readings = fc
  .integer({ min: 1, max: 5 })
  .chain((count) =>
    fc.float32Array({ minLength: 2 * count, maxLength: 2 * count, noNaN: true, noDefaultInfinity: true }),
  )
  .map((values) => ({ values }));

const kinds: [what: string, description: DatasetDescription, samples: fc.Arbitrary<NewSample[]>][] = [
  ["time series", timeseries, samplesOf(readings)],
  [
    "a table of labels",
    { version: 1, kind: "table", task: "classification", channels: acceleration },
    samplesOf(fc.tuple(float, float).map((numbers) => ({ values: Float32Array.from(numbers) }))),
  ],
  [
    "sounds",
    { version: 1, kind: "audio", task: "classification", channels: [{ name: "sound", unit: "" }], rateHz: 8000 },
    samplesOf(
      fc
        .array(fc.integer({ min: -32768, max: 32767 }), { minLength: 1, maxLength: 9 })
        .map((samples) => ({ bytes: wavBytes(pcm16(samples.map((each) => each / 32768))), type: "wav" as const })),
    ),
  ],
  [
    "pictures",
    { version: 1, kind: "image", task: "classification", channels: [{ name: "pixel", unit: "" }] },
    samplesOf(
      fc
        .uint8Array({ minLength: 4, maxLength: 4 })
        .map((pixels) => ({ bytes: pngBytes(2, 2, pixels), type: "png" as const })),
    ),
  ],
];

describe("exportDataset", function () {
  this.timeout(60_000);

  for (const [what, description, samples] of kinds) {
    it(`as zip, ${what}: importing it restores everything`, async () => {
      await fc.assert(
        fc.asyncProperty(samples, (list) =>
          withDataset(description, list, async (dataset) => {
            const { description: again, content } = await restored("x.zip", await exported(dataset, "zip"));
            assert.deepEqual(again, description);
            assert.deepEqual(content, await contentOf(dataset));
          }),
        ),
        { numRuns: 15 },
      );
    });
  }

  it("as zip, several targets per sample", async () => {
    const targets = [
      { name: "speed", unit: "m/s" },
      { name: "turn", unit: "°" },
    ];
    for (const kind of ["table", "timeseries"] as const) {
      const description: DatasetDescription = { version: 1, kind, task: "regression", channels: acceleration, targets };
      const list = [
        { values: Float32Array.of(0.1, -0), targets: [1.5, -2], time: 5 },
        { values: Float32Array.of(1e-40, 3e38), targets: [0, 1], time: 6 },
      ];
      await withDataset(description, list, async (dataset) => {
        const { description: again, content } = await restored("x.zip", await exported(dataset, "zip"));
        assert.deepEqual([again, content], [description, await contentOf(dataset)]);
      });
    }
  });

  it("as one CSV file, time series: a line per reading, and importing it restores all but units and rate", async () => {
    const list: NewSample[] = [
      {
        label: "up",
        split: "test",
        group: 'a "b", c',
        source: "adc/0",
        time: 5,
        values: Float32Array.of(1, 0.1, 2, 7),
      },
      { label: "down", time: 6, values: Float32Array.of(3, 4) },
    ];
    await withDataset(
      {
        ...timeseries,
        channels: [
          { name: "x", unit: "" },
          { name: "y", unit: "" },
        ],
      },
      list,
      async (dataset) => {
        const csv = await exported(dataset, "csv");
        assert.equal(
          csv.toString(),
          `sample,reading,x,y,label,split,group,source,time
1,0,1,0.1,up,test,"a ""b"", c",adc/0,5
1,1,2,7,up,test,"a ""b"", c",adc/0,5
2,0,3,4,down,,,,6
`,
        );
        const { description, content } = await restored("x.csv", csv, { rateHz: 62.5 });
        assert.deepEqual([description, content], [dataset.description, await contentOf(dataset)]);
      },
    );
  });

  it("as one CSV file, a table: its rows", async () => {
    const description: DatasetDescription = {
      version: 1,
      kind: "table",
      task: "regression",
      channels: [{ name: "x", unit: "" }],
      targets: [{ name: "y", unit: "" }],
    };
    await withDataset(description, [{ values: Float32Array.of(0.25), targets: [2], time: 1 }], async (dataset) => {
      assert.equal((await exported(dataset, "csv")).toString(), "x,y\n0.25,2\n");
    });
  });

  it("for Edge Impulse: info.labels and its data acquisition format, which import again", async () => {
    const list: NewSample[] = [
      { label: "up", split: "test", source: "board", time: 5000, values: Float32Array.of(1, 0.1, 2, 7) },
      { label: "down", time: 6000, values: Float32Array.of(3, 4) },
    ];
    await withDataset(timeseries, list, async (dataset) => {
      const { description, content } = await restored("x.zip", await exported(dataset, "edge-impulse"));
      assert.deepEqual(description, dataset.description);
      const expected = (await contentOf(dataset)).map((each) => ({ source: "TINYML_FLOWS", ...Object(each) }));
      assert.deepEqual(content, [expected[0], { ...expected[1], source: "TINYML_FLOWS" }]);
    });
  });

  it("gives standard files, which other programs unpack and which are read as data", async function () {
    requireTool(this, "unzip", "python3");
    const list = ["up", "up", "down", "a/b"].map(
      (text, i): NewSample => ({
        label: text,
        ...(i === 0 && { split: "test" }),
        time: i,
        values: Float32Array.of(i, i / 3),
      }),
    );
    await withDataset(timeseries, list, async (dataset) => {
      const folder = await temporaryFolder();
      const zip = await exported(dataset, "zip");
      await writeFile(join(folder, "x.zip"), zip);
      runTool("python3", ["-m", "zipfile", "-t", "x.zip"], undefined, folder);
      runTool("unzip", ["-q", "x.zip", "-d", "out"], undefined, folder);
      const names = runTool("unzip", ["-Z1", "x.zip"], undefined, folder).toString().trim().split("\n");
      assert.deepEqual(names, [
        "dataset.json",
        "test/up/1.csv",
        "training/up/2.csv",
        "training/down/3.csv",
        "training/a_b/4.csv",
        "samples.ndjson",
      ]);
      assert.deepEqual(zip, await exported(dataset, "zip"));
      // Without our own two files it is data as others keep it.
      runTool("rm", ["out/dataset.json", "out/samples.ndjson"], undefined, folder);
      const table = await readData(join(folder, "out"));
      assert.deepEqual(table.labels, ["up", "a_b", "down"]);
      assert.deepEqual(table.inputs.constructor, Float32Array);
    });
  });

  it("cuts long labels short in the names of folders only, between characters", async () => {
    const label = `${"a".repeat(59)}𝒜𝒜`;
    await withDataset(timeseries, [{ label, values: Float32Array.of(1, 2) }], async (dataset) => {
      const { samples } = await importSamples([{ name: "x.zip", bytes: await exported(dataset, "zip") }]);
      assert.deepEqual(
        [...samples].map((sample) => sample.label),
        [label],
      );
    });
  });

  it("leaves deleted samples out, and says so when nothing is left", async () => {
    const list = [1, 2].map((value): NewSample => ({ label: "x", time: value, values: Float32Array.of(value, 0) }));
    await withDataset(timeseries, list, async (dataset) => {
      await dataset.remove([1]);
      const { content } = await restored("x.zip", await exported(dataset, "zip"));
      assert.deepEqual(content, await contentOf(dataset));
      assert.equal(content.length, 1);
      await dataset.remove([2]);
      await assert.rejects(exported(dataset, "zip"), { code: "TINYML_DATASET_EMPTY" });
    });
  });

  it("says which samples' files are gone before it gives the first piece", async () => {
    const list = [1, 2, 3].map((value): NewSample => ({ label: "x", values: Float32Array.of(value, 0) }));
    await withDataset(timeseries, list, async (dataset) => {
      const lose = (id: number) => rm(join(dataset.folder, "samples", `${id}.csv`));
      for (const [id, message] of [
        [3, /sample 3 of the dataset data is gone: .*3\.csv/],
        [2, /2 samples of the dataset data.* those of the samples 2, 3\. Restore them, or delete/],
      ] as const) {
        await lose(id);
        for (const format of ["zip", "csv", "edge-impulse"] as const) {
          await assert.rejects(exportDataset(dataset.folder, format).next(), {
            code: "TINYML_DATASET_CORRUPT",
            message,
          });
        }
      }
      await dataset.remove([2, 3]);
      assert.equal((await restored("x.zip", await exported(dataset, "zip"))).content.length, 1);
    });
  });

  it("refuses formats that can't hold the samples", async () => {
    const audio = kinds[2][1];
    const sound: NewSample = { label: "x", bytes: wavBytes(pcm16([0.5])), type: "wav" };
    await withDataset(audio, [sound], async (dataset) => {
      await assert.rejects(exported(dataset, "csv"), { code: "TINYML_CONFIG_INVALID", message: /Sounds and pictures/ });
    });
  });

  it("a dataset's folder imports as it is; packed by hand it is refused, for nothing was asked to finish it", async () => {
    const list: NewSample[] = [{ label: "up", split: "test", time: 5, values: Float32Array.of(1, 2) }];
    await withDataset(timeseries, list, async (dataset) => {
      const { description, samples } = await importSamples(dataset.folder);
      assert.deepEqual(
        [description, await withDataset(description, samples, contentOf)],
        [timeseries, await contentOf(dataset)],
      );
      const packed = zipSync({ "data/dataset.json": Buffer.from("{}"), "data/index.ndjson": Buffer.from("") });
      await assert.rejects(importSamples([{ name: "data.zip", bytes: packed }]), {
        code: "TINYML_IMPORT_INVALID",
        message: /packed folder of a dataset\. Export the dataset/,
      });
    });
  });

  it("the gestures survive import, export and import", async function () {
    const { description, samples } = await importSamples(sharedData(this, "gestures"));
    await withDataset(description, samples, async (dataset) => {
      const again = await restored("gestures.zip", await exported(dataset, "zip"));
      assert.deepEqual([again.description, again.content], [description, await contentOf(dataset)]);
      const csv = await restored("gestures.csv", await exported(dataset, "csv"));
      assert.deepEqual([csv.description, csv.content], [description, again.content]);
    });
  });
});

describe("storeSamples", () => {
  const up = Buffer.from("x,y,state\n1,2,up\n3,4,down\n");
  const store = async (folder: string, text: Uint8Array | string, name = "a.csv") =>
    storeSamples(folder, await importSamples([{ name, bytes: Buffer.from(text) }]));

  it("makes a dataset of what was imported, and adds to it", async () => {
    const folder = join(await temporaryFolder(), "lamp");
    assert.deepEqual(await store(folder, up), [1, 2]);
    assert.deepEqual(await store(folder, up), [3, 4]);
    const table = await readData(folder);
    assert.deepEqual([table.rows, table.labels], [4, ["up", "down"]]);
  });

  it("adds nothing to a dataset that holds something else, or has no such label", async () => {
    const folder = join(await temporaryFolder(), "lamp");
    const dataset = await openDataset(folder, {
      version: 1,
      kind: "table",
      task: "classification",
      channels: ["x", "y"].map((name) => ({ name, unit: "" })),
      labels: ["up"],
    });
    await assert.rejects(store(folder, "x,z,state\n1,2,up\n"), { code: "TINYML_DATASET_MISMATCH", message: /x, z/ });
    await assert.rejects(store(folder, "x,y,state\n1,2,up\n\n1,2,left\n"), { code: "TINYML_UNKNOWN_LABEL" });
    assert.equal(dataset.count, 0);
    await dataset.close();
  });

  it("adds no recordings of another rate", async () => {
    const description = { ...timeseries, channels: [{ name: "x", unit: "" }] };
    const sample = { label: "up", values: Float32Array.of(1) };
    await withDataset(description, [sample], async (dataset) => {
      const other = { description: { ...description, rateHz: 50 }, samples: [sample], passedOver: [] };
      await assert.rejects(storeSamples(dataset.folder, other), {
        code: "TINYML_DATASET_MISMATCH",
        message: /62\.5 readings per second.*50/,
      });
      assert.deepEqual(
        await storeSamples(dataset.folder, { ...other, description: { ...description, rateHz: 62.4 } }),
        [2],
      );
    });
  });
});
