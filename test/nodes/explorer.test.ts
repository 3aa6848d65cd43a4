import assert from "node:assert/strict";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import helper from "node-red-node-test-helper";
import { linkPackage, type RunningNodeRed, startNodeRed } from "../../build/node-red";
import type { MapView, SamplePage, SampleView } from "../../nodes/explorer";
import type { NewSample } from "../../src/dataset/dataset";
import type { DatasetDescription } from "../../src/dataset/description";
import { openDataset } from "../../src/dataset/open-dataset";
import { createRandom, normal } from "../../src/dataset/random";
import { temporaryFolder } from "../support/folders";
import { startFlow, tab } from "./support/flow";

const moves: DatasetDescription = {
  version: 1,
  kind: "timeseries",
  task: "classification",
  rateHz: 50,
  channels: [
    { name: "x", unit: "g" },
    { name: "y", unit: "g" },
  ],
};

/** Recordings that go up and down about 0 ("wave") or, faster, about 3 ("shake"), of different lengths. */
function recordings(count: number): NewSample[] {
  const random = createRandom(4);
  return Array.from({ length: count }, (_, i) => {
    const readings = 40 + random.below(20);
    const turns = i % 2 === 0 ? 0.1 : 0.6;
    const values = Float32Array.from(
      { length: 2 * readings },
      (__, j) => Math.sin(turns * (j >> 1)) + 3 * (i % 2) + 0.05 * normal(random),
    );
    return { values, label: i % 2 === 0 ? "wave" : "shake", source: "imu", ...(i < 3 && { split: "test" as const }) };
  });
}

async function store(
  storage: string,
  name: string,
  description: DatasetDescription,
  samples: NewSample[],
): Promise<void> {
  const dataset = await openDataset(path.join(storage, "datasets", name), description);
  await dataset.addAll(samples);
  await dataset.close();
}

