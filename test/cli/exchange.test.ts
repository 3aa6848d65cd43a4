import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readData } from "../../src/dataset/read-data";
import { writeTflite } from "../../src/tflite/write-tflite";
import { temporaryFolder } from "../support/folders";
import { bookNetwork } from "../tflite/models";
import { tinyml, tinymlJson } from "./support/tinyml";

describe("tinyml import and export of datasets", function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    await writeFile(join(folder, "up.csv"), "x,y\n1,2\n3,4\n\n5,6\n7,8\n");
    await writeFile(join(folder, "lamp.csv"), "x,state\n1,on\n0,off\n");
  });

  it("imports samples, says what they are, and adds more", async () => {
    const up = await tinymlJson(folder, "import", "up.csv", "--dataset", "moves", "--rate", "50");
    const expected = { dataset: "moves", samples: 2, kind: "timeseries", task: "classification", perLabel: { up: 2 } };
    assert.deepEqual(up, { ...expected, passedOver: [] });
    const { stdout, stderr } = await tinyml(folder, "import", "up.csv", "--dataset", "moves", "--label", "rise");
    assert.deepEqual([stdout, stderr], ["moves: 2 samples (timeseries, x, y)\nrise: 2\n", ""]);
    const table = await readData(join(folder, "moves"), { shape: [2, 2] });
    assert.deepEqual([table.rows, table.labels], [4, ["up", "rise"]]);
  });

  it("exports a dataset in each format; what it wrote imports again", async () => {
    await tinymlJson(folder, "import", "up.csv", "--dataset", "moves", "--rate", "50");
    for (const [file, format] of [
      ["moves.zip", "zip"],
      ["moves.csv", "csv"],
      ["ei.zip", "edge-impulse"],
    ] as const) {
      const options = format === "edge-impulse" ? ["--format", format] : [];
      const { bytes, ...rest } = await tinymlJson(folder, "export", "moves", "--out", file, ...options);
      assert.deepEqual(rest, { out: file, format });
      assert.equal((await readFile(join(folder, file))).length, bytes);
      const again = await tinymlJson(folder, "import", file, "--dataset", `again-${format}`, "--rate", "50");
      assert.deepEqual([again.samples, again.perLabel], [2, { up: 2 }]);
    }
    const { status, stderr } = await tinyml(folder, "export", "moves", "--out", "moves.zip");
    assert.deepEqual([status, stderr.split(":")[0]], [1, "TINYML_WOULD_OVERWRITE"]);
    assert.equal((await tinyml(folder, "export", "moves", "--out", "moves.zip", "--force")).status, 0);
  });

  it("exports and imports a project", async () => {
    const storage = join("user", "tinyml");
    await tinymlJson(folder, "import", "lamp.csv", "--dataset", join(storage, "datasets", "lamp"));
    await mkdir(join(folder, storage, "models", "pot"), { recursive: true });
    await writeFile(join(folder, storage, "models", "pot", "model.tflite"), writeTflite(bookNetwork()));
    const { project } = await tinymlJson(folder, "export", storage, "--out", "all.zip");
    assert.equal(project, true);
    assert.deepEqual(await tinymlJson(folder, "import", "all.zip", "--project", "other"), {
      project: "other",
      datasets: [{ name: "lamp", storedAs: "lamp" }],
      models: [{ name: "pot", storedAs: "pot" }],
      nodes: 0,
    });
    const { status, stderr } = await tinyml(folder, "import", "all.zip", "--project", "other");
    assert.deepEqual([status, stderr.split(":")[0]], [1, "TINYML_WOULD_OVERWRITE"]);
    const { stdout } = await tinyml(folder, "import", "all.zip", "--project", "other", "--rename");
    assert.match(stdout, /^other: 1 datasets, 1 models\ndataset lamp, stored as lamp 2\nmodel pot, stored as pot 2\n$/);
  });

  for (const [what, args, code] of [
    ["a file that is not there", ["import", "none.zip", "--dataset", "d"], "TINYML_FILE"],
    ["a file of nothing that is known", ["import", "text.txt", "--dataset", "d"], "TINYML_IMPORT_INVALID"],
    ["a project that is none", ["import", "lamp.csv", "--project", "p"], "TINYML_IMPORT_INVALID"],
    ["a format that is not known", ["export", "d", "--out", "d.xls", "--format", "xls"], "TINYML_CONFIG_INVALID"],
  ] as const) {
    it(`refuses ${what}`, async () => {
      await writeFile(join(folder, "text.txt"), "hello");
      await mkdir(join(folder, "d"));
      if (args[0] === "export") await writeFile(join(folder, "d", "dataset.json"), "{}");
      const { status, stdout, stderr } = await tinyml(folder, ...args);
      assert.deepEqual([status, stdout, stderr.split(":")[0]], [1, "", code]);
    });
  }
});
