import type { EditorRED } from "node-red";
import { SHARED_TEXTS } from "./catalog";
import type { StoredModel } from "./models";
import type { Run } from "./runs";
import { type StoredSettings, storedSettings } from "./settings";

declare const RED: EditorRED;

/** A text of the catalogue that all nodes share. */
export function sharedText(key: string, values?: Record<string, string | number>): string {
  return values === undefined ? RED._(`${SHARED_TEXTS}:${key}`) : RED._(`${SHARED_TEXTS}:${key}`, values);
}

/** Fetches something of ours from the runtime; undefined when it can't be had (no permission, no connection). */
export async function fetchJson<T>(path: string): Promise<T | undefined> {
  try {
    return await $.getJSON(`tinyml/${path}`);
  } catch {
    return undefined;
  }
}

/** Suggests the names of stored models while one is typed; any other name is accepted, too. */
export function suggestModels(input: JQuery): void {
  input.autoComplete({
    minLength: 0,
    search: (typed, done) => {
      fetchJson<StoredModel[]>("models").then((models) => {
        const names = (models ?? []).map(({ name }) => name);
        const wanted = typed.trim().toLowerCase();
        const matching = names.filter((name) => name.toLowerCase().includes(wanted));
        // A finished name needs no menu over the fields below.
        done(matching.length === 1 && matching[0] === typed ? [] : matching.map((value) => ({ value, label: value })));
      });
    },
  });
}

/** The training runs that somebody looks at. */
export interface FollowedRuns {
  /** Asks the runtime for them, for what was missed and for what it forgot. */
  refresh(): void;
  /** Ends following. */
  end(): void;
}

/**
 * Calls `onChange` with the runs that there are, whenever one of them changes, and again when the connection to the runtime is back
 * or its flows start: what ended meanwhile was told to nobody.
 */
export function followRuns(onChange: (runs: readonly Run[], changed: readonly Run[]) => void): FollowedRuns {
  const topic = "tinyml/training/+";
  const known = new Map<string, Run>();
  const newestFirst = () => [...known.values()].sort((a, b) => b.started - a.started);
  let ended = false;
  const told = (_topic: string, run: Run) => {
    known.set(run.id, run);
    onChange(newestFirst(), [run]);
  };
  const refresh = async () => {
    const before = new Map(known);
    const listed = await fetchJson<Run[]>("runs");
    if (listed === undefined || ended) return;
    // What was told while the list was on its way is newer than the list.
    const current = listed.filter(({ id }) => known.get(id) === before.get(id));
    for (const [id, run] of before) {
      if (known.get(id) === run && !listed.some((other) => other.id === id)) known.delete(id);
    }
    for (const run of current) known.set(run.id, run);
    onChange(newestFirst(), current);
  };
  // The published types lack these.
  const comms: object = RED.comms;
  const connection = isEmitter(comms) ? comms : undefined;
  RED.comms.subscribe(topic, told);
  connection?.on("connect", refresh);
  RED.events.on("runtime-state", refresh);
  refresh();
  return {
    refresh,
    end() {
      ended = true;
      RED.comms.unsubscribe(topic, told);
      connection?.off("connect", refresh);
      RED.events.off("runtime-state", refresh);
    },
  };
}

function isEmitter(value: object): value is Record<"on" | "off", (event: string, listener: () => void) => void> {
  return "on" in value && "off" in value;
}

/** What a dataset's node, as it is in the editor, has to predict; undefined when there is no such node. */
export function taskOf(dataset: unknown): unknown {
  return datasetNode(dataset).task;
}

/** What a sample of a dataset's node, as it is in the editor, is; "table" where none is chosen. */
export function kindOf(dataset: unknown): string {
  const { kind = "table" } = datasetNode(dataset);
  // What the kind of tables was called before there were others.
  return kind === "recorded" ? "table" : String(kind);
}

/** What the editor knows of a dataset's samples. */
export interface EditedSamples {
  name: string;
  task: "classification" | "regression";
  /** Absent where the settings don't say it: for files, which only the runtime can look into, and for recordings, sounds and pictures. */
  shape?: readonly number[];
  /** Numbers to predict, or labels; absent where any label may be recorded, and for files. */
  outputs?: number;
}

/** What a dataset's node, as it is in the editor, tells of its samples; undefined when there is no such node. */
export function sampleOf(dataset: unknown): EditedSamples | undefined {
  const { name, task, channels, targets, labels } = datasetNode(dataset);
  if (task !== "classification" && task !== "regression") return undefined;
  const known: EditedSamples = { name: String(name), task };
  if (kindOf(dataset) === "files" || !Array.isArray(channels)) return known;
  const listed = String(labels ?? "")
    .split(",")
    .filter((label) => label.trim() !== "").length;
  const outputs = task === "classification" ? listed : Array.isArray(targets) ? targets.length : 0;
  const shape = kindOf(dataset) === "table" ? { shape: [channels.length] } : {};
  return { ...known, ...shape, ...(outputs > 0 ? { outputs } : {}) };
}

function datasetNode(dataset: unknown): StoredSettings {
  return storedSettings(RED.nodes.node(String(dataset)));
}

declare global {
  interface JQuery<TElement = HTMLElement> {
    /** Node-RED's own widget, which its published types lack. */
    autoComplete(options: {
      minLength?: number;
      search: (typed: string, done: (found: Array<{ value: string; label: string }>) => void) => void;
    }): JQuery<TElement>;
  }
}
