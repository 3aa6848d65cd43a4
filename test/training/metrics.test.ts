import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { classificationFigures, regressionFigures } from "../../src/training/metrics";

/** Labelled samples and the scores that somebody gave them. Scores are multiples of 1/8, so that many are equal. */
const scored = fc.integer({ min: 2, max: 5 }).chain((classes) =>
  fc.record({
    labels: fc.constant(Array.from({ length: classes }, (_, i) => `label ${i}`)),
    samples: fc.array(
      fc.record({
        wanted: fc.nat({ max: classes - 1 }),
        scores: fc.array(
          fc.nat({ max: 8 }).map((eighths) => eighths / 8),
          { minLength: classes, maxLength: classes },
        ),
      }),
      { minLength: 1, maxLength: 60 },
    ),
  }),
);

type Scored = typeof scored extends fc.Arbitrary<infer Value> ? Value : never;

const judge = ({ labels, samples }: Scored) =>
  classificationFigures(
    labels,
    samples.map(({ wanted }) => wanted),
    Float64Array.from(samples.flatMap(({ scores }) => scores)),
  );

const near = (found: number | null, expected: number, what: string): void =>
  assert.ok(
    found !== null && Math.abs(found - expected) <= 1e-5 * Math.max(1, Math.abs(expected)),
    `${what}: ${found}, not ${expected}`,
  );

describe("figures of a classifier", () => {
  before(() => tf.setBackend("cpu"));

  it("are those of tfjs: confusion matrix and accuracy", () => {
    fc.assert(
      fc.property(scored, (data) => {
        const { accuracy, confusion } = judge(data);
        const classes = data.labels.length;
        const theirs = tf.tidy(() => {
          const wanted = tf.tensor1d(
            data.samples.map(({ wanted }) => wanted),
            "int32",
          );
          const scores = tf.tensor2d(data.samples.map(({ scores }) => scores));
          const got: tf.Tensor1D = scores.argMax(1);
          return {
            matrix: tf.math.confusionMatrix(wanted, got, classes).arraySync(),
            accuracy: Number(tf.metrics.categoricalAccuracy(tf.oneHot(wanted, classes), scores).mean().arraySync()),
          };
        });
        assert.deepEqual(confusion, theirs.matrix);
        near(accuracy, theirs.accuracy, "accuracy");
      }),
    );
  });

  it("are those of tfjs: precision and recall of each class", () => {
    fc.assert(
      fc.property(scored, (data) => {
        const { classes } = judge(data);
        classes.forEach(({ label, support, precision, recall, f1 }, index) => {
          if (support === 0) {
            assert.deepEqual([precision, recall, f1], [null, null, null]);
            return;
          }
          const [theirPrecision, theirRecall] = tf.tidy(() => {
            const wanted = tf.tensor2d(data.samples.map(({ wanted }) => [Number(wanted === index)]));
            const got = tf
              .tensor2d(data.samples.map(({ scores }) => scores))
              .argMax(1)
              .equal(index)
              .cast("float32")
              .expandDims(1);
            return [tf.metrics.precision(wanted, got), tf.metrics.recall(wanted, got)].map((each) =>
              Number(each.arraySync()),
            );
          });
          near(precision, theirPrecision, `precision of ${label}`);
          near(recall, theirRecall, `recall of ${label}`);
          const sum = theirPrecision + theirRecall;
          near(f1, sum === 0 ? 0 : (2 * theirPrecision * theirRecall) / sum, `F1 of ${label}`);
        });
      }),
    );
  });

  it("AUC is the share of rightly ordered pairs of a sample of the class and another one, equal scores counting half", () => {
    fc.assert(
      fc.property(scored, (data) => {
        judge(data).classes.forEach(({ auc }, index) => {
          const inside = data.samples.filter(({ wanted }) => wanted === index);
          const outside = data.samples.filter(({ wanted }) => wanted !== index);
          let ordered = 0;
          for (const {
            scores: [...ours],
          } of inside) {
            for (const {
              scores: [...others],
            } of outside)
              ordered += 0.5 + 0.5 * Math.sign(ours[index] - others[index]);
          }
          if (inside.length === 0 || outside.length === 0) assert.equal(auc, null);
          else near(auc, ordered / (inside.length * outside.length), `AUC of class ${index}`);
        });
      }),
    );
  });

  it("AUC is the area under the curve of true against false positives", () => {
    fc.assert(
      fc.property(scored, (data) => {
        judge(data).classes.forEach(({ auc }, index) => {
          if (auc === null) return;
          const share = (samples: Scored["samples"], threshold: number): number =>
            samples.filter(({ scores }) => scores[index] >= threshold).length / samples.length;
          const inside = data.samples.filter(({ wanted }) => wanted === index);
          const outside = data.samples.filter(({ wanted }) => wanted !== index);
          let area = 0;
          for (let eighths = 8; eighths >= 0; eighths--) {
            const [x, y] = [share(outside, eighths / 8), share(inside, eighths / 8)];
            const [before, lower] = [share(outside, (eighths + 1) / 8), share(inside, (eighths + 1) / 8)];
            area += ((x - before) * (y + lower)) / 2;
          }
          near(auc, area, `AUC of class ${index}`);
        });
      }),
    );
  });

  it("macro figures are the means over the classes that have samples", () => {
    fc.assert(
      fc.property(scored, (data) => {
        const { classes, macro } = judge(data);
        for (const figure of ["precision", "recall", "f1", "auc"] as const) {
          const defined = classes.map((each) => each[figure]).filter((value) => value !== null);
          if (defined.length === 0) assert.equal(macro[figure], null);
          else near(macro[figure], defined.reduce((a, b) => a + b, 0) / defined.length, figure);
        }
      }),
    );
  });

  it("names the pairs that are confused, the commonest first", () => {
    const wanted = [0, 0, 0, 1, 1, 2];
    const got = [1, 1, 0, 0, 1, 2];
    const scores = Float64Array.from(got.flatMap((index) => [0, 1, 2].map((i) => Number(i === index))));
    assert.deepEqual(classificationFigures(["cat", "dog", "fish"], wanted, scores).confused, [
      { wanted: "cat", got: "dog", count: 2 },
      { wanted: "dog", got: "cat", count: 1 },
    ]);
  });
});

