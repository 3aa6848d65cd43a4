/** One recording after another: counts readings in until there are enough. */
export interface Recorder {
  /** Begins a recording, in place of the one that is under way. */
  start(): void;
  /** Ends the recording; gives how many readings it has once all that it took are stored, undefined when there was none. */
  stop(): Promise<number | undefined>;
  /** Whether the next reading is wanted. */
  readonly open: boolean;
  /**
   * Counts a reading in that is being stored; rejects as `storing` does. A reading that can't be stored is not counted, and another
   * takes its place; with an error for which `endsWith` is true the recording ends. Gives how many readings the recording has when
   * this one completed it.
   */
  take(storing: Promise<void>): Promise<number | undefined>;
}

interface Recording {
  /** Readings on their way to the disk, and those that are there. */
  pending: Set<Promise<void>>;
  stored: number;
}

/**
 * A recorder for recordings of `count` readings (Infinity: until stopped). `onProgress` gets the number of stored readings.
 */
export function createRecorder(
  count: number,
  { onProgress, endsWith }: { onProgress(stored: number): void; endsWith(error: unknown): boolean },
): Recorder {
  let current: Recording | undefined;
  return {
    start() {
      current = { pending: new Set(), stored: 0 };
      onProgress(0);
    },
    async stop() {
      const stopped = current;
      current = undefined;
      await Promise.allSettled(stopped?.pending ?? []);
      return stopped?.stored;
    },
    get open() {
      return current !== undefined && current.stored + current.pending.size < count;
    },
    async take(storing) {
      const recording = current;
      recording?.pending.add(storing);
      try {
        await storing;
        if (recording !== undefined) recording.stored += 1;
      } catch (error) {
        if (recording === current && endsWith(error)) current = undefined;
        throw error;
      } finally {
        recording?.pending.delete(storing);
      }
      if (recording === undefined || recording !== current) return undefined;
      if (recording.stored < count) {
        onProgress(recording.stored);
        return undefined;
      }
      current = undefined;
      return recording.stored;
    },
  };
}
