import assert from "node:assert/strict";
import fc from "fast-check";
import { readKernelSources } from "../../build/kernels";
import type { Table } from "../../src/dataset/table";
import { createFeatureExtractor, createStatistics } from "../../src/features/extract-features";
import { featureNames, featureShape } from "../../src/features/feature-shape";
import type { FeatureBlock, StatisticsBlock } from "../../src/model/metadata";
import { STATISTICS } from "../../src/model/statistics";
import { createPredictor } from "../../src/runtime/predictor";
import { collectKernelFiles } from "../../src/sketch/kernel-files";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { parseRecipe } from "../../src/training/recipe";
import { trainRecipe } from "../../src/training/train-recipe";
import { buildSketch, requireArduino } from "../support/arduino";
import { sketchOf, uno } from "../support/sketches";
import { UnoSimulator } from "../support/uno-simulator";

const all: StatisticsBlock = { block: "statistics", of: [...STATISTICS] };

/** The statistics of one channel by their definitions, in float64 and several passes. */
function definitions(values: readonly number[]): number[] {
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / (list.length || 1);
  const center = mean(values);
  const moment = (power: number): number => mean(values.map((value) => (value - center) ** power));
  const deviation = Math.sqrt(moment(2));
  const changes = values.slice(1).map((value, i) => [values[i], value] as const);
  return [
    center,
    deviation,
    Math.min(...values),
    Math.max(...values),
    Math.sqrt(mean(values.map((value) => value ** 2))),
    deviation > 0 ? moment(3) / deviation ** 3 : 0,
    deviation > 0 ? moment(4) / deviation ** 4 : 0,
    mean(changes.map(([before, after]) => Math.abs(after - before))),
    mean(changes.map(([before, after]) => (before < 0 === after < 0 ? 0 : 1))),
  ];
}

const window = fc
  .tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 2, max: 150 }),
    fc.double({ min: -50, max: 50, noNaN: true }),
  )
  .chain(([channels, readings, offset]) =>
    fc
      .array(fc.integer({ min: -1000, max: 1000 }), { minLength: channels * readings, maxLength: channels * readings })
      .map((steps) => ({ channels, values: Float32Array.from(steps, (step) => offset + step / 100) })),
  );

