import { readChoice, readNumber, readText, storedSettings } from "../settings";

/** What the node can do with samples. */
export const commands = ["list", "read", "relabel", "delete", "restore", "split", "export", "import"] as const;

export type SamplesCommand = (typeof commands)[number];

/** The forms in which samples leave. */
export const formats = ["zip", "csv", "edge-impulse"] as const;

/** The sides of a split. */
export const splits = ["training", "validation", "test"] as const;

/** Settings of the node that works on the samples of a dataset. */
export interface SamplesConfig {
  /** The configuration node's id; empty when none is chosen. */
  dataset: string;
  /** What is done where the message says no command. */
  command: SamplesCommand;
  /** Only samples with this label; empty for all. */
  label: string;
  /** Only samples on this side of the split; "any" for all. */
  split: "any" | (typeof splits)[number];
  format: (typeof formats)[number];
  /** The share of the samples that validate, in percent. */
  validation: number;
  /** The share of the samples that are kept for a test, in percent. */
  test: number;
  seed: number;
}

/** The settings of a new node, as the editor stores them. */
export const defaults = {
  name: "",
  dataset: "",
  command: "list",
  label: "",
  split: "any",
  format: "zip",
  validation: 20,
  test: 0,
  seed: 0,
};

const share = { minimum: 0, maximum: 99 };

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): SamplesConfig {
  const settings = storedSettings(stored);
  return {
    dataset: readText(settings, "dataset", ""),
    command: readChoice(settings, "command", commands, "list"),
    label: readText(settings, "label", ""),
    split: readChoice(settings, "split", ["any", ...splits], "any"),
    format: readChoice(settings, "format", formats, "zip"),
    validation: readNumber(settings, "validation", defaults.validation, share),
    test: readNumber(settings, "test", defaults.test, share),
    seed: readNumber(settings, "seed", defaults.seed, { minimum: 0, maximum: 2 ** 32 - 1, whole: true }),
  };
}
