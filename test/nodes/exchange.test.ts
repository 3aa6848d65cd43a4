import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unzipSync, zipSync } from "fflate";
import helper from "node-red-node-test-helper";
import { importSamples } from "../../src/dataset/exchange/import-samples";
import { openDataset } from "../../src/dataset/open-dataset";
import { readData } from "../../src/dataset/read-data";
import { exportProject } from "../../src/project";
import { temporaryFolder } from "../support/folders";
import { fileOf, potentiometerModel, storeModelFile, storePotentiometer } from "./support/data";
import { potentiometerDataset, startFlow, type TestFlow, tab } from "./support/flow";

const base = [...tab, potentiometerDataset];

interface Answer {
  status: number;
  name: string;
  bytes: Buffer;
  /** The JSON in it, where it is such. */
  json: unknown;
}

async function answerOf(request: ReturnType<ReturnType<typeof helper.request>["get"]>): Promise<Answer> {
  const { status, headers, body } = await request.buffer(true).parse((stream, done) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => done(null, Buffer.concat(chunks)));
  });
  assert.ok(Buffer.isBuffer(body));
  const isJson = /json/.test(headers["content-type"] ?? "");
  return {
    status,
    name: headers["content-disposition"] ?? "",
    bytes: body,
    json: isJson ? JSON.parse(body.toString()) : undefined,
  };
}

const get = (address: string): Promise<Answer> => answerOf(helper.request().get(address));
const post = (address: string, bytes: Uint8Array, type = "application/zip"): Promise<Answer> =>
  answerOf(helper.request().post(address).set("Content-Type", type).send(Buffer.from(bytes)));

/** Stores a dataset with 12 rows and the model "pot". */
async function fill({ storage }: TestFlow): Promise<void> {
  await storePotentiometer(storage, 12);
  await storeModelFile(storage, "pot", model);
}

const model = fileOf(potentiometerModel());

