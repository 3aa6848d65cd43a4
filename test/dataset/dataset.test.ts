import assert from "node:assert/strict";
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { clearDataset } from "../../src/dataset/clear-dataset";
import type { Dataset, DatasetOptions, Row } from "../../src/dataset/dataset";
import type { DatasetDescription } from "../../src/dataset/description";
import { datasetFolder } from "../../src/dataset/folder";
import { openDataset } from "../../src/dataset/open-dataset";
import { readDataset } from "../../src/dataset/read-dataset";
import { readTableFile } from "../../src/dataset/read-table-file";

const lamp: DatasetDescription = {
  version: 1,
  kind: "table",
  task: "classification",
  channels: [
    { name: "light", unit: "lx" },
    { name: "x", unit: "" },
  ],
};

const pot: DatasetDescription = {
  version: 1,
  kind: "table",
  task: "regression",
  channels: [{ name: "pot", unit: "", range: [0, 1] }],
  targets: [{ name: "led", unit: "%" }],
};

describe("dataset", () => {
  let parent: string;
  let folder: string;
  const opened: Dataset[] = [];
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "tinyml-dataset-"));
    folder = join(parent, "lamp");
  });
  afterEach(async () => {
    for (const dataset of opened.splice(0)) await dataset.close();
    await rm(parent, { recursive: true, force: true });
  });

  async function open(description = lamp, options: DatasetOptions = { delay: 1 }): Promise<Dataset> {
    const dataset = await openDataset(folder, description, options);
    opened.push(dataset);
    return dataset;
  }

  async function reopen(dataset: Dataset, description = lamp): Promise<Dataset> {
    opened.splice(opened.indexOf(dataset), 1);
    await dataset.close();
    return open(description);
  }

  const file = (name: string): Promise<string> => readFile(join(folder, name), "utf8");
  const on: Row = { values: [1, 2], label: "on" };
  const off: Row = { values: [0.1, -0], label: "off" };

  describe("on disk", () => {
    it("is a CSV file with the label last, an index of events and a description", async () => {
      const dataset = await open();
      await dataset.append({ ...on, time: 5 });
      await dataset.append({ ...off, group: "g", split: "validation", source: "adc/0", time: 6 });
      assert.equal(await file("rows.csv"), "light,x,label\n1,2,on\n0.1,-0,off\n");
      assert.deepEqual(
        (await file("index.ndjson"))
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line)),
        [
          { event: "add", id: 1, label: "on", time: 5 },
          { event: "add", id: 2, label: "off", split: "validation", group: "g", source: "adc/0", time: 6 },
        ],
      );
      assert.deepEqual(JSON.parse(await file("dataset.json")), lamp);
      assert.deepEqual((await readdir(folder)).sort(), ["dataset.json", "index.ndjson", "rows.csv"]);
    });

    it("has the targets last for regression", async () => {
      const dataset = await open(pot);
      await dataset.append({ values: [0.5], targets: [100] });
      assert.equal(await file("rows.csv"), "pot,led\n0.5,100\n");
      assert.deepEqual(await readDataset(folder), {
        name: "lamp",
        task: "regression",
        channels: pot.channels,
        targets: pot.targets,
        inputs: Float32Array.of(0.5),
        outputs: Float32Array.of(100),
        rows: 1,
      });
    });

    it("has a row there when append resolves, within 250 ms", async () => {
      const dataset = await open(lamp, {});
      const started = performance.now();
      await dataset.append(on);
      assert.ok(performance.now() - started < 250 + 100, "100 ms are for a slow machine");
      assert.match(await file("rows.csv"), /1,2,on\n$/);
      assert.match(await file("index.ndjson"), /"id":1.*\n$/);
    });

    it("keeps every row, number and label exactly", async () => {
      const rows = fc.array(
        fc.record({
          values: fc.tuple(fc.float({ noDefaultInfinity: true, noNaN: true }), fc.integer()),
          label: fc
            .string({ unit: fc.constantFrom(",", '"', "'", "=", " ", ";", "ä", "b", "\uFEFF", "\u2028") })
            .filter((text) => text.trim() !== ""),
          group: fc.string(),
        }),
        { minLength: 1, maxLength: 20 },
      );
      await fc.assert(
        fc.asyncProperty(rows, async (list) => {
          const dataset = await openDataset(folder, lamp, { delay: 0 });
          await Promise.all(list.map((row) => dataset.append(row)));
          await dataset.close();
          const table = await readDataset(folder);
          assert.deepEqual(
            [...table.inputs],
            list.flatMap((row) => row.values.map(Math.fround)),
          );
          assert.deepEqual(
            [...table.outputs].map((index) => table.labels?.[index]),
            list.map((row) => row.label),
          );
          if (table.groups)
            assert.deepEqual(
              table.groups,
              list.map((row) => row.group),
            );
          else assert.ok(list.every((row) => row.group === ""));
          await rm(folder, { recursive: true });
        }),
        { numRuns: 40 },
      );
    });
  });

  describe("append", () => {
    it("refuses what does not fit, says what to do, and goes on", async () => {
      const dataset = await open({ ...lamp, labels: ["on", "off"] });
      const text: number = JSON.parse('"5"');
      const none: number[] = JSON.parse("null");
      const cases: [Row, string, RegExp][] = [
        [{ values: [1], label: "on" }, "TINYML_CHANNEL_COUNT", /2 channels \(light, x\), but 1 came/],
        [{ values: [1, 2, 3], label: "on" }, "TINYML_CHANNEL_COUNT", /but 3 came/],
        [{ values: none, label: "on" }, "TINYML_CHANNEL_COUNT", /something else/],
        [{ values: [1, Number.NaN], label: "on" }, "TINYML_NOT_A_NUMBER", /"x" must be a number.*NaN/],
        [{ values: [Number.POSITIVE_INFINITY, 1], label: "on" }, "TINYML_NOT_A_NUMBER", /"light".*Infinity/],
        [{ values: [1e39, 1], label: "on" }, "TINYML_NOT_A_NUMBER", /3.4e38/],
        [{ values: [text, 1], label: "on" }, "TINYML_NOT_A_NUMBER", /the text "5"/],
        [{ values: [1, 2] }, "TINYML_NO_LABEL", /msg.label/],
        [{ values: [1, 2], label: " " }, "TINYML_NO_LABEL", /msg.label/],
        [
          { values: [1, 2], label: "two\nlines" },
          "TINYML_UNKNOWN_LABEL",
          /"two\\nlines", which has control characters/,
        ],
        [{ values: [1, 2], label: "\u001b[2J" }, "TINYML_UNKNOWN_LABEL", /"\\u001b\[2J"/],
        [{ values: [1, 2], label: "\0" }, "TINYML_UNKNOWN_LABEL", /\\u0000/],
        [{ values: [1, 2], label: "\ud83d" }, "TINYML_UNKNOWN_LABEL", /\\ud83d.*broken Unicode/],
        [{ values: [1, 2], label: "red" }, "TINYML_UNKNOWN_LABEL", /no label "red", only on, off/],
      ];
      for (const [row, code, message] of cases) await assert.rejects(dataset.append(row), { code, message });
      await dataset.append(on);
      assert.equal(dataset.count, 1);
      assert.equal(await file("rows.csv"), "light,x,label\n1,2,on\n");
    });

    it("wants as many targets as the dataset has", async () => {
      const dataset = await open(pot);
      await assert.rejects(dataset.append({ values: [1] }), { code: "TINYML_NO_LABEL", message: /\(led\)/ });
      await assert.rejects(dataset.append({ values: [1], targets: [1, 2] }), { code: "TINYML_CHANNEL_COUNT" });
      await assert.rejects(dataset.append({ values: [1], targets: [Number.NaN] }), { code: "TINYML_NOT_A_NUMBER" });
    });

    it("counts rows and labels once they are on disk, in the order in which they were met", async () => {
      const dataset = await open();
      const pending = [dataset.append(on), dataset.append(off), dataset.append(on)];
      assert.equal(dataset.count, 0);
      await Promise.all(pending);
      assert.equal(dataset.count, 3);
      assert.deepEqual(Object.entries(dataset.countsPerLabel()), [
        ["on", 2],
        ["off", 1],
      ]);
      assert.deepEqual((await reopen(dataset)).countsPerLabel(), { on: 2, off: 1 });
    });

    it("lists fixed labels without rows too", async () => {
      const dataset = await open({ ...lamp, labels: ["off", "dim", "on"] });
      await dataset.append(on);
      assert.deepEqual(dataset.countsPerLabel(), { off: 0, dim: 0, on: 1 });
      assert.deepEqual((await readDataset(folder)).labels, ["off", "dim", "on"]);
    });

    it("refuses more than may wait, and takes rows again when there is room", async () => {
      const dataset = await open(lamp, { delay: 60_000, backlog: 2000 });
      const results: Promise<string>[] = [];
      for (let i = 0; i < 100; i++)
        results.push(
          dataset.append(on).then(
            () => "kept",
            (error) => error.code,
          ),
        );
      await dataset.flush();
      const outcomes = await Promise.all(results);
      const kept = outcomes.filter((outcome) => outcome === "kept").length;
      assert.ok(kept > 10 && kept < 50, `${kept} kept`);
      assert.deepEqual(new Set(outcomes), new Set(["kept", "TINYML_STORAGE"]));
      assert.equal(dataset.count, kept);
      const more = dataset.append(on);
      await dataset.flush();
      await more;
      assert.equal((await readDataset(folder)).rows, kept + 1);
    });

    it("makes text of a group or source that came as something else", async () => {
      const dataset = await open();
      const strange: Partial<Row> = JSON.parse('{"group": 7, "source": null, "time": "now", "split": "test"}');
      await dataset.append({ ...on, ...strange });
      assert.equal((await reopen(dataset)).count, 1);
      assert.deepEqual((await readDataset(folder)).groups, ["7"]);
    });
  });

  describe("clear", () => {
    it("throws all rows away, those on their way too, and recording goes on", async () => {
      const dataset = await open();
      await dataset.append(on);
      const pending = dataset.append(on);
      await dataset.clear();
      await pending;
      assert.equal(dataset.count, 0);
      assert.equal(await file("rows.csv"), "light,x,label\n");
      await assert.rejects(readDataset(folder), { code: "TINYML_DATASET_EMPTY" });
      await dataset.append(off);
      assert.match(
        await file("index.ndjson"),
        /^\{"event":"clear","id":3,.*\n\{"event":"add","id":3,"label":"off",.*\n$/,
      );
      assert.deepEqual((await reopen(dataset)).countsPerLabel(), { off: 1 });
    });

    it("brings a deleted dataset back, empty", async () => {
      const dataset = await open();
      await dataset.append(on);
      await rm(folder, { recursive: true });
      await dataset.clear();
      await dataset.append(off);
      assert.equal((await readDataset(folder)).rows, 1);
    });

    it("that was interrupted between its files is finished on opening", async () => {
      const dataset = await open();
      await Promise.all([dataset.append(on), dataset.append(off)]);
      await dataset.close();
      opened.length = 0;
      await truncate(join(folder, "rows.csv"), 0);
      assert.equal((await open()).count, 0);
      assert.equal(await file("index.ndjson"), "");
    });
  });

  describe("clearDataset", () => {
    it("empties what was recorded under another description, open or not", async () => {
      const dataset = await open();
      await Promise.all([dataset.append(on), dataset.append(off)]);
      await dataset.close();
      opened.length = 0;
      await assert.rejects(openDataset(folder, pot), {
        code: "TINYML_DATASET_MISMATCH",
        message: /msg\.record = "clear"/,
      });
      await Promise.all([clearDataset(folder, pot), clearDataset(folder, pot)]);
      const regression = await open(pot);
      assert.equal(await file("rows.csv"), "pot,led\n");
      await regression.append({ values: [1], targets: [2] });
      assert.match(await file("index.ndjson"), /^\{"event":"clear","id":3,.*\n\{"event":"add","id":3,.*\n$/);

      await clearDataset(folder, lamp);
      assert.deepEqual([regression.count, regression.description], [0, lamp]);
      assert.deepEqual(JSON.parse(await file("dataset.json")), lamp);
      await regression.append(on);
      assert.equal(await file("rows.csv"), "light,x,label\n1,2,on\n");
      assert.deepEqual((await reopen(regression)).countsPerLabel(), { on: 1 });
    });

    it("makes a dataset that is missing, and one of damaged files", async () => {
      await clearDataset(folder, lamp);
      await assert.rejects(readDataset(folder), { code: "TINYML_DATASET_EMPTY" });
      for (const name of ["dataset.json", "index.ndjson", "rows.csv"])
        await writeFile(join(folder, name), '{"\n{}\n{"event":"x"}\n');
      await clearDataset(folder, pot);
      assert.equal((await open(pot)).count, 0);
      await assert.rejects(clearDataset(folder, { ...lamp, channels: [] }), { code: "TINYML_CONFIG_INVALID" });
    });
  });

  describe("opened twice", () => {
    it("is one dataset for all who open the folder, until the last one closes it", async () => {
      await mkdir(folder);
      await symlink(folder, join(parent, "link"));
      const [first, second, third] = await Promise.all([
        openDataset(folder, lamp),
        openDataset(join(parent, "link"), lamp),
        openDataset(`${parent}/../${parent.split("/").at(-1)}/lamp`, lamp),
      ]);
      assert.ok(first === second && second === third);
      await first.close();
      await first.close();
      const pending = first.append(on);
      await first.close();
      await pending;
      await assert.rejects(first.append(on), { code: "TINYML_STORAGE", message: /closed/ });
      const next = await open();
      assert.notEqual(next, first);
      assert.equal(next.count, 1);
    });

    it("loses no row when it is closed and opened again at once", async () => {
      for (let i = 0; i < 20; i++) {
        const dataset = await openDataset(folder, lamp);
        const pending = dataset.append(on);
        void dataset.close();
        void pending;
      }
      assert.equal((await open()).count, 20);
    });

    it("wants the same settings from all", async () => {
      await open();
      await assert.rejects(openDataset(folder, pot), { code: "TINYML_DATASET_MISMATCH", message: /in use/ });
      const wider = { ...lamp, rateHz: 10 };
      assert.deepEqual((await open(wider)).description, wider);
      assert.deepEqual(JSON.parse(await file("dataset.json")), wider);
    });

    it("wants the same labels and ranges from all who use it at once, and takes others afterwards", async () => {
      const labels = { ...lamp, labels: ["on", "off"] };
      const dataset = await open(labels);
      for (const other of [{ ...lamp, labels: ["on", "dim"] }, { ...lamp, labels: ["off", "on"] }, lamp]) {
        await assert.rejects(openDataset(folder, other), {
          code: "TINYML_DATASET_MISMATCH",
          message: /labels on, off, the settings say/,
        });
      }
      const [light, x] = lamp.channels;
      const ranged: DatasetDescription = { ...labels, channels: [{ ...light, range: [0, 5] } as typeof light, x] };
      await assert.rejects(openDataset(folder, ranged), {
        code: "TINYML_DATASET_MISMATCH",
        message: /range of its channel light is \(none\), the settings say 0 to 5/,
      });
      assert.deepEqual([dataset.description, JSON.parse(await file("dataset.json"))], [labels, labels]);
      const next = await reopen(dataset, ranged);
      assert.deepEqual([next.description, JSON.parse(await file("dataset.json"))], [ranged, ranged]);
    });

    it("keeps its settings when new ones can't be written, and counts labels on their way to the disk", async () => {
      const dataset = await open(lamp, { delay: 60_000 });
      const pending = dataset.append(on);
      await assert.rejects(
        dataset.redescribe({ ...lamp, labels: ["off"] }, () => false),
        { code: "TINYML_DATASET_MISMATCH", message: /label "on"/ },
      );
      await pending;
      await rm(join(folder, "dataset.json"));
      await mkdir(join(folder, "dataset.json", "in the way"), { recursive: true });
      await assert.rejects(openDataset(folder, { ...lamp, rateHz: 5 }), { code: "TINYML_STORAGE" });
      assert.deepEqual(dataset.description, lamp);
      await rm(join(folder, "dataset.json"), { recursive: true });
    });

    it("does not stay open after opening failed", async () => {
      await writeFile(folder, "a file is in the way");
      await assert.rejects(openDataset(folder, lamp), { code: "TINYML_STORAGE" });
      await rm(folder);
      await mkdir(folder);
      await writeFile(join(folder, "dataset.json"), "{");
      await assert.rejects(openDataset(folder, lamp), { code: "TINYML_DATASET_CORRUPT", message: /dataset.json/ });
      await rm(join(folder, "dataset.json"));
      await (await open()).append(on);
    });
  });

  describe("settings", () => {
    it("that make no sense are refused", async () => {
      const wrong: DatasetDescription[] = [
        { ...lamp, channels: [] },
        {
          ...lamp,
          channels: [
            { name: "a", unit: "" },
            { name: "a", unit: "" },
          ],
        },
        { ...lamp, channels: [{ name: "label", unit: "" }] },
        { version: 1, kind: "table", task: "regression", channels: pot.channels },
        { ...pot, targets: pot.channels },
        { ...lamp, labels: ["on", "o\nff"] },
        { ...lamp, channels: [{ name: "light\u001b", unit: "" }] },
        { ...lamp, channels: [{ name: "light", unit: "\ud83d" }] },
        JSON.parse('{"version": 2, "kind": "table"}'),
        JSON.parse('{"version": 1, "kind": "smell"}'),
        JSON.parse("null"),
      ];
      for (const description of wrong) {
        await assert.rejects(
          openDataset(folder, description),
          { code: "TINYML_CONFIG_INVALID" },
          JSON.stringify(description),
        );
      }
    });

    it("that do not fit the recorded rows are refused, saying what differs", async () => {
      await (await open()).append(on);
      await opened.pop()?.close();
      const others: [DatasetDescription, RegExp][] = [
        [pot, /recorded for classification, the settings say regression/],
        [{ ...lamp, channels: lamp.channels.slice(0, 1) }, /channels light \(lx\), x, the settings say light \(lx\)\./],
        [
          {
            ...lamp,
            channels: [
              { name: "light", unit: "V" },
              { name: "x", unit: "" },
            ],
          },
          /light \(V\)/,
        ],
        [{ ...lamp, labels: ["off"] }, /the label "on"/],
      ];
      for (const [description, message] of others) {
        await assert.rejects(openDataset(folder, description), { code: "TINYML_DATASET_MISMATCH", message });
      }
      assert.equal((await open({ ...lamp, labels: ["off", "on"], rateHz: 5 })).count, 1);
    });

    it("may change freely while there are no rows", async () => {
      const dataset = await reopen(await open(), pot);
      await dataset.append({ values: [1], targets: [2] });
      assert.equal(await file("rows.csv"), "pot,led\n1,2\n");
      await dataset.clear();
      await (await reopen(dataset, lamp)).append(on);
      assert.equal((await readDataset(folder)).task, "classification");
    });
  });

  describe("while somebody works on its files", () => {
    it("notices a deleted folder, and the next row begins anew", async () => {
      const dataset = await open();
      await dataset.append(on);
      await rm(folder, { recursive: true });
      const lost = [dataset.append(on), dataset.append(off)];
      for (const row of lost) await assert.rejects(row, { code: "TINYML_DATASET_MISSING", message: /deleted/ });
      await dataset.append(off);
      assert.equal(dataset.count, 1);
      assert.equal(await file("rows.csv"), "light,x,label\n0.1,-0,off\n");
      assert.equal((await readDataset(folder)).rows, 1);
    });

    it("notices a folder that was moved away", async () => {
      const dataset = await open();
      await rename(folder, join(parent, "elsewhere"));
      await assert.rejects(dataset.append(on), { code: "TINYML_DATASET_MISSING" });
      await dataset.append(on);
      assert.equal((await readDataset(folder)).rows, 1);
    });

    it("keeps rows that were edited in place, replaced or added in a spreadsheet", async () => {
      const dataset = await open();
      await dataset.append(on);
      await writeFile(join(folder, "new"), "light,x,label\r\n5,6,on\r\n7,8,by hand\r\n");
      await rename(join(folder, "new"), join(folder, "rows.csv"));
      await dataset.append(off);
      assert.equal(await file("rows.csv"), "light,x,label\r\n5,6,on\r\n7,8,by hand\r\n0.1,-0,off\n");
      await appendFile(join(folder, "rows.csv"), "9,10,on\n");
      await dataset.append(off);
      const table = await readDataset(folder);
      assert.deepEqual([...table.inputs], [5, 6, 7, 8, 0.1, -0, 9, 10, 0.1, -0].map(Math.fround));
      assert.deepEqual(table.labels, ["on", "by hand", "off"]);
      assert.deepEqual(dataset.countsPerLabel(), { on: 2, "by hand": 1, off: 2 });
      assert.equal((await file("index.ndjson")).trim().split("\n").length, 5);
    });

    it("refuses rows added by hand that do not fit, naming them", async () => {
      await (await open()).append(on);
      await opened.pop()?.close();
      for (const [line, message] of [
        ["1,2\n", /Row 2 .*\(1,2\).*no label/],
        ["1,two,on\n", /Row 2 .*"x" must be a number/],
        ["1,2,3,on\n", /Row 2 /],
      ] as const) {
        const before = await file("rows.csv");
        await appendFile(join(folder, "rows.csv"), line);
        await assert.rejects(openDataset(folder, lamp), { code: "TINYML_DATASET_CORRUPT", message });
        await writeFile(join(folder, "rows.csv"), before);
      }
      assert.equal((await open()).count, 1);
    });

    it("does not cut off rows that a quote left open hides", async () => {
      const dataset = await open();
      await Promise.all([on, on, off, on].map((row) => dataset.append(row)));
      await dataset.close();
      opened.length = 0;
      const good = await file("rows.csv");
      const edited = good.replace("\n1,2,on\n", '\n1,2,"on\n');
      await writeFile(join(folder, "rows.csv"), edited);
      await assert.rejects(openDataset(folder, lamp), { code: "TINYML_DATASET_CORRUPT", message: /quote/ });
      assert.equal(await file("rows.csv"), edited);
      await writeFile(join(folder, "rows.csv"), good);
      assert.equal((await open()).count, 4);
    });

    it("refuses an index that was damaged in the middle or is of a newer version; rows survive without it", async () => {
      const dataset = await open();
      await Promise.all([on, off].map((row) => dataset.append(row)));
      await dataset.close();
      opened.length = 0;
      const path = join(folder, "index.ndjson");
      const [first = "", second = ""] = (await file("index.ndjson")).split("\n");
      for (const [text, message] of [
        [`${first.slice(0, 9)}\n${second}\n`, /Line 1 .*table .*delete it/],
        [`${first}\n{"event":"augment","id":1}\n${second}\n`, /Line 2 .*newer version/],
      ] as const) {
        await writeFile(path, text);
        await assert.rejects(openDataset(folder, lamp), { code: "TINYML_DATASET_CORRUPT", message });
        await assert.rejects(readDataset(folder), { code: "TINYML_DATASET_CORRUPT", message });
      }
      await rm(path);
      assert.deepEqual((await readDataset(folder)).labels, ["on", "off"]);
      assert.deepEqual((await open()).countsPerLabel(), { on: 1, off: 1 });
    });

    it("refuses another header, and cuts off what a power cut leaves", async () => {
      await (await open()).append(on);
      await opened.pop()?.close();
      const [rows, index] = [await file("rows.csv"), await file("index.ndjson")];
      await writeFile(join(folder, "rows.csv"), rows.replace("light", "bright"));
      const header = { code: "TINYML_DATASET_CORRUPT", message: /should be light, x, label.*bright/ };
      await assert.rejects(openDataset(folder, lamp), header);
      await assert.rejects(readDataset(folder), header);
      await rm(join(folder, "dataset.json"));
      await assert.rejects(openDataset(folder, lamp), { code: "TINYML_DATASET_MISMATCH" });
      await writeFile(join(folder, "rows.csv"), `${rows}${"\0".repeat(5000)}`);
      await writeFile(join(folder, "index.ndjson"), `${index}${"\0".repeat(5000)}\n{"ev`);
      assert.equal((await open()).count, 1);
      assert.deepEqual([await file("rows.csv"), await file("index.ndjson")], [rows, index]);
    });
  });

  describe("whose last line break is gone", () => {
    const cuts = async (): Promise<string[]> => {
      const names = (await readdir(folder)).filter((name) => name.startsWith("rows.csv.cut-"));
      return Promise.all(names.map(file));
    };
    const cut = async (bytes: number): Promise<void> => {
      const path = join(folder, "rows.csv");
      await truncate(path, (await readFile(path)).length - bytes);
    };

    it("keeps its last row, when it is the only one, too", async () => {
      for (const [description, row] of [
        [lamp, on],
        [pot, { values: [0.5], targets: [100] }],
      ] as const) {
        await clearDataset(folder, description);
        for (let count = 1; count <= 3; count++) {
          const dataset = await openDataset(folder, description);
          await dataset.append(row);
          await dataset.close();
          const whole = await file("rows.csv");
          await cut(1);
          const again = await openDataset(folder, description);
          assert.equal(again.count, count);
          await again.close();
          assert.equal(await file("rows.csv"), whole);
        }
      }
      assert.deepEqual(await cuts(), []);
    });

    it("keeps it while it is open", async () => {
      const dataset = await open();
      await dataset.append(on);
      await cut(1);
      await dataset.append(off);
      assert.equal(await file("rows.csv"), "light,x,label\n1,2,on\n0.1,-0,off\n");
    });

    it("takes no number or label that was cut short for a whole one, and keeps what looks like a row aside", async () => {
      for (const [description, row, rest] of [
        [lamp, off, "0.1,-0,of"],
        [pot, { values: [0.5], targets: [100] }, "0.5,10"],
      ] as const) {
        await rm(folder, { recursive: true, force: true });
        const dataset = await openDataset(folder, description);
        await dataset.append(row);
        await dataset.append(row);
        await dataset.close();
        await cut(2);
        const again = await openDataset(folder, description);
        assert.equal(again.count, 1);
        await again.close();
        assert.deepEqual(await cuts(), [rest]);
      }
    });

    it("keeps aside what somebody added without a line break", async () => {
      await (await open()).append(on);
      await opened.pop()?.close();
      await appendFile(join(folder, "rows.csv"), "3,4,off");
      assert.equal((await open()).count, 1);
      assert.deepEqual(await cuts(), ["3,4,off"]);
    });

    it("keeps nothing aside of a row that was never acknowledged", async () => {
      await (await open()).append(on);
      await opened.pop()?.close();
      for (const part of ["3", "3,4", "3,4,", '3,4,"o', "\0\0\0"]) {
        await appendFile(join(folder, "rows.csv"), part);
        assert.equal((await open()).count, 1);
        await opened.pop()?.close();
      }
      assert.deepEqual(await cuts(), []);
    });
  });

  describe("cut short at any byte", () => {
    const rows: Row[] = [
      on,
      off,
      { values: [1e-7, 123456], label: 'a "b", c', group: "g" },
      { ...off, label: "ü" },
      on,
    ];

    async function record(): Promise<[Buffer, Buffer]> {
      const dataset = await openDataset(folder, lamp, { delay: 0 });
      for (const row of rows) await dataset.append({ ...row, time: 1 });
      await dataset.close();
      return [await readFile(join(folder, "rows.csv")), await readFile(join(folder, "index.ndjson"))];
    }

    /** Opens what is there; its rows must be the first rows as they were recorded, and recording must go on. */
    async function check(what: string): Promise<number> {
      const dataset = await openDataset(folder, lamp, { delay: 0 });
      const { count } = dataset;
      await dataset.append({ values: [77, 78], label: "next" });
      await dataset.close();
      const table = await readDataset(folder);
      assert.equal(table.rows, count + 1, what);
      const expected = [...rows.slice(0, count).flatMap((row) => row.values), 77, 78];
      assert.deepEqual([...table.inputs], expected.map(Math.fround), what);
      const events = (await file("index.ndjson")).trim().split("\n");
      assert.equal(events.length, count + 1, what);
      return count;
    }

    it("of rows.csv, opens with the rows before", async () => {
      const [csv, index] = await record();
      let last = 0;
      for (let length = 0; length <= csv.length; length++) {
        await writeFile(join(folder, "rows.csv"), csv.subarray(0, length));
        await writeFile(join(folder, "index.ndjson"), index);
        const count = await check(`rows.csv of ${length} bytes`);
        assert.ok(count >= last);
        last = count;
      }
      assert.equal(last, rows.length);
    });

    it("of index.ndjson, opens with all rows", async () => {
      const [csv, index] = await record();
      for (let length = 0; length <= index.length; length++) {
        await writeFile(join(folder, "rows.csv"), csv);
        await writeFile(join(folder, "index.ndjson"), index.subarray(0, length));
        assert.equal(await check(`index.ndjson of ${length} bytes`), rows.length);
      }
    });

    it("of both, opens with rows that agree", async () => {
      const [csv, index] = await record();
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: csv.length }), fc.nat({ max: index.length }), async (csvLength, indexLength) => {
          await writeFile(join(folder, "rows.csv"), csv.subarray(0, csvLength));
          await writeFile(join(folder, "index.ndjson"), index.subarray(0, indexLength));
          await check(`${csvLength} and ${indexLength} bytes`);
        }),
        { numRuns: 100 },
      );
    });
  });

  describe("readDataset", () => {
    it("tells what is missing", async () => {
      await assert.rejects(readDataset(folder), { code: "TINYML_DATASET_MISSING", message: /no dataset "lamp"/ });
      await open();
      await assert.rejects(readDataset(folder), { code: "TINYML_DATASET_EMPTY" });
      await rm(join(folder, "rows.csv"));
      await assert.rejects(readDataset(folder), { code: "TINYML_DATASET_EMPTY" });
      await writeFile(join(folder, "dataset.json"), "[]");
      await assert.rejects(readDataset(folder), { code: "TINYML_DATASET_CORRUPT" });
    });

    it("gives groups and sides only where there are some", async () => {
      const dataset = await open();
      await dataset.append(on);
      const plain = await readDataset(folder);
      assert.ok(!("groups" in plain) && !("splits" in plain));
      await dataset.append({ ...off, group: "a", split: "training" });
      const table = await readDataset(folder);
      assert.deepEqual(
        [table.groups, table.splits],
        [
          ["", "a"],
          [undefined, "training"],
        ],
      );
    });

    it("reads whole rows while others are being written", async () => {
      const dataset = await open(lamp, { delay: 0 });
      let done = false;
      const recording = (async () => {
        for (let i = 0; i < 200; i++) await dataset.append({ values: [i, i], label: "x".repeat(1 + (i % 50)) });
        done = true;
      })();
      await dataset.flush();
      let rows = 0;
      while (!done) {
        const table = await readDataset(folder).catch((error) => assert.equal(error.code, "TINYML_DATASET_EMPTY"));
        if (!table) continue;
        assert.ok(table.rows >= rows);
        rows = table.rows;
        assert.deepEqual(
          [...table.inputs],
          Array.from({ length: 2 * rows }, (_, i) => i >> 1),
        );
      }
      await recording;
      assert.equal((await readDataset(folder)).rows, 200);
    });

    it("names the line of a row that was damaged by hand", async () => {
      const dataset = await open();
      await Promise.all([dataset.append({ ...on, label: 'two "words"' }), dataset.append(off)]);
      await writeFile(join(folder, "rows.csv"), (await file("rows.csv")).replace("0.1", "O.1"));
      await assert.rejects(readDataset(folder), { code: "TINYML_DATASET_CORRUPT", message: /Line 3 .*"light".*"O.1"/ });
    });
  });

  describe("readTableFile", () => {
    it("takes a dataset's folder or a CSV file", async () => {
      await (await open()).append(on);
      assert.equal((await readTableFile(folder)).name, "lamp");
      await writeFile(join(parent, "sine.csv"), "x,y\n1,2\n3,4");
      const table = await readTableFile(join(parent, "sine.csv"));
      assert.deepEqual([table.name, table.task, table.rows], ["sine", "regression", 2]);
      assert.equal((await readTableFile(join(folder, "rows.csv"))).task, "classification");
    });

    it("reads a file of many pieces and names its lines", async () => {
      const path = join(parent, "long.csv");
      const lines = Array.from({ length: 20_000 }, (_, i) => `"\n${i}",${i % 7},"a,${i % 3}"`);
      await writeFile(path, `x,y,z\n${lines.join("\n")}\n`);
      const table = await readTableFile(path);
      assert.equal(table.rows, 20_000);
      assert.ok(table.inputs.every((value, i) => value === (i % 2 === 0 ? i / 2 : ((i - 1) / 2) % 7)));
      assert.ok(table.outputs.every((value, i) => value === i % 3));
      await appendFile(path, "1,x,b\n");
      await assert.rejects(readTableFile(path), { code: "TINYML_NOT_A_NUMBER", message: /Line 40002 of .*long.csv/ });
    });

    it("tells that nothing is there", async () => {
      await assert.rejects(readTableFile(join(parent, "no.csv")), { code: "TINYML_FILE", message: /no.csv/ });
      await assert.rejects(readTableFile(parent), { code: "TINYML_DATASET_MISSING" });
    });
  });

  it("datasetFolder keeps names within the store", () => {
    assert.equal(datasetFolder("/user/tinyml", "my lamp"), "/user/tinyml/datasets/my lamp");
    for (const name of ["", "..", "a/b", "/etc"]) {
      assert.throws(() => datasetFolder("/user/tinyml", name), { code: "TINYML_NAME_INVALID" });
    }
  });
});
