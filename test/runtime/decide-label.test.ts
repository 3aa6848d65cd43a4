import assert from "node:assert/strict";
import { createDecision, type DecisionRules } from "../../src/runtime/decide-label";
import type { LabelPrediction } from "../../src/runtime/predictor";

const all: DecisionRules = { minimumConfidence: 0, rejection: "unknown", majority: 1, onlyChanges: false, holdOff: 0 };

function predicted(label: string, confidence = 0.9): LabelPrediction {
  return { label, confidence, scores: { a: 0.2, b: 0.3, [label]: confidence } };
}

/** The labels that are told of predictions a second apart, "-" where none is. */
function run(
  rules: Partial<DecisionRules>,
  predictions: readonly (string | [label: string, confidence: number])[],
): string {
  const decide = createDecision({ ...all, ...rules });
  return predictions
    .map((each, i) => decide(typeof each === "string" ? predicted(each) : predicted(...each), 1000 * i)?.label ?? "-")
    .join(" ");
}

describe("which labels are told", () => {
  const cases: [what: string, rules: Partial<DecisionRules>, Parameters<typeof run>[1], told: string][] = [
    ["all", {}, ["a", "a", "b"], "a a b"],
    ["what the model is sure of", { minimumConfidence: 0.5 }, ["a", ["a", 0.4], ["b", 0.5]], "a unknown b"],
    ["only that", { minimumConfidence: 0.5, rejection: "" }, ["a", ["a", 0.4], "b"], "a - b"],
    ["the most frequent of the last three", { majority: 3 }, ["a", "b", "b", "a", "b", "a", "a"], "a b b b b a a"],
    ["changes", { onlyChanges: true }, ["a", "a", "b", "b", "a"], "a - b - a"],
    ["with pauses", { holdOff: 2500 }, ["a", "a", "b", "b", "a"], "a - - b -"],
    [
      "changes that last longer than the pause",
      { holdOff: 2500, onlyChanges: true },
      ["a", "b", "b", "b", "b"],
      "a - - b -",
    ],
    [
      "no change that is over before the pause",
      { holdOff: 2500, onlyChanges: true },
      ["a", "b", "a", "a", "a"],
      "a - - - -",
    ],
    [
      "doubts as a label of their own, in a majority",
      { minimumConfidence: 0.5, majority: 3, onlyChanges: true },
      ["a", ["a", 0.1], ["b", 0.1], "a", "a"],
      "a unknown - - a",
    ],
  ];
  for (const [what, rules, predictions, told] of cases) {
    it(what, () => assert.equal(run(rules, predictions), told));
  }

  it("with the confidence of the label that was decided", () => {
    const decide = createDecision({ ...all, majority: 3 });
    decide(predicted("b"), 0);
    decide(predicted("b"), 1);
    assert.deepEqual(decide(predicted("a"), 2), { ...predicted("a"), label: "b", confidence: 0.3 });
  });
});
