import { TinymlError } from "../errors";
import type { Task } from "../model/metadata";
import { orderLabels } from "./labels";
import type { SampleEntry } from "./sample-index";
import { splitRows } from "./split-rows";
import type { Split } from "./table";

/** How many of the samples go to each side; what is left is for training. */
export interface SplitShares {
  /** The share that validates, 0 ≤ validation < 1. */
  validation: number;
  /** The share that is kept for a test, 0 ≤ test < 1. */
  test: number;
  /** The same seed gives the same split. */
  seed?: number;
}

/**
 * Draws a side of the split for each sample, whatever sides they had before: each label has its share on each side, and samples of one group go to
 * the same. Training keeps at least one sample of each label. The ids on each side.
 * @throws TinymlError TINYML_CONFIG_INVALID for shares that are none, or that leave nothing to train with
 */
export function assignSplits(
  samples: readonly SampleEntry[],
  task: Task,
  { validation, test, seed = 0 }: SplitShares,
): Record<Split, number[]> {
  if (!(validation >= 0 && test >= 0 && validation + test < 1)) {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      `The shares for validation (${validation}) and for the test (${test}) must be 0 or more, and less than 1 together.`,
    );
  }
  const tested = draw(samples, task, test, seed);
  const rest = tested.training;
  // The share was meant of all samples, not of those that the test has left.
  const validated = draw(rest, task, validation / (1 - test), seed + 1);
  const idsOf = (some: readonly SampleEntry[]): number[] => some.map(({ id }) => id);
  return {
    training: idsOf(validated.training),
    validation: idsOf(validated.validation),
    test: idsOf(tested.validation),
  };
}

function draw(
  samples: readonly SampleEntry[],
  task: Task,
  validation: number,
  seed: number,
): Record<"training" | "validation", SampleEntry[]> {
  const labels = orderLabels(samples.map(({ label = "" }) => label));
  const index = new Map(labels.map((label, i) => [label, i]));
  const rows = splitRows(
    {
      task,
      labels,
      outputs: Float32Array.from(samples, ({ label = "" }) => index.get(label) ?? 0),
      groups: samples.map(({ group = "" }) => group),
      rows: samples.length,
    },
    { validation, seed },
  );
  const of = (side: "training" | "validation"): SampleEntry[] => Array.from(rows[side], (row) => samples[row]);
  return { training: of("training"), validation: of("validation") };
}
