import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import helper from "node-red-node-test-helper";
import type { NetworkSummary } from "../../nodes/networks";
import { summarizeModel } from "../../src/model/summarize";
import { readTflite } from "../../src/tflite/read-tflite";
import { unzipSync } from "../../src/zip";
import { endlessRecipe, fileOf, potentiometerModel, storeModelFile, storePotentiometer } from "./support/data";
import { potentiometerDataset, startFlow, tab } from "./support/flow";

const base = [...tab, potentiometerDataset];

async function get(address: string): Promise<{ status: number; body: unknown }> {
  const { status, body } = await helper.request().get(address);
  return { status, body };
}

async function getFile(address: string): Promise<{ status: number; type: string; body: Buffer }> {
  const response = await helper
    .request()
    .get(address)
    .buffer(true)
    .parse((stream, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => done(null, Buffer.concat(chunks)));
    });
  return {
    status: response.status,
    type: response.headers["content-disposition"] ?? "",
    body: response.body as Buffer,
  };
}

describe("admin routes", () => {
  it("list nothing at first", async () => {
    await startFlow(base);
    for (const what of ["runs", "models", "datasets", "sketches"]) {
      assert.deepEqual(await get(`/tinyml/${what}`), { status: 200, body: [] }, what);
    }
  });

  it("list and stop runs", async () => {
    const train = { id: "train", z: "tab", type: "tinyml-train", dataset: "dataset", model: "pot", ...endlessRecipe };
    const flow = await startFlow([...base, train]);
    await storePotentiometer(flow.storage, 100);
    flow.send("train", {});
    const runs = async () => (await get("/tinyml/runs")).body as Array<{ id: string; state: string; node: string }>;
    let listed = await runs();
    for (let tries = 0; listed.length === 0 && tries < 200; tries++) listed = await runs();
    const { id, state, node } = listed[0] ?? {};
    assert.deepEqual({ state, node }, { state: "running", node: "train" });
    assert.equal((await helper.request().post("/tinyml/runs/nonsense/stop")).status, 404);
    assert.equal((await helper.request().post(`/tinyml/runs/${id}/stop`)).status, 204);
    await flow.until("it is stopped", () => flow.statuses("train").at(-1)?.text === "status.stopped");
    assert.equal((await runs())[0]?.state, "stopped");
    assert.equal((await helper.request().post(`/tinyml/runs/${id}/stop`)).status, 404);
  });

  it("start a record node, and no other node", async () => {
    const record = { id: "record", z: "tab", type: "tinyml-record", dataset: "dataset", count: 1, wires: [["out"]] };
    const flow = await startFlow([...base, record, { id: "out", z: "tab", type: "helper" }]);
    const start = async (id: string) => (await helper.request().post(`/tinyml/nodes/${id}/record`)).status;
    assert.deepEqual([await start("none"), await start("dataset")], [404, 404]);
    assert.equal(await start("record"), 204);
    flow.send("record", { payload: 0.5, label: 1 });
    assert.deepEqual((await flow.next("out")).payload, { recorded: 1, total: 1 });
  });

  it("resume what a training node was stopped in, and no other node", async () => {
    const train = { id: "train", z: "tab", type: "tinyml-train", dataset: "dataset", model: "pot", ...endlessRecipe };
    const flow = await startFlow([...base, train]);
    await storePotentiometer(flow.storage, 100);
    const resume = async (id: string) => (await helper.request().post(`/tinyml/nodes/${id}/resume`)).status;
    assert.deepEqual([await resume("none"), await resume("dataset")], [404, 404]);
    assert.equal(await resume("train"), 204);
    assert.equal((await flow.next("errors")).error?.code, "TINYML_NO_CHECKPOINT");
    flow.send("train", {});
    await flow.until("it trains", () => flow.statuses("train").at(-1)?.text === "status.training");
    flow.send("train", { train: "stop" });
    await flow.until("it is stopped", () => flow.statuses("train").at(-1)?.text === "status.stopped");
    assert.equal(await resume("train"), 204);
    await flow.until("it goes on", () => flow.statuses("train").at(-1)?.text === "status.training");
    flow.send("train", { train: "stop" });
    await flow.until("it is stopped", () => flow.statuses("train").at(-1)?.text === "status.stopped");
    const listed = (await get("/tinyml/runs")).body as Array<{ state: string; recipe: { task: string } }>;
    assert.deepEqual(
      listed.map(({ state, recipe }) => [state, recipe.task]),
      [["stopped", "regression"]],
    );
  });

  it("count the readings of datasets, open or not", async () => {
    const labels = { ...potentiometerDataset, id: "moves", name: "moves", task: "classification" };
    labels.id = "labels";
    const record = { id: "record", z: "tab", type: "tinyml-record", dataset: "labels", always: true };
    const complete = { id: "complete", z: "tab", type: "complete", scope: ["record"], wires: [["completed"]] };
    const flow = await startFlow([...base, labels, record, complete, { id: "completed", z: "tab", type: "helper" }]);
    await storePotentiometer(flow.storage, 12);
    for (const label of ["up", "down", "up"]) flow.send("record", { payload: 1, label });
    await flow.until("they are stored", () => flow.received("completed").length >= 3);
    const expected = [
      { name: "moves", rows: 3, perLabel: { up: 2, down: 1 } },
      { name: "potentiometer", rows: 12 },
    ];
    assert.deepEqual((await get("/tinyml/datasets")).body, expected);
    await flow.redeploy(base);
    assert.deepEqual((await get("/tinyml/datasets")).body, expected);
    const broken = path.join(flow.storage, "datasets", "broken");
    await mkdir(broken);
    await writeFile(path.join(broken, "rows.csv"), "a,b\n");
    const [first] = (await get("/tinyml/datasets")).body as Array<{ name: string; problem?: string }>;
    assert.equal(first?.name, "broken");
    assert.ok(first?.problem);
  });

  it("tell what a network gives and costs while it is edited, and where it does not fit", async () => {
    await startFlow(base);
    const summarize = async (body: object) => {
      const { status, body: answer } = await helper.request().post("/tinyml/recipes/summary").send(body);
      return { status, ...(answer as NetworkSummary & { code?: string }) };
    };
    const output = { type: "dense", units: 10, activation: "softmax" };
    const conv2d = { type: "conv2d", filters: 8, kernelSize: 3 };
    const shape = [28, 28, 1];
    const whole = await summarize({ shape, layers: [conv2d, { type: "flatten" }, output] });
    assert.equal(whole.status, 200);
    assert.deepEqual(whole.layers, [
      { type: "conv2d", shape: [26, 26, 8], parameters: 80, macs: 26 * 26 * 8 * 9 },
      { type: "flatten", shape: [5408], parameters: 0, macs: 0 },
      { type: "dense", shape: [10], parameters: 54090, macs: 54080 },
    ]);
    assert.deepEqual([whole.parameters, whole.floatBytes], [54170, 4 * 54170]);
    assert.deepEqual([whole.shape, whole.outputs, whole.problem], [shape, 10, undefined]);

    const faults: [layers: object[], layer: number, message: RegExp][] = [
      [[{ type: "flatten" }, conv2d, output], 1, /^it takes pictures \[height, width, channels\], but gets \[784\]/],
      [[conv2d, { type: "maxPooling2d", poolSize: "wide" }, output], 1, /^poolSize: /],
      [[conv2d, { type: "conv9d" }, output], 1, /^type: /],
      [[conv2d, output], 1, /add a flatten or globalAveragePooling2d layer above/],
    ];
    for (const [layers, layer, message] of faults) {
      const { status, problem, layers: before } = await summarize({ shape, layers });
      assert.deepEqual([status, problem?.layer], [200, layer], JSON.stringify(layers));
      assert.match(problem?.message ?? "", message);
      assert.ok(before.length >= layer, "what comes before is still summarized");
    }
    for (const body of [
      {},
      { shape, layers: [] },
      { shape: [0], layers: [output] },
      { shape, layers: Array(201).fill(output) },
    ]) {
      const { status, code } = await summarize(body);
      assert.deepEqual([status, code], [400, "TINYML_RECIPE_INVALID"]);
    }
  });

  it("ask the deployed dataset for the shape that the editor does not know", async () => {
    const flow = await startFlow(base);
    await storePotentiometer(flow.storage, 12);
    const summarize = async (dataset: string) => {
      const layers = [{ type: "dense", units: 2, activation: "linear" }];
      const { body } = await helper.request().post("/tinyml/recipes/summary").send({ dataset, layers });
      return body as NetworkSummary & { code?: string };
    };
    const { shape, outputs, parameters } = await summarize("dataset");
    assert.deepEqual({ shape, outputs, parameters }, { shape: [1], outputs: 1, parameters: 2 });
    assert.equal((await summarize("none")).code, "TINYML_DATASET_NOT_SET");
  });

  it("give models and sketches", async () => {
    const exporter = { id: "export", z: "tab", type: "tinyml-export", sketch: "pot", wires: [["out"]] };
    const flow = await startFlow([...base, exporter, { id: "out", z: "tab", type: "helper" }]);
    const file = fileOf(potentiometerModel());
    await storeModelFile(flow.storage, "pot", file);
    const models = (await get("/tinyml/models")).body as Array<{ name: string; bytes: number }>;
    assert.deepEqual(
      models.map(({ name, bytes }) => ({ name, bytes })),
      [{ name: "pot", bytes: file.length }],
    );
    const model = await getFile("/tinyml/models/pot.tflite");
    assert.equal(model.status, 200);
    assert.match(model.type, /pot\.tflite/);
    assert.ok(model.body.equals(file));
    flow.send("export", { payload: file });
    await flow.next("out");
    const sketches = (await get("/tinyml/sketches")).body as Array<{ name: string; node: string }>;
    assert.deepEqual(
      sketches.map(({ name, node }) => ({ name, node })),
      [{ name: "pot", node: "export" }],
    );
    const zip = await getFile("/tinyml/sketches/pot.zip");
    assert.equal(zip.status, 200);
    assert.equal(zip.body.subarray(0, 2).toString(), "PK");
  });

  it("tell what a stored model is, and the one that a node predicts with", async () => {
    const predict = { id: "predict", z: "tab", type: "tinyml-predict" };
    const flow = await startFlow([...base, predict]);
    const file = fileOf(potentiometerModel());
    await storeModelFile(flow.storage, "pot", file);
    await storeModelFile(flow.storage, "broken", file.subarray(0, 300));
    const summary = JSON.parse(JSON.stringify(summarizeModel(readTflite(file), file.length)));
    assert.deepEqual((await get("/tinyml/models/pot/summary")).body, { summary });
    for (const [name, problem] of [
      ["none", /There is no model "none" yet/],
      ["broken", /model|file/],
    ] as const) {
      const { status, body } = await get(`/tinyml/models/${name}/summary`);
      assert.equal(status, 200);
      assert.match((body as { problem: string }).problem, problem);
    }
    assert.equal((await get("/tinyml/models/..%2fpot/summary")).status, 400);
    const inUse = async () => (await get("/tinyml/nodes/predict/model")).body;
    assert.deepEqual(await inUse(), {});
    flow.send("predict", { payload: file });
    await flow.until("it is loaded", () => flow.statuses("predict").at(-1)?.text === "status.loaded");
    assert.deepEqual(await inUse(), { summary });
    await flow.redeploy();
    assert.deepEqual(await inUse(), {});
  });

  it("tell why a node predicts with no model", async () => {
    const flow = await startFlow([
      ...base,
      { id: "predict", z: "tab", type: "tinyml-predict", source: "file", file: "none.tflite" },
    ]);
    await flow.until("it has failed", () => flow.statuses("predict").at(-1)?.fill === "red");
    const { problem } = (await get("/tinyml/nodes/predict/model")).body as { problem: string };
    assert.match(problem, /^There is no file .*none\.tflite\. Check the path\.$/);
  });

  it("give nothing else, whatever is asked for", async () => {
    const flow = await startFlow(base);
    await mkdir(path.join(flow.storage, "models"), { recursive: true });
    await writeFile(path.join(flow.storage, "secret.zip"), "secret");
    for (const address of ["models/none.tflite", "sketches/none.zip"]) {
      const { status, body } = await get(`/tinyml/${address}`);
      assert.equal(status, 404, address);
      assert.equal((body as { code: string }).code, "TINYML_FILE");
    }
    const escapes = ["..%2fsecret", "%2e%2e%2fsecret", "..%5csecret", "a%00", "%2fetc%2fpasswd", "con"];
    for (const name of escapes) {
      const { status, body } = await get(`/tinyml/sketches/${name}.zip`);
      assert.equal(status, 400, name);
      assert.equal((body as { code: string }).code, "TINYML_NAME_INVALID", name);
    }
  });

  it("list serial ports, and the boards that sketches forward readings of", async () => {
    await startFlow(base);
    const { status, body } = await get("/tinyml/ports");
    assert.ok(status === 200 && Array.isArray(body));
    const boards = (await get("/tinyml/forwarder")).body as Array<{ name: string }>;
    assert.ok(boards.some(({ name }) => name === "uno"));
  });

  it("give a sketch that forwards readings, or say what is wrong with its settings", async () => {
    await startFlow(base);
    const { status, type, body } = await getFile(
      "/tinyml/forwarder/uno.zip?channels=2&rate=50&baud=115200&source=analog",
    );
    assert.deepEqual([status, type], [200, 'attachment; filename="forwarder_uno.zip"']);
    const files = unzipSync(body);
    assert.deepEqual(Object.keys(files), ["forwarder_uno/forwarder_uno.ino"]);
    assert.match(
      Buffer.from(Object.values(files)[0] ?? []).toString(),
      /50 lines a second at 115200 baud, each with 2 numbers/,
    );
    assert.deepEqual((await get("/tinyml/forwarder/uno/check?channels=2&rate=50")).body, {});
    for (const [address, reason] of [
      ["uno/check?channels=6&rate=1000&baud=115200", /baud/],
      ["uno/check?source=imu", /no motion sensor/],
      ["uno/check?source=smell", /analog, imu, microphone/],
      ["uno/check?rate=abc", /times a second/],
      ["cray/check", /no board "cray"/],
    ] as const) {
      const { problem } = (await get(`/tinyml/forwarder/${address}`)).body as { problem: string };
      assert.match(problem, reason, address);
    }
    assert.equal((await get("/tinyml/forwarder/uno.zip?channels=99")).status, 400);
    assert.equal((await get("/tinyml/forwarder/cray.zip")).status, 404);
  });
});
