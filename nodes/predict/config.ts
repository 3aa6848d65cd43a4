import { TinymlError } from "../../src/errors";
import type { DecisionRules } from "../../src/runtime/decide-label";
import { readChoice, readFlag, readNumber, readText, type StoredSettings, storedSettings } from "../settings";

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
  /** Classification: which predictions are sent. */
  rules: DecisionRules;
  /** The topic under which the flow publishes the predictions, of which Home Assistant is told; "" where it is not. */
  stateTopic: string;
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
  homeAssistant: false,
  stateTopic: "",
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
    rules: {
      minimumConfidence: readNumber(settings, "confidence", defaults.confidence, { minimum: 0, maximum: 100 }) / 100,
      rejection: readText(settings, "rejection", defaults.rejection),
      majority: readNumber(settings, "majority", defaults.majority, { minimum: 1, maximum: 1000, whole: true }),
      onlyChanges: readFlag(settings, "onlyChanges", defaults.onlyChanges),
      holdOff: readNumber(settings, "holdOff", defaults.holdOff, { minimum: 0, maximum: 86_400_000 }),
    },
    stateTopic: readStateTopic(settings),
  };
  if (source === "stored" && config.model === "") throw missing("name the stored model");
  if (source === "file" && config.file === "") throw missing("give the path of its file");
  return config;
}

/** Where the model comes from; nodes of earlier versions tell only by whether they name a stored one. */
export function sourceOf(stored: unknown): ModelSource {
  const settings: StoredSettings = storedSettings(stored);
  const named = readText(settings, "model", "") !== "";
  return readChoice(settings, "source", sources, named ? "stored" : "message");
}

/** A topic that can be published under: without MQTT's wildcards. */
function readStateTopic(settings: StoredSettings): string {
  if (!readFlag(settings, "homeAssistant", defaults.homeAssistant)) return "";
  const topic = readText(settings, "stateTopic", defaults.stateTopic);
  if (topic !== "" && !/[+#\0]/.test(topic)) return topic;
  throw new TinymlError(
    "TINYML_CONFIG_INVALID",
    "Home Assistant must be told under which topic the predictions are published, without + and #. Open the node and enter the topic of your mqtt out node.",
  );
}

function missing(what: string): TinymlError {
  return new TinymlError("TINYML_CONFIG_INVALID", `No model is chosen: ${what}. Open the node and correct it.`);
}
