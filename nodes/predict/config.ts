import { TinymlError } from "../../src/errors";
import { readChoice, readFlag, readText, type StoredSettings, storedSettings } from "../settings";

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
}

/** The settings of a new node, as the editor stores them. */
export const defaults = { name: "", source: "message", model: "", file: "", onlyLabel: false };

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): PredictConfig {
  const settings = storedSettings(stored);
  const source = sourceOf(settings);
  const config = {
    source,
    model: readText(settings, "model", ""),
    file: readText(settings, "file", ""),
    onlyLabel: readFlag(settings, "onlyLabel", defaults.onlyLabel),
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

function missing(what: string): TinymlError {
  return new TinymlError("TINYML_CONFIG_INVALID", `No model is chosen: ${what}. Open the node and correct it.`);
}
