import { TinymlError } from "../../src/errors";
import type { AnalogInputSettings } from "../../src/hardware/analog-input";
import type { Calibration, ReadingScale } from "../../src/hardware/reading";
import { readChoice, readNumber, readText, type StoredSettings, storedSettings } from "../settings";

/** Settings of the node that reads an analog sensor. */
export interface AnalogInConfig {
  /** What is read, as src/hardware takes it. */
  input: AnalogInputSettings;
  channel: number;
  /** Whether it reads by itself, or once for each message that arrives. */
  trigger: "interval" | "input";
  /** Milliseconds from reading to reading. */
  interval: number;
  /** Readings that are averaged to one that is sent. */
  average: number;
  /** A reading that differs by less from the last one sent is held back; 0 sends all. In the unit of the output. */
  deadband: number;
  output: ReadingScale;
  /** Corrects what is read, in the unit of the output; absent: nothing does. */
  calibration?: Calibration;
}

/** The settings of a new node, as the editor stores them: a simulated potentiometer, so that it works on any machine. */
export const defaults = {
  name: "",
  driver: "simulated",
  waveform: "turning",
  period: "",
  noise: 0,
  bits: 10,
  volts: 3.3,
  device: "mcp3008",
  channel: 0,
  fullScale: "",
  trigger: "interval",
  interval: 50,
  average: 1,
  deadband: 0,
  output: "fraction",
  measuredLow: "",
  trueLow: "",
  measuredHigh: "",
  trueHigh: "",
};

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): AnalogInConfig {
  const settings = storedSettings(stored);
  const channel = readNumber(settings, "channel", defaults.channel, { minimum: 0, maximum: 255, whole: true });
  return {
    input:
      readChoice(settings, "driver", ["simulated", "iio"], "simulated") === "iio"
        ? readConverter(settings, channel)
        : readSimulation(settings),
    channel,
    trigger: readChoice(settings, "trigger", ["interval", "input"], "interval"),
    interval: readNumber(settings, "interval", defaults.interval, { minimum: 1, maximum: 86_400_000 }),
    average: readNumber(settings, "average", defaults.average, { minimum: 1, maximum: 100_000, whole: true }),
    deadband: readNumber(settings, "deadband", defaults.deadband, { minimum: 0, maximum: Infinity }),
    output: readChoice(settings, "output", ["fraction", "volts", "raw"], "fraction"),
    ...readCalibration(settings),
  };
}

const points = ["measuredLow", "trueLow", "measuredHigh", "trueHigh"] as const;

/** Two points, each a reading and what was true; all four numbers or none. */
function readCalibration(settings: StoredSettings): { calibration?: Calibration } {
  const texts = points.map((key) => readText(settings, key, ""));
  if (texts.every((text) => text === "")) return {};
  const any = { minimum: -Infinity, maximum: Infinity };
  const numbers = points.map((key) => readNumber(settings, key, Number.NaN, any));
  const [measuredLow, trueLow, measuredHigh, trueHigh] = numbers;
  if (texts.includes("") || measuredLow === measuredHigh) {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      "A calibration needs two different readings, each with its true value. Open the node and fill in all four fields, or none.",
    );
  }
  return { calibration: { measured: [measuredLow, measuredHigh], actual: [trueLow, trueHigh] } };
}

function readSimulation(settings: StoredSettings): AnalogInputSettings {
  const period = readNumber(settings, "period", 0, { minimum: 0, maximum: 1e9 });
  return {
    driver: "simulated",
    waveform: readChoice(settings, "waveform", ["turning", "sine", "random"], "turning"),
    noise: readNumber(settings, "noise", defaults.noise, { minimum: 0, maximum: 100 }) / 100,
    bits: readNumber(settings, "bits", defaults.bits, { minimum: 1, maximum: 24, whole: true }),
    volts: readNumber(settings, "volts", defaults.volts, { minimum: 0, maximum: 1e6 }),
    ...(period === 0 ? {} : { period }),
  };
}

function readConverter(settings: StoredSettings, channel: number): AnalogInputSettings {
  const device = readText(settings, "device", defaults.device);
  if (device === "") {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      "The converter has no name. Open the node and enter one, such as mcp3008.",
    );
  }
  const fullScale = readNumber(settings, "fullScale", 0, { minimum: 0, maximum: 2 ** 32 });
  // Where sysfs is mounted; no field of the dialog, because it is elsewhere in containers and tests only.
  const root = readText(settings, "root", "");
  return {
    driver: "iio",
    device,
    channel,
    ...(fullScale === 0 ? {} : { fullScale }),
    ...(root === "" ? {} : { root }),
  };
}
