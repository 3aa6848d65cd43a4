import assert from "node:assert/strict";
import { open, writeFile } from "node:fs/promises";
import path from "node:path";
import { quantizeInt8 } from "../../src/compression/quantize-int8";
import { splitRows } from "../../src/dataset/split-rows";
import { allRows, selectRows, type Table } from "../../src/dataset/table";
import type { ErrorCode } from "../../src/errors";
import { applyFeatures } from "../../src/features/features";
import { kernels } from "../../src/kernels/kernels";
import type { Metadata, NormalizeBlock } from "../../src/model/metadata";
import type { Model } from "../../src/model/model";
import { createPredictor } from "../../src/runtime/predictor";
import { type Evaluation, evaluateModel, type WrongLabel } from "../../src/training/evaluate-model";
import { type EvaluationReport, evaluateRows } from "../../src/training/evaluate-rows";
import { startEvaluating } from "../../src/training/start-evaluating";
import { cloudsModel, potentiometerModel } from "../nodes/support/data";
import { temporaryFolder } from "../support/folders";
import { cloudsTable, potentiometerTable } from "../support/potentiometer";
import { runInLiteRt } from "../support/run-model";
import { bookNetwork, Graph, pictureNetwork, quantize, wave } from "../tflite/models";

const clouds = cloudsTable();
const cloudsFloat = cloudsModel();
const cloudsInt8 = quantizeInt8(cloudsFloat, clouds);
/** The clouds, with labels that are wrong in every tenth row, so that there is something to be found. */
const mislabelled: Table<Float32Array> = {
  ...clouds,
  outputs: clouds.outputs.map((index, row) => (row % 10 === 0 ? (index + 1) % 3 : index)),
  groups: Array.from({ length: clouds.rows }, (_, row) => (row % 2 === 0 ? `person ${row % 8}` : "")),
};
const potentiometer = potentiometerTable(1, 400);
const potentiometerFloat = potentiometerModel();

/** What a predictor says of each row, without the code that is tested. */
function predictAll(model: Model, table: Table<Float32Array>): unknown[] {
  const width = table.inputs.length / table.rows;
  const predictor = createPredictor(model);
  try {
    return Array.from(allRows(table), (row) =>
      predictor.predict(table.inputs.subarray(row * width, (row + 1) * width)),
    );
  } finally {
    predictor.dispose();
  }
}

function classified(evaluation: Evaluation): Extract<Evaluation, { task: "classification" }> {
  assert.ok(evaluation.task === "classification");
  return evaluation;
}

function predicted(evaluation: Evaluation): Extract<Evaluation, { task: "regression" }> {
  assert.ok(evaluation.task === "regression");
  return evaluation;
}

