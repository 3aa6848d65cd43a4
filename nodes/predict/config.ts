import { readFlag, readText, storedSettings } from "../settings";

/** Settings of the node that predicts. */
export interface PredictConfig {
  /** The stored model that is used from the start; empty to wait for one in a message. */
  model: string;
  /** Classification: whether the payload is the bare label. */
  onlyLabel: boolean;
}

/** The settings of a new node, as the editor stores them. */
export const defaults = { name: "", model: "", onlyLabel: false };

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): PredictConfig {
  const settings = storedSettings(stored);
  return {
    model: readText(settings, "model", ""),
    onlyLabel: readFlag(settings, "onlyLabel", defaults.onlyLabel),
  };
}
