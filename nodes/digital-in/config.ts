import type { DigitalInputSettings } from "../../src/hardware/digital-input";
import { readChoice, readFlag, readNumber, readText, storedSettings } from "../settings";

/** Settings of the node that watches a pin. */
export interface DigitalInConfig {
  /** What is watched, as src/hardware takes it. */
  input: DigitalInputSettings;
  pin: number;
  /** Which changes are sent. */
  send: "both" | "on" | "off";
}

/** The settings of a new node, as the editor stores them: a simulated button, so that it works on any machine. */
export const defaults = {
  name: "",
  driver: "simulated",
  interval: 2000,
  pin: 17,
  chip: "",
  pull: "up",
  activeLow: true,
  debounce: 20,
  send: "both",
};

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): DigitalInConfig {
  const settings = storedSettings(stored);
  const pin = readNumber(settings, "pin", defaults.pin, { minimum: 0, maximum: 1023, whole: true });
  const debounce = readNumber(settings, "debounce", defaults.debounce, { minimum: 0, maximum: 60_000 });
  const chip = readText(settings, "chip", defaults.chip);
  // Where the tools are; no field of the dialog, because they are elsewhere in tests only.
  const tools = readText(settings, "tools", "");
  const isPin = readChoice(settings, "driver", ["simulated", "gpio"], "simulated") === "gpio";
  return {
    input: isPin
      ? {
          driver: "gpio",
          pin,
          debounce,
          pull: readChoice(settings, "pull", ["up", "down", "none"], "up"),
          activeLow: readFlag(settings, "activeLow", defaults.activeLow),
          ...(chip !== "" && { chip }),
          ...(tools !== "" && { tools }),
        }
      : {
          driver: "simulated",
          debounce,
          interval: readNumber(settings, "interval", defaults.interval, { minimum: 0, maximum: 86_400_000 }),
        },
    pin,
    send: readChoice(settings, "send", ["both", "on", "off"], "both"),
  };
}
