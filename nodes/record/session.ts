import {
  answerOf,
  assertNumbers,
  type Dataset,
  type DatasetSource,
  type ErrorCode,
  type Incoming,
  incomingOf,
  type Message,
  type NodeContext,
  type SampleProperties,
  sampleProperties,
  type Task,
  TinymlError,
  toTinymlError,
} from "../lib";
import type { RecordConfig } from "./config";
import { createCountdown } from "./countdown";
import { createGoal } from "./goal";
import { createRecorder } from "./recorder";
import { createStream, type Stream } from "./stream";

/** Errors of a single sample, after which a recording goes on. When the disk fails, so will the next ones, and it ends. */
const aboutSample = new Set<ErrorCode>([
  "TINYML_NOT_A_NUMBER",
  "TINYML_CHANNEL_COUNT",
  "TINYML_NO_LABEL",
  "TINYML_UNKNOWN_LABEL",
  "TINYML_UNKNOWN_COMMAND",
  "TINYML_SAMPLES_DIFFER",
  "TINYML_DATASET_TOO_LARGE",
  "TINYML_IMPORT_INVALID",
]);

/** What a record node does: it takes samples into a dataset, from a command to start until there are enough. */
export interface Session {
  /** Begins anew: now, or after the countdown. */
  start(): Promise<void>;
  /** Ends recording, and tells what was recorded. */
  stop(): Promise<void>;
  /** Throws away all that the dataset has; what is under way begins anew. */
  clear(): Promise<void>;
  /** Takes the last sample back, or the recording that is under way; another takes its place. */
  undo(): Promise<void>;
  /** Stores what a message brings, if it is wanted; done when it is on disk. `answerFor` gives the label or target that belongs to it. */
  take(message: Message, answerFor: (task: Task) => unknown): Promise<void>;
  /** Ends recording for good. */
  close(): Promise<void>;
}

