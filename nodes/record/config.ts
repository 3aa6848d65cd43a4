import { readChoice, readFlag, readNumber, readText, storedSettings } from "../settings";

/** Settings of the node that records readings. */
export interface RecordConfig {
  /** The configuration node's id; empty when none is chosen. */
  dataset: string;
  /** Readings to record after each start; 0 records until it is stopped. */
  count: number;
  /** Where the label or target comes from: a property of the message, or a fixed one. */
  labelType: "msg" | "str" | "num";
  label: string;
  /** Whether every reading is recorded, from the start and without a command. */
  always: boolean;
}

/** The settings of a new node, as the editor stores them. */
export const defaults = { name: "", dataset: "", count: 1000, label: "label", labelType: "msg", always: false };

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): RecordConfig {
  const settings = storedSettings(stored);
  return {
    dataset: readText(settings, "dataset", ""),
    count: readNumber(settings, "count", defaults.count, { minimum: 0, maximum: 1e9, whole: true }),
    labelType: readChoice(settings, "labelType", ["msg", "str", "num"], "msg"),
    label: readText(settings, "label", defaults.label) || defaults.label,
    always: readFlag(settings, "always", defaults.always),
  };
}
