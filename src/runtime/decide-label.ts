import type { LabelPrediction } from "./predictor";

/** Which of a classifier's predictions are worth telling, and as what. Each rule has a value with which it does nothing. */
export interface LabelRules {
  /** A prediction that is less sure, 0..1, is one of `rejection`; 0 takes all. */
  readonly minimumConfidence: number;
  /** The label of predictions that are not sure enough; with "" they are left out. */
  readonly rejection: string;
  /** The label that most of so many predictions have counts, the newest included; 1 takes each as it is. */
  readonly majority: number;
  /** Whether a label is told only if it differs from the one told before. */
  readonly onlyChanges: boolean;
  /** Milliseconds for which nothing more is told after a label was; 0 tells all. */
  readonly holdOff: number;
  /** Whether `holdOff` holds back the label that was told, or any. */
  readonly holdOffFor: "same" | "any";
}

/** Rules that let every prediction pass as it is. */
export const everyLabel: LabelRules = {
  minimumConfidence: 0,
  rejection: "unknown",
  majority: 1,
  onlyChanges: false,
  holdOff: 0,
  holdOffFor: "same",
};

/** Sources whose predictions are told apart; of more, the one that was quiet longest is forgotten. */
export const mostSources = 1000;

/** Judges predictions by what was predicted and told before. */
export interface LabelDecider {
  /**
   * What is told when a prediction comes: this one, an earlier one of the label that most have, or one with the label of
   * rejection; undefined when nothing is. Sources are judged apart. `time` is in milliseconds from any beginning.
   */
  decide(prediction: LabelPrediction, source: string, time: number): LabelPrediction | undefined;
  /** Forgets all that was predicted and told: another model answers from here on. */
  forget(): void;
}

/** What is remembered of a source. */
interface Memory {
  /** The newest predictions, the oldest first. */
  recent: LabelPrediction[];
  /** The label that most of them had. */
  winner?: string;
  told?: string;
  /** When each label was told. */
  toldAt: Map<string, number>;
}

/**
 * A judge by these rules. They follow one upon the other: confidence, majority, change, hold-off. So a label counts as told
 * only if no rule held it back, and one that a hold-off held back is told later if it is still predicted then.
 */
export function createLabelDecider(rules: LabelRules): LabelDecider {
  const memories = new Map<string, Memory>();
  const memoryOf = (source: string): Memory => {
    const memory = memories.get(source) ?? { recent: [], toldAt: new Map<string, number>() };
    // A map keeps its order: the source that was quiet longest comes first.
    memories.delete(source);
    memories.set(source, memory);
    const [oldest = source] = memories.size > mostSources ? memories.keys() : [];
    if (oldest !== source) memories.delete(oldest);
    return memory;
  };

  return {
    decide(prediction, source, time) {
      const sure = withRejection(prediction, rules);
      if (sure === undefined) return undefined;
      const memory = memoryOf(source);
      const chosen = rules.majority > 1 ? newestOfMost(memory, sure, rules.majority) : sure;
      if (rules.onlyChanges && chosen.label === memory.told) return undefined;
      if (isHeldOff(memory, chosen.label, time, rules)) return undefined;
      memory.told = chosen.label;
      if (rules.holdOff > 0) memory.toldAt.set(chosen.label, time);
      return chosen;
    },
    forget: () => memories.clear(),
  };
}

function withRejection(
  prediction: LabelPrediction,
  { minimumConfidence, rejection }: LabelRules,
): LabelPrediction | undefined {
  // Not "<": a score that is no number is not sure either.
  if (minimumConfidence === 0 || prediction.confidence >= minimumConfidence) return prediction;
  return rejection === "" ? undefined : { ...prediction, label: rejection };
}

/** The newest of the last predictions that has the label of most; among equals the label that won before, or else the newest. */
function newestOfMost(memory: Memory, newest: LabelPrediction, count: number): LabelPrediction {
  const { recent } = memory;
  recent.push(newest);
  if (recent.length > count) recent.shift();
  const votes = new Map<string, number>();
  for (const { label } of recent) votes.set(label, (votes.get(label) ?? 0) + 1);
  const most = Math.max(...votes.values());
  const best = recent.toReversed().filter(({ label }) => votes.get(label) === most);
  const chosen = best.find(({ label }) => label === memory.winner) ?? best[0] ?? newest;
  memory.winner = chosen.label;
  return chosen;
}

function isHeldOff(
  { told, toldAt }: Memory,
  label: string,
  time: number,
  { holdOff, holdOffFor }: LabelRules,
): boolean {
  const decisive = holdOffFor === "any" ? told : label;
  const before = decisive === undefined ? undefined : toldAt.get(decisive);
  return before !== undefined && time - before < holdOff;
}
