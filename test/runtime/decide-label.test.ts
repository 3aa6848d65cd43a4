import assert from "node:assert/strict";
import { createLabelDecider, everyLabel, type LabelRules, mostSources } from "../../src/runtime/decide-label";
import type { LabelPrediction } from "../../src/runtime/predictor";

/** "a 0.9" is the label a with this confidence; the confidence is 1 where there is none. */
function prediction(text: string): LabelPrediction {
  const [label = "", confidence = "1"] = text.split(" ");
  return { label, confidence: Number(confidence), scores: { [label]: Number(confidence) } };
}

/** The labels that are told, "-" for nothing, of predictions at steps of ten milliseconds. */
function told(rules: Partial<LabelRules>, predictions: readonly string[]): string {
  const decider = createLabelDecider({ ...everyLabel, ...rules });
  return predictions.map((text, i) => decider.decide(prediction(text), "", i * 10)?.label ?? "-").join(" ");
}

const cases: Array<{ name: string; rules: Partial<LabelRules>; predictions: string; wanted: string }> = [
  { name: "no rule lets all pass", rules: {}, predictions: "a a b a", wanted: "a a b a" },
  { name: "changes only", rules: { onlyChanges: true }, predictions: "a a b b a a", wanted: "a - b - a -" },
  { name: "majority of three", rules: { majority: 3 }, predictions: "a b a b b a a", wanted: "a a a b b b a" },
  { name: "majority of two keeps the winner", rules: { majority: 2 }, predictions: "a b a b b", wanted: "a a a a b" },
  { name: "a tie of new labels is the newest's", rules: { majority: 3 }, predictions: "a b c d", wanted: "a a a d" },
  {
    name: "hold-off for the same label",
    rules: { holdOff: 30 },
    predictions: "a a b a b b a",
    wanted: "a - b a - b a",
  },
  {
    name: "hold-off for any label",
    rules: { holdOff: 30, holdOffFor: "any" },
    predictions: "a b b b a a a",
    wanted: "a - - b - - a",
  },
  {
    name: "majority, then changes",
    rules: { majority: 3, onlyChanges: true },
    predictions: "a b a b b a a",
    wanted: "a - - b - - a",
  },
  {
    name: "changes, then hold-off: what it holds back is told later",
    rules: { onlyChanges: true, holdOff: 30, holdOffFor: "any" },
    predictions: "a b b b b a b b",
    wanted: "a - - b - - - -",
  },
  {
    name: "changes, then hold-off: a label that comes back in time was never away",
    rules: { onlyChanges: true, holdOff: 30, holdOffFor: "any" },
    predictions: "a b a a a a",
    wanted: "a - - - - -",
  },
];

describe("which labels are told", () => {
  for (const { name, rules, predictions, wanted } of cases) {
    it(name, () => assert.equal(told(rules, predictions.split(" ")), wanted));
  }

  it("too unsure is the label of rejection, or nothing", () => {
    const predictions = ["a 0.9", "b 0.59", "b 0.6", "a NaN"];
    assert.equal(told({ minimumConfidence: 0.6 }, predictions), "a unknown b unknown");
    assert.equal(told({ minimumConfidence: 0.6, rejection: "?" }, predictions), "a ? b ?");
    assert.equal(told({ minimumConfidence: 0.6, rejection: "" }, predictions), "a - b -");
    const rejected = createLabelDecider({ ...everyLabel, minimumConfidence: 0.6 }).decide(prediction("a 0.5"), "", 0);
    assert.deepEqual(rejected, { label: "unknown", confidence: 0.5, scores: { a: 0.5 } });
  });

  it("confidence comes before the majority: rejections vote, what is left out does not", () => {
    const predictions = ["a 0.9", "b 0.5", "b 0.5", "b 0.9"];
    assert.equal(told({ minimumConfidence: 0.6, majority: 3 }, predictions), "a a unknown unknown");
    assert.equal(told({ minimumConfidence: 0.6, majority: 3, rejection: "" }, predictions), "a - - a");
  });

  it("all rules at once, in their order", () => {
    const rules = { minimumConfidence: 0.6, majority: 3, onlyChanges: true, holdOff: 50, holdOffFor: "any" } as const;
    const predictions = ["a", "b", "a", "b", "b", "b", "c 0.2", "c 0.3", "c 0.1", "a 0.7", "a", "a"];
    assert.equal(told(rules, predictions), "a - - - - b - - - - a -");
  });

  it("tells the newest prediction of the winning label, as the model made it", () => {
    const decider = createLabelDecider({ ...everyLabel, majority: 3 });
    const [first, second] = [prediction("a 0.7"), prediction("a 0.8")];
    assert.equal(decider.decide(first, "", 0), first);
    assert.equal(decider.decide(second, "", 1), second);
    assert.equal(decider.decide(prediction("b 0.9"), "", 2), second);
  });

  it("judges sources apart, and forgets all when told to", () => {
    const decider = createLabelDecider({ ...everyLabel, onlyChanges: true });
    const tell = (source: string) => decider.decide(prediction("a"), source, 0)?.label;
    assert.deepEqual([tell("x"), tell("y"), tell("x"), tell("y")], ["a", "a", undefined, undefined]);
    decider.forget();
    assert.equal(tell("x"), "a");
  });

  it("remembers a bounded number of sources: the one that was quiet longest is forgotten", () => {
    const decider = createLabelDecider({ ...everyLabel, onlyChanges: true });
    const tell = (source: number) => decider.decide(prediction("a"), `${source}`, 0)?.label;
    for (let source = 0; source < mostSources; source++) tell(source);
    assert.equal(tell(0), undefined);
    tell(mostSources);
    assert.equal(tell(0), undefined, "it was heard of just before");
    assert.equal(tell(1), "a");
  });
});
