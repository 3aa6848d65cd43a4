import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { packagePath } from "../../build/package-files";
import { addPoint, type CurveLine, drawCurves, emptyCurve } from "../../nodes/curve";
import { createRecorder } from "../../nodes/record/recorder";
import { differencesOf } from "../../nodes/run-differences";
import { createStatus } from "../../nodes/status";

const texts = { epoch: "epoch", value: "loss" };
const linesOf = (values: readonly number[]): CurveLine[] => [
  { name: "<train>", kind: "training", epoch: values.map((_, index) => index + 1), values },
  { name: "validation", kind: "validation", epoch: values.map((_, index) => index + 1), values: values.toReversed() },
];

describe("loss curve", () => {
  it("keeps at most 200 points, evenly spread", () => {
    const curve = emptyCurve();
    for (let epoch = 1; epoch <= 10_000; epoch++) {
      addPoint(curve, {
        epoch,
        loss: 1 / epoch,
        validationLoss: 2 / epoch,
        accuracy: 1 - 1 / epoch,
        trainingAccuracy: 1 / epoch,
      });
    }
    assert.ok(curve.epoch.length > 100 && curve.epoch.length <= 200);
    const steps = curve.epoch.slice(1).map((epoch, index) => epoch - (curve.epoch[index] ?? 0));
    assert.equal(new Set(steps).size, 1);
    assert.deepEqual([curve.loss.length, curve.validationLoss.length], [curve.epoch.length, curve.epoch.length]);
    assert.deepEqual(curve.accuracy, { epoch: curve.epoch, values: curve.epoch.map((epoch) => 1 - 1 / epoch) });
    assert.deepEqual(curve.trainingAccuracy, { epoch: curve.epoch, values: curve.epoch.map((epoch) => 1 / epoch) });
  });

  it("takes epochs that come with gaps, as a worker thread sends them", () => {
    const curve = emptyCurve();
    for (const epoch of [1, 57, 122, 253, 399, 500]) addPoint(curve, { epoch, loss: 1, validationLoss: 1 });
    assert.deepEqual(curve.epoch, [1, 57, 122, 253, 399, 500]);
  });

  it("draws within its frame, whatever the values are", () => {
    for (const losses of [
      [0.5, 0.01, 0.003],
      [1],
      [2, 2, 2],
      [1e-12, 1e12],
      [0, Number.NaN, Number.POSITIVE_INFINITY],
      [],
    ]) {
      const epochs = Math.max(1, losses.length);
      const shares = losses.map((loss) => Math.min(1, loss));
      for (const [width, axis] of [
        [140, "loss"],
        [400, "loss"],
        [140, "share"],
        [400, "share"],
      ] as const) {
        const lines = linesOf(axis === "loss" ? losses : shares);
        const svg = drawCurves(lines, { width, height: 150, epochs, axis, texts });
        assert.ok(!/NaN|Infinity|undefined/.test(svg), svg);
        for (const [, path] of svg.matchAll(/tinyml-curve-line[^>]* d="M([^"]+)"/g)) {
          for (const point of (path ?? "").split("L")) {
            const [x, y] = point.split(/[ h]/).map(Number);
            assert.ok(Number(x) >= 0 && Number(x) <= width && Number(y) >= 0 && Number(y) <= 150, point);
          }
        }
        assert.ok(svg.includes("&#60;train&#62;") && !svg.includes("<train>"));
      }
    }
  });

  it("marks powers of ten on a logarithmic axis", () => {
    const svg = drawCurves(linesOf([1, 0.001]), { width: 300, height: 150, epochs: 2, axis: "loss", texts });
    const lines = [...svg.matchAll(/y="([\d.]+)" text-anchor="end">([\d.]+)</g)];
    const heights = new Map(lines.map(([, y, label]) => [label, Number(y)]));
    for (const label of ["1", "0.1", "0.01", "0.001"]) assert.ok(heights.has(label), [...heights.keys()].join(" "));
    const gap = (a: string, b: string): number => (heights.get(a) ?? 0) - (heights.get(b) ?? 0);
    assert.ok(Math.abs(gap("0.1", "1") - gap("0.001", "0.01")) < 0.5);
  });
});

describe("accuracy curve", () => {
  it("has numbers from half the way up, or as low as the least is, to 100 %", () => {
    const cases: [shares: number[], lowest: string][] = [
      [[0.93, 0.99], "50 %"],
      [[0.13, 0.9], "25 %"],
      [[0.04, 0.9], "0 %"],
    ];
    for (const [shares, lowest] of cases) {
      const svg = drawCurves(linesOf(shares), { width: 300, height: 150, epochs: 2, axis: "share", texts });
      const labels = [...svg.matchAll(/text-anchor="end">(\d+ %)</g)].map(([, label]) => label);
      assert.deepEqual([labels[0], labels.at(-1)], ["100 %", lowest]);
    }
  });
});

