import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { zipSync } from "fflate";
import { decodePng } from "../../../src/dataset/decode-png";
import { encodePng } from "../../../src/dataset/encode-png";
import { type ImportedSamples, type ImportOptions, importSamples } from "../../../src/dataset/exchange/import-samples";
import { readData } from "../../../src/dataset/read-data";
import type { ErrorCode } from "../../../src/errors";
import { sharedData } from "../../support/shared-data";
import { requireTool, runTool } from "../../support/tools";
import { idxBytes } from "../support/idx";
import { knownPictures, pngBytes } from "../support/pictures";
import { pcm16, wavBytes } from "../support/wav";

type Files = Readonly<Record<string, Uint8Array | string>>;

const importFiles = (files: Files, options?: ImportOptions): Promise<ImportedSamples> =>
  importSamples(
    Object.entries(files).map(([name, content]) => ({ name, bytes: Buffer.from(content) })),
    options,
  );

/** What was imported, short: the values of a sample, or its type and how many bytes it has. */
const listSamples = ({ samples }: ImportedSamples): unknown[] =>
  [...samples].map((sample) => {
    const { label, targets, split, group } = sample;
    const content = "values" in sample ? Array.from(sample.values) : sample.type;
    return [label ?? targets, content, ...(split || group ? [split, group] : [])];
  });

const sound = wavBytes(pcm16([0.5, -0.5]));
const grey = pngBytes(2, 1, Uint8Array.of(1, 2));
const colour = pngBytes(1, 1, Uint8Array.of(1, 2, 3));
const large = pngBytes(640, 480, new Uint8Array(640 * 480));
const jpeg = knownPictures.find(({ name }) => name === "colours.jpg")?.bytes ?? Buffer.alloc(0);
const channel = (name: string, unit = "") => ({ name, unit });

