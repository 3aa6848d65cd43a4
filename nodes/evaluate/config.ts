import { readChoice, readText, storedSettings } from "../settings";

/** Which rows of the dataset a model is evaluated with. */
export const splits = ["validation", "training", "test", "all"] as const;

/** Settings of the node that evaluates. */
export interface EvaluateConfig {
  /** The configuration node's id; empty when none is chosen. */
  dataset: string;
  split: (typeof splits)[number];
  /** The stored model that is taken when the message brings none; empty for none. */
  model: string;
}

/** The settings of a new node, as the editor stores them. */
export const defaults = { name: "", dataset: "", split: "validation", model: "" };

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): EvaluateConfig {
  const settings = storedSettings(stored);
  return {
    dataset: readText(settings, "dataset", ""),
    split: readChoice(settings, "split", splits, "validation"),
    model: readText(settings, "model", ""),
  };
}
