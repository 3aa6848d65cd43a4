import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { unzipSync } from "fflate";
import { cloudsModel, fileOf, potentiometerModel, storeModelFile } from "./support/data";
import { startFlow, tab } from "./support/flow";

const exporter = { id: "export", z: "tab", type: "tinyml-export", board: "uno", sketch: "pot", wires: [["out"]] };
const base = [...tab, { id: "out", z: "tab", type: "helper" }];

describe("node export", () => {
  const file = fileOf(potentiometerModel());

  it("writes a sketch and its zip, and says how large it will be", async () => {
    const flow = await startFlow([...base, exporter]);
    flow.send("export", { payload: file, other: 1 });
    const { payload, other } = await flow.next("out");
    const { folder, zip, board, files, flashBytes, ramBytes } = payload as Record<string, unknown> & {
      files: string[];
    };
    assert.equal(folder, path.join(flow.storage, "sketches", "pot"));
    assert.deepEqual({ board, other }, { board: "uno", other: 1 });
    assert.ok(files.includes("pot.ino"));
    const written = (await readdir(String(folder))).filter((name) => !name.startsWith("."));
    assert.deepEqual(written.sort(), files.toSorted());
    const zipped = unzipSync(await readFile(String(zip)));
    assert.deepEqual(Object.keys(zipped).sort(), files.map((name) => `pot/${name}`).sort());
    for (const name of files)
      assert.deepEqual(Buffer.from(zipped[`pot/${name}`] ?? []), await readFile(path.join(String(folder), name)));
    assert.ok(typeof flashBytes === "number" && flashBytes > 500 && flashBytes < 32_256, `flash ${flashBytes}`);
    assert.ok(typeof ramBytes === "number" && ramBytes > 8 && ramBytes < 2048, `RAM ${ramBytes}`);
    assert.equal(flow.statuses("export").at(0)?.text, "status.writing");
  });

  it("takes the stored model, and names the sketch after it", async () => {
    const flow = await startFlow([...base, { ...exporter, model: "stored", sketch: "" }]);
    flow.send("export", { payload: "go" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_NO_MODEL");
    await storeModelFile(flow.storage, "stored", file);
    flow.send("export", { payload: "go" });
    assert.equal(((await flow.next("out")).payload as { name: string }).name, "potentiometer");
  });

  it("overwrites what it wrote, but no file that was changed by hand, unless it is told to", async () => {
    const flow = await startFlow([...base, exporter, { ...exporter, id: "force", force: true }]);
    flow.send("export", { payload: file });
    const { folder } = (await flow.next("out")).payload as { folder: string };
    flow.send("export", { payload: file });
    await flow.next("out");
    const sketch = path.join(folder, "pot.ino");
    await writeFile(sketch, "mine");
    flow.send("export", { payload: file });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_WOULD_OVERWRITE");
    assert.equal(await readFile(sketch, "utf8"), "mine");
    flow.send("force", { payload: file });
    await flow.next("out");
    assert.notEqual(await readFile(sketch, "utf8"), "mine");
  });

  it("says what is wrong", async () => {
    const flow = await startFlow([...base, exporter, { ...exporter, id: "mars", board: "mars" }]);
    const codeOf = async (id: string, payload: unknown): Promise<string | undefined> => {
      flow.send(id, { payload });
      return (await flow.next("errors")).error?.code;
    };
    assert.equal(await codeOf("mars", file), "TINYML_UNKNOWN_BOARD");
    assert.equal(await codeOf("export", 5), "TINYML_NO_MODEL");
    assert.match((await codeOf("export", file.subarray(0, 700))) ?? "", /^TINYML_MODEL_/);
    // The clouds' channels have no range, so nobody knows what the pins mean.
    assert.equal(await codeOf("export", fileOf(cloudsModel())), "TINYML_NO_SCALING");
    assert.deepEqual(flow.received("out"), []);
  });
});
