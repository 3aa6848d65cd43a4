import { TinymlError } from "../../src/errors";
import type { Channel, Task } from "../../src/model/metadata";
import { numberOf, readChoice, readList, readText, type StoredSettings, storedSettings, wordOf } from "../settings";

/** A dataset's settings: what is measured, and what is to be learned from it. */
export interface DatasetConfig {
  /** Also the name of its folder. */
  name: string;
  /** Whether its readings are recorded in a flow, or lie in files of others, which say themselves what they hold. */
  kind: "recorded" | "files";
  /** A file or folder with labelled samples; "" for what is recorded. */
  path: string;
  task: Task;
  channels: readonly Channel[];
  /** Classification: the classes; empty when every new label is welcome. */
  labels: readonly string[];
  /** Regression: the quantities to predict. */
  targets: readonly Channel[];
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
} = {
  name: "",
  kind: "recorded",
  path: "",
  task: "regression",
  channels: [{ name: "value", unit: "", low: "", high: "" }],
  labels: "",
  targets: [{ name: "target", unit: "", low: "", high: "" }],
};

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): DatasetConfig {
  const settings = storedSettings(stored);
  const name = readText(settings, "name", "");
  if (name === "") throw invalid("The dataset has no name. Open it and give it one.");
  const task = readChoice(settings, "task", ["regression", "classification"], defaults.task);
  const kind = readChoice(settings, "kind", ["recorded", "files"], defaults.kind);
  if (kind === "files") {
    const path = readText(settings, "path", "");
    if (path === "")
      throw invalid(`The dataset "${name}" does not say where its files are. Open it and name a file or folder.`);
    return { name, kind, path, task, channels: [], labels: [], targets: [] };
  }
  return {
    name,
    kind,
    path: "",
    task,
    channels: readChannels(settings, "channels", defaults.channels),
    labels: task === "classification" ? readLabels(readText(settings, "labels", "")) : [],
    targets: task === "regression" ? readChannels(settings, "targets", defaults.targets) : [],
  };
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