describe("importSamples: files of one kind", () => {
  it("a CSV file: a table, its last column the label or the target", async () => {
    const labelled = await importFiles({ "lamp.csv": "x;y;state\n1;2;on\n3.5;4;off\n" });
    assert.deepEqual(labelled.description, {
      version: 1,
      kind: "table",
      task: "classification",
      channels: [channel("x"), channel("y")],
    });
    assert.deepEqual(listSamples(labelled), [
      ["on", [1, 2]],
      ["off", [3.5, 4]],
    ]);
    const numbers = await importFiles({ "lamp.csv": "x,y\n1,2\n3,4\n" });
    assert.deepEqual([numbers.description.task, numbers.description.targets], ["regression", [channel("y")]]);
    assert.deepEqual(listSamples(numbers), [
      [[2], [1]],
      [[4], [3]],
    ]);
  });

  it("a CSV file with blank lines between numbers: recordings of the class that its name says", async () => {
    const imported = await importFiles({ "up.csv": "x,y\n1,2\n3,4\n\n5,6\n" }, { rateHz: 50 });
    assert.deepEqual(imported.description, {
      version: 1,
      kind: "timeseries",
      task: "classification",
      channels: [channel("x"), channel("y")],
      rateHz: 50,
    });
    assert.deepEqual(listSamples(imported), [
      ["up", [1, 2, 3, 4]],
      ["up", [5, 6]],
    ]);
    const whole = await importFiles({ "up.csv": "x,y\n1,2\n3,4\n" }, { recordings: true, label: "rise" });
    assert.deepEqual(listSamples(whole), [["rise", [1, 2, 3, 4]]]);
  });

  it("CSV files of several classes: recordings, or a sample a line where no blank line parts any", async () => {
    const rows = await importFiles({ "up.csv": "x\n1\n2\n", "down.csv": "x\n3\n" });
    assert.deepEqual(
      [rows.description.kind, listSamples(rows)],
      [
        "table",
        [
          ["up", [1]],
          ["up", [2]],
          ["down", [3]],
        ],
      ],
    );
    const recordings = await importFiles({ "up/a.csv": "x\n1\n2\n", "down/a.csv": "x\n3\n" });
    assert.deepEqual(
      [recordings.description.kind, listSamples(recordings)],
      [
        "timeseries",
        [
          ["up", [1, 2]],
          ["down", [3]],
        ],
      ],
    );
  });

  it("folders of WAV files: sounds as they came, with their rate, sides and sources", async () => {
    const imported = await importFiles({
      "data/train/yes/yes_anna_1.wav": sound,
      "data/train/no/b": sound,
      "data/testing/yes/c.wav": sound,
      "data/train/README.md": "",
    });
    assert.deepEqual(imported.description, {
      version: 1,
      kind: "audio",
      task: "classification",
      channels: [channel("sound")],
      rateHz: 8000,
    });
    assert.deepEqual(listSamples(imported), [
      ["yes", "wav", "training", "anna"],
      ["no", "wav", "training", undefined],
      ["yes", "wav", "test", undefined],
    ]);
    assert.deepEqual(imported.passedOver, ["data/train/README.md"]);
  });

  it("a sound or picture whose name Edge Impulse gave: the label stands before the random part", async () => {
    assert.deepEqual(listSamples(await importFiles({ "hello world.1rv1kfrn.wav": sound })), [["hello world", "wav"]]);
    assert.deepEqual(listSamples(await importFiles({ "cat.3r7ulpn9.s2.png": grey })), [["cat", "png"]]);
  });

  it("folders of pictures, JPEG and PNG by their content, whatever their names say; grey and coloured ones mixed", async () => {
    const imported = await importFiles({ "cat/1.png": grey, "cat/2.png": jpeg, "dog/3.dat": colour });
    assert.deepEqual(imported.description.channels, [channel("red"), channel("green"), channel("blue")]);
    assert.deepEqual(listSamples(imported), [
      ["cat", "png"],
      ["cat", "jpg"],
      ["dog", "png"],
    ]);
  });

  it("IDX files: pictures as PNG, readings as rows", async () => {
    const labels = idxBytes("uint8", [2], [7, 3]);
    const pictures = await importFiles({
      "t10k-images-idx3-ubyte": idxBytes("uint8", [2, 1, 2], [1, 2, 3, 4]),
      "t10k-labels-idx1-ubyte": labels,
    });
    assert.deepEqual(listSamples(pictures), [
      ["7", "png", "test", undefined],
      ["3", "png", "test", undefined],
    ]);
    const [first] = pictures.samples;
    assert.deepEqual("bytes" in first && decodePng(first.bytes, "it"), {
      width: 2,
      height: 1,
      channels: 1,
      pixels: Uint8Array.of(1, 2),
    });
    const rows = await importFiles({ "images.idx": idxBytes("float32", [2, 2], [1, 2, 3, 4]), "labels.idx": labels });
    assert.deepEqual(
      [rows.description.kind, listSamples(rows)],
      [
        "table",
        [
          ["7", [1, 2]],
          ["3", [3, 4]],
        ],
      ],
    );
  });

  it("a picture that was encoded here decodes to its pixels", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(1 as const, 3 as const),
        fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
        (width, height, channels, numbers) => {
          const pixels = Uint8Array.from(numbers.take(width * height * channels));
          const picture = { width, height, channels, pixels };
          assert.deepEqual(decodePng(encodePng(picture), "it"), picture);
        },
      ),
    );
  });
});

describe("importSamples: Teachable Machine", () => {
  const manifest = (type: string) => JSON.stringify({ type, version: "2.4.7", appdata: { trainEpochs: 50 } });

  it("a project of pictures (.tm): each sample with its class", async () => {
    const project = zipSync({
      "Class 1-!-0.jpg": jpeg,
      "Class 1-!-1.jpg": jpeg,
      "a/b-!-0.jpg": jpeg,
      "manifest.json": Buffer.from(manifest("image")),
    });
    assert.deepEqual(listSamples(await importFiles({ "project.tm": project })), [
      ["Class 1", "jpg"],
      ["Class 1", "jpg"],
      ["a∕b", "jpg"],
    ]);
  });

  it("a pose project: its pictures; a sound project is refused, for its sounds are not documented", async () => {
    const pose = zipSync({ "Up-!-0.jpg": jpeg, "manifest.json": Buffer.from(manifest("pose")) });
    assert.deepEqual(listSamples(await importFiles({ "project.tm": pose })), [["Up", "jpg"]]);
    const audio = zipSync({ "Up-!-0.webm": Buffer.from("x"), "manifest.json": Buffer.from(manifest("audio")) });
    await assert.rejects(importFiles({ "project.tm": audio }), {
      code: "TINYML_IMPORT_INVALID",
      message: /project of the type "audio".*Record sounds as WAV/,
    });
  });

  it("samples that were saved class by class", async () => {
    const samples = zipSync({ "0.jpg": jpeg, "1.jpg": jpeg });
    assert.deepEqual(listSamples(await importFiles({ "cat-samples.zip": samples })), [
      ["cat", "jpg"],
      ["cat", "jpg"],
    ]);
    const both = await importFiles({ "cat-samples.zip": samples, "dog-samples.zip": samples });
    assert.deepEqual(
      [...both.samples].map(({ label }) => label),
      ["cat", "cat", "dog", "dog"],
    );
  });
});

