import assert from "node:assert/strict";
import { readData } from "../../src/dataset/read-data";
import { inputsInMemory } from "../../src/dataset/table";
import type { ErrorCode } from "../../src/errors";
import { folderOf } from "./support/tree";

const flex = "aX,aY\n1,2\n3,4\n5,6\n\n7,8\n9,10\n11,12\n";
const punch = "aX,aY\n-1,-2\n-3,-4\n-5,-6\n";

describe("a CSV file of recordings per class", () => {
  it("is a table of windows, named after the files; each recording is a group", async () => {
    const table = await readData(
      await folderOf({ "punch.csv": punch, "flex.csv": flex, LICENSE: "MIT", "readme.md": "" }),
    );
    assert.deepEqual(table, {
      name: "data",
      task: "classification",
      channels: [
        { name: "aX", unit: "" },
        { name: "aY", unit: "" },
      ],
      shape: [3, 2],
      labels: ["flex", "punch"],
      inputs: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, -1, -2, -3, -4, -5, -6),
      outputs: Float32Array.of(0, 0, 1),
      groups: ["flex.csv:2", "flex.csv:6", "punch.csv:2"],
      rows: 3,
    });
  });

  const writings: [what: string, text: string][] = [
    ["line breaks of Windows", flex.replaceAll("\n", "\r\n")],
    ["several blank lines, at the start and the end too", `\n${flex.replace("\n\n", "\n\n \n\n")}\n\n`],
    ["a byte order mark", `\uFEFF${flex}`],
    ["no line break at the end", flex.trimEnd()],
    ["semicolons", flex.replaceAll(",", ";")],
    ["tabs", flex.replaceAll(",", "\t")],
    ["spaces around numbers", flex.replaceAll(",", " , ")],
    ["quoted cells", flex.replace("aX", '"aX"').replace("7,8", '"7","8"')],
    ["lines of delimiters between recordings, as spreadsheets write them", flex.replace("\n\n", "\n,\n")],
  ];
  for (const [what, text] of writings) {
    it(`may have ${what}`, async () => {
      const table = await readData(await folderOf({ "flex.csv": text, "punch.csv": punch }));
      assert.deepEqual(
        table.channels.map(({ name }) => name),
        ["aX", "aY"],
      );
      assert.deepEqual(inputsInMemory(table).slice(0, 12), Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
      assert.equal(table.rows, 3);
    });
  }

  it("is a row per reading where no file has a blank line", async () => {
    const table = await readData(await folderOf({ "a.csv": "x\n1\n2\n", "b.csv": "x\n3\n" }));
    assert.deepEqual(
      { shape: table.shape, rows: table.rows, outputs: table.outputs, groups: table.groups },
      { shape: undefined, rows: 3, outputs: Float32Array.of(0, 0, 1), groups: undefined },
    );
  });

  it("orders classes that are numbers by these", async () => {
    const one = "x\n1\n\n2\n";
    const table = await readData(await folderOf({ "10.csv": one, "9.csv": one }));
    assert.deepEqual(table.labels, ["9", "10"]);
    assert.deepEqual(table.outputs, Float32Array.of(1, 1, 0, 0));
  });

  const faults: [what: string, text: string, code: ErrorCode, says: RegExp][] = [
    [
      "a recording of another length",
      `${flex}\n1,2\n3,4\n`,
      "TINYML_SAMPLES_DIFFER",
      /line 10 of .*z\.csv has 2 readings.* 3\./,
    ],
    ["other columns", flex.replace("aY", "gY"), "TINYML_SAMPLES_DIFFER", /aX, aY.*z\.csv has aX, gY/],
    [
      "a cell that is no number",
      flex.replace("7,8", "7,eight"),
      "TINYML_NOT_A_NUMBER",
      /Line 6 of .*z\.csv.*"aY".*"eight"/,
    ],
    ["an empty cell", flex.replace("7,8", "7,"), "TINYML_NOT_A_NUMBER", /Line 6/],
    ["a number beyond float32", flex.replace("7,8", "7,1e39"), "TINYML_NOT_A_NUMBER", /Line 6/],
    ["a cell too few", flex.replace("7,8", "7"), "TINYML_DATASET_CORRUPT", /Line 6 of .*1 columns.* 2/],
    ["a quote that stays open", flex.replace("7,8", '"7,8'), "TINYML_DATASET_CORRUPT", /Line 6/],
    ["no header", flex.slice(6), "TINYML_DATASET_CORRUPT", /z\.csv must name the columns/],
    ["nothing", "", "TINYML_DATASET_EMPTY", /z\.csv/],
    ["a header alone", "aX,aY\n", "TINYML_DATASET_EMPTY", /z\.csv/],
    ["no line breaks", "1".repeat(2 ** 20 + 1), "TINYML_DATASET_CORRUPT", /z\.csv.*1 MB/],
  ];
  for (const [what, text, code, says] of faults) {
    it(`must not hold ${what}`, async () => {
      const folder = await folderOf({ "flex.csv": flex, "z.csv": text });
      await assert.rejects(readData(folder), { code, message: says });
    });
  }

  it("is nothing to learn numbers from: one of the files must be named", async () => {
    const folder = await folderOf({ "flex.csv": flex, "punch.csv": punch });
    await assert.rejects(readData(folder, { task: "regression" }), {
      code: "TINYML_DATASET_MISSING",
      message: /flex\.csv, punch\.csv.*Name one/,
    });
  });
});
