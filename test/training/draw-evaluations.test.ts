import assert from "node:assert/strict";
import { drawEvaluations } from "../../src/training/draw-evaluations";
import type { EvaluationReport } from "../../src/training/evaluate-rows";
import { classificationFigures, regressionFigures } from "../../src/training/metrics";

/** A report on predicted labels. */
function classified(
  model: string,
  labels: readonly string[],
  pairs: readonly (readonly [number, number])[],
): EvaluationReport {
  const scores = Float64Array.from(pairs.flatMap(([, got]) => labels.map((_, i) => Number(i === got))));
  const figures = classificationFigures(
    labels,
    pairs.map(([wanted]) => wanted),
    scores,
  );
  return {
    model,
    split: "test",
    task: "classification",
    metric: "accuracy",
    value: figures.accuracy,
    samples: pairs.length,
    ...figures,
    wrong: [],
    warnings: [],
  };
}

/** A report on predicted numbers, a list per sample. */
function predicted(names: readonly string[], wanted: readonly number[][], got: readonly number[][]): EvaluationReport {
  const figures = regressionFigures(names, wanted.flat(), got.flat());
  return {
    model: "numbers",
    split: "all",
    task: "regression",
    metric: "mse",
    value: figures.mse,
    samples: wanted.length,
    ...figures,
    wrong: [],
    points: wanted.map((each, i) => ({ wanted: each, got: got[i] })),
    warnings: [],
  };
}

/** The texts of a picture; and a check that each element that begins also ends, and that nothing is NaN. */
function textsOf(svg: string): string[] {
  const open: string[] = [];
  for (const [, closing, name, rest] of svg.matchAll(/<(\/?)([a-z]+)([^<>]*)>/g)) {
    if (closing === "/") assert.equal(open.pop(), name);
    else if (!rest.endsWith("/")) open.push(name);
  }
  assert.deepEqual(open, []);
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
}

const count = (svg: string, what: RegExp): number => [...svg.matchAll(what)].length;

describe("the picture of evaluations", () => {
  it("is a confusion matrix for labels: counts where there are any, right ones apart from wrong ones", () => {
    const svg = drawEvaluations([
      classified(
        "pets",
        ["cat", "dog"],
        [
          [0, 0],
          [0, 0],
          [0, 1],
          [1, 1],
        ],
      ),
    ]);
    const texts = textsOf(svg);
    assert.deepEqual(texts.slice(0, 4), ["pets", "accuracy 75 %, F1 0.733, 4 test rows", "predicted", "wanted"]);
    assert.deepEqual(texts.slice(4).sort(), ["1", "1", "2", "cat", "cat", "dog", "dog"]);
    assert.deepEqual([count(svg, /class="right"/g), count(svg, /class="wrong"/g)], [2, 1]);
  });

  it("is a scatter of predicted against wanted for numbers, one for each target", () => {
    const svg = drawEvaluations([
      predicted(
        ["width", "height"],
        [
          [0, 5],
          [1, 5],
        ],
        [
          [0.1, 5],
          [0.8, 5],
        ],
      ),
    ]);
    const texts = textsOf(svg);
    assert.equal(count(svg, /<circle/g), 4);
    assert.ok(texts.includes("RMSE 0.158, R² 0.900, 2 rows"));
    assert.ok(texts.includes("RMSE 0, 2 rows"));
    assert.ok(texts.includes("wanted width") && texts.includes("wanted height"));
  });

  it("shows several models side by side", () => {
    const one = classified("one", ["a", "b"], [[0, 0]]);
    const texts = textsOf(drawEvaluations(["1", "2", "3", "4"].map((model) => ({ ...one, model }))));
    for (const model of ["1", "2", "3", "4"]) assert.ok(texts.includes(model));
  });

  it("follows light and dark on a ground of its own", () => {
    const svg = drawEvaluations([classified("pets", ["cat", "dog"], [[0, 0]])]);
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /);
    assert.match(svg, /@media\(prefers-color-scheme:dark\)/);
    assert.match(svg, /<rect class="ground"/);
  });

  it("writes names that come from files as text and nothing else", () => {
    const labels = ['<script>alert("x")</script>', "a & b\u0000"];
    const svg = drawEvaluations([classified("]]>\u001b<b>", labels, [[0, 0]])]);
    textsOf(svg);
    assert.doesNotMatch(svg, /<script|<b>|\p{Cc}/u);
    assert.ok(svg.includes("a &amp; b"));
  });

  it("leaves no room for numbers and every name where there are very many labels", () => {
    const labels = Array.from({ length: 100 }, (_, i) => `label ${i}`);
    const texts = textsOf(
      drawEvaluations([
        classified(
          "many",
          labels,
          labels.map((_, i) => [i, i]),
        ),
      ]),
    );
    assert.ok(texts.length < 110, `${texts.length}`);
  });
});
