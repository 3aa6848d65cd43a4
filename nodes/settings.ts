import { TinymlError } from "../src/errors";

/** A node's settings as the editor stored them: texts, numbers, flags, lists; anything may be missing or of an older version. */
export type StoredSettings = Readonly<Record<string, unknown>>;

/** What a number setting must be. */
export interface NumberRule {
  minimum: number;
  maximum: number;
  /** Only whole numbers. */
  whole?: boolean;
}

/** What the dialogs call a setting, where that isn't the setting's own name. */
const words: Readonly<Record<string, string>> = {
  activation: "Activation",
  activeLow: "On means low voltage",
  against: "Minus channel",
  always: "Record everything, without a command",
  availabilityTopic: "Topic that says online or offline",
  average: "Average of … readings",
  balanced: "Rare labels count more",
  batchSize: "Batch size",
  baudRate: "Baud rate",
  before: "Readings before it",
  begin: "Windows begin",
  bits: "Resolution (bits)",
  board: "Board",
  channel: "Channel",
  channelCount: "Numbers per reading",
  channels: "What a reading holds",
  chip: "PWM chip",
  colours: "Colours",
  command: "Do",
  confidence: "Least confidence (%)",
  count: "Readings",
  countdown: "Countdown",
  dataset: "Dataset",
  deadband: "Smallest change",
  debounce: "Has to last … milliseconds",
  device: "Chip",
  divide: "Divide the readings by",
  driver: "Source",
  drives: "It is",
  earlyStopping: "Stop early when it no longer gets better",
  edge: "Send",
  engine: "Trained by",
  epochs: "Epochs",
  features: "The network sees",
  fields: "Names of the numbers",
  file: "File",
  firstCode: "First number",
  firstValue: "First true value",
  force: "Overwrite files that were changed by hand",
  format: "Format",
  frequency: "Frequency (Hz)",
  fullScale: "Largest number",
  further: "Further settings",
  gap: "Longest pause (ms)",
  gesture: "Gesture",
  gpioChip: "GPIO chip",
  high: "Fully on at",
  holdOff: "Pause after a label (ms)",
  holdOffFor: "The pause is for",
  homeAssistant: "Announce the predictions to Home Assistant",
  interval: "Every … milliseconds",
  kind: "A sample is",
  label: "Label",
  labels: "Labels",
  labelType: "Label",
  layers: "Network",
  learningRate: "Learning rate",
  length: "Each lasts",
  lengthUnit: "Each lasts",
  longest: "Longest pulse (ms)",
  low: "Off at",
  majority: "Most frequent of the last …",
  measurements: "Measurements per second",
  model: "Model",
  momentum: "Momentum",
  noise: "Noise (%)",
  normalize: "Normalize the readings first",
  onlyChanges: "Send a label only when it changes",
  onlyLabel: "Send only the label, without scores",
  optimizer: "Optimizer",
  output: "Send",
  ownRate: "Readings per second",
  path: "File or folder",
  patience: "epochs of patience",
  pause: "Pause (seconds)",
  period: "Readings per turn",
  pin: "GPIO number",
  port: "Port",
  pull: "Resistor inside",
  quotaMegabytes: "Space (MB)",
  range: "Up to … volts",
  rate: "Readings per second",
  rateHz: "Rate (Hz)",
  rejection: "Less sure ones are called",
  repeat: "Over and over",
  samples: "Recordings",
  schedule: "Learning rate over time",
  secondCode: "Second number",
  secondValue: "Second true value",
  seed: "Random seed",
  shortest: "Shortest pulse (ms)",
  signal: "Signal",
  size: "Length of a window",
  sketch: "Sketch",
  source: "Model from",
  split: "Rows",
  stateTopic: "MQTT topic of the predictions",
  statistics: "Statistics of each channel, separated by commas",
  stride: "Next one begins after",
  target: "Enough are",
  targets: "What to predict",
  task: "To predict",
  test: "Test",
  threads: "Threads",
  threshold: "From this much on",
  toggleEvery: "Presses itself every … milliseconds",
  trigger: "Read",
  unit: "Counted in",
  validation: "Validation share (%)",
  volts: "Volts at full scale",
  waveform: "How it turns",
  window: "Readings per sample",
};