describe("admin routes of the dataset explorer", () => {
  const get = async <Body>(address: string): Promise<{ status: number; body: Body }> => {
    const { status, body } = await helper.request().get(`/tinyml/${address}`);
    return { status, body: body as Body };
  };
  const post = async (address: string, body: object): Promise<{ status: number; code?: string }> => {
    const response = await helper.request().post(`/tinyml/${address}`).send(body);
    return { status: response.status, ...(response.body as { code?: string }) };
  };
  const startWith = async (count: number): Promise<string> => {
    const { storage } = await startFlow(tab);
    await store(storage, "moves", moves, recordings(count));
    return storage;
  };
  const list = async (query: string): Promise<SamplePage> =>
    (await get<SamplePage>(`datasets/moves/samples?${query}`)).body;

  it("list samples in pages, with what is known of each, and how many there are by label and use", async () => {
    await startWith(7);
    const { dataset, matching, offset, samples } = await list("offset=2&limit=3");
    assert.deepEqual([matching, offset, samples.map(({ id }) => id)], [7, 2, [3, 4, 5]]);
    const [first] = samples;
    assert.deepEqual([first?.label, first?.split, first?.source], ["wave", "test", "imu"]);
    assert.ok((first?.readings ?? 0) >= 40 && Number.isFinite(first?.time));
    assert.deepEqual(dataset.counts, [
      { label: "shake", training: 0, validation: 0, test: 1, undecided: 2 },
      { label: "wave", training: 0, validation: 0, test: 2, undecided: 2 },
    ]);
    assert.deepEqual([dataset.kind, dataset.samples, dataset.deleted, dataset.rateHz], ["timeseries", 7, 0, 50]);
    const filters: [query: string, ids: number[]][] = [
      ["label=shake", [2, 4, 6]],
      ["side=test", [1, 2, 3]],
      ["label=wave&side=undecided", [5, 7]],
      ["label=none", []],
      ["deleted=true", []],
      ["offset=9", []],
      ["offset=-1&limit=abc", [1, 2, 3, 4, 5, 6, 7]],
    ];
    for (const [query, ids] of filters) {
      assert.deepEqual(
        (await list(query)).samples.map(({ id }) => id),
        ids,
        query,
      );
    }
  });

  it("list the targets of a table's rows, as they are now", async () => {
    const storage = await startWith(0);
    const targets = [{ name: "brightness", unit: "%" }];
    const table: DatasetDescription = { ...moves, kind: "table", task: "regression", targets };
    await store(storage, "rows", table, [
      { values: Float32Array.of(1, 2), targets: [0.1] },
      { values: Float32Array.of(3, 4), targets: [0.2] },
    ]);
    assert.equal((await post("datasets/rows/samples/relabel", { ids: [2], targets: [0.3] })).status, 204);
    assert.equal((await post("datasets/rows/samples/relabel", { ids: [2], targets: [1, 2] })).status, 400);
    const { samples, dataset } = (await get<SamplePage>("datasets/rows/samples")).body;
    assert.deepEqual(
      samples.map((entry) => entry.targets),
      [[0.1], [0.3]],
    );
    assert.deepEqual(dataset.counts, [{ label: "", training: 0, validation: 0, test: 0, undecided: 2 }]);
    assert.deepEqual((await get<MapView>("datasets/rows/map")).body.values, [Math.fround(0.1), 0.3]);
  });

  it("give a sample's numbers thinned for drawing, a sound's spectrogram, a row, and a file as it is", async () => {
    const storage = await startWith(0);
    const long = Float32Array.from({ length: 4000 }, (_, i) => (i === 2001 ? 9 : 0));
    await store(storage, "moves", moves, [{ values: long, label: "wave" }]);
    const { entry, plot } = (await get<SampleView>("datasets/moves/samples/1")).body;
    assert.deepEqual([entry.id, entry.label, entry.readings], [1, "wave", 2000]);
    assert.ok(plot.type === "lines");
    const { step, channels } = plot.envelope;
    assert.deepEqual([step, channels[0]?.minimum.length, Math.max(...(channels[1]?.maximum ?? []))], [4, 500, 9]);

    const sound: DatasetDescription = {
      ...moves,
      kind: "audio",
      rateHz: 8000,
      channels: [{ name: "sound", unit: "" }],
    };
    const tone = Float32Array.from({ length: 4000 }, (_, i) => 0.5 * Math.sin(i));
    await store(storage, "sounds", sound, [{ values: tone, label: "tone" }]);
    const heard = (await get<SampleView>("datasets/sounds/samples/1")).body.plot;
    assert.ok(heard.type === "sound");
    const { columns, bands, highestHz, levels } = heard.spectrogram;
    assert.deepEqual([Buffer.from(levels, "base64").length, highestHz], [columns * bands, 4000]);
    const file = await helper.request().get("/tinyml/datasets/sounds/samples/1/file");
    assert.match(file.headers["content-type"] ?? "", /wav/);
    assert.equal(file.headers["x-content-type-options"], "nosniff");

    const table: DatasetDescription = { ...moves, kind: "table" };
    await store(storage, "rows", table, [{ values: Float32Array.of(1, 2), label: "wave" }]);
    assert.deepEqual((await get<SampleView>("datasets/rows/samples/1")).body.plot, { type: "row", values: [1, 2] });
    assert.equal((await get("datasets/rows/samples/1/file")).status, 404);
  });

  it("map all samples, those that are alike close together, and keep the places when labels change", async () => {
    await startWith(60);
    const map = (await get<MapView>("datasets/moves/map")).body;
    assert.deepEqual([map.ids.length, map.labels, map.samples], [60, ["shake", "wave"], 60]);
    const of = (label: number): number[] => map.x.filter((_, i) => map.values[i] === label);
    const [shakes, waves] = [of(0), of(1)];
    const gap = Math.max(Math.min(...waves) - Math.max(...shakes), Math.min(...shakes) - Math.max(...waves));
    assert.ok(gap > Math.max(...waves) - Math.min(...waves), `waves at ${waves}, shakes at ${shakes}`);
    assert.equal((await post("datasets/moves/samples/relabel", { ids: [1], label: "odd" })).status, 204);
    assert.equal((await post("datasets/moves/samples/delete", { ids: [2] })).status, 204);
    const after = (await get<MapView>("datasets/moves/map")).body;
    assert.deepEqual(after.labels, ["odd", "shake", "wave"]);
    assert.deepEqual([after.ids.length, after.ids[0], after.x[0], after.values[0]], [59, 1, map.x[0], 0]);
  });

  it("map another dataset that was made under the name of a removed one, or was restored over it", async () => {
    const storage = await startWith(6);
    const folder = path.join(storage, "datasets", "moves");
    const first = (await get<MapView>("datasets/moves/map")).body;
    await rm(folder, { recursive: true });
    await store(storage, "moves", moves, recordings(7).slice(1));
    const second = (await get<MapView>("datasets/moves/map")).body;
    assert.deepEqual(second.ids, first.ids);
    assert.notDeepEqual(second.x, first.x);
    const other = await temporaryFolder();
    await store(other, "moves", moves, recordings(8).slice(2));
    for (const file of ["index.ndjson", ...first.ids.map((id) => path.join("samples", `${id}.csv`))]) {
      await writeFile(path.join(folder, file), await readFile(path.join(other, "datasets", "moves", file)));
    }
    const third = (await get<MapView>("datasets/moves/map")).body;
    assert.deepEqual(third.ids, first.ids);
    assert.notDeepEqual(third.x, second.x);
  });

  it("map a recording when it has ended, and a file when it can be read again", async () => {
    const storage = await startWith(4);
    const folder = path.join(storage, "datasets", "moves");
    const map = async () => {
      const { ids, samples, unreadable } = (await get<MapView>("datasets/moves/map")).body;
      return { ids, samples, unreadable };
    };
    await rename(path.join(folder, "samples", "2.csv"), path.join(folder, "lost.csv"));
    const dataset = await openDataset(folder, moves);
    const recording = await dataset.record({ label: "wave" });
    await recording.append([1, 2]);
    assert.deepEqual(await map(), { ids: [1, 3, 4], samples: 5, unreadable: 1 });
    await recording.append([3, 4]);
    await recording.finish();
    assert.deepEqual(await map(), { ids: [1, 3, 4, 5], samples: 5, unreadable: 1 });
    await rename(path.join(folder, "lost.csv"), path.join(folder, "samples", "2.csv"));
    assert.deepEqual(await map(), { ids: [1, 2, 3, 4, 5], samples: 5, unreadable: 0 });
    await dataset.close();
  });

  it("make one map for all who ask at the same time, also while samples are relabelled", async () => {
    const storage = await startWith(400);
    let threads = 0;
    const count = () => {
      threads += 1;
    };
    process.on("worker", count);
    try {
      const dataset = await openDataset(path.join(storage, "datasets", "moves"), moves);
      const asked = Array.from({ length: 6 }, async (_, pupil) => {
        if (pupil === 3) await dataset.relabel([1], { label: "odd" });
        return (await get<MapView>("datasets/moves/map")).body.ids.length;
      });
      assert.deepEqual(await Promise.all(asked), [400, 400, 400, 400, 400, 400]);
      await dataset.close();
    } finally {
      process.off("worker", count);
    }
    assert.equal(threads, 1);
  });

  it("relabel, assign, delete and restore samples", async () => {
    await startWith(6);
    const act = (action: string, body: object) => post(`datasets/moves/samples/${action}`, body);
    assert.equal((await act("relabel", { ids: [1, 3], label: "shake" })).status, 204);
    assert.equal((await act("split", { ids: [1], split: "training" })).status, 204);
    assert.equal((await act("split", { ids: [2] })).status, 204);
    assert.equal((await act("delete", { ids: [4, 5] })).status, 204);
    const { samples, dataset } = await list("");
    assert.deepEqual(
      samples.map(({ id, label, split }) => [id, label, split]),
      [
        [1, "shake", "training"],
        [2, "shake", undefined],
        [3, "shake", "test"],
        [6, "shake", undefined],
      ],
    );
    assert.equal(dataset.deleted, 2);
    assert.equal((await act("restore", { ids: [4] })).status, 204);
    assert.deepEqual(
      (await list("deleted=true")).samples.map(({ id }) => id),
      [5],
    );
  });

  it("refuse what is not there and what makes no sense, with a code", async () => {
    const storage = await startWith(2);
    await store(storage, "fixed", { ...moves, labels: ["a", "b"] }, [{ ...recordings(1)[0], label: "a" } as NewSample]);
    const asked: [address: string, status: number, code: string][] = [
      ["datasets/none/samples", 404, "TINYML_DATASET_MISSING"],
      ["datasets/none/map", 404, "TINYML_DATASET_MISSING"],
      ["datasets/moves/samples/77", 404, "TINYML_UNKNOWN_SAMPLE"],
      ["datasets/moves/samples/x", 404, "TINYML_UNKNOWN_SAMPLE"],
      ["datasets/moves/samples/1/file", 404, "TINYML_UNKNOWN_SAMPLE"],
      ["datasets/..%2fmoves/samples", 400, "TINYML_NAME_INVALID"],
      ["datasets/%2e%2e%2f%2e%2e/map", 400, "TINYML_NAME_INVALID"],
      ["datasets/a%00/samples/1/file", 400, "TINYML_NAME_INVALID"],
    ];
    for (const [address, status, code] of asked) {
      const answer = await get<{ code: string }>(address);
      assert.deepEqual([answer.status, answer.body.code], [status, code], address);
    }
    const told: [address: string, body: object, status: number, code: string][] = [
      ["moves/samples/delete", { ids: [9] }, 404, "TINYML_UNKNOWN_SAMPLE"],
      ["moves/samples/restore", { ids: [1] }, 404, "TINYML_UNKNOWN_SAMPLE"],
      ["moves/samples/delete", {}, 400, "TINYML_CONFIG_INVALID"],
      ["moves/samples/delete", { ids: ["1"] }, 400, "TINYML_CONFIG_INVALID"],
      ["moves/samples/explode", { ids: [1] }, 400, "TINYML_CONFIG_INVALID"],
      ["moves/samples/constructor", { ids: [1] }, 400, "TINYML_CONFIG_INVALID"],
      ["moves/samples/relabel", { ids: [1] }, 400, "TINYML_CONFIG_INVALID"],
      ["moves/samples/split", { ids: [1], split: "sometimes" }, 400, "TINYML_CONFIG_INVALID"],
      ["fixed/samples/relabel", { ids: [1], label: "c" }, 400, "TINYML_UNKNOWN_LABEL"],
      ["none/samples/delete", { ids: [1] }, 404, "TINYML_DATASET_MISSING"],
      ["..%2fmoves/samples/delete", { ids: [1] }, 400, "TINYML_NAME_INVALID"],
    ];
    for (const [address, body, status, code] of told) {
      const answer = await post(`datasets/${address}`, body);
      assert.deepEqual([answer.status, answer.code], [status, code], address);
    }
    assert.equal((await list("")).matching, 2);
  });
});

