import { readChoice, readFlag, readNumber, readText, storedSettings } from "../settings";

/** Settings of the node that records samples. */
export interface RecordConfig {
  /** The configuration node's id; empty when none is chosen. */
  dataset: string;
  /** Datasets of single readings: how many to record after each start; 0 records until it is stopped. */
  count: number;
  /** Other datasets: how many recordings, sounds or pictures after each start; 0 until it is stopped. */
  samples: number;
  /** Datasets of recordings: how long one is that is made of single readings; 0 until it is stopped. */
  length: number;
  lengthUnit: "seconds" | "readings";
  /** Where the label or target comes from: a property of the message, or a fixed one. */
  labelType: "msg" | "str" | "num";
  label: string;
  /** Seconds before recording begins. */
  countdown: number;
  /** How many samples of each label are enough; 0 for any number. */
  target: number;
  /** Whether everything is recorded, from the start and without a command. */
  always: boolean;
}

/** The settings of a new node, as the editor stores them. */
export const defaults = {
  name: "",
  dataset: "",
  count: 1000,
  samples: 1,
  length: 2,
  lengthUnit: "seconds",
  label: "label",
  labelType: "msg",
  countdown: 0,
  target: 0,
  always: false,
};

const whole = { minimum: 0, maximum: 1e9, whole: true } as const;

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): RecordConfig {
  const settings = storedSettings(stored);
  const lengthUnit = readChoice(settings, "lengthUnit", ["seconds", "readings"], "seconds");
  return {
    dataset: readText(settings, "dataset", ""),
    count: readNumber(settings, "count", defaults.count, whole),
    samples: readNumber(settings, "samples", defaults.samples, whole),
    length: readNumber(
      settings,
      "length",
      defaults.length,
      lengthUnit === "seconds" ? { minimum: 0, maximum: 86_400 } : whole,
    ),
    lengthUnit,
    labelType: readChoice(settings, "labelType", ["msg", "str", "num"], "msg"),
    label: readText(settings, "label", defaults.label) || defaults.label,
    countdown: readNumber(settings, "countdown", defaults.countdown, { minimum: 0, maximum: 3600 }),
    target: readNumber(settings, "target", defaults.target, whole),
    always: readFlag(settings, "always", defaults.always),
  };
}