describe("evaluateModel", () => {
  for (const [name, model] of [
    ["float", cloudsFloat],
    ["int8", cloudsInt8],
  ] as const) {
    it(`judges a classifier by what the flow would predict with it, ${name}`, () => {
      const answers = predictAll(model, mislabelled) as { label: string; confidence: number }[];
      const labels = mislabelled.labels ?? [];
      const confusion = labels.map(() => labels.map(() => 0));
      answers.forEach(({ label }, row) => {
        confusion[mislabelled.outputs[row]][labels.indexOf(label)] += 1;
      });
      const found = classified(evaluateModel(model, mislabelled));
      assert.deepEqual(found.confusion, confusion);
      assert.equal(found.samples, 300);
      assert.deepEqual([found.metric, found.value], ["accuracy", found.accuracy]);
      assert.ok(found.accuracy > 0.85 && found.accuracy < 0.91);

      const surest = answers
        .map(({ label: got, confidence }, row) => ({ row, wanted: labels[mislabelled.outputs[row]], got, confidence }))
        .filter(({ wanted, got }) => wanted !== got)
        .sort((a, b) => b.confidence - a.confidence)
        .slice(0, 20)
        .map((each): WrongLabel => (each.row % 2 === 0 ? { ...each, group: `person ${each.row % 8}` } : each));
      assert.deepEqual(found.wrong, surest);
    });
  }

  it("judges numbers by what the flow would predict", () => {
    const answers = predictAll(potentiometerFloat, potentiometer) as number[];
    const squares = answers.map((got, row) => (got - potentiometer.outputs[row]) ** 2);
    const found = predicted(evaluateModel(potentiometerFloat, potentiometer));
    assert.ok(Math.abs(found.mse - squares.reduce((a, b) => a + b) / 400) < 1e-9);
    assert.deepEqual([found.metric, found.value], ["mse", found.mse]);
    assert.deepEqual(
      found.wrong.map(({ error }) => error),
      squares.toSorted((a, b) => b - a).slice(0, 20),
    );
    assert.equal(found.wrong[0].got[0], answers[found.wrong[0].row]);
    assert.equal(found.points.length, 300);
    assert.deepEqual(found.points[0], { wanted: [potentiometer.outputs[0]], got: [answers[0]] });
  });

  it("looks at the named rows alone, and calls them by their number in the table", () => {
    const rows = Uint32Array.of(299, 10, 20, 21);
    const found = classified(evaluateModel(cloudsFloat, mislabelled, rows));
    const selected = classified(evaluateModel(cloudsFloat, selectRows(mislabelled, rows)));
    assert.deepEqual(found.confusion, selected.confusion);
    assert.deepEqual(
      found.wrong.map(({ row }) => row),
      selected.wrong.map(({ row }) => rows[row]),
    );
  });

  it("knows a table's labels in whatever order they were met, and fewer of them", () => {
    const order = [2, 0, 1];
    const shuffled = {
      ...clouds,
      labels: order.map((index) => clouds.labels?.[index] ?? ""),
      outputs: clouds.outputs.map((index) => order.indexOf(index)),
    };
    assert.deepEqual(evaluateModel(cloudsFloat, shuffled), evaluateModel(cloudsFloat, clouds));
    const two = { ...clouds, labels: ["below"], outputs: new Float32Array(300).fill(0) };
    const { classes } = classified(evaluateModel(cloudsFloat, two));
    assert.deepEqual(
      classes.map(({ label, support }) => [label, support]),
      [
        ["left", 0],
        ["right", 0],
        ["below", 300],
      ],
    );
  });

  it("takes one score for two labels as that of the second", () => {
    const graph = new Graph();
    const input = graph.tensor({ name: "input", type: "float32", shape: [1, 1] });
    const output = graph.tensor({ name: "output", type: "float32", shape: [1, 1] });
    graph.operator({ type: "LOGISTIC", inputs: [input], outputs: [output], options: {} });
    const metadata: Metadata = {
      version: 1,
      name: "sign",
      task: "classification",
      inputs: [{ name: "x", unit: "" }],
      labels: ["minus", "plus"],
      features: [],
      compression: [],
    };
    const table: Table = {
      task: "classification",
      channels: metadata.inputs,
      labels: ["plus", "minus"],
      inputs: Float32Array.of(-2, -1, 1, 2),
      outputs: Float32Array.of(1, 1, 0, 1),
      rows: 4,
    };
    for (const model of [graph.model([input], [output], { metadata }), graph.model([input], [output])]) {
      // Without labels the model's scores are in the table's order: then it is wrong wherever it was right.
      const { accuracy, classes } = classified(evaluateModel(model, table));
      assert.equal(accuracy, model.metadata === undefined ? 0.25 : 0.75);
      const auc = model.metadata === undefined ? 1 / 3 : 2 / 3;
      for (const each of classes) assert.ok(Math.abs((each.auc ?? 0) - auc) < 1e-12);
    }
  });

  it("lets a recurrent model forget from sample to sample", () => {
    // output = 2 × input + 3 × the input before it
    const graph = new Graph();
    const tensor = (name: string, more: { data?: Float32Array; variable?: true }): number =>
      graph.tensor({ name, type: "float32", shape: [1, more.data?.length ?? (more.variable ? 2 : 1)], ...more });
    const input = tensor("input", {});
    const output = tensor("output", {});
    const weights = [tensor("feature", { data: Float32Array.of(1) }), tensor("time", { data: Float32Array.of(3, 2) })];
    graph.operator({
      type: "SVDF",
      inputs: [input, ...weights, -1, tensor("state", { variable: true })],
      outputs: [output],
      options: { rank: 1, activation: "NONE" },
    });
    const table: Table = {
      task: "regression",
      channels: [{ name: "x", unit: "" }],
      inputs: Float32Array.of(1, 2, 3, 4),
      outputs: Float32Array.of(2, 4, 6, 8),
      rows: 4,
    };
    assert.equal(evaluateModel(graph.model([input], [output]), table).value, 0);
  });

  describe("windows and pictures", () => {
    const pictures = (count: number): Table<Float32Array> => ({
      task: "classification",
      channels: ["red", "green"].map((name) => ({ name, unit: "" })),
      shape: [6, 6, 2],
      labels: ["0", "1", "2", "3", "4", "5"],
      inputs: Float32Array.from(wave(72 * count, 3)),
      outputs: new Float32Array(count),
      rows: count,
    });

    for (const int8 of [false, true]) {
      it(`agrees with LiteRT on pictures, ${int8 ? "int8" : "float"}`, async () => {
        const model = pictureNetwork(int8);
        const table = pictures(24);
        for (let row = 0; row < table.rows; row++) {
          const real = table.inputs.subarray(row * 72, (row + 1) * 72);
          const input = int8 ? quantize(model.tensors[model.inputs[0]], [...real]) : Float32Array.from(real);
          const [output] = await runInLiteRt(model, [input]);
          const scores = Array.from(output);
          table.outputs[row] = scores.indexOf(Math.max(...scores));
        }
        assert.ok(new Set(table.outputs).size > 1);
        const { accuracy } = classified(evaluateModel(model, table));
        // XNNPACK rounds in its own way: where two scores are a step apart, the other may win.
        assert.ok(accuracy >= (int8 ? 0.9 : 1), `${accuracy}`);
        const numbered = { ...table, labels: ["5", "4", "3", "2", "1", "0"], outputs: table.outputs.map((i) => 5 - i) };
        assert.equal(evaluateModel(model, numbered).value, accuracy, "labels that are numbers are in their order");
      });
    }

    it("applies features to every reading of a window", () => {
      const block: NormalizeBlock = { block: "normalize", mean: [10, -4], deviation: [2, 0.5] };
      const graph = new Graph();
      const input = graph.tensor({ name: "input", type: "float32", shape: [1, 5, 2] });
      const flat = graph.tensor({ name: "flat", type: "float32", shape: [1, 10] });
      const output = graph.tensor({ name: "output", type: "float32", shape: [1, 1] });
      const shape = graph.tensor({ name: "shape", type: "int32", shape: [2], data: Int32Array.of(1, 10) });
      const weights = graph.tensor({ name: "w", type: "float32", shape: [1, 10], data: Float32Array.from(wave(10)) });
      graph.operator({ type: "RESHAPE", inputs: [input, shape], outputs: [flat], options: { newShape: [1, 10] } });
      graph.operator({
        type: "FULLY_CONNECTED",
        inputs: [flat, weights],
        outputs: [output],
        options: { activation: "NONE" },
      });
      const channels = ["x", "y"].map((name) => ({ name, unit: "g" }));
      const targets = [{ name: "sum", unit: "" }];
      const metadata: Metadata = {
        version: 1,
        name: "windows",
        task: "regression",
        inputs: channels,
        targets,
        features: [block],
        compression: [],
      };
      const inputs = Float32Array.from(wave(60), (value, i) => (i % 2 === 0 ? 10 : -4) + value);
      const prepared = applyFeatures([block], inputs, 2);
      const outputs = Float32Array.from({ length: 6 }, (_, row) =>
        prepared.subarray(row * 10, (row + 1) * 10).reduce((sum, value, i) => sum + value * wave(10)[i], 0),
      );
      const table: Table = { task: "regression", channels, targets, shape: [5, 2], inputs, outputs, rows: 6 };
      const { mse, r2 } = predicted(evaluateModel(graph.model([input], [output], { metadata }), table));
      assert.ok(mse < 1e-10 && r2 !== null && r2 > 0.999999, `${mse}`);
    });

    it("reads samples from a file one by one, as bytes or floats", async () => {
      const model = pictureNetwork(false);
      const table = {
        ...pictures(10),
        inputs: Float32Array.from(wave(720), (value) => Math.round(Math.abs(value) * 255)),
      };
      const folder = await temporaryFolder();
      const header = Buffer.from("head");
      const bytes = path.join(folder, "bytes");
      await writeFile(bytes, Buffer.concat([header, Uint8Array.from(table.inputs)]));
      const floats = path.join(folder, "floats");
      await writeFile(floats, Buffer.concat([header, new Uint8Array(table.inputs.buffer)]));
      const expected = evaluateModel(model, table);
      assert.deepEqual(evaluateModel(model, { ...table, inputs: { file: bytes, type: "uint8", offset: 4 } }), expected);
      assert.deepEqual(
        evaluateModel(model, { ...table, inputs: { file: floats, type: "float32", offset: 4 } }),
        expected,
      );
      const cut = await open(floats, "r+");
      await cut.truncate(1000);
      await cut.close();
      assert.throws(() => evaluateModel(model, { ...table, inputs: { file: floats, type: "float32", offset: 4 } }), {
        code: "TINYML_DATASET_CORRUPT",
      });
    });
  });

  describe("refuses", () => {
    const broken = (value: number): Model => ({
      ...potentiometerFloat,
      tensors: potentiometerFloat.tensors.map((tensor) =>
        tensor.data instanceof Float32Array ? { ...tensor, data: tensor.data.map(() => value) } : tensor,
      ),
    });
    const metadata = (more: Partial<Metadata>): Model => {
      assert.ok(cloudsFloat.metadata !== undefined);
      return { ...cloudsFloat, metadata: { ...cloudsFloat.metadata, ...more } };
    };
    const cases: { what: string; model: Model; table: Table; rows?: Uint32Array; code: ErrorCode; says: RegExp }[] = [
      {
        what: "no rows",
        model: cloudsFloat,
        table: clouds,
        rows: new Uint32Array(),
        code: "TINYML_DATASET_EMPTY",
        says: /no rows/,
      },
      {
        what: "another number of channels",
        model: cloudsFloat,
        table: { ...clouds, channels: clouds.channels.slice(1), inputs: clouds.inputs.subarray(300) },
        code: "TINYML_DATASET_MISMATCH",
        says: /takes 2 channels, the dataset has 1/,
      },
      {
        what: "samples of another shape",
        model: cloudsFloat,
        table: { ...clouds, shape: [3, 2], rows: 100 },
        code: "TINYML_DATASET_MISMATCH",
        says: /takes 2 numbers at once, a sample of the dataset has 3 × 2/,
      },
      {
        what: "labels that the model doesn't know",
        model: cloudsFloat,
        table: { ...clouds, labels: ["left", "right", "above"] },
        code: "TINYML_DATASET_MISMATCH",
        says: /knows the labels left, right, below, the dataset has left, right, above/,
      },
      {
        what: "a class index beyond the labels",
        model: cloudsFloat,
        table: { ...clouds, outputs: clouds.outputs.map((index, row) => (row === 7 ? 3 : index)) },
        code: "TINYML_UNKNOWN_LABEL",
        says: /index 3 of row 7/,
      },
      {
        what: "numbers where labels are wanted",
        model: cloudsFloat,
        table: { ...clouds, task: "regression", targets: [{ name: "y", unit: "" }] },
        code: "TINYML_DATASET_MISMATCH",
        says: /is for classification, the dataset for regression/,
      },
      {
        what: "other targets",
        model: bookNetwork(),
        table: {
          ...potentiometer,
          rows: 200,
          inputs: potentiometer.inputs.subarray(200),
          targets: ["a", "b"].map((name) => ({ name, unit: "" })),
        },
        code: "TINYML_DATASET_MISMATCH",
        says: /gives 1 numbers, the dataset has 2 targets/,
      },
      {
        what: "a model without labels that gives fewer scores than there are labels",
        model: bookNetwork(),
        table: { ...clouds, channels: clouds.channels.slice(1), inputs: clouds.inputs.subarray(300) },
        code: "TINYML_DATASET_MISMATCH",
        says: /gives 1 scores, the dataset has 3 labels/,
      },
      {
        what: "predictions that are infinite",
        model: broken(3e38),
        table: potentiometer,
        code: "TINYML_NOT_A_NUMBER",
        says: /^For row \d+ the model predicts Infinity instead of a number/,
      },
      {
        what: "predictions that are NaN",
        model: broken(Number.NaN),
        table: potentiometer,
        code: "TINYML_NOT_A_NUMBER",
        says: /^For row 0 the model predicts NaN/,
      },
      {
        what: "samples that are no number",
        model: potentiometerFloat,
        table: { ...potentiometer, inputs: potentiometer.inputs.map((value, row) => (row === 3 ? Number.NaN : value)) },
        code: "TINYML_NOT_A_NUMBER",
        says: /is NaN/,
      },
      {
        what: "features of other channels",
        model: metadata({ features: [{ block: "normalize", mean: [0], deviation: [1] }] }),
        table: clouds,
        code: "TINYML_MODEL_INVALID",
        says: /normalizes other readings/,
      },
    ];
    for (const { what, model, table, rows, code, says } of cases) {
      it(what, () => {
        assert.throws(() => evaluateModel(model, table, rows), { code, message: says });
      });
    }

    it("without keeping memory", () => {
      const attempt = (): void => {
        for (const { model, table, rows } of cases) assert.throws(() => evaluateModel(model, table, rows));
      };
      attempt();
      const before = kernels().heap.float32.length;
      for (let i = 0; i < 200; i++) attempt();
      assert.equal(kernels().heap.float32.length, before);
    });
  });
});

