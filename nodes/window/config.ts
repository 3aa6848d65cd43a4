import { TinymlError } from "../../src/errors";
import type { WindowSettings } from "../../src/features/windower";
import { readChoice, readNumber, type StoredSettings, storedSettings } from "../settings";

/** The settings of a new node, as the editor stores them: a second of a sensor with a hundred readings per second. */
export const defaults = {
  name: "",
  unit: "readings",
  size: 100,
  stride: 50,
  rate: "",
  gap: "",
  begin: "always",
  threshold: 1,
  before: 10,
};

/** How windows are cut, from what the editor stored. TINYML_CONFIG_INVALID says which setting is wrong. */
export function parseConfig(stored: unknown): WindowSettings {
  const settings = storedSettings(stored);
  const rateHz = readNumber(settings, "rate", 0, { minimum: 0, maximum: 1e6 });
  const gap = readNumber(settings, "gap", 0, { minimum: 0, maximum: 86_400_000 });
  const unit = readChoice(settings, "unit", ["readings", "milliseconds"], "readings");
  if (unit === "milliseconds" && rateHz === 0) {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      "A window in milliseconds needs a fixed rate. Open the node and enter the readings per second, or count in readings.",
    );
  }
  const count = (value: number): number =>
    Math.max(1, Math.round(unit === "readings" ? value : (value * rateHz) / 1000));
  const size = readNumber(settings, "size", defaults.size, { minimum: 1, maximum: 4_194_304 });
  const stride = readNumber(settings, "stride", defaults.stride, { minimum: 1, maximum: 4_194_304 });
  const readings = count(size);
  const trigger = readTrigger(settings, readings);
  return {
    readings,
    stride: count(stride),
    ...(rateHz > 0 && { rateHz }),
    ...(gap > 0 && { gap }),
    ...(trigger !== undefined && { trigger }),
  };
}

function readTrigger(settings: StoredSettings, readings: number): WindowSettings["trigger"] {
  const begin = readChoice(settings, "begin", ["always", "level", "change"], "always");
  if (begin === "always") return undefined;
  const before = readNumber(settings, "before", defaults.before, { minimum: 0, maximum: 4_194_304, whole: true });
  if (before >= readings) {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      `A window of ${readings} readings can't have ${before} of them before it begins. Open the node and enter fewer.`,
    );
  }
  const threshold = readNumber(settings, "threshold", defaults.threshold, { minimum: 0, maximum: Infinity });
  return { quantity: begin, threshold, before };
}