describe("differences of two recipes", () => {
  it("are told by where they stand, with what is missing on one side", () => {
    const conv = { type: "conv2d", filters: 8, kernelSize: [3, 3] };
    const first = { layers: [conv, { type: "flatten" }], training: { epochs: 10, earlyStopping: false } };
    const second = {
      layers: [{ ...conv, kernelSize: [5, 3] }, { type: "flatten" }, { type: "dense", units: 4 }],
      training: { epochs: 10, earlyStopping: { patience: 3 } },
    };
    assert.deepEqual(differencesOf(first, second), [
      ["layers.0.kernelSize", "[3,3]", "[5,3]"],
      ["training.earlyStopping", "false", "–"],
      ["layers.2.type", "–", "dense"],
      ["layers.2.units", "–", "4"],
      ["training.earlyStopping.patience", "–", "3"],
    ]);
    assert.deepEqual(differencesOf(first, structuredClone(first)), []);
  });
});

describe("status", () => {
  it("is shown at most four times a second, the last line for sure, and an error at once and for a while", async function () {
    this.timeout(10_000);
    const shown: Array<{ text: string; at: number }> = [];
    const start = Date.now();
    const status = createStatus({
      status: (line) =>
        shown.push({ text: typeof line === "string" ? line : (line.text ?? ""), at: Date.now() - start }),
    });
    let computed = 0;
    const show = (nr: number): void =>
      status.show("green", "dot", () => {
        computed++;
        return `reading ${nr}`;
      });
    for (let nr = 0; nr < 100; nr++) {
      show(nr);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(shown.length >= 3 && shown.length <= 6, `${shown.length} lines`);
    assert.equal(computed, shown.length);
    assert.equal(shown.at(-1)?.text, "reading 99");
    status.fail("broken");
    const failed = Date.now() - start;
    assert.equal(shown.at(-1)?.text, "broken");
    show(100);
    await new Promise((resolve) => setTimeout(resolve, 2200));
    assert.equal(shown.at(-1)?.text, "reading 100");
    assert.ok((shown.at(-1)?.at ?? 0) - failed >= 1990);
    // Of two lines in a row the second has to wait.
    show(101);
    const count = shown.length;
    show(102);
    status.close();
    show(103);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(shown.length, count);
  });
});

describe("recorder", () => {
  const options = { onProgress: () => undefined, endsWith: (error: unknown) => error === "disk" };

  it("takes no more than it wants, and replaces a reading that failed, was passed over or taken back", async () => {
    const recorder = createRecorder(options);
    assert.equal(recorder.open, false);
    recorder.start(2);
    const first = recorder.take(Promise.resolve(1));
    const second = recorder.take(Promise.reject("misfit"));
    assert.equal(recorder.open, false);
    assert.equal(await first, undefined);
    await assert.rejects(second, (error) => error === "misfit");
    assert.equal(recorder.open, true);
    assert.equal(await recorder.take(Promise.resolve(0)), undefined);
    recorder.uncount();
    assert.equal(await recorder.take(Promise.resolve(1)), undefined);
    assert.equal(await recorder.take(Promise.resolve(1)), 2);
    assert.equal(recorder.open, false);
  });

  it("ends when the disk fails, and waits for what is under way when it is stopped", async () => {
    const recorder = createRecorder(options);
    recorder.start(Infinity);
    await assert.rejects(recorder.take(Promise.reject("disk")));
    assert.equal(recorder.open, false);
    assert.equal(await recorder.stop(), undefined);
    recorder.start(Infinity);
    const slow = recorder.take(new Promise((resolve) => setTimeout(resolve, 20, 1)));
    assert.equal(await recorder.stop(), 1);
    await slow;
  });
});

describe("shared catalogue", () => {
  it("has a few words for every error code", async () => {
    const source = await readFile(packagePath("src", "errors.ts"), "utf8");
    const codes = [...source.matchAll(/\| "(TINYML_\w+)"/g)].map(([, code]) => code ?? "");
    const catalogue = JSON.parse(await readFile(packagePath("nodes", "sidebar", "locale.json"), "utf8"));
    assert.ok(codes.length > 30);
    assert.deepEqual(Object.keys(catalogue.errors).sort(), codes.sort());
    for (const text of Object.values(catalogue.errors)) assert.ok(String(text).length <= 24, String(text));
  });
});