describe("evaluateRows", () => {
  const sides = splitRows(clouds, { validation: 0.25, seed: 1 });
  const types = ({ warnings }: EvaluationReport): string[] => warnings.map(({ type }) => type);

  it("takes the validation rows of the data that trained the model, as training did", () => {
    for (const model of [cloudsFloat, cloudsInt8]) {
      const report = evaluateRows({ model, table: clouds });
      assert.deepEqual([report.split, report.samples, types(report)], ["validation", 75, []]);
      assert.equal(report.model, model.metadata?.name);
      assert.equal(report.dataset, "clouds");
    }
    const { metadata } = cloudsFloat;
    assert.equal(evaluateRows({ model: cloudsFloat, table: clouds }).value, metadata?.report?.validationMetric);
    assert.equal(
      evaluateRows({ model: cloudsInt8, table: clouds }).value,
      cloudsInt8.metadata?.compression[0].validationMetric,
    );
  });

  it("takes all rows of other data, and of every data when nothing is known of the training", () => {
    const others = cloudsTable(6, 90);
    const report = evaluateRows({ model: cloudsFloat, table: others });
    assert.deepEqual([report.split, report.samples, types(report)], ["all", 90, []]);
    const { metadata: _, ...unknown } = potentiometerFloat;
    assert.equal(evaluateRows({ model: unknown, table: potentiometer }).split, "all");
  });

  it("takes the side that is asked for, and says what is doubtful about it", () => {
    for (const split of ["training", "validation"] as const) {
      const report = evaluateRows({ model: cloudsFloat, table: clouds, split });
      assert.equal(report.value, evaluateModel(cloudsFloat, clouds, sides[split]).value);
    }
    const of = (table: Table, split: EvaluationReport["split"]) =>
      types(evaluateRows({ model: cloudsFloat, table, split }));
    assert.deepEqual(of(clouds, "training"), ["seenInTraining"]);
    assert.deepEqual(of(clouds, "all"), ["seenInTraining"]);
    const more = cloudsTable(5, 330);
    assert.deepEqual(of(more, "validation"), ["otherData"]);
    assert.deepEqual(of(more, "all"), ["otherData"]);
    assert.deepEqual(of(cloudsTable(6, 90), "all"), []);
    // Rows that are kept for a test now, but weren't when the model was trained.
    const late = Array.from(allRows(clouds), (row) => (row < 250 ? undefined : ("test" as const)));
    assert.deepEqual(of({ ...clouds, splits: late }, "test"), ["otherData"]);
    assert.deepEqual(of({ ...cloudsTable(6, 90), splits: new Array<"test">(90).fill("test") }, "test"), []);
  });

  it("takes test rows that were decided on recording; they don't count as training data", () => {
    const more = cloudsTable(5, 330);
    const splits = Array.from({ length: 330 }, (_, row) => (row < 300 ? undefined : ("test" as const)));
    const table = { ...more, splits };
    assert.equal(evaluateRows({ model: cloudsFloat, table }).split, "validation");
    const report = evaluateRows({ model: cloudsFloat, table, split: "test" });
    assert.deepEqual([report.samples, types(report)], [30, []]);
    assert.ok(report.wrong.every(({ row }) => row >= 300));
  });

  it("tells of groups that were recorded for several sides", () => {
    const splits = Array.from(allRows(clouds), (row) =>
      row % 2 === 0 ? ("training" as const) : ("validation" as const),
    );
    const groups = Array.from(allRows(clouds), (row) => (row < 150 ? `early ${row % 2}` : "late"));
    const report = evaluateRows({ model: cloudsFloat, table: { ...clouds, splits, groups } });
    assert.deepEqual(
      report.warnings.map(({ type, groups }) => [type, groups]),
      [["leakingGroups", ["late"]]],
    );
  });

  it("refuses a side without rows", () => {
    assert.throws(() => evaluateRows({ model: cloudsFloat, table: clouds, split: "test" }), {
      code: "TINYML_DATASET_EMPTY",
      message: /None of the dataset's 300 rows is a test row/,
    });
    const empty = { ...clouds, rows: 0, inputs: new Float32Array(), outputs: new Float32Array() };
    for (const split of ["validation", "all"] as const) {
      assert.throws(() => evaluateRows({ model: cloudsFloat, table: empty, split }), { code: "TINYML_DATASET_EMPTY" });
    }
  });
});

