import type { DatasetKind } from "../../src/dataset/description";
import { pictureChannels } from "../../src/dataset/picture";
import { TinymlError } from "../../src/errors";
import type { Channel, Task } from "../../src/model/metadata";
import {
  numberOf,
  readChoice,
  readList,
  readNumber,
  readText,
  type StoredSettings,
  storedSettings,
  wordOf,
} from "../settings";

/** A dataset's settings: what is measured, and what is to be learned from it. */
export interface DatasetConfig {
  /** Also the name of its folder; variables such as ${PUPIL} in it are not filled in yet. */
  name: string;
  /** What is recorded in a flow: single readings, recordings of readings over time, sounds, pictures; or files of others, which say themselves what they hold. */
  kind: DatasetKind | "files";
  /** A file or folder with labelled samples; "" for what is recorded. */
  path: string;
  task: Task;
  channels: readonly Channel[];
  /** Classification: the classes; empty when every new label is welcome. */
  labels: readonly string[];
  /** Regression: the quantities to predict. */
  targets: readonly Channel[];
  /** Readings per second of recordings and sounds; 0 where that is not known. */
  rateHz: number;
  /** The space that it may take, in megabytes; 0 for as much as there is. */
  quotaMegabytes: number;
}

/** A channel as the editor stores it: the fields of a form. */
export interface ChannelField {
  name: string;
  unit: string;
  low: string;
  high: string;
}

/** The settings of a new node, as the editor stores them. */
export const defaults: {
  name: string;
  kind: DatasetConfig["kind"];
  path: string;
  task: Task;
  channels: ChannelField[];
  labels: string;
  targets: ChannelField[];
  colours: "rgb" | "grey";
  rateHz: string;
  quotaMegabytes: string;
} = {
  name: "",
  kind: "table",
  path: "",
  task: "regression",
  channels: [{ name: "value", unit: "", low: "", high: "" }],
  labels: "",
  targets: [{ name: "target", unit: "", low: "", high: "" }],
  colours: "rgb",
  rateHz: "",
  quotaMegabytes: "",
};

/** Samples per second of sounds where nothing else is said: enough for speech, and what the microphones of small boards give. */
export const usualSoundRate = 16000;

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): DatasetConfig {
  const settings = storedSettings(stored);
  const name = readText(settings, "name", "");
  if (name === "") throw invalid("The dataset has no name. Open it and give it one.");
  const task = readChoice(settings, "task", ["regression", "classification"], defaults.task);
  const kind = readKind(settings);
  if (kind === "files") {
    const path = readText(settings, "path", "");
    if (path === "")
      throw invalid(`The dataset "${name}" does not say where its files are. Open it and name a file or folder.`);
    return { name, kind, path, task, channels: [], labels: [], targets: [], rateHz: 0, quotaMegabytes: 0 };
  }
  return {
    name,
    kind,
    path: "",
    task,
    channels: channelsOf(kind, settings),
    labels: task === "classification" ? readLabels(readText(settings, "labels", "")) : [],
    targets: task === "regression" ? readChannels(settings, "targets", defaults.targets) : [],
    rateHz: readRate(kind, settings),
    quotaMegabytes: readNumber(settings, "quotaMegabytes", 0, { minimum: 0, maximum: 1e9 }),
  };
}

/** Datasets that were made before there were others than tables say "recorded". */
function readKind(settings: StoredSettings): DatasetConfig["kind"] {
  const kinds = ["table", "timeseries", "audio", "image", "files", "recorded"] as const;
  const kind = readChoice(settings, "kind", kinds, defaults.kind);
  return kind === "recorded" ? "table" : kind;
}

function channelsOf(kind: DatasetKind, settings: StoredSettings): readonly Channel[] {
  switch (kind) {
    case "audio":
      return [{ name: "sound", unit: "" }];
    case "image":
      return pictureChannels(readChoice(settings, "colours", ["rgb", "grey"], defaults.colours) === "grey" ? 1 : 3);
    default:
      return readChannels(settings, "channels", defaults.channels);
  }
}

function readRate(kind: DatasetKind, settings: StoredSettings): number {
  if (kind === "timeseries") return readNumber(settings, "rateHz", 0, { minimum: 0, maximum: 1e6 });
  if (kind === "audio")
    return readNumber(settings, "rateHz", usualSoundRate, { minimum: 1, maximum: 1e6, whole: true });
  return 0;
}

/** The class names in a text, separated by commas. TINYML_CONFIG_INVALID when one stands there twice. */
export function readLabels(text: string): string[] {
  const labels = text
    .split(",")
    .map((label) => label.trim())
    .filter((label) => label !== "");
  const twice = labels.find((label, index) => labels.indexOf(label) !== index);
  if (twice !== undefined) throw invalid(`The label "${twice}" stands in the list twice.`);
  return labels;
}

/** What is wrong with the list of channels or targets in the form; undefined when it is right. */
export function channelProblem(fields: unknown): string | undefined {
  try {
    readChannels({ channels: fields }, "channels", []);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function readChannels(settings: StoredSettings, key: string, fallback: readonly ChannelField[]): Channel[] {
  const channels = readList(settings, key, fallback).map((field, index): Channel => {
    const entry = storedSettings(field);
    const name = readText(entry, "name", "");
    if (name === "") throw invalid(`Number ${index + 1} in the list "${wordOf(key)}" has no name.`);
    const unit = readText(entry, "unit", "");
    const low = readText(entry, "low", "");
    const high = readText(entry, "high", "");
    if (low === "" && high === "") return { name, unit };
    const range = [numberOf(low), numberOf(high)] as const;
    if (range[0] === undefined || range[1] === undefined || range[0] === range[1]) {
      throw invalid(`The range of "${name}" must be two different numbers, or both left empty.`);
    }
    return { name, unit, range: [range[0], range[1]] };
  });
  if (channels.length === 0) throw invalid(`The list "${wordOf(key)}" is empty. Open the dataset and add an entry.`);
  const names = channels.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(`The name "${twice}" stands in the list "${wordOf(key)}" twice.`);
  return channels;
}

function invalid(message: string): TinymlError {
  return new TinymlError("TINYML_CONFIG_INVALID", message);
}
