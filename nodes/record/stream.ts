import type { Recording, SampleEntry } from "../lib";
import { createRecorder } from "./recorder";

/** A recording that is under way: its readings are stored as they come. */
export interface Stream {
  /** The label that it was begun with: readings with another one belong to another recording. */
  readonly label: string | undefined;
  /** Whether it takes another reading. */
  readonly open: boolean;
  /** How many samples it made: 1 when it has ended, 0 when there was no reading or it was taken back. */
  readonly ended: Promise<number>;
  /**
   * Stores a reading; resolves when it is on disk. When the disk fails, the first reading rejects, with the number of those that were lost,
   * and the others end quietly. With the last reading that has room in it the recording ends by itself.
   */
  take(values: readonly number[]): Promise<void>;
  /** Ends it, once all that it took is stored; undefined when that is nothing. */
  finish(): Promise<SampleEntry | undefined>;
  /** Ends it, and takes it back. */
  discard(remove: (id: number) => Promise<void>): Promise<SampleEntry | undefined>;
}

/** How a stream is limited and observed. */
export interface StreamOptions {
  /** Readings at most. */
  length: number;
  /** Milliseconds at most. */
  duration: number;
  onProgress(readings: number): void;
  /** Called at once when it takes no more readings, before the last ones are stored. */
  onFull(): void;
  endsWith(error: unknown): boolean;
}

/** A stream into a recording that is being begun; none is where its label has enough samples. */
export function createStream(
  label: string | undefined,
  beginning: Promise<Recording | undefined>,
  { length, duration, onProgress, onFull, endsWith }: StreamOptions,
): Stream {
  const readings = createRecorder({ onProgress, endsWith });
  readings.start(Infinity);
  let accepted = 0;
  let takenBack = false;
  let failed = false;
  let ending: Promise<SampleEntry | undefined> | undefined;
  let tellEnd: (outcome: Promise<number>) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    tellEnd = resolve;
  });
  const end = async (): Promise<SampleEntry | undefined> => {
    clearTimeout(timer);
    await readings.stop();
    const recording = await beginning.catch(() => undefined);
    return recording?.finish();
  };
  const finish = (): Promise<SampleEntry | undefined> => {
    if (ending === undefined) {
      ending = end();
      const samples = ending.then((entry) => (entry === undefined || takenBack ? 0 : 1));
      // One failure of the disk is one error: that of a reading.
      tellEnd(samples.catch((error) => (failed ? 0 : Promise.reject(error))));
    }
    return ending;
  };
  const overdue = (): void => {
    if (accepted < length) onFull();
    // What it fails with is told by `ended`.
    void finish().catch(() => undefined);
  };
  const timer = Number.isFinite(duration) ? setTimeout(overdue, duration) : undefined;
  return {
    label,
    ended,
    get open() {
      return ending === undefined && accepted < length;
    },
    async take(values) {
      accepted += 1;
      const isLast = accepted >= length;
      if (isLast) onFull();
      const storing = beginning.then(async (recording) => {
        await recording?.append(values);
        return recording === undefined ? 0 : 1;
      });
      await readings.take(storing).catch((error) => {
        failed ||= endsWith(error);
        throw error;
      });
      if (isLast) await finish().catch(() => undefined);
    },
    finish,
    async discard(remove) {
      takenBack = true;
      const entry = await finish();
      if (entry !== undefined) await remove(entry.id);
      return entry;
    },
  };
}