describe("startEvaluating", () => {
  it("gives the same report from a thread as from here", async () => {
    const large = cloudsTable(5, 6000);
    assert.deepEqual(
      await startEvaluating({ model: cloudsFloat, table: large }),
      evaluateRows({ model: cloudsFloat, table: large }),
    );
    assert.deepEqual(
      await startEvaluating({ model: cloudsFloat, table: clouds }),
      evaluateRows({ model: cloudsFloat, table: clouds }),
    );
  });

  it("rejects with the code of what went wrong, from a thread and from here", async () => {
    for (const rows of [300, 6000]) {
      const table = cloudsTable(5, rows);
      await assert.rejects(startEvaluating({ model: cloudsFloat, table: { ...table, labels: ["a", "b", "c"] } }), {
        code: "TINYML_DATASET_MISMATCH",
      });
      await assert.rejects(startEvaluating({ model: cloudsFloat, table, split: "test" }), {
        code: "TINYML_DATASET_EMPTY",
      });
    }
  });

  it("lets a thread do the work that would hold the event loop up", async () => {
    let turns = 0;
    const counting = setInterval(() => turns++, 1);
    await startEvaluating({ model: pictureNetwork(false), table: manyPictures() });
    clearInterval(counting);
    assert.ok(turns > 5, `${turns} turns of the event loop`);
  });
});

function manyPictures(): Table {
  const rows = 3000;
  return {
    task: "classification",
    channels: ["red", "green"].map((name) => ({ name, unit: "" })),
    shape: [6, 6, 2],
    labels: ["0", "1", "2", "3", "4", "5"],
    inputs: Uint8Array.from({ length: 72 * rows }, (_, i) => i % 251),
    outputs: new Float32Array(rows),
    rows,
  };
}
