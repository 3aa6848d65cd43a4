import { TinymlError } from "../../src/errors";
import type { OutputSettings } from "../../src/hardware/output";
import type { Servo } from "../../src/hardware/servo";
import {
  readChoice,
  readFlag,
  readGpioChip,
  readNumber,
  readText,
  type StoredSettings,
  storedSettings,
} from "../settings";

/** Settings of the node that sets an output. */
export interface OutputConfig {
  /** What is set, as src/hardware takes it. */
  output: OutputSettings;
  /** A pin that knows only on and off, at half of the range. */
  switches: boolean;
  /** Whether the level is the position of a servo, which is never off. */
  servo: boolean;
  /** The payload at which the output is off, and that at which it is fully on; the two ends of a servo's way. */
  low: number;
  high: number;
}

/** The settings of a new node, as the editor stores them: a simulated LED, so that it works on any machine. */
export const defaults = {
  name: "",
  driver: "simulated",
  drives: "level",
  low: 0,
  high: 1,
  chip: "",
  channel: 0,
  frequency: 1000,
  pin: 17,
  gpioChip: "",
  activeLow: false,
  shortest: 0.5,
  longest: 2.5,
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
  const driver = readChoice(settings, "driver", ["simulated", "pwm", "gpio", "onoff", "pigpio"], "simulated");
  const switches = driver === "gpio" || driver === "onoff";
  const servo = !switches && readChoice(settings, "drives", ["level", "servo"], "level") === "servo";
  return { output: readOutput(settings, driver, servo), switches, servo, low, high };
}

function readOutput(
  settings: StoredSettings,
  driver: "simulated" | "pwm" | "gpio" | "onoff" | "pigpio",
  isServo: boolean,
): OutputSettings {
  const pin = readNumber(settings, "pin", defaults.pin, { minimum: 0, maximum: 1023, whole: true });
  const activeLow = readFlag(settings, "activeLow", defaults.activeLow);
  const frequencyHz = readNumber(settings, "frequency", defaults.frequency, { minimum: 1, maximum: 1e6 });
  const servo = isServo ? { servo: readServo(settings) } : {};
  const chip = readGpioChip(settings);
  // Where the tools and sysfs are; no fields of the dialog, because they are elsewhere in containers and tests only.
  const path = readText(settings, "toolPath", "");
  const root = readText(settings, "root", "");
  switch (driver) {
    case "simulated":
      return { driver };
    case "pwm":
      return readPwm(settings, { frequencyHz, ...servo, ...(root === "" ? {} : { root }) });
    case "gpio":
      return { driver, pin, activeLow, ...(chip === "" ? {} : { chip }), ...(path === "" ? {} : { path }) };
    case "onoff":
      return { driver, pin, activeLow, ...(root === "" ? {} : { root }) };
    case "pigpio":
      return { driver, pin, frequencyHz, ...servo };
  }
}

function readPwm(
  settings: StoredSettings,
  common: { frequencyHz: number; servo?: Servo; root?: string },
): OutputSettings {
  const chip = readText(settings, "chip", defaults.chip);
  return {
    driver: "pwm",
    channel: readNumber(settings, "channel", defaults.channel, { minimum: 0, maximum: 255, whole: true }),
    ...common,
    ...(chip === "" ? {} : { chip }),
  };
}

function readServo(settings: StoredSettings): Servo {
  const pulse = { minimum: 0.2, maximum: 3 };
  const shortest = readNumber(settings, "shortest", defaults.shortest, pulse);
  const longest = readNumber(settings, "longest", defaults.longest, pulse);
  if (shortest < longest) return { shortest, longest };
  throw new TinymlError(
    "TINYML_CONFIG_INVALID",
    "The longest pulse of the servo is not longer than the shortest. Open the node and correct them.",
  );
}

/** A value between the two ends, which may stand in either order. */
export function clampToRange(value: number, { low, high }: Pick<OutputConfig, "low" | "high">): number {
  return Math.min(Math.max(value, Math.min(low, high)), Math.max(low, high));
}

/** What the node uses, in a few words. */
export function hardwareName(output: OutputSettings): string | undefined {
  switch (output.driver) {
    case "simulated":
      return undefined;
    case "pwm":
      return `PWM ${output.channel}`;
    default:
      return `GPIO ${output.pin}`;
  }
}