/** A setting's name as the dialogs have it. */
export function wordOf(key: string): string {
  return words[key] ?? key;
}

/** A node's settings as a record, whatever was stored. */
export function storedSettings(stored: unknown): StoredSettings {
  return typeof stored === "object" && stored !== null && !Array.isArray(stored)
    ? Object.fromEntries(Object.entries(stored))
    : {};
}

/** A text, trimmed; the fallback when it was never stored. TINYML_CONFIG_INVALID when it is something else. */
export function readText(settings: StoredSettings, key: string, fallback: string): string {
  const value = settings[key];
  if (value === undefined || value === null) return fallback;
  if (typeof value === "string") return value.trim();
  if (typeof value === "number") return String(value);
  throw invalid(key, value, "a text");
}

/** A check box; the fallback when it was never stored. TINYML_CONFIG_INVALID when it is something else. */
export function readFlag(settings: StoredSettings, key: string, fallback: boolean): boolean {
  const value = settings[key];
  if (value === undefined || value === null || value === "") return fallback;
  if (value === true || value === "true") return true;
  if (value === false || value === "false") return false;
  throw invalid(key, value, "yes or no");
}

/** A number or the text of one; the fallback when nothing was stored or typed. TINYML_CONFIG_INVALID when the rule is broken. */
export function readNumber(settings: StoredSettings, key: string, fallback: number, rule: NumberRule): number {
  const value = settings[key];
  if (value === undefined || value === null || value === "") return fallback;
  const number = numberOf(value);
  if (
    number === undefined ||
    number < rule.minimum ||
    number > rule.maximum ||
    (rule.whole && !Number.isInteger(number))
  ) {
    throw invalid(key, value, describeRule(rule));
  }
  return number;
}

/** One of a list of words; the fallback when it was never stored. TINYML_CONFIG_INVALID when it is another. */
export function readChoice<T extends string>(
  settings: StoredSettings,
  key: string,
  choices: readonly T[],
  fallback: T,
): T {
  const value = settings[key];
  if (value === undefined || value === null || value === "") return fallback;
  const choice = choices.find((known) => known === value);
  if (choice === undefined) throw invalid(key, value, `one of ${choices.join(", ")}`);
  return choice;
}

/** A list; the fallback when it was never stored. TINYML_CONFIG_INVALID when it is something else. */
export function readList(settings: StoredSettings, key: string, fallback: readonly unknown[]): readonly unknown[] {
  const value = settings[key];
  if (value === undefined || value === null || value === "") return fallback;
  if (!Array.isArray(value)) throw invalid(key, value, "a list");
  return value;
}

/** The name of a GPIO chip; "" for that of the header pins. TINYML_CONFIG_INVALID for what can't be one. */
export function readGpioChip(settings: StoredSettings): string {
  const chip = readText(settings, "gpioChip", "");
  if (/^([A-Za-z0-9_/][\w:./-]*)?$/.test(chip)) return chip;
  throw new TinymlError(
    "TINYML_CONFIG_INVALID",
    `There can't be a GPIO chip named ${JSON.stringify(chip)}. Open the node and correct it, or leave it empty.`,
  );
}

/** The number that a value or a typed text stands for; undefined when it is none. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** Whether a text can be the name of a dataset, a model or a sketch: what src/storage.ts accepts, told while it is typed. */
export function isName(text: unknown): boolean {
  return typeof text === "string" && /^(?![. ])[\p{L}\p{M}\p{N} ._()+-]{1,100}(?<![. ])$/u.test(text);
}

function describeRule({ minimum, maximum, whole }: NumberRule): string {
  const kind = whole ? "a whole number" : "a number";
  if (minimum === -Infinity && maximum === Infinity) return kind;
  if (maximum === Infinity) return `${kind} from ${minimum} up`;
  return `${kind} from ${minimum} to ${maximum}`;
}

function invalid(key: string, value: unknown, wanted: string): TinymlError {
  return new TinymlError(
    "TINYML_CONFIG_INVALID",
    `The setting "${wordOf(key)}" is ${describeValue(value)} but must be ${wanted}. Open the node and correct it.`,
  );
}

function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) ? "a list" : `of type ${typeof value}`;
}