describe("admin routes of the dataset explorer behind a login", function () {
  this.timeout(60_000);
  let nodeRed: RunningNodeRed;

  /** Users with all permissions, with those of a reader, and with none; hashes of "teacher-secret" and "pupil-secret". */
  const teacher = "$2b$04$tASfFxGgvz4T3R1/xxyiXuKzXv2rLRk487EyuTuUA7/znLlaCjAY6";
  const pupil = "$2b$04$XZTf8DJCaJ4kPU6e9CE/KuHFjDqH8v7ylvCids3O/OXIRDLvTthzy";

  before(async () => {
    const userFolder = await temporaryFolder();
    await linkPackage(userFolder);
    await store(path.join(userFolder, "tinyml"), "moves", moves, recordings(4));
    const users = [
      { username: "teacher", password: teacher, permissions: "*" },
      { username: "pupil", password: pupil, permissions: ["tinyml.read"] },
      { username: "stranger", password: pupil, permissions: ["flows.read"] },
    ];
    nodeRed = await startNodeRed({ userFolder, settings: { adminAuth: { type: "credentials", users } } });
  });

  after(async () => {
    await nodeRed?.stop();
  });

  const login = async (username: string, password: string): Promise<string> => {
    const body = new URLSearchParams({
      client_id: "node-red-admin",
      grant_type: "password",
      scope: "",
      username,
      password,
    });
    const response = await fetch(`${nodeRed.url}auth/token`, { method: "POST", body });
    const token: { access_token: string } = JSON.parse(await response.text());
    return token.access_token;
  };

  const routes: [method: "GET" | "POST", address: string][] = [
    ["GET", "datasets"],
    ["GET", "datasets/moves/samples"],
    ["GET", "datasets/moves/samples/1"],
    ["GET", "datasets/moves/map"],
    ["POST", "datasets/moves/samples/relabel"],
    ["POST", "datasets/moves/samples/split"],
    ["POST", "datasets/moves/samples/delete"],
    ["POST", "datasets/moves/samples/restore"],
  ];
  const visitors: { who: string; secret?: string; reads: boolean; writes: boolean }[] = [
    { who: "nobody", reads: false, writes: false },
    { who: "stranger", secret: "pupil-secret", reads: false, writes: false },
    { who: "pupil", secret: "pupil-secret", reads: true, writes: false },
    { who: "teacher", secret: "teacher-secret", reads: true, writes: true },
  ];
  for (const { who, secret, reads, writes } of visitors) {
    it(`${who} ${reads ? (writes ? "may read and write" : "may read only") : "may do nothing"}`, async () => {
      const token = secret === undefined ? undefined : await login(who, secret);
      for (const [method, address] of routes) {
        const response = await fetch(`${nodeRed.url}tinyml/${address}`, {
          method,
          headers: {
            "Content-Type": "application/json",
            ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          },
          ...(method === "POST" && { body: JSON.stringify({ ids: [2], label: "wave" }) }),
        });
        const allowed = method === "GET" ? reads : writes;
        assert.equal(response.status, allowed ? (method === "GET" ? 200 : 204) : 401, `${method} ${address}`);
      }
    });
  }
});