describe("importSamples: Edge Impulse", () => {
  let encode: typeof import("cborg").encode;
  before(async () => {
    ({ encode } = await import("cborg"));
  });

  const acquisition = (payload: object, iat: number | undefined = 1700000000) => ({
    protected: { ver: "v1", alg: "HS256", iat },
    signature: "0".repeat(64),
    payload,
  });
  const motion = acquisition({
    device_name: "ac:87:a3:0a:2d:1b",
    device_type: "DISCO-L475VG-IOT01A",
    interval_ms: 10,
    sensors: [
      { name: "accX", units: "m/s2" },
      { name: "accY", units: "m/s2" },
      { name: "state", units: "N/A" },
    ],
    values: [
      [-9.5, 0.25, 1],
      [9.5, 0.5, 0],
    ],
  });
  const voice = acquisition({
    device_type: "MOBILE_CLIENT",
    interval_ms: 0.0625,
    sensors: [{ name: "audio", units: "wav" }],
    values: [0, 16384, -32768],
  });
  const info = (files: object[]) => JSON.stringify({ version: 1, files });
  const labelled = (path: string, label: string, category = "training") => ({
    path,
    category,
    label: { type: "label", label },
    boundingBoxes: [],
  });

  for (const [format, write] of [
    ["JSON", (value: object): Uint8Array => Buffer.from(JSON.stringify(value))],
    ["CBOR", (value: object): Uint8Array => encode(value)],
    ["CBOR of single floats", (value: object): Uint8Array => encode(value, { float64: false })],
  ] as const) {
    it(`a sample in ${format}: channels with units, rate, device and time`, async () => {
      const imported = await importFiles({ "wave.2abc3.x": write(motion) });
      assert.deepEqual(imported.description, {
        version: 1,
        kind: "timeseries",
        task: "classification",
        channels: [channel("accX", "m/s2"), channel("accY", "m/s2"), channel("state")],
        rateHz: 100,
      });
      assert.deepEqual(
        [...imported.samples],
        [
          {
            label: "wave",
            source: "ac:87:a3:0a:2d:1b",
            time: 1700000000000,
            values: Float32Array.of(-9.5, 0.25, 1, 9.5, 0.5, 0),
          },
        ],
      );
    });
  }

  it("a label that is given goes before one that only the file's name tells, and not before a folder's", async () => {
    const json = JSON.stringify(motion);
    const labelsOf = async (files: Files) =>
      [...(await importFiles(files, { label: "given" })).samples].map(({ label }) => label);
    assert.deepEqual(await labelsOf({ "wave.2abc3.json": json }), ["given"]);
    assert.deepEqual(await labelsOf({ "folder/wave.2abc3.json": json }), ["folder"]);
    const { description } = await importFiles({ "readings.v2.csv": "x,state\n1,on\n" });
    assert.equal(description.kind, "table");
  });

  it("a sample of sound: −1..1, with its rate", async () => {
    const { description, samples } = await importFiles({ "yes.1.json": JSON.stringify(voice) });
    assert.deepEqual([description.kind, description.rateHz], ["audio", 16000]);
    const [first] = samples;
    assert.deepEqual("values" in first && first.values, Float32Array.of(0, 0.5, -1));
  });

  it("an export: labels and sides from info.labels, in the order in which it lists", async () => {
    const archive = zipSync({
      "info.labels": Buffer.from(
        info([labelled("training/idle.1.json", "not idle"), labelled("testing/wave.2.cbor", "wave", "testing")]),
      ),
      "testing/wave.2.cbor": encode(motion),
      "testing/info.labels": Buffer.from(info([labelled("wave.2.cbor", "wave", "testing")])),
      "training/idle.1.json": Buffer.from(JSON.stringify(motion)),
      "README.txt": Buffer.from("Edge Impulse"),
    });
    const imported = await importFiles({ "export.zip": archive });
    assert.deepEqual(
      [...imported.samples].map(({ label, split }) => [label, split]),
      [
        ["not idle", "training"],
        ["wave", "test"],
      ],
    );
    assert.deepEqual(imported.passedOver, ["README.txt"]);
  });

  it("an export of sounds and pictures, whose files are what they are", async () => {
    const sounds = await importFiles({ "info.labels": info([labelled("a.wav", "yes")]), "a.wav": sound });
    assert.deepEqual(listSamples(sounds), [["yes", "wav", "training", undefined]]);
    const pictures = await importFiles({ "x/info.labels": info([labelled("a.jpg", "cat", "split")]), "x/a.jpg": jpeg });
    assert.deepEqual(listSamples(pictures), [["cat", "jpg"]]);
  });

  it("a sample with several labels: a sample for each part, all of one group", async () => {
    const parts = [
      { startIndex: 0, endIndex: 0, label: "idle" },
      { startIndex: 1, endIndex: 1, label: "wave" },
    ];
    const files = {
      "info.labels": info([{ path: "a.json", category: "training", label: { type: "multi-label", labels: parts } }]),
      "a.json": JSON.stringify(motion),
    };
    assert.deepEqual(listSamples(await importFiles(files)), [
      ["idle", [-9.5, 0.25, 1], "training", "a.json"],
      ["wave", [9.5, 0.5, 0], "training", "a.json"],
    ]);
  });

  it("refuses CBOR that is cut short", async () => {
    await assert.rejects(importFiles({ "a.b.cbor": encode(motion).slice(0, -5) }), {
      code: "TINYML_IMPORT_INVALID",
      message: /a\.b\.cbor.*no whole CBOR/,
    });
  });

  it("refuses what is nested as deep as only an attack is", async () => {
    const deep = Buffer.alloc(200_000, 0x81);
    const cbor = Buffer.concat([Buffer.from([0xa1, 0x67]), Buffer.from("payload"), deep]);
    const json = `{"payload":${"[".repeat(200_000)}`;
    for (const [name, bytes] of Object.entries({ "a.b.cbor": cbor, "a.b.json": Buffer.from(json) })) {
      await assert.rejects(importSamples([{ name, bytes }]), { code: "TINYML_IMPORT_INVALID", message: /a\.b\./ });
    }
  });

  const withPayload = (change: object): string => JSON.stringify(acquisition({ ...motion.payload, ...change }));
  const faults: [what: string, files: Files, says: RegExp, code?: ErrorCode][] = [
    ["text that is cut short", { "a.b.json": JSON.stringify(motion).slice(0, -5) }, /a\.b\.json.*no whole JSON/],
    ["no payload", { "a.b.json": '{"protected":{},"signature":""}' }, /a\.b\.json.*"payload" is missing/],
    ["no sensors", { "a.b.json": withPayload({ sensors: [] }) }, /names no sensor/],
    ["a sensor without a name", { "a.b.json": withPayload({ sensors: [{ units: "V" }] }) }, /no name/],
    ["no values", { "a.b.json": withPayload({ values: [] }) }, /holds no readings/],
    [
      "a reading too short",
      { "a.b.json": withPayload({ values: [[1, 2, 3], [1]] }) },
      /reading 2 has 1 numbers.*3 sensors/,
    ],
    ["a reading of texts", { "a.b.json": withPayload({ values: [[1, "2", 3]] }) }, /accY/, "TINYML_NOT_A_NUMBER"],
    [
      "a number beyond float32",
      { "a.b.json": withPayload({ values: [[1, 2, 1e300]] }) },
      /state/,
      "TINYML_NOT_A_NUMBER",
    ],
    ["a negative interval", { "a.b.json": withPayload({ interval_ms: -1 }) }, /interval_ms/],
    [
      "values in an attachment",
      { "a.b.json": withPayload({ values: ["Ref-BINARY-image/jpeg (1 bytes) x"] }) },
      /attachment/,
    ],
    [
      "two sensors of one name",
      { "a.b.json": withPayload({ sensors: [{ name: "a" }, { name: "a" }, { name: "b" }] }) },
      /two columns/,
    ],
    ["info.labels of another version", { "info.labels": '{"version":2,"files":[]}' }, /version 2/],
    ["info.labels that is no JSON", { "info.labels": "labels" }, /no whole JSON/],
    ["info.labels that lists nothing", { "info.labels": info([]) }, /holds no CSV/],
    [
      "a listed file that is not there",
      { "info.labels": info([labelled("../a.json", "x")]) },
      /"\.\.\/a\.json", which is not there/,
    ],
    [
      "a file listed twice",
      { "info.labels": info([labelled("a.wav", "x"), labelled("a.wav", "y")]), "a.wav": sound },
      /twice/,
    ],
    [
      "a listed file of another kind",
      { "info.labels": info([labelled("a.mp4", "x")]), "a.mp4": "ftyp" },
      /a\.mp4, which is no sample/,
    ],
    [
      "bounding boxes",
      { "info.labels": info([{ ...labelled("a.png", "x"), boundingBoxes: [{}] }]), "a.png": grey },
      /bounding boxes/,
    ],
    [
      "a sample without a label",
      { "info.labels": info([{ path: "a.wav", category: "training", label: { type: "unlabeled" } }]), "a.wav": sound },
      /a\.wav/,
      "TINYML_NO_LABEL",
    ],
  ];
  for (const [what, files, says, code = "TINYML_IMPORT_INVALID"] of faults) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(importFiles(files), { code, message: says });
    });
  }
});

