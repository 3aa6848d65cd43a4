import { open, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { TinymlError } from "../errors";
import { syncFolder, systemErrorCode, toStorageError, writeFileAtomic } from "../storage";
import {
  type DatasetDescription,
  descriptionFile,
  findDifference,
  findMismatch,
  fixedLabels,
  formatDescription,
} from "./description";
import { emptyDataset } from "./empty-dataset";
import {
  type AddEvent,
  createAddEvent,
  type DatasetEvent,
  formatEvent,
  type SampleFileType,
  type SampleProperties,
} from "./events";
import { Journal, type JournalFile, type JournalOptions } from "./journal";
import { openSampleFolder, readSampleIndex } from "./open-samples";
import { openTable } from "./open-table";
import { createPause } from "./pause";
import { readStoredSample, type StoredSample } from "./read-sample";
import { openRecording, type Recording, type RecordingHost } from "./recording";
import { checkAnswer, formatRow, type Row } from "./row";
import { encodeSample, formatHeader, type SampleContent, shortestDecimal } from "./sample-content";
import { type SampleEntry, SampleIndex, sampleFile, samplesFolder } from "./sample-index";
import type { Split } from "./table";

export type { DatasetDescription } from "./description";
export type { Recording } from "./recording";
export type { Row } from "./row";
export type { SampleContent } from "./sample-content";
export type { SampleEntry } from "./sample-index";

/** A whole sample to be added: what it holds, and what is known of it. */
export type NewSample = SampleProperties & SampleContent;

/** How a dataset writes; the defaults are right outside of tests. */
export type DatasetOptions = Pick<JournalOptions, "delay" | "backlog">;

/** An open dataset. Made by openDataset. */
export class Dataset {
  readonly folder: string;
  readonly #release: () => Promise<void>;
  readonly #options: JournalOptions;
  readonly #journal: Journal;
  #description: DatasetDescription;
  #count = 0;
  #perLabel = new Map<string, number>();
  /** How many rows of each label were appended and are not on disk yet. */
  readonly #waiting = new Map<string, number>();
  #nextId = 1;
  /** The samples that have files of their own. A table's rows are in no list in memory: there may be millions. */
  #samples = new SampleIndex();
  /** The bytes of the rows or sample files. */
  #bytes = 0;
  /** The bytes of what is being written. */
  #reserved = 0;
  /** The recordings that are under way. */
  readonly #live = new Map<number, Recording>();
  /** The sample files that are there before the index knows of them. */
  readonly #unlisted = new Set<string>();
  /** How often the dataset was cleared. */
  #clearings = 0;
  #finished = false;

  private constructor(
    folder: string,
    description: DatasetDescription,
    options: DatasetOptions,
    release: () => Promise<void>,
  ) {
    this.folder = folder;
    this.#description = description;
    this.#release = release;
    this.#options = { ...options, what: `the dataset ${basename(folder)}` };
    this.#journal = new Journal(() => this.#open(), this.#options);
  }

  /** Opens the files; for openDataset, which sees to it that a folder has one Dataset only. */
  static async open(
    folder: string,
    description: DatasetDescription,
    options: DatasetOptions,
    release: () => Promise<void>,
  ): Promise<Dataset> {
    const dataset = new Dataset(folder, description, options, release);
    try {
      await dataset.#journal.prepare();
    } catch (error) {
      throw toStorageError(error, `the dataset ${basename(folder)}`);
    }
    return dataset;
  }

  /** What the dataset holds, as its settings say. */
  get description(): DatasetDescription {
    return this.#description;
  }

  /** How many samples are on disk, recordings that are under way included and deleted ones not. */
  get count(): number {
    return this.#count;
  }

  /** The labels: the fixed ones of the settings, or those of the samples on disk, in the order in which they were met. */
  get labels(): readonly string[] {
    return fixedLabels(this.#description) ?? [...this.#perLabel.keys()];
  }

  /** How many samples on disk have each label; labels of the settings without samples are there with 0. */
  countsPerLabel(): Record<string, number> {
    const counts: [string, number][] = this.labels.map((label) => [label, this.#perLabel.get(label) ?? 0]);
    return Object.fromEntries(counts);
  }

  /**
   * Adds a row to a table. Resolves when it is on disk, at most 250 ms later on a disk that keeps up; from then on it survives a crash and a
   * power cut.
   *
   * Rejects with TINYML_CHANNEL_COUNT, TINYML_NOT_A_NUMBER, TINYML_NO_LABEL or TINYML_UNKNOWN_LABEL for a row that does not fit; with
   * TINYML_QUOTA_EXCEEDED, TINYML_DISK_FULL, TINYML_STORAGE (also when more rows wait to be written than is good) or TINYML_DATASET_MISSING
   * (somebody deleted the files; the next row begins the dataset anew) when it could not be kept. A rejected row is not in the dataset.
   */
  append(row: Row): Promise<void> {
    try {
      return this.#appendRow(row);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Adds a whole sample: a recording, a sound, a picture, or a row of a table. Its id, as soon as it is on disk.
   * @throws TinymlError TINYML_SAMPLES_DIFFER for a sample of another kind, and what `append` rejects with; then it is not in the dataset
   */
  async add(sample: NewSample): Promise<number> {
    return (await this.addAll([sample]))[0];
  }

  /**
   * Adds samples, all or none: where one can't be added, none is in the dataset. Their ids, as soon as all are on disk.
   * @throws what `add` does
   */
  async addAll(samples: Iterable<NewSample> | AsyncIterable<NewSample>): Promise<number[]> {
    this.#assertOpen();
    if (this.#description.kind === "table") return this.#addRows(samples);
    const events: AddEvent[] = [];
    const files: string[] = [];
    let bytes = 0;
    const clearings = this.#clearings;
    try {
      await this.#journal.refresh();
      for await (const sample of samples) {
        const encoded = encodeSample(this.#description, sample);
        const answer = checkAnswer(this.#description, sample);
        this.#reserve(encoded.bytes.length);
        bytes += encoded.bytes.length;
        const { type, readings } = encoded;
        const { id, file } = await this.#createFile(type, encoded.bytes);
        files.push(file);
        events.push(createAddEvent(id, { ...sample, ...answer }, { type, readings, bytes: encoded.bytes.length }));
      }
      if (events.length === 0) return [];
      await syncFolder(join(this.folder, samplesFolder));
      this.#assertStillThere(clearings);
      const last = events[events.length - 1].id;
      await this.#take(events.map((event) => (event.id === last ? event : { ...event, last })));
      return events.map(({ id }) => id);
    } catch (error) {
      await this.#removeFiles(files);
      throw toStorageError(error, this.#options.what);
    } finally {
      // What is in the dataset now is counted there.
      this.#reserved -= bytes;
      for (const file of files) this.#unlisted.delete(file);
    }
  }

  /**
   * Begins a recording whose readings are stored as they come. It is a sample of the dataset from its first reading on, also after a crash.
   * @throws TinymlError TINYML_SAMPLES_DIFFER where the dataset holds something else than recordings, TINYML_NO_LABEL, TINYML_UNKNOWN_LABEL,
   *   TINYML_DISK_FULL, TINYML_STORAGE
   */
  async record(sample: SampleProperties): Promise<Recording> {
    this.#assertOpen();
    const { kind } = this.#description;
    if (kind !== "timeseries") {
      throw new TinymlError(
        "TINYML_SAMPLES_DIFFER",
        `Only recordings of readings can be recorded piece by piece; this dataset is of kind ${kind}. Send whole samples.`,
      );
    }
    const answer = checkAnswer(this.#description, sample);
    const clearings = this.#clearings;
    let created: { id: number; file: string } | undefined;
    try {
      await this.#journal.refresh();
      created = await this.#createFile("csv", Buffer.from(formatHeader(this.#description)));
      const { id, file } = created;
      await syncFolder(join(this.folder, samplesFolder));
      this.#assertStillThere(clearings);
      const recording = openRecording(this.#recordingHost(), id, file);
      this.#live.set(id, recording);
      await this.#take([createAddEvent(id, { ...sample, ...answer }, { type: "csv" })]);
      return recording;
    } catch (error) {
      if (created !== undefined) {
        this.#live.delete(created.id);
        await this.#removeFiles([created.file]);
      }
      throw toStorageError(error, this.#options.what);
    } finally {
      if (created !== undefined) this.#unlisted.delete(created.file);
    }
  }

  /**
   * All samples in the order in which they were added; deleted ones only on request. A table's are read from its index.
   * @throws TinymlError TINYML_DATASET_CORRUPT, TINYML_STORAGE
   */
  async samples(options: { deleted?: boolean } = {}): Promise<readonly SampleEntry[]> {
    return (await this.#index()).list(options);
  }

  /**
   * What a sample holds.
   * @throws TinymlError TINYML_UNKNOWN_SAMPLE, TINYML_DATASET_CORRUPT when its file is gone or damaged, TINYML_STORAGE
   */
  async readSample(id: number): Promise<StoredSample> {
    const index = await this.#index();
    return readStoredSample(this.folder, this.#description, this.#find(index, id), index);
  }

  /**
   * Gives samples another label, or other targets.
   * @throws TinymlError TINYML_UNKNOWN_SAMPLE, TINYML_NO_LABEL, TINYML_UNKNOWN_LABEL, …; then none has changed
   */
  async relabel(ids: readonly number[], answer: Pick<SampleProperties, "label" | "targets">): Promise<void> {
    const { label, targets } = checkAnswer(this.#description, answer);
    await this.#changeSamples({
      event: "relabel",
      ...(label !== undefined && { label }),
      ...(targets !== undefined && { targets: [...targets] }),
      ids,
    });
  }

  /** Puts samples on a side of the split; undefined leaves them to chance. @throws TinymlError TINYML_UNKNOWN_SAMPLE */
  assignSplit(ids: readonly number[], split: Split | undefined): Promise<void> {
    return this.#changeSamples({ event: "split", ...(split !== undefined && { split }), ids });
  }

  /** Puts the samples of each list on its side, all in one write. @throws TinymlError TINYML_UNKNOWN_SAMPLE; then none has changed */
  assignSplits(sides: Readonly<Record<Split, readonly number[]>>): Promise<void> {
    const sorted = ["training", "validation", "test"] as const;
    return this.#changeSamples(...sorted.map((split): SampleChange => ({ event: "split", split, ids: sides[split] })));
  }

  /** Deletes samples; what they hold stays on disk, so that `restore` brings them back. @throws TinymlError TINYML_UNKNOWN_SAMPLE */
  remove(ids: readonly number[]): Promise<void> {
    return this.#changeSamples({ event: "delete", ids });
  }

  /** Brings deleted samples back. @throws TinymlError TINYML_UNKNOWN_SAMPLE for one that is not deleted */
  async restore(ids: readonly number[]): Promise<void> {
    this.#assertOpen();
    const index = await this.#index();
    const wrong = ids.find((id) => index.get(id)?.deleted !== true);
    if (wrong !== undefined) throw unknownSample(wrong, "no deleted sample");
    if (ids.length > 0) await this.#take([{ event: "restore", ids: [...ids], time: Date.now() }]);
  }

  /**
   * Throws all samples away for good, those that were appended before and are not on disk yet included. What is recorded from then on may be
   * something else: what `description` says. Recordings that are under way end.
   */
  async clear(description = this.#description): Promise<void> {
    this.#assertOpen();
    const nextId = this.#nextId;
    const before = this.#description;
    // At once, for rows that are appended from now on come behind the clearing.
    this.#description = description;
    this.#clearings += 1;
    this.#live.clear();
    await this.#journal.rebuild(async () => {
      try {
        await emptyDataset(this.folder, description, nextId);
      } catch (error) {
        this.#description = before;
        throw error;
      }
    });
  }

  /** Writes rows that wait at once; resolves when they are on disk, rejects when they could not be kept. */
  flush(): Promise<void> {
    return this.#journal.flush();
  }

  /** Ends one use; with the last one, rows that wait are written and the files closed. Every openDataset needs one close. */
  close(): Promise<void> {
    return this.#release();
  }

  /**
   * Takes over settings that changed without changing what the rows are; for openDataset. While others use the dataset, they must not
   * change at all (but for the rate and the quota): one would record what the other doesn't list. TINYML_DATASET_MISMATCH otherwise.
   */
  redescribe(description: DatasetDescription, isShared: () => boolean): Promise<void> {
    if (JSON.stringify(description) === JSON.stringify(this.#description)) return Promise.resolve();
    return this.#journal.exclusive(async () => {
      const met = new Set([...this.#perLabel.keys(), ...this.#waiting.keys()]);
      const mismatch =
        findMismatch(this.#description, description, met) ??
        (isShared() ? findDifference(this.#description, description) : undefined);
      if (mismatch) {
        throw new TinymlError(
          "TINYML_DATASET_MISMATCH",
          `The dataset ${basename(this.folder)} is in use, and ${mismatch}. Give both the same settings, or use two datasets.`,
        );
      }
      await writeFileAtomic(join(this.folder, descriptionFile), formatDescription(description));
      this.#description = description;
    });
  }

  /** Ends recordings that are under way, writes what waits and closes the files; for the last user's close. */
  async finish(): Promise<void> {
    this.#finished = true;
    await Promise.allSettled(Array.from(this.#live.values(), (recording) => recording.finish()));
    await this.#journal.close();
  }

  async #open(): Promise<JournalFile[]> {
    if (this.#description.kind === "table") {
      const table = await openTable(this.folder, this.#description);
      this.#count = table.count;
      this.#bytes = table.rows.length;
      this.#perLabel = table.perLabel;
      this.#nextId = Math.max(this.#nextId, table.nextId);
      return [table.rows, table.index];
    }
    const { index, samples } = await openSampleFolder(
      this.folder,
      this.#description,
      new Set(this.#live.keys()),
      this.#unlisted,
    );
    this.#samples = samples;
    this.#nextId = Math.max(this.#nextId, samples.nextId);
    this.#countSamples();
    return [index];
  }

  #appendRow(row: Row): Promise<void> {
    this.#assertOpen();
    if (this.#description.kind !== "table") {
      throw new TinymlError(
        "TINYML_SAMPLES_DIFFER",
        `The dataset ${basename(this.folder)} holds whole recordings, sounds or pictures, no single readings. Record into a dataset of readings.`,
      );
    }
    const line = formatRow(this.#description, row);
    const length = Buffer.byteLength(line);
    this.#reserve(length);
    const label = this.#description.task === "classification" ? row.label : undefined;
    const event = formatEvent(this.#addRowEvent(this.#takeId(), row, length));
    const written = this.#journal
      .append([line, event], () => {
        this.#count += 1;
        this.#bytes += length;
        if (label !== undefined) this.#perLabel.set(label, (this.#perLabel.get(label) ?? 0) + 1);
      })
      .finally(() => {
        this.#reserved -= length;
      });
    return label === undefined ? written : this.#keepWaiting(label, written);
  }

  /** The label stands in the row too; the index has it so that counting labels need not read the rows. */
  #addRowEvent(id: number, sample: SampleProperties, bytes: number): AddEvent {
    const { label, split, group, source, time } = sample;
    return this.#description.task === "classification"
      ? createAddEvent(id, { label, split, group, source, time })
      : createAddEvent(id, { split, group, source, time }, { bytes });
  }

  /** All or none: one entry of the journal has all rows. */
  async #addRows(samples: Iterable<NewSample> | AsyncIterable<NewSample>): Promise<number[]> {
    const isClass = this.#description.task === "classification";
    const clearings = this.#clearings;
    const pause = createPause();
    const rows: string[] = [];
    const lines: string[] = [];
    /** What stands behind the ids in the events: those are given at the end, for rows that are appended meanwhile come first. */
    const events: string[] = [];
    const idOfNone = '"id":0,';
    const met = new Map<string, number>();
    for await (const sample of samples) {
      if (!("values" in sample)) throw wholeFileInTable();
      const values = Array.from(sample.values, shortestDecimal);
      const line = formatRow(this.#description, { ...sample, values });
      if (lines.push(line) === 1000) rows.push(lines.splice(0).join(""));
      const event = formatEvent(this.#addRowEvent(0, sample, Buffer.byteLength(line)));
      events.push(event.slice(event.indexOf(idOfNone) + idOfNone.length));
      if (isClass && sample.label !== undefined) met.set(sample.label, (met.get(sample.label) ?? 0) + 1);
      await pause();
    }
    this.#assertStillThere(clearings);
    // From here to the journal nothing is awaited: the n-th row is that of the n-th id.
    const ids = events.map(() => this.#takeId());
    let index = "";
    for (const [i, event] of events.entries()) index += `{"event":"add","id":${ids[i]},${event}`;
    const text = rows.join("") + lines.join("");
    const length = Buffer.byteLength(text);
    this.#reserve(length);
    try {
      await this.#journal.append([text, index], () => {
        this.#count += ids.length;
        this.#bytes += length;
        for (const [label, count] of met) this.#perLabel.set(label, (this.#perLabel.get(label) ?? 0) + count);
      });
    } finally {
      this.#reserved -= length;
    }
    return ids;
  }

  /** Takes events about samples down, in one write, and then their effect. */
  async #take(events: readonly DatasetEvent[]): Promise<void> {
    const text = events.map(formatEvent).join("");
    if (this.#description.kind === "table") {
      await this.#journal.append(["", text], () => undefined);
      // Opening counts the rows anew.
      await this.#journal.rebuild(async () => undefined);
      return;
    }
    await this.#journal.append([text], () => {
      for (const event of events) this.#samples.apply(event);
      this.#countSamples();
    });
  }

  /** Changes samples, all of them in one write or none. */
  async #changeSamples(...changes: readonly SampleChange[]): Promise<void> {
    this.#assertOpen();
    const index = await this.#index();
    for (const { ids } of changes) for (const id of ids) this.#find(index, id);
    const time = Date.now();
    const events = changes
      .filter(({ ids }) => ids.length > 0)
      .map((change): DatasetEvent => ({ ...change, ids: [...change.ids], time }));
    if (events.length > 0) await this.#take(events);
  }

  /** The samples that are on disk and not deleted. */
  #find(index: SampleIndex, id: number): SampleEntry {
    const entry = index.get(id);
    if (entry === undefined || entry.deleted) throw unknownSample(id, "no sample");
    return entry;
  }

  async #index(): Promise<SampleIndex> {
    await this.#journal.flush();
    if (this.#description.kind !== "table") return this.#samples;
    try {
      return await readSampleIndex(this.folder);
    } catch (error) {
      throw toStorageError(error, this.#options.what);
    }
  }

  #recordingHost(): RecordingHost {
    return {
      folder: this.folder,
      description: this.#description,
      options: this.#options,
      reserve: (bytes) => this.#reserve(bytes),
      release: (bytes) => {
        this.#reserved -= bytes;
      },
      ended: async (id, readings, bytes) => {
        const wasLive = this.#live.delete(id);
        // A dataset that was cleared meanwhile knows nothing of the recording.
        if (!wasLive) return undefined;
        if (readings === 0) {
          await this.#take([{ event: "delete", ids: [id], time: Date.now() }]);
          return undefined;
        }
        await this.#take([{ event: "end", id, readings, bytes, time: Date.now() }]);
        return this.#samples.get(id);
      },
      discarded: async (id) => {
        if (this.#live.delete(id)) await this.#take([{ event: "delete", ids: [id], time: Date.now() }]);
      },
    };
  }

  #countSamples(): void {
    this.#count = this.#samples.count;
    this.#bytes = this.#samples.bytes;
    this.#perLabel = new Map(this.#samples.perLabel);
  }

  /** Makes the file of a new sample; under the next number for which nobody else, such as another program, has made one. */
  async #createFile(type: SampleFileType, bytes: Uint8Array): Promise<{ id: number; file: string }> {
    for (;;) {
      const id = this.#takeId();
      const file = sampleFile(id, type);
      // A name that is taken belongs to somebody else: its file must not be removed.
      const handle = await open(join(this.folder, file), "wx").catch((error) => {
        if (systemErrorCode(error) === "EEXIST") return undefined;
        throw error;
      });
      if (handle === undefined) continue;
      this.#unlisted.add(file);
      try {
        try {
          await handle.writeFile(bytes);
          await handle.sync();
        } finally {
          await handle.close();
        }
        return { id, file };
      } catch (error) {
        await this.#removeFiles([file]);
        throw error;
      }
    }
  }

  /** Removes files of samples that did not get into the dataset. */
  async #removeFiles(files: readonly string[]): Promise<void> {
    await Promise.allSettled(files.map((file) => rm(join(this.folder, file), { force: true })));
    for (const file of files) this.#unlisted.delete(file);
  }

  /** What was true when adding began: that the dataset is open, and its samples those that it had. */
  #assertStillThere(clearings: number): void {
    this.#assertOpen();
    if (clearings === this.#clearings) return;
    throw new TinymlError(
      "TINYML_STORAGE",
      `The dataset ${basename(this.folder)} was cleared while samples were being added. Add them again.`,
    );
  }

  #takeId(): number {
    const id = this.#nextId;
    this.#nextId += 1;
    return id;
  }

  /** Counts bytes that are about to be written. */
  #reserve(bytes: number): void {
    const { quotaMegabytes } = this.#description;
    if (quotaMegabytes !== undefined && this.#bytes + this.#reserved + bytes > quotaMegabytes * 1e6) {
      throw new TinymlError(
        "TINYML_QUOTA_EXCEEDED",
        `The dataset ${basename(this.folder)} may take ${quotaMegabytes} MB, and this sample no longer fits. Delete samples, or allow it more in its settings.`,
      );
    }
    this.#reserved += bytes;
  }

  async #keepWaiting(label: string, written: Promise<void>): Promise<void> {
    this.#waiting.set(label, (this.#waiting.get(label) ?? 0) + 1);
    try {
      await written;
    } finally {
      const left = (this.#waiting.get(label) ?? 1) - 1;
      if (left > 0) this.#waiting.set(label, left);
      else this.#waiting.delete(label);
    }
  }

  #assertOpen(): void {
    if (this.#finished) {
      throw new TinymlError(
        "TINYML_STORAGE",
        `The dataset ${basename(this.folder)} was closed. Deploy the flow again.`,
      );
    }
  }
}

/** What happens to samples that are there, without when. */
type SampleChange = { ids: readonly number[] } & (
  | Pick<Extract<DatasetEvent, { event: "relabel" }>, "event" | "label" | "targets">
  | Pick<Extract<DatasetEvent, { event: "split" }>, "event" | "split">
  | Pick<Extract<DatasetEvent, { event: "delete" }>, "event">
);

function unknownSample(id: number, what: string): TinymlError {
  return new TinymlError(
    "TINYML_UNKNOWN_SAMPLE",
    `The dataset has ${what} with the number ${id}. List the samples, and take a number from there.`,
  );
}

function wholeFileInTable(): TinymlError {
  return new TinymlError("TINYML_SAMPLES_DIFFER", "The dataset holds rows of numbers, but a file came.");
}
