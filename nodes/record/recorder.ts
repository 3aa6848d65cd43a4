import { TinymlError, toTinymlError } from "../lib";

/** One recording after another: counts readings in until there are enough. */
export interface Recorder {
  /** Begins a recording of `count` readings (Infinity: until stopped), in place of the one that is under way. */
  start(count: number): void;
  /** Ends the recording; gives how many readings it has once all that it took are stored, undefined when there was none. */
  stop(): Promise<number | undefined>;
  /** Whether a recording is under way. */
  readonly recording: boolean;
  /** Whether the next reading is wanted. */
  readonly open: boolean;
  /**
   * Counts a reading in that is being stored; rejects as `storing` does, which gives how many it was in the end: none when it was passed over,
   * several when a message brought them. A reading that can't be stored is not counted, and another takes its place. With an error for which `endsWith` is true the recording ends: the first reading rejects once all others that are
   * under way have ended, with the number of those that were lost; these end quietly. Gives how many readings the recording has when
   * this one completed it.
   */
  take(storing: Promise<number>): Promise<number | undefined>;
  /** Counts one less: it was taken back, and another takes its place. */
  uncount(): void;
}

interface Recording {
  count: number;
  /** Readings on their way to the disk, and those that are there. */
  pending: Set<Promise<number>>;
  stored: number;
  failed: boolean;
}

/** A recorder; `onProgress` gets the number of stored readings. */
export function createRecorder({
  onProgress,
  endsWith,
}: {
  onProgress(stored: number): void;
  endsWith(error: unknown): boolean;
}): Recorder {
  let current: Recording | undefined;
  return {
    start(count) {
      current = { count, pending: new Set(), stored: 0, failed: false };
      onProgress(0);
    },
    async stop() {
      const stopped = current;
      current = undefined;
      await Promise.allSettled(stopped?.pending ?? []);
      return stopped?.stored;
    },
    get recording() {
      return current !== undefined;
    },
    get open() {
      return current !== undefined && current.stored + current.pending.size < current.count;
    },
    async take(storing) {
      const recording = current;
      recording?.pending.add(storing);
      try {
        const stored = await storing;
        if (recording !== undefined) recording.stored += stored;
      } catch (error) {
        if (recording === undefined || !endsWith(error)) throw error;
        // One failure of the disk is one error, however many readings it took.
        if (recording.failed) return undefined;
        recording.failed = true;
        if (recording === current) current = undefined;
        const outcomes = await Promise.allSettled(recording.pending);
        throw withCount(
          error,
          outcomes.filter((outcome) => outcome.status === "rejected" && endsWith(outcome.reason)).length,
        );
      } finally {
        recording?.pending.delete(storing);
      }
      if (recording === undefined || recording !== current) return undefined;
      if (recording.stored < recording.count) {
        onProgress(recording.stored);
        return undefined;
      }
      current = undefined;
      return recording.stored;
    },
    uncount() {
      if (current !== undefined && current.stored > 0) current.stored -= 1;
    },
  };
}

function withCount(thrown: unknown, lost: number): TinymlError {
  const { code, message } = toTinymlError(thrown);
  const count = lost === 1 ? "1 reading was not stored." : `${lost} readings were not stored.`;
  return new TinymlError(code, `${message} ${count}`, { cause: thrown });
}