describe("importSamples: what does not fit together", () => {
  const faults: [what: string, files: Files, code: ErrorCode, says: RegExp][] = [
    ["files of two kinds", { "a/1.wav": sound, "a/2.png": grey }, "TINYML_SAMPLES_DIFFER", /a\/1\.wav and a\/2\.png/],
    ["other columns", { "a/1.csv": "x\n1\n", "b/1.csv": "y\n1\n" }, "TINYML_SAMPLES_DIFFER", /channels x, the other y/],
    [
      "other rates",
      { "a/1.wav": sound, "b/1.wav": wavBytes(pcm16([0]), { rateHz: 16000 }) },
      "TINYML_SAMPLES_DIFFER",
      /8000.*16000/,
    ],
    ["sounds without a folder", { "1.wav": sound, "2.wav": sound }, "TINYML_NO_LABEL", /1\.wav/],
    ["a picture with a date in its name", { "IMG_2024.01.05.png": grey }, "TINYML_NO_LABEL", /IMG_2024\.01\.05\.png/],
    ["a picture with dots in its name", { "my.long.file.png": grey }, "TINYML_NO_LABEL", /Give the import a label/],
    ["nothing that is known", { "a/1.mp3": "ID3", "b.txt": "hello" }, "TINYML_IMPORT_INVALID", /but a\/1\.mp3, b\.txt/],
    ["no file at all", {}, "TINYML_IMPORT_INVALID", /The import/],
    ["a damaged picture", { "a/1.png": "GIF89a" }, "TINYML_DATASET_CORRUPT", /a\/1\.png/],
    ["a damaged table", { "a.csv": "x,y\n1,2\n3\n" }, "TINYML_DATASET_CORRUPT", /Line 3 of a\.csv/],
    ["a label that nobody can print", { "a\tb/1.csv": "x\n1\n" }, "TINYML_IMPORT_INVALID", /control characters/],
    [
      "IDX pictures without labels",
      { "images.idx": idxBytes("uint8", [1, 1, 1], [1]) },
      "TINYML_DATASET_MISSING",
      /labels of/,
    ],
  ];
  for (const [what, files, code, says] of faults) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(importFiles(files), { code, message: says });
    });
  }

  it("refuses a path with nothing at it", async () => {
    await assert.rejects(importSamples("/nowhere/at/all"), { code: "TINYML_FILE", message: /nowhere/ });
  });
});

