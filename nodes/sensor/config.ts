import { TinymlError } from "../../src/errors";
import type { SerialSettings } from "../../src/hardware/serial-sensor";
import type { GestureChoice, SignalSettings } from "../../src/hardware/signal";
import { readChoice, readFlag, readNumber, readText, type StoredSettings, storedSettings } from "../settings";

/** Where the readings come from. */
export type SensorSource =
  | ({ driver: "serial" } & SerialSettings)
  | { driver: "messages"; fields: readonly string[] }
  | { driver: "simulated"; signal: SignalSettings; rateHz: number }
  | ({ driver: "replay"; repeat: boolean; pause: number; rateHz: number | undefined } & (
      | { file: string }
      | { dataset: string }
    ));

/** Settings of the node that has the readings of a sensor. */
export interface SensorConfig {
  source: SensorSource;
}

/** What the setting `gesture` can be: each in turn, one over and over, or none. */
const gestures: readonly GestureChoice[] = ["all", "circ", "flex", "hori", "punch", "vert", "rest"];

/** The settings of a new node, as the editor stores them: simulated gestures, so that it works on any machine. */
export const defaults = {
  name: "",
  driver: "simulated",
  port: "",
  baudRate: 115200,
  fields: "",
  signal: "gestures",
  gesture: "all",
  pause: 1,
  channelCount: 3,
  frequency: 1,
  noise: 0,
  rate: 100,
  ownRate: "",
  file: "",
  dataset: "",
  repeat: true,
};

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): SensorConfig {
  const settings = storedSettings(stored);
  const driver = readChoice(settings, "driver", ["serial", "messages", "simulated", "file", "dataset"], "simulated");
  switch (driver) {
    case "serial":
      return { source: readSerial(settings) };
    case "messages":
      return { source: { driver, fields: readNames(readText(settings, "fields", "")) } };
    case "simulated":
      return { source: { driver, signal: readSignal(settings), rateHz: readRate(settings, "rate", defaults.rate) } };
    case "file":
      return {
        source: {
          ...readReplay(settings),
          file: required(
            readText(settings, "file", ""),
            "The file has no name. Open the node and enter one, such as gestures.csv.",
          ),
        },
      };
    case "dataset":
      return { source: { ...readReplay(settings), dataset: readText(settings, "dataset", "") } };
  }
}

/** Names in a text, with commas between them. */
export function readNames(text: string): readonly string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function readSerial(settings: StoredSettings): SensorSource {
  const path = required(
    readText(settings, "port", ""),
    "No port is chosen. Open the node and choose the board's port, such as /dev/ttyACM0.",
  );
  const baudRate = readNumber(settings, "baudRate", defaults.baudRate, {
    minimum: 300,
    maximum: 4_000_000,
    whole: true,
  });
  return { driver: "serial", path, baudRate };
}

function readSignal(settings: StoredSettings): SignalSettings {
  const kind = readChoice(settings, "signal", ["gestures", "sine", "noise"], "gestures");
  if (kind === "gestures") {
    return { kind, gesture: readChoice(settings, "gesture", gestures, "all"), pause: readPause(settings) };
  }
  const channels = readNumber(settings, "channelCount", defaults.channelCount, {
    minimum: 1,
    maximum: 64,
    whole: true,
  });
  if (kind === "noise") return { kind, channels };
  return {
    kind,
    channels,
    frequencyHz: readNumber(settings, "frequency", defaults.frequency, { minimum: 0, maximum: 100_000 }),
    noise: readNumber(settings, "noise", defaults.noise, { minimum: 0, maximum: 100 }) / 100,
  };
}

function readReplay(settings: StoredSettings) {
  const own = readRate(settings, "ownRate", 0);
  return {
    driver: "replay" as const,
    repeat: readFlag(settings, "repeat", defaults.repeat),
    pause: readPause(settings),
    rateHz: own === 0 ? undefined : own,
  };
}

function readPause(settings: StoredSettings): number {
  return readNumber(settings, "pause", defaults.pause, { minimum: 0, maximum: 3600 });
}

function readRate(settings: StoredSettings, key: string, fallback: number): number {
  return readNumber(settings, key, fallback, { minimum: 0.001, maximum: 20_000 });
}

function required(text: string, problem: string): string {
  if (text !== "") return text;
  throw new TinymlError("TINYML_CONFIG_INVALID", problem);
}