/** A session of a record node with these settings; `only` is the label of all samples as it is stored, where that is a setting. */
export function createSession(
  { node, status, text, fail }: NodeContext,
  config: RecordConfig,
  { find, only }: { find(): DatasetSource; only: string | undefined },
): Session {
  const endsWith = (error: unknown): boolean => !aboutSample.has(toTinymlError(error).code);
  const goal = createGoal(config.target, only);
  const recorder = createRecorder({ onProgress: (recorded) => showProgress(recorded, wanted), endsWith });
  const countdown = createCountdown(
    (seconds) => status.show("yellow", "dot", text("status.countdown", { seconds })),
    () => showProgress(0, wanted),
  );
  /** Samples that the recorder is to take. */
  let wanted = Infinity;
  /** The recording of single readings that is under way. */
  let stream: Stream | undefined;
  /** Whether a recording is being taken back: until that is on disk, readings belong to no other one. */
  let discarding = false;
  let clearing: Promise<void> | undefined;
  let latest: { dataset: Dataset; label: string | undefined } | undefined;

  function showProgress(recorded: number, of: number): void {
    status.show("blue", "dot", () => {
      const { dataset, label } = latest ?? {};
      if (config.target > 0 && dataset !== undefined && label !== undefined) {
        return text("status.target", { label, count: goal.countOf(dataset, label), target: config.target });
      }
      if (config.always && dataset !== undefined) return text("status.total", { total: dataset.count });
      return text("status.recording", { recorded, wanted: of === Infinity ? "∞" : of });
    });
  }

  /** Ends what is under way; gives how many samples it took, undefined when there was nothing. */
  async function end(): Promise<number | undefined> {
    countdown.cancel();
    // What it fails with is told where it began.
    const finishing = stream?.finish().catch(() => undefined);
    stream = undefined;
    const recorded = await recorder.stop();
    await finishing;
    return recorded;
  }

  /** Tells the flow that a recording is over. */
  async function tell(recorded: number | undefined): Promise<void> {
    if (recorded === undefined) return;
    const source = find();
    const dataset = await source.open();
    const { count: total } = dataset;
    const enough = goal.isReached(dataset);
    status.show(
      "green",
      "dot",
      enough
        ? text(only === undefined ? "status.allEnough" : "status.enough", { label: only ?? "", target: config.target })
        : text("status.recorded", { recorded, total }),
    );
    node.send({ payload: { recorded, total, ...(enough && { enough }) }, topic: source.name });
  }

  /** Whether there is enough of everything. A recording that is under way is counted by the dataset, but it may be short or taken back yet. */
  function hasEnough(dataset: Dataset): boolean {
    return stream === undefined && !discarding && goal.isReached(dataset);
  }

  /** After samples were stored: `complete` is their number when there are as many as were wanted. */
  async function settle(complete: number | undefined): Promise<void> {
    if (complete !== undefined) return tell(complete);
    if (config.always || config.target === 0) return;
    if (hasEnough(await find().open())) await tell(await end());
  }

  async function open(source: DatasetSource, label: string | undefined): Promise<Dataset> {
    await clearing;
    const dataset = await source.open();
    latest = { dataset, label };
    return dataset;
  }

  /** Stores `samples` samples of a label, unless there are enough of it: then nothing is stored, and undefined returned. */
  function storeUpToGoal<T>(
    dataset: Dataset,
    label: string | undefined,
    samples: number,
    store: () => Promise<T>,
  ): Promise<T> | undefined {
    if (goal.wants(dataset, label)) return goal.hold(label, samples, store());
    status.show("yellow", "ring", text("status.enough", { label: label ?? "", target: config.target }));
    return undefined;
  }

  /** Stores whole samples, or a row of a table; gives how many. */
  async function store(source: DatasetSource, incoming: Incoming, sample: SampleProperties): Promise<number> {
    const dataset = await open(source, sample.label);
    const contents = "samples" in incoming ? incoming.samples : [];
    const count = Math.max(contents.length, 1);
    const storing = storeUpToGoal(dataset, sample.label, count, async () => {
      if ("reading" in incoming) await dataset.append({ values: incoming.reading, ...sample });
      else await dataset.addAll(contents.map((content) => ({ ...content, ...sample }))).catch(asDamagedSample);
    });
    await storing;
    return storing === undefined ? 0 : count;
  }

  async function takeReading(
    source: DatasetSource,
    values: readonly number[],
    sample: SampleProperties,
  ): Promise<void> {
    assertNumbers(values, source.description?.channels ?? [], "channels");
    // A recording has one label: with another one begins another recording.
    if (stream !== undefined && sample.label !== undefined && sample.label !== stream.label) {
      void stream.finish().catch(() => undefined);
      stream = undefined;
    }
    if (stream === undefined && !recorder.open) return;
    const current = stream ?? begin(source, sample);
    try {
      await current.take(values);
    } catch (error) {
      if (endsWith(error)) await end();
      throw error;
    }
  }

  function begin(source: DatasetSource, sample: SampleProperties): Stream {
    const { length, duration } = limitsOf(config, source);
    const opening = open(source, sample.label).then((dataset) =>
      storeUpToGoal(dataset, sample.label, 1, () => dataset.record(sample)),
    );
    const begun = createStream(sample.label, opening, {
      length,
      duration,
      onProgress: (readings) => showProgress(readings, length),
      onFull() {
        leave();
        if (recorder.open && !config.always) countdown.start(config.countdown);
      },
      endsWith,
    });
    const leave = (): void => {
      if (stream === begun) stream = undefined;
    };
    const abandon = (): void => {
      leave();
      void begun.finish();
    };
    opening.then((recording) => recording === undefined && abandon(), abandon);
    const release = source.beforeClose(() => begun.finish());
    recorder.take(begun.ended).then(settle).catch(fail).finally(release);
    stream = begun;
    return begun;
  }

  return {
    async start() {
      const source = find();
      void stream?.finish().catch(() => undefined);
      stream = undefined;
      wanted = wantedOf(config, source);
      // Readings that come while the files are being opened count, too.
      recorder.start(wanted);
      if (!config.always) countdown.start(config.countdown);
      await clearing?.catch(() => undefined);
      const dataset = await source.open().catch(async (error) => {
        await end();
        throw error;
      });
      latest = { dataset, label: only };
      if (!config.always && hasEnough(dataset)) await tell(await end());
    },
    async stop() {
      await tell(await end());
    },
    async clear() {
      const source = find();
      status.show("grey", "ring", text("status.cleared"));
      const finishing = stream?.finish().catch(() => undefined);
      stream = undefined;
      // A recording that is under way begins anew: what it has so far is thrown away, and what comes from now on counts.
      if (recorder.recording) recorder.start(wanted);
      // At once where nothing is under way: what others do with the dataset from now on comes after it.
      clearing = finishing === undefined ? source.clear() : finishing.then(() => source.clear());
      try {
        await clearing;
      } catch (error) {
        await end();
        throw error;
      }
    },
    async undo() {
      const dataset = await find().open();
      const running = stream;
      stream = undefined;
      if (running !== undefined) {
        discarding = true;
        if (!config.always) countdown.start(config.countdown);
        await running
          .discard((id) => dataset.remove([id]))
          .finally(() => {
            discarding = false;
          });
        status.show("grey", "ring", text("status.discarded"));
        return;
      }
      // Numbers that are to be predicted are no labels.
      const own = dataset.description.task === "classification" ? only : undefined;
      const last = (await dataset.samples()).findLast(({ label }) => own === undefined || label === own);
      if (last === undefined) {
        throw new TinymlError(
          "TINYML_DATASET_EMPTY",
          own === undefined
            ? "There is no sample to take back: the dataset has none."
            : `There is no sample to take back: the dataset has none with the label "${own}".`,
        );
      }
      await dataset.remove([last.id]);
      recorder.uncount();
      status.show("grey", "ring", text("status.undone", { id: last.id, label: last.label ?? "" }));
    },
    async take(message, answerFor) {
      if (config.always && !recorder.recording) recorder.start(Infinity);
      if (countdown.running || discarding || (stream === undefined && !recorder.open)) return;
      const source = find();
      const { description } = source;
      // Files of others refuse to be opened.
      if (description === undefined) return void (await source.open());
      const incoming = incomingOf(description, message);
      const sample = { ...sampleProperties(message), ...answerOf(description.task, answerFor(description.task)) };
      if (description.kind === "timeseries" && "reading" in incoming) {
        return takeReading(source, incoming.reading, sample);
      }
      if (recorder.open) await settle(await recorder.take(store(source, incoming, sample)));
    },
    async close() {
      await end();
    },
  };
}

/** How many samples the settings ask for after a start; of a dataset of readings these. */
function wantedOf(config: RecordConfig, { description }: DatasetSource): number {
  if (config.always) return Infinity;
  return (description?.kind === "table" ? config.count : config.samples) || Infinity;
}

/** When a recording of single readings ends: by their number where the rate says how many seconds have, or else by the clock. */
function limitsOf(config: RecordConfig, { description }: DatasetSource): { length: number; duration: number } {
  if (config.length === 0) return { length: Infinity, duration: Infinity };
  if (config.lengthUnit === "readings") return { length: config.length, duration: Infinity };
  const rateHz = description?.rateHz;
  if (rateHz === undefined) return { length: Infinity, duration: config.length * 1000 };
  return { length: Math.max(1, Math.round(config.length * rateHz)), duration: Infinity };
}

/** A damaged file that came is no damage to the dataset. */
function asDamagedSample(thrown: unknown): never {
  const { code, message } = toTinymlError(thrown);
  if (code !== "TINYML_DATASET_CORRUPT" || !message.includes("that came")) throw thrown;
  throw new TinymlError("TINYML_IMPORT_INVALID", message, { cause: thrown });
}