describe("admin routes: import and export", () => {
  it("a whole project: out of one Node-RED and into another, which shows its flow", async () => {
    const first = await startFlow(base);
    await fill(first);
    const { status, name, bytes } = await get("/tinyml/project.zip");
    assert.deepEqual([status, name], [200, 'attachment; filename="tinyml-project.zip"']);
    const flows: { id: string }[] = JSON.parse(Buffer.from(unzipSync(bytes)["flows.json"]).toString());
    assert.deepEqual(flows.map(({ id }) => id).sort(), base.map(({ id }) => id).sort());

    const rename = await post("/tinyml/project?rename=true", bytes);
    assert.deepEqual([rename.status, Object(rename.json).models], [200, [{ name: "pot", storedAs: "pot 2" }]]);
    const renamed: { type: string; name?: string }[] = Object(rename.json).flows;
    assert.equal(renamed.find(({ type }) => type === "tinyml-dataset")?.name, "potentiometer 2");
    const again = await post("/tinyml/project", bytes);
    assert.deepEqual([again.status, Object(again.json).code], [409, "TINYML_WOULD_OVERWRITE"]);
    const listed = await get("/tinyml/datasets");
    assert.deepEqual(
      Object(listed.json).map((each: { name: string; rows: number }) => [each.name, each.rows]),
      [
        ["potentiometer", 12],
        ["potentiometer 2", 12],
      ],
    );
  });

  it("nodes that use a model of the project are told", async () => {
    const predict = {
      id: "predict",
      z: "tab",
      type: "tinyml-predict",
      source: "stored",
      model: "pot",
      wires: [["out"]],
    };
    const other = join(await temporaryFolder(), "tinyml");
    await storeModelFile(other, "pot", model);
    const pieces: Uint8Array[] = [];
    for await (const piece of exportProject(other)) pieces.push(piece);
    const flow = await startFlow([...tab, predict, { id: "out", z: "tab", type: "helper" }]);
    assert.equal((await post("/tinyml/project", Buffer.concat(pieces))).status, 200);
    flow.send("predict", { payload: 0.5 });
    assert.equal(typeof Object(await flow.next("out")).payload, "number");
  });

  it("a dataset, in each format", async () => {
    const flow = await startFlow(base);
    await fill(flow);
    const zip = await get("/tinyml/datasets/potentiometer/export");
    assert.deepEqual([zip.status, zip.name], [200, 'attachment; filename="potentiometer.zip"']);
    assert.equal((await importSamples([{ name: "x.zip", bytes: zip.bytes }])).samples.length, 12);
    const csv = await get("/tinyml/datasets/potentiometer/export?format=csv");
    assert.match(csv.bytes.toString(), /^position,brightness\n/);
    for (const [address, status, code] of [
      ["none/export", 404, "TINYML_DATASET_MISSING"],
      ["..%2Fmodels/export", 400, "TINYML_NAME_INVALID"],
      ["potentiometer/export?format=xls", 400, "TINYML_CONFIG_INVALID"],
    ] as const) {
      const answer = await get(`/tinyml/datasets/${address}`);
      assert.deepEqual([answer.status, Object(answer.json).code], [status, code], address);
    }
  });

  it("a dataset with a lost or damaged sample: the answer, or where it has begun the log, says which", async () => {
    const { storage } = await startFlow(base);
    const folder = join(storage, "datasets", "moves");
    const channels = [{ name: "x", unit: "" }];
    const dataset = await openDataset(folder, { version: 1, kind: "timeseries", task: "classification", channels });
    await dataset.addAll([1, 2].map((value) => ({ label: "up", values: Float32Array.of(value) })));
    await dataset.close();
    const file = join(folder, "samples", "2.csv");
    await writeFile(file, "x\nnonsense\n");
    await assert.rejects(get("/tinyml/datasets/moves/export?format=csv"), /aborted/);
    assert.match(
      helper
        .log()
        .args.map(([entry]) => String(entry?.msg))
        .join("\n"),
      /moves\.csv was cut off: Line 2 of .*2\.csv/,
    );
    await rm(file);
    for (const address of ["datasets/moves/export", "project.zip"]) {
      const { status, json } = await get(`/tinyml/${address}`);
      assert.deepEqual([status, Object(json).code], [500, "TINYML_DATASET_CORRUPT"]);
      assert.match(Object(json).message, /sample 2 of the dataset moves is gone/);
    }
  });

  it("samples into a dataset: a new one, or one that holds such", async () => {
    const flow = await startFlow(base);
    const csv = Buffer.from("x,y\n1,2\n3,4\n\n5,6\n");
    const address = "/tinyml/datasets/moves/import?file=up.csv&rateHz=50";
    for (let time = 0; time < 2; time++) {
      const { status, json } = await post(address, csv, "application/octet-stream");
      assert.deepEqual([status, json], [200, { samples: 2 }]);
    }
    const folder = join(flow.storage, "datasets", "moves");
    assert.deepEqual((await readData(folder, { shape: [1, 2] })).labels, ["up"]);
    for (const [bytes, status, code] of [
      [Buffer.from("x,z\n1,2\n\n3,4\n"), 409, "TINYML_DATASET_MISMATCH"],
      [zipSync({ "../a.csv": csv }), 400, "TINYML_IMPORT_INVALID"],
      [Buffer.from('{"payload":'), 400, "TINYML_IMPORT_INVALID"],
    ] as const) {
      const answer = await post(address, bytes);
      assert.deepEqual([answer.status, Object(answer.json).code], [status, code]);
    }
  });

  it("a project whose import was killed: it is there when Node-RED starts again", async () => {
    const userFolder = await temporaryFolder();
    const storage = join(userFolder, "tinyml");
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    const staging = join(storage, "imports", `${pid}.0`);
    await storePotentiometer(staging, 12);
    const list = [{ kind: "datasets", name: "potentiometer", storedAs: "readings" }];
    await writeFile(join(staging, "staged.json"), JSON.stringify(list));
    await startFlow(base, { userFolder });
    for (;;) {
      const { json } = await get("/tinyml/datasets");
      const found = Object(json).find(({ name }: { name: string }) => name === "readings");
      if (found === undefined) continue;
      assert.equal(found.rows, 12);
      break;
    }
  });

  it("nothing that a page of another site could send unasked", async () => {
    const flow = await startFlow(base);
    await fill(flow);
    const { bytes } = await get("/tinyml/project.zip");
    for (const type of ["text/plain", "multipart/form-data; boundary=x"]) {
      const { status, json } = await post("/tinyml/project?rename=true", bytes, type);
      assert.deepEqual([status, Object(json).code], [400, "TINYML_IMPORT_INVALID"], type);
    }
  });
});