describe("figures of predicted numbers", () => {
  const number = fc.double({ min: -100, max: 100, noNaN: true }).map(Math.fround);
  const pairs = fc.integer({ min: 1, max: 3 }).chain((width) =>
    fc.array(
      fc.tuple(
        fc.array(number, { minLength: width, maxLength: width }),
        fc.array(number, { minLength: width, maxLength: width }),
      ),
      {
        minLength: 2,
        maxLength: 40,
      },
    ),
  );

  it("are those of tfjs: mean squared and mean absolute error, R²", () => {
    fc.assert(
      fc.property(pairs, (samples) => {
        const names = samples[0][0].map((_, i) => `target ${i}`);
        const { mse, mae, rmse, targets } = regressionFigures(
          names,
          samples.flatMap(([wanted]) => wanted),
          samples.flatMap(([, predicted]) => predicted),
        );
        const theirs = tf.tidy(() => {
          const wanted = tf.tensor2d(samples.map(([each]) => each));
          const predicted = tf.tensor2d(samples.map(([, each]) => each));
          const [squared, absolute] = [tf.metrics.meanSquaredError, tf.metrics.meanAbsoluteError].map((metric) =>
            Number(metric(wanted, predicted).mean().arraySync()),
          );
          const r2 = names.map((_, i) => {
            const column = (of: tf.Tensor2D): tf.Tensor => of.slice([0, i], [-1, 1]).flatten();
            return Number(tf.metrics.r2Score(column(wanted), column(predicted)).arraySync());
          });
          return { squared, absolute, r2 };
        });
        near(mse, theirs.squared, "MSE");
        near(mae, theirs.absolute, "MAE");
        near(rmse ** 2, theirs.squared, "RMSE²");
        targets.forEach(({ r2 }, i) => {
          const wanted = samples.map(([each]) => each[i]);
          const spread = Math.max(...wanted) - Math.min(...wanted);
          if (spread === 0) assert.equal(r2, null);
          // tfjs computes in 32 bits: where targets hardly differ, nothing is left of theirs.
          else if (spread > 1) near(r2, theirs.r2[i], `R² of target ${i}`);
        });
      }),
    );
  });

  it("means over targets count each target the same", () => {
    const { mse, mae, r2, targets } = regressionFigures(["a", "b"], [0, 10, 2, 30], [0, 10, 0, 30]);
    assert.deepEqual(
      targets.map(({ name, mse, mae, r2 }) => [name, mse, mae, r2]),
      [
        ["a", 2, 1, -1],
        ["b", 0, 0, 1],
      ],
    );
    assert.deepEqual([mse, mae, r2], [1, 0.5, 0]);
  });
});
