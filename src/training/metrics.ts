/*
 * The figures by which models are judged, from what was wanted and what was predicted. Where a figure is not defined (a class without
 * samples, targets that never change) it is null, as JSON has no NaN. Definitions as in scikit-learn's metrics.
 */

/** How well one class is recognized; null where the class, or for AUC every other one, has no samples. */
export interface ClassFigures {
  label: string;
  /** How many samples belong to the class. */
  support: number;
  /** Share of the samples predicted as this class that belong to it; 0 when none was. */
  precision: number | null;
  /** Share of the class's samples that were predicted as it. */
  recall: number | null;
  /** Harmonic mean of precision and recall. */
  f1: number | null;
  /** Area under the ROC curve, this class against all others: how often a sample of it has a higher score for it than another one. */
  auc: number | null;
}

/** The means over the classes that have samples, each class counting the same. */
export type MacroFigures = Record<"precision" | "recall" | "f1" | "auc", number | null>;

/** Samples of one class that were taken for another. */
export interface ConfusedPair {
  wanted: string;
  got: string;
  count: number;
}

/** How well a classifier does. */
export interface ClassificationFigures {
  /** Share of right labels, 0 to 1. */
  accuracy: number;
  labels: readonly string[];
  /** Counts: a row for each wanted label, in it a column for each predicted one. */
  confusion: number[][];
  classes: ClassFigures[];
  macro: MacroFigures;
  /** The pairs that were most often confused, the commonest first, at most ten. */
  confused: ConfusedPair[];
}

/** How far predictions of one target are off, in the target's unit (mse: its square). */
export interface TargetFigures {
  name: string;
  /** Mean squared error, mean absolute error, and the root of the first. */
  mse: number;
  mae: number;
  rmse: number;
  /** Share of the target's variance that the predictions explain: 1 is perfect, 0 no better than the mean; null for a constant target. */
  r2: number | null;
}

/** How well numbers are predicted: the means over all targets, and each target. */
export interface RegressionFigures extends Omit<TargetFigures, "name"> {
  targets: TargetFigures[];
}

const mostPairs = 10;

/**
 * Judges a classifier.
 * @param wanted the class index of each sample; at least one sample
 * @param scores samples × labels, row-major: the class with the highest score is the predicted one (the first of equal ones)
 */
export function classificationFigures(
  labels: readonly string[],
  wanted: ArrayLike<number>,
  scores: Float64Array,
): ClassificationFigures {
  const samples = wanted.length;
  const width = labels.length;
  const confusion = labels.map(() => labels.map(() => 0));
  for (let i = 0; i < samples; i++) confusion[wanted[i]][highest(scores, i * width, width)]++;
  const right = labels.reduce((sum, _, i) => sum + confusion[i][i], 0);
  const classes = labels.map((label, index): ClassFigures => {
    const support = confusion[index].reduce((sum, count) => sum + count, 0);
    if (support === 0) return { label, support, precision: null, recall: null, f1: null, auc: null };
    const hits = confusion[index][index];
    const predicted = confusion.reduce((sum, row) => sum + row[index], 0);
    return {
      label,
      support,
      precision: predicted === 0 ? 0 : hits / predicted,
      recall: hits / support,
      f1: (2 * hits) / (support + predicted),
      auc: rocAuc(index, wanted, scores, width),
    };
  });
  const macro = (figure: keyof MacroFigures): number | null => meanOf(classes.map((each) => each[figure]));
  return {
    accuracy: right / samples,
    labels,
    confusion,
    classes,
    macro: { precision: macro("precision"), recall: macro("recall"), f1: macro("f1"), auc: macro("auc") },
    confused: mostConfused(labels, confusion),
  };
}

/**
 * Judges predictions of numbers.
 * @param wanted samples × targets, row-major; at least one sample
 * @param predicted the same for what was predicted
 */
export function regressionFigures(
  names: readonly string[],
  wanted: ArrayLike<number>,
  predicted: ArrayLike<number>,
): RegressionFigures {
  const width = names.length;
  const samples = wanted.length / width;
  const targets = names.map((name, target): TargetFigures => {
    let squares = 0;
    let absolute = 0;
    let sum = 0;
    let varies = false;
    for (let at = target; at < wanted.length; at += width) {
      const error = predicted[at] - wanted[at];
      squares += error ** 2;
      absolute += Math.abs(error);
      sum += wanted[at];
      varies ||= wanted[at] !== wanted[target];
    }
    let variance = 0;
    for (let at = target; at < wanted.length; at += width) variance += (wanted[at] - sum / samples) ** 2;
    const mse = squares / samples;
    return { name, mse, mae: absolute / samples, rmse: Math.sqrt(mse), r2: varies ? 1 - squares / variance : null };
  });
  const mean = (figure: "mse" | "mae"): number => targets.reduce((sum, each) => sum + each[figure], 0) / width;
  const mse = mean("mse");
  return { mse, mae: mean("mae"), rmse: Math.sqrt(mse), r2: meanOf(targets.map(({ r2 }) => r2)), targets };
}

/** The place of the highest of `width` scores from `from` on, counted from there; the first of equal ones. */
export function highest(scores: Float64Array, from: number, width: number): number {
  let best = 0;
  for (let i = 1; i < width; i++) if (scores[from + i] > scores[from + best]) best = i;
  return best;
}

/**
 * The area under the ROC curve of one class against all others, as the share of pairs of a sample of the class and another one in which the first
 * has the higher score, equal scores counting half (Mann and Whitney's U). Null when there is no such pair.
 */
function rocAuc(index: number, wanted: ArrayLike<number>, scores: Float64Array, width: number): number | null {
  const scoreOf = (sample: number): number => scores[sample * width + index];
  const samples = Uint32Array.from({ length: wanted.length }, (_, sample) => sample);
  const positives = Float64Array.from(
    samples.filter((sample) => wanted[sample] === index),
    scoreOf,
  ).sort();
  const negatives = Float64Array.from(
    samples.filter((sample) => wanted[sample] !== index),
    scoreOf,
  ).sort();
  if (positives.length === 0 || negatives.length === 0) return null;
  let lower = 0;
  let notHigher = 0;
  let ordered = 0;
  for (const score of positives) {
    while (negatives[lower] < score) lower++;
    while (negatives[notHigher] <= score) notHigher++;
    ordered += (lower + notHigher) / 2;
  }
  return ordered / positives.length / negatives.length;
}

function mostConfused(labels: readonly string[], confusion: readonly (readonly number[])[]): ConfusedPair[] {
  return confusion
    .flatMap((row, i) => row.map((count, j) => ({ wanted: labels[i], got: labels[j], count, wrong: i !== j })))
    .filter(({ count, wrong }) => wrong && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, mostPairs)
    .map(({ wanted, got, count }) => ({ wanted, got, count }));
}

/** The mean of the numbers that are defined; null when none is. */
function meanOf(values: readonly (number | null)[]): number | null {
  const defined = values.filter((value) => value !== null);
  return defined.length === 0 ? null : defined.reduce((sum, value) => sum + value, 0) / defined.length;
}
