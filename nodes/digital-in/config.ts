import type { DigitalInputSettings } from "../../src/hardware/digital-input";
import {
  readChoice,
  readFlag,
  readGpioChip,
  readNumber,
  readText,
  type StoredSettings,
  storedSettings,
} from "../settings";

/** Settings of the node that reads a button or switch. */
export interface DigitalInConfig {
  /** What is read, as src/hardware takes it. */
  input: DigitalInputSettings;
  pin: number;
  /** Which changes are sent. */
  edge: "both" | "rising" | "falling";
}

/** The settings of a new node, as the editor stores them: a simulated button; for a pin, a button between it and ground. */
export const defaults = {
  name: "",
  driver: "simulated",
  toggleEvery: 2000,
  pin: 17,
  gpioChip: "",
  pull: "up",
  activeLow: true,
  debounce: 20,
  edge: "both",
};

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): DigitalInConfig {
  const settings = storedSettings(stored);
  const pin = readNumber(settings, "pin", defaults.pin, { minimum: 0, maximum: 1023, whole: true });
  return {
    input: readInput(settings, pin),
    pin,
    edge: readChoice(settings, "edge", ["both", "rising", "falling"], "both"),
  };
}

function readInput(settings: StoredSettings, pin: number): DigitalInputSettings {
  const driver = readChoice(settings, "driver", ["simulated", "gpio", "onoff"], "simulated");
  const toggleEvery = readNumber(settings, "toggleEvery", defaults.toggleEvery, { minimum: 0, maximum: 86_400_000 });
  const line = {
    pin,
    activeLow: readFlag(settings, "activeLow", defaults.activeLow),
    debounce: readNumber(settings, "debounce", defaults.debounce, { minimum: 0, maximum: 60_000 }),
  };
  const pull = readChoice(settings, "pull", ["asIs", "up", "down", "none"], "up");
  const chip = readGpioChip(settings);
  // Where the tools and sysfs are; no fields of the dialog, because they are elsewhere in containers and tests only.
  const path = readText(settings, "toolPath", "");
  const root = readText(settings, "root", "");
  switch (driver) {
    case "simulated":
      return { driver, toggleEvery: toggleEvery === 0 ? 0 : Math.max(1, toggleEvery) };
    case "gpio":
      return {
        driver,
        ...line,
        ...(pull === "asIs" ? {} : { pull }),
        ...(chip === "" ? {} : { chip }),
        ...(path === "" ? {} : { path }),
      };
    case "onoff":
      return { driver, ...line, ...(root === "" ? {} : { root }) };
  }
}
