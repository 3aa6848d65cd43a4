import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { potentiometerDataset, startFlow, tab } from "./support/flow";

const record = { id: "record", z: "tab", type: "tinyml-record", dataset: "dataset", count: 1, wires: [["out"]] };
const base = [...tab, { id: "out", z: "tab", type: "helper" }];

describe("node dataset", () => {
  it("touches no file before it is used, and stores what its settings describe", async () => {
    const flow = await startFlow([...base, potentiometerDataset, record]);
    await assert.rejects(readdir(path.join(flow.storage, "datasets")));
    flow.send("record", { record: "start" });
    flow.send("record", { payload: 0.5, label: 1 });
    await flow.next("out");
    const folder = path.join(flow.storage, "datasets", "potentiometer");
    const { task, channels, targets } = JSON.parse(await readFile(path.join(folder, "dataset.json"), "utf8"));
    assert.deepEqual(
      { task, channels, targets },
      {
        task: "regression",
        channels: [{ name: "position", unit: "", range: [0, 1] }],
        targets: [{ name: "brightness", unit: "", range: [0, 1] }],
      },
    );
  });

  it("refuses to mix readings of different kinds", async () => {
    const flow = await startFlow([...base, potentiometerDataset, record]);
    flow.send("record", { record: "start" });
    flow.send("record", { payload: 0.5, label: 1 });
    await flow.next("out");
    const channels = [{ name: "x" }, { name: "y" }];
    await flow.redeploy([...base, { ...potentiometerDataset, channels }, record]);
    flow.send("record", { record: "start" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_DATASET_MISMATCH");
    await flow.redeploy([...base, potentiometerDataset, record]);
    flow.send("record", { record: "start" });
    flow.send("record", { payload: 0.5, label: 1 });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 1, total: 2 });
  });

  it("is shared: two configuration nodes of one name write one dataset", async () => {
    const other = { ...potentiometerDataset, id: "twin" };
    const second = { ...record, id: "second", dataset: "twin" };
    const flow = await startFlow([...base, potentiometerDataset, other, record, second]);
    for (const id of ["record", "second"]) {
      flow.send(id, { record: "start" });
      flow.send(id, { payload: 0.5, label: 1 });
    }
    await flow.next("out");
    assert.deepEqual((await flow.next("out")).payload, { recorded: 1, total: 2 });
  });
});
