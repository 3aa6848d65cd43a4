import type { EditorRED } from "node-red";
import { SHARED_TEXTS } from "./catalog";
import type { StoredModel } from "./models";
import type { Run } from "./runs";

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

/** Saves a file of the runtime on the user's computer. A plain link would come without the editor's login. */
export async function downloadFile(path: string, name: string): Promise<void> {
  const content: Blob = await $.ajax({ url: `tinyml/${path}`, xhrFields: { responseType: "blob" } });
  const url = URL.createObjectURL(content);
  $("<a>").attr({ href: url, download: name }).get(0)?.click();
  URL.revokeObjectURL(url);
}

/** Calls the listener whenever a training run of the node changes ("+" is any node); the function it returns ends that. */
export function listenToRuns(node: string, listener: (run: Run) => void): () => void {
  const topic = `tinyml/training/${node}`;
  const callback = (_topic: string, run: Run) => listener(run);
  RED.comms.subscribe(topic, callback);
  return () => RED.comms.unsubscribe(topic, callback);
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