describe("importSamples: much", () => {
  const refused = { code: "TINYML_IMPORT_INVALID", message: /more than 256 MB of memory\. Import it in smaller parts/ };
  const many = (head: string, line: string): string => head + line.repeat(2_000_000);
  const zeros = new Array<number>(2_000_000).fill(0);
  const exported = JSON.stringify({
    version: 1,
    kind: "table",
    task: "classification",
    channels: [channel("a")],
  });

  for (const [what, files] of [
    ["a table", { "a.csv.gz": gzipSync(many("a,b\n", "1,2\n")) }],
    ["recordings", { "a.csv": many("a\n", "1\n\n") }],
    ["tables of several labels", { "a.csv": many("a\n", "1\n"), "b.csv": "a\n1\n" }],
    [
      "an export of recordings",
      { "a.csv": many("sample,reading,a,label,split,group,source,time\n", "1,0,1,x,,,,\n2,0,1,x,,,,\n") },
    ],
    [
      "an export's index",
      { "dataset.json": exported, "rows.csv": "a,label\n", "samples.ndjson": many("", '{"time":1}\n') },
    ],
    [
      "IDX rows",
      {
        "images.idx": idxBytes("uint8", [2_000_000, 1], zeros),
        "labels.idx": idxBytes("uint8", [2_000_000], zeros),
      },
    ],
  ] as [string, Files][]) {
    it(`refuses ${what} of millions of samples, before they are made`, async () => {
      const before = process.memoryUsage().heapUsed;
      await assert.rejects(importFiles(files), refused);
      assert.ok(process.memoryUsage().heapUsed - before < 2e8);
    });
  }

  it("refuses a JSON file of readings that would take many times as much when parsed", async () => {
    await assert.rejects(importFiles({ "a.1.json": `{"payload":{"values":[${"[1],".repeat(5_000_000)}[1]]}}` }), {
      code: "TINYML_IMPORT_INVALID",
      message: /a\.1\.json.*16 MB/,
    });
  });

  it("refuses a line without end", async () => {
    const files = {
      "samples.ndjson": Buffer.alloc(2 ** 22, "a\n").fill("b", 0, 2 ** 22 - 1),
      "dataset.json": exported,
    };
    await assert.rejects(importFiles(files), { code: "TINYML_IMPORT_INVALID", message: /longer than 1 MB/ });
  });

  for (const [what, files] of [
    ["a table", { "a.csv": `a,b\n${"1,x\n".repeat(200_000)}` }],
    ["a long recording", { "a.csv": `a\n\n${"1\n".repeat(500_000)}\n1\n` }],
    ["pictures", Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`a/${i}.png`, large]))],
  ] as [string, Files][]) {
    it(`lets other work go on while it reads ${what}`, async () => {
      let turns = 0;
      const timer = setInterval(() => {
        turns += 1;
      }, 1);
      await importFiles(files).finally(() => clearInterval(timer));
      assert.ok(turns >= 3, `${turns} turns`);
    });
  }
});

