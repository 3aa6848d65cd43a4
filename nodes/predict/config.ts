import { TinymlError } from "../../src/errors";
import type { LabelRules } from "../../src/runtime/decide-label";
import { readChoice, readFlag, readNumber, readText, type StoredSettings, storedSettings, wordOf } from "../settings";

const sources = ["message", "stored", "file"] as const;

/** Where the model that is used from the start comes from. */
export type ModelSource = (typeof sources)[number];

/** Settings of the node that predicts. */
export interface PredictConfig {
  source: ModelSource;
  /** The stored model's name, where the source is "stored". */
  model: string;
  /** The path of the model's file, where the source is "file". */
  file: string;
  /** Classification: whether the payload is the bare label. */
  onlyLabel: boolean;
  /** Classification: which labels are sent. */
  rules: LabelRules;
  /** Whether sensors for Home Assistant are announced, at the second output. */
  homeAssistant: boolean;
  /** With Home Assistant: the topic that predictions get. */
  stateTopic: string;
  /** With Home Assistant: the topic that says whether predictions can come; "" for none. */
  availabilityTopic: string;
}

/** The settings of a new node, as the editor stores them. */
export const defaults = {
  name: "",
  source: "message",
  model: "",
  file: "",
  onlyLabel: false,
  confidence: 0,
  rejection: "unknown",
  majority: 1,
  onlyChanges: false,
  holdOff: 0,
  holdOffFor: "same",
  homeAssistant: false,
  stateTopic: "",
  availabilityTopic: "",
  /** 2 with Home Assistant; the editor draws as many. */
  outputs: 1,
};

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): PredictConfig {
  const settings = storedSettings(stored);
  const source = sourceOf(settings);
  const config = {
    source,
    model: readText(settings, "model", ""),
    file: readText(settings, "file", ""),
    onlyLabel: readFlag(settings, "onlyLabel", defaults.onlyLabel),
    rules: readRules(settings),
    homeAssistant: readFlag(settings, "homeAssistant", defaults.homeAssistant),
    stateTopic: readText(settings, "stateTopic", ""),
    availabilityTopic: readText(settings, "availabilityTopic", ""),
  };
  if (source === "stored" && config.model === "") throw missing("name the stored model");
  if (source === "file" && config.file === "") throw missing("give the path of its file");
  if (config.homeAssistant && !isTopic(config.stateTopic)) throw noTopic("stateTopic");
  if (config.homeAssistant && config.availabilityTopic !== "" && !isTopic(config.availabilityTopic)) {
    throw noTopic("availabilityTopic");
  }
  return config;
}

function readRules(settings: StoredSettings): LabelRules {
  const whole = { minimum: 1, maximum: 1000, whole: true };
  return {
    minimumConfidence: readNumber(settings, "confidence", defaults.confidence, { minimum: 0, maximum: 100 }) / 100,
    rejection: readText(settings, "rejection", defaults.rejection),
    majority: readNumber(settings, "majority", defaults.majority, whole),
    onlyChanges: readFlag(settings, "onlyChanges", defaults.onlyChanges),
    holdOff: readNumber(settings, "holdOff", defaults.holdOff, { minimum: 0, maximum: 86_400_000 }),
    holdOffFor: readChoice(settings, "holdOffFor", ["same", "any"], "same"),
  };
}

/** Whether a text can be a topic to publish to. */
function isTopic(text: string): boolean {
  return text !== "" && text.length <= 1000 && !/[+#]/.test(text) && !text.includes("\0");
}

/** Where the model comes from; nodes of earlier versions tell only by whether they name a stored one. */
export function sourceOf(stored: unknown): ModelSource {
  const settings: StoredSettings = storedSettings(stored);
  const named = readText(settings, "model", "") !== "";
  return readChoice(settings, "source", sources, named ? "stored" : "message");
}

function noTopic(key: string): TinymlError {
  return new TinymlError(
    "TINYML_CONFIG_INVALID",
    `"${wordOf(key)}" must be an MQTT topic such as tinyml/knob, without + and #. Open the node and correct it.`,
  );
}

function missing(what: string): TinymlError {
  return new TinymlError("TINYML_CONFIG_INVALID", `No model is chosen: ${what}. Open the node and correct it.`);
}
