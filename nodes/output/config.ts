import { TinymlError } from "../../src/errors";
import type { OutputSettings } from "../../src/hardware/output";
import { readChoice, readNumber, readText, type StoredSettings, storedSettings } from "../settings";

/** Settings of the node that sets an output. */
export interface OutputConfig {
  /** What is set, as src/hardware takes it. */
  output: OutputSettings;
  /** The payload at which the output is off, and that at which it is fully on. */
  low: number;
  high: number;
}

/** The settings of a new node, as the editor stores them: a simulated LED, so that it works on any machine. */
export const defaults = {
  name: "",
  driver: "simulated",
  low: 0,
  high: 1,
  chip: "",
  channel: 0,
  frequency: 1000,
  pin: 17,
  gpioChip: "",
};

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): OutputConfig {
  const settings = storedSettings(stored);
  const any = { minimum: -Infinity, maximum: Infinity };
  const low = readNumber(settings, "low", defaults.low, any);
  const high = readNumber(settings, "high", defaults.high, any);
  if (low === high) {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      "The output's two ends are the same number. Open the node and give it two different ones.",
    );
  }
  const driver = readChoice(settings, "driver", ["simulated", "pwm", "gpio"], "simulated");
  return {
    output: { simulated: () => ({ driver: "simulated" }) as const, pwm: readPwm, gpio: readGpio }[driver](settings),
    low,
    high,
  };
}

function readPwm(settings: StoredSettings): OutputSettings {
  const chip = readText(settings, "chip", defaults.chip);
  // Where sysfs is mounted; no field of the dialog, because it is elsewhere in containers and tests only.
  const root = readText(settings, "root", "");
  return {
    driver: "pwm",
    channel: readNumber(settings, "channel", defaults.channel, { minimum: 0, maximum: 255, whole: true }),
    frequencyHz: readNumber(settings, "frequency", defaults.frequency, { minimum: 1, maximum: 1e6 }),
    ...(chip === "" ? {} : { chip }),
    ...(root === "" ? {} : { root }),
  };
}

function readGpio(settings: StoredSettings): OutputSettings {
  const chip = readText(settings, "gpioChip", defaults.gpioChip);
  // Where the tools are; no field of the dialog, because they are elsewhere in tests only.
  const tools = readText(settings, "tools", "");
  return {
    driver: "gpio",
    pin: readNumber(settings, "pin", defaults.pin, { minimum: 0, maximum: 1023, whole: true }),
    ...(chip === "" ? {} : { chip }),
    ...(tools === "" ? {} : { tools }),
  };
}

/** A value between the two ends, which may stand in either order. */
export function clampToRange(value: number, { low, high }: Pick<OutputConfig, "low" | "high">): number {
  return Math.min(Math.max(value, Math.min(low, high)), Math.max(low, high));
}
