import { readText, storedSettings } from "../settings";

/** Settings of the node that quantizes. */
export interface QuantizeConfig {
  /** The configuration node's id; empty when none is chosen. */
  dataset: string;
  /** The stored model that is taken when the message brings none; empty for none. */
  model: string;
}

/** The settings of a new node, as the editor stores them. */
export const defaults = { name: "", dataset: "", model: "" };

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): QuantizeConfig {
  const settings = storedSettings(stored);
  return { dataset: readText(settings, "dataset", ""), model: readText(settings, "model", "") };
}
