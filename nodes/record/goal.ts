import { type Dataset, fixedLabels } from "../lib";

/** How many samples of each label are enough. */
export interface Goal {
  /** Whether another sample of the label is wanted. */
  wants(dataset: Dataset, label: string | undefined): boolean;
  /**
   * Whether no label is left of which samples are wanted: the only one that is recorded, or all that the dataset lists. Recordings that are
   * under way count, too.
   */
  isReached(dataset: Dataset): boolean;
  /** How many samples of a label there are, those on their way to the disk included. */
  countOf(dataset: Dataset, label: string): number;
  /** Counts samples in while they are being stored. */
  hold<T>(label: string | undefined, samples: number, storing: Promise<T>): Promise<T>;
}

/** A goal of `target` samples for each label, 0 for any number; `only` is the label that all samples get, if there is one. */
export function createGoal(target: number, only: string | undefined): Goal {
  const pending = new Map<string, number>();
  const countOf = (dataset: Dataset, label: string): number =>
    (dataset.countsPerLabel()[label] ?? 0) + (pending.get(label) ?? 0);
  return {
    countOf,
    wants: (dataset, label) => target === 0 || label === undefined || countOf(dataset, label) < target,
    isReached(dataset) {
      const { description } = dataset;
      if (target === 0 || description.task !== "classification") return false;
      const labels = only === undefined ? fixedLabels(description) : [only];
      const counts = dataset.countsPerLabel();
      return labels?.every((label) => (counts[label] ?? 0) >= target) ?? false;
    },
    async hold(label, samples, storing) {
      if (label === undefined) return storing;
      pending.set(label, (pending.get(label) ?? 0) + samples);
      try {
        return await storing;
      } finally {
        pending.set(label, (pending.get(label) ?? 0) - samples);
      }
    },
  };
}
