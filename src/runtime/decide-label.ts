import type { LabelPrediction } from "./predictor";

/** Which of many predictions are worth telling. */
export interface DecisionRules {
  /** Predictions with less confidence, 0..1, count as the rejection label. */
  minimumConfidence: number;
  /** What such predictions are called; "" leaves them out. */
  rejection: string;
  /** The label is that of the most of so many last predictions; 1 takes each as it is. */
  majority: number;
  /** Whether a label is told only when it is another one than the last that was told. */
  onlyChanges: boolean;
  /** Milliseconds after a told label in which no other one is. */
  holdOff: number;
}

/**
 * A function that takes predictions, with their time in milliseconds, and gives those that are told, with the label that was decided; undefined for the others.
 * The rules apply in this order: confidence, majority, change, hold-off. What is held off was not told, so a change that lasts is told afterwards.
 */
export function createDecision(
  rules: DecisionRules,
): (prediction: LabelPrediction, time: number) => LabelPrediction | undefined {
  const last: string[] = [];
  let told: { label: string; time: number } | undefined;
  return (prediction, time) => {
    const isSure = prediction.confidence >= rules.minimumConfidence;
    if (!isSure && rules.rejection === "") return undefined;
    last.push(isSure ? prediction.label : rules.rejection);
    if (last.length > rules.majority) last.shift();
    const label = mostFrequent(last);
    if (told !== undefined) {
      if (rules.onlyChanges && label === told.label) return undefined;
      if (time - told.time < rules.holdOff) return undefined;
    }
    told = { label, time };
    if (label === prediction.label) return prediction;
    const score = Object.hasOwn(prediction.scores, label) ? prediction.scores[label] : undefined;
    return { ...prediction, label, confidence: score ?? prediction.confidence };
  };
}

/** The label that is there most often; of several the one that was last. */
function mostFrequent(labels: readonly string[]): string {
  const counts = new Map<string, number>();
  let best = labels[labels.length - 1];
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  for (const label of labels.toReversed()) if ((counts.get(label) ?? 0) > (counts.get(best) ?? 0)) best = label;
  return best;
}
