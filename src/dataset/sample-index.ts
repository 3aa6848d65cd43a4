import type { DatasetDescription } from "./description";
import type { AddEvent, DatasetEvent, SampleFileType } from "./events";
import type { Split } from "./table";

/** The folder of a dataset's sample files. */
export const samplesFolder = "samples";

/** What a dataset's index knows of a sample; plain data that becomes JSON as it is. */
export interface SampleEntry {
  /** Its number within the dataset, never given again. */
  id: number;
  label?: string;
  targets?: readonly number[];
  split?: Split;
  group?: string;
  source?: string;
  /** Milliseconds since 1970. */
  time: number;
  /** How many readings a recording or sound has; absent while it is being recorded. */
  readings?: number;
  /** The length of its file in bytes, where it has one of its own. */
  bytes?: number;
  /** Its file, relative to the dataset's folder ("samples/7.csv"); absent for rows of a table. */
  file?: string;
  deleted?: true;
}

/** Whether a sample is no recording that is under way: that one has no end yet, and more readings later. */
export function hasEnded({ kind }: Pick<DatasetDescription, "kind">, { readings }: SampleEntry): boolean {
  return kind !== "timeseries" || readings !== undefined;
}

/** The samples that a dataset's events tell of, in the order in which they were added. */
export class SampleIndex {
  readonly #entries = new Map<number, SampleEntry>();
  readonly #perLabel = new Map<string, number>();
  readonly #relabelled = new Set<number>();
  #count = 0;
  #bytes = 0;
  #nextId = 1;

  /** The id that the next sample gets. */
  get nextId(): number {
    return this.#nextId;
  }

  /** How many samples there are, deleted ones not counted. */
  get count(): number {
    return this.#count;
  }

  /** The bytes of all sample files, but for those of deleted samples. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many samples have each label, in the order in which the labels were met; deleted ones not counted. */
  get perLabel(): ReadonlyMap<string, number> {
    return this.#perLabel;
  }

  /** Takes an event's effect over. Events about samples that are not there have none. */
  apply(event: DatasetEvent): void {
    switch (event.event) {
      case "clear":
        for (const id of [...this.#entries.keys()]) this.#set(id, undefined);
        this.#perLabel.clear();
        this.#nextId = Math.max(this.#nextId, event.id);
        return;
      case "add":
        this.#nextId = Math.max(this.#nextId, event.id + 1);
        this.#set(event.id, entryOf(event));
        return;
      case "end":
        this.#change([event.id], (entry) => ({ ...entry, readings: event.readings, bytes: event.bytes }));
        return;
      case "relabel":
        for (const id of event.ids) this.#relabelled.add(id);
        this.#change(event.ids, ({ label: _label, targets: _targets, ...entry }) => ({
          ...entry,
          ...(event.label !== undefined && { label: event.label }),
          ...(event.targets !== undefined && { targets: event.targets }),
        }));
        return;
      case "split":
        this.#change(event.ids, ({ split: _split, ...entry }) => ({
          ...entry,
          ...(event.split !== undefined && { split: event.split }),
        }));
        return;
      case "delete":
        this.#change(event.ids, (entry) => ({ ...entry, deleted: true }));
        return;
      case "restore":
        this.#change(event.ids, ({ deleted: _deleted, ...entry }) => entry);
        return;
    }
  }

  get(id: number): SampleEntry | undefined {
    return this.#entries.get(id);
  }

  /** Whether a sample got another label or other targets than it was added with. In a table the row says these, whoever has edited it. */
  isRelabelled(id: number): boolean {
    return this.#relabelled.has(id);
  }

  /** The samples in the order of their ids; deleted ones only on request. */
  list({ deleted = false }: { deleted?: boolean } = {}): SampleEntry[] {
    // Of samples that were added at the same time, the one that was on disk first comes first in the index.
    const all = [...this.#entries.values()].sort((a, b) => a.id - b.id);
    return deleted ? all : all.filter((entry) => !entry.deleted);
  }

  #change(ids: readonly number[], change: (entry: SampleEntry) => SampleEntry): void {
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry !== undefined) this.#set(id, change(entry));
    }
  }

  #set(id: number, entry: SampleEntry | undefined): void {
    this.#tally(this.#entries.get(id), -1);
    if (entry === undefined) this.#entries.delete(id);
    else this.#entries.set(id, entry);
    this.#tally(entry, 1);
  }

  #tally(entry: SampleEntry | undefined, by: 1 | -1): void {
    if (entry === undefined || entry.deleted) return;
    this.#count += by;
    this.#bytes += by * (entry.bytes ?? 0);
    if (entry.label === undefined) return;
    const count = (this.#perLabel.get(entry.label) ?? 0) + by;
    if (count > 0) this.#perLabel.set(entry.label, count);
    else this.#perLabel.delete(entry.label);
  }
}

/** The path of a sample's file below its dataset's folder. */
export function sampleFile(id: number, type: SampleFileType): string {
  return `${samplesFolder}/${id}.${type}`;
}

function entryOf({ event: _event, type, bytes, last: _last, ...entry }: AddEvent): SampleEntry {
  if (type === undefined) return entry;
  return { ...entry, ...(bytes !== undefined && { bytes }), file: sampleFile(entry.id, type) };
}