describe("importSamples: real data", function () {
  this.timeout(30_000);

  it("the gestures: as reading the folder gives them, from the folder and packed by tar", async function () {
    requireTool(this, "tar");
    const folder = sharedData(this, "gestures");
    const table = await readData(folder);
    const packed = runTool("tar", ["-czf", "-", "gestures"], undefined, join(folder, ".."));
    const sources = [folder, [{ name: "gestures.tgz", bytes: packed }]];
    for (const source of sources) {
      const { description, samples } = await importSamples(source);
      assert.deepEqual([description.kind, samples.length], ["timeseries", table.rows]);
      const counts = (labels: readonly (string | undefined)[]) =>
        [...new Set(labels)].map((label) => [label, labels.filter((each) => each === label).length]).sort();
      assert.deepEqual(
        counts([...samples].map(({ label }) => label)),
        counts(Array.from(table.outputs, (index) => table.labels?.[index])),
      );
      const all = [...samples].flatMap((sample) => ("values" in sample ? [sample.values.length] : []));
      assert.deepEqual(new Set(all), new Set([119 * 6]));
    }
  });

  it("the spoken digits: with their speakers", async function () {
    const { description, samples } = await importSamples(sharedData(this, "spoken-digits"));
    assert.deepEqual([description.kind, description.rateHz, samples.length], ["audio", 8000, 1200]);
    assert.equal(new Set([...samples].map(({ group }) => group)).size, 4);
  });

  it("the MNIST digits: each picture as reading the files gives it", async function () {
    const folder = sharedData(this, "mnist-8k");
    const table = await readData(folder);
    const { samples } = await importSamples(folder);
    assert.equal(samples.length, table.rows);
    for (const row of [0, 1, 4000, 7999]) {
      const sample = [...samples][row];
      assert.ok("bytes" in sample && table.inputs instanceof Uint8Array);
      assert.equal(sample.label, table.labels?.[table.outputs[row]]);
      assert.deepEqual(decodePng(sample.bytes, "it").pixels, table.inputs.slice(row * 784, (row + 1) * 784));
    }
  });

  it("a file by its path", async function () {
    const file = join(sharedData(this, "gestures"), "circ.csv");
    const fromPath = await importSamples(file);
    const fromBytes = await importSamples([{ name: "circ.csv", bytes: readFileSync(file) }]);
    assert.deepEqual(fromPath.description, fromBytes.description);
    assert.deepEqual([...fromPath.samples], [...fromBytes.samples]);
    assert.deepEqual(new Set([...fromPath.samples].map(({ label }) => label)), new Set(["circ"]));
  });
});
