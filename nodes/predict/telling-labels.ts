import { createDecision, type DecisionRules, isLabelPrediction, type Prediction } from "../lib";

/** The sources whose labels are decided side by side at most; of more, the one that was silent longest begins anew. */
const mostSources = 64;

/** A function that gives what is sent of a prediction: for labels what the rules decide, each source by itself. */
export function tellingLabels(
  rules: DecisionRules,
): (prediction: Prediction, topic: unknown) => Prediction | undefined {
  const sources = new Map<string, ReturnType<typeof createDecision>>();
  return (prediction, topic) => {
    if (!isLabelPrediction(prediction)) return prediction;
    const source = typeof topic === "string" ? topic : "";
    const decide = sources.get(source) ?? createDecision(rules);
    sources.delete(source);
    sources.set(source, decide);
    const [oldest] = sources.keys();
    if (sources.size > mostSources) sources.delete(oldest);
    return decide(prediction, performance.now());
  };
}