describe("the statistics block", () => {
  it("gives each channel's statistics as they are defined", () => {
    fc.assert(
      fc.property(window, ({ channels, values }) => {
        const extractor = createFeatureExtractor([all], [values.length / channels, channels]);
        const found = extractor.extract(values);
        extractor.dispose();
        for (let channel = 0; channel < channels; channel++) {
          const own = Array.from(values).filter((_, i) => i % channels === channel);
          const largest = Math.max(...own.map(Math.abs), 1);
          const isFlat = Math.max(...own) - Math.min(...own) < 0.05;
          definitions(own).forEach((expected, i) => {
            const name = STATISTICS[i];
            // The shape of what hardly changes is the shape of its rounding.
            if (isFlat && (name === "skewness" || name === "kurtosis")) return;
            const tolerance = name === "kurtosis" || name === "skewness" ? 2e-3 * (1 + expected ** 2) : 1e-4 * largest;
            const value = found[channel * STATISTICS.length + i];
            assert.ok(Math.abs(value - expected) <= tolerance, `${name}: ${value}, not ${expected}`);
          });
        }
      }),
    );
  });

  it("takes a window in pieces of any length, to the same bits", () => {
    fc.assert(
      fc.property(
        window,
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        ({ channels, values }, pieces) => {
          const statistics = createStatistics(all, channels);
          statistics.push(values);
          const whole = statistics.features();
          statistics.reset();
          for (let from = 0, i = 0; from < values.length; i++) {
            const to = from + channels * pieces[i % pieces.length];
            statistics.push(values.subarray(from, to));
            from = to;
          }
          assert.equal(statistics.readings, values.length / channels);
          assert.deepEqual(statistics.features(), whole);
          statistics.dispose();
        },
      ),
    );
  });

  it("gives 0 for the shape of a channel that does not change, and never NaN", () => {
    const extractor = createFeatureExtractor([all], [5, 1]);
    assert.deepEqual(Array.from(extractor.extract([7, 7, 7, 7, 7])), [7, 0, 7, 7, 7, 0, 0, 0, 0]);
    extractor.dispose();
    const one = createFeatureExtractor([all], [1, 1]);
    assert.ok(one.extract([-3]).every(Number.isFinite));
    one.dispose();
  });

  it("gives no NaN for readings that are too large, but says so, and takes those that are divided first", () => {
    const divided: FeatureBlock[] = [{ block: "scale", divide: 1e10 }, all];
    for (const [blocks, refused] of [
      [[all], true],
      [divided, false],
    ] as const) {
      const extractor = createFeatureExtractor(blocks, [4, 1]);
      const extract = () => extractor.extract([1e10, -1e10, 3e10, 2e10]);
      if (refused) assert.throws(extract, { code: "TINYML_NOT_A_NUMBER" });
      else assert.ok(extract().every(Number.isFinite));
      // It goes on with the next window.
      assert.equal(extractor.extract([1, 2, 3, 4]).length, STATISTICS.length);
      extractor.dispose();
    }
  });

  it("makes [channels × statistics] of windows, in the order of the list, after the blocks before it", () => {
    const blocks: FeatureBlock[] = [
      { block: "scale", divide: 2 },
      { block: "statistics", of: ["maximum", "mean"] },
    ];
    assert.deepEqual(featureShape(blocks, [3, 2]), [4]);
    assert.deepEqual(featureNames(blocks, ["x", "y"]), ["x mean", "x maximum", "y mean", "y maximum"]);
    const extractor = createFeatureExtractor(blocks, [3, 2]);
    assert.deepEqual(Array.from(extractor.extract([0, 2, 2, 2, 10, 8])), [2, 5, 2, 4]);
    extractor.dispose();
    assert.throws(() => featureShape([all], [4]), { code: "TINYML_MODEL_INVALID" });
  });

  it("has the same bits on an Arduino Uno", function () {
    this.timeout(60_000);
    requireArduino(this);
    const values = Float32Array.from({ length: 90 }, (_, i) => 3 * Math.sin(i / 7) + (i % 3) - ((i * i) % 5) / 3);
    const statistics = createStatistics(all, 3);
    statistics.push(values);
    const expected = new Int32Array(statistics.features().buffer);
    statistics.dispose();
    const bits = new Int32Array(values.buffer);
    const ino = `#include "tinyml_kernels.h"
static const int32_t bits[] TINYML_FLASH = {${bits.join(", ")}};
static const int32_t expected[] TINYML_FLASH = {${expected.join(", ")}};
static float window[90], state[3 * TINYML_STATISTICS_STATE], output[27];
void setup() {
  Serial.begin(115200);
  memcpy_P(window, bits, sizeof window);
  tinyml_statistics_reset(state, 3);
  tinyml_statistics_push(state, window, 7, 3, 0);
  tinyml_statistics_push(state, window + 21, 23, 3, 7);
  tinyml_statistics_features(state, 30, 3, 511, output);
  int wrong = memcmp_P(output, expected, sizeof output) != 0;
  Serial.println(wrong);
}
void loop() {}
`;
    const files = collectKernelFiles(readKernelSources(), ["statistics.c"]);
    const simulator = new UnoSimulator(
      buildSketch({ name: "statistics", files: { "statistics.ino": ino, ...files } }, uno).hex,
    );
    assert.equal(simulator.readLine(30), "0");
  });

  describe("in a model", () => {
    const recipe = parseRecipe({
      version: 1,
      task: "classification",
      input: { shape: [8, 2] },
      features: [{ block: "statistics", of: ["mean", "deviation"] }, { block: "normalize" }],
      layers: [{ type: "dense", units: 2, activation: "softmax" }],
      training: { loss: "categoricalCrossentropy", epochs: 20, optimizer: { type: "adam", learningRate: 0.05 } },
    });
    const table: Table = {
      task: "classification",
      channels: [
        { name: "x", unit: "" },
        { name: "y", unit: "" },
      ],
      shape: [8, 2],
      labels: ["calm", "wild"],
      inputs: Float32Array.from({ length: 40 * 16 }, (_, i) => (Math.floor(i / 16) % 2) * Math.sin(i * 2.3) + i / 9e3),
      outputs: Float32Array.from({ length: 40 }, (_, row) => row % 2),
      rows: 40,
    };
    const wild = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i * 2.3 + 1));

    it("takes raw windows, and features that were made with its own blocks", () => {
      const model = readTflite(writeTflite(trainRecipe({ recipe, table, name: "motion" })));
      assert.deepEqual(model.tensors[model.inputs[0]].shape.slice(1), [4]);
      assert.deepEqual(model.metadata?.window, { shape: [8, 2] });
      const features = model.metadata?.features ?? [];
      const predictor = createPredictor(model);
      const raw = predictor.predict(wild);
      assert.ok(typeof raw === "object" && "label" in raw && raw.label === "wild");
      const nested = Array.from({ length: 8 }, (_, i) => [wild[2 * i], wild[2 * i + 1]]);
      assert.deepEqual(predictor.predict(nested), raw);
      for (const made of [features.slice(0, 1), features]) {
        const extractor = createFeatureExtractor(made, [8, 2]);
        assert.deepEqual(predictor.predict(extractor.extract(wild), made), raw);
        extractor.dispose();
      }
      const others: [unknown, unknown, string][] = [
        [wild, [{ block: "statistics", of: ["mean"] }], "TINYML_FEATURES_MISMATCH"],
        [wild, "statistics", "TINYML_FEATURES_MISMATCH"],
        [wild.subarray(0, 14), undefined, "TINYML_CHANNEL_COUNT"],
        [wild, features, "TINYML_CHANNEL_COUNT"],
        [Float32Array.from(wild, () => Number.NaN), undefined, "TINYML_NOT_A_NUMBER"],
      ];
      for (const [reading, made, code] of others) assert.throws(() => predictor.predict(reading, made), { code });
      predictor.dispose();
    });

    it("is refused for a sketch, which can't collect windows yet", () => {
      assert.throws(() => sketchOf(trainRecipe({ recipe, table, name: "motion" })), { code: "TINYML_NOT_FOR_BOARDS" });
    });

    it("needs a window, and stands before normalize", () => {
      for (const wrong of [
        { input: { shape: [8] } },
        { features: [{ block: "normalize" }, { block: "statistics" }] },
        { features: [{ block: "statistics", of: [] }] },
        { features: [{ block: "statistics", of: ["median"] }] },
        { input: { shape: [8, 2], window: { stride: 0 } } },
      ]) {
        assert.throws(() => parseRecipe({ ...recipe, ...wrong }), { code: "TINYML_RECIPE_INVALID" });
      }
    });
  });
});
