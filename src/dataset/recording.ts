import { open } from "node:fs/promises";
import { join } from "node:path";
import { TinymlError } from "../errors";
import type { DatasetDescription } from "./description";
import { Journal, type JournalFile, type JournalOptions } from "./journal";
import { formatHeader, formatReading } from "./sample-content";
import type { SampleEntry } from "./sample-index";

/** A recording that is under way: readings that are stored as they come, however many there will be. */
export interface Recording {
  readonly id: number;
  /** How many readings are on disk. */
  readonly readings: number;
  /**
   * Adds a reading; resolves when it is on disk, at most 250 ms later on a disk that keeps up.
   * Rejects with TINYML_CHANNEL_COUNT, TINYML_NOT_A_NUMBER, TINYML_QUOTA_EXCEEDED, TINYML_DISK_FULL, TINYML_STORAGE or
   * TINYML_DATASET_MISSING; what was rejected is not in the recording, which goes on.
   */
  append(values: readonly number[]): Promise<void>;
  /** Ends the recording; it is a sample of the dataset then. Without readings there is none: it is deleted, and undefined returned. */
  finish(): Promise<SampleEntry | undefined>;
  /** Ends the recording and deletes it. */
  discard(): Promise<void>;
}

/** What a recording needs of its dataset. */
export interface RecordingHost {
  readonly folder: string;
  readonly description: DatasetDescription;
  readonly options: JournalOptions;
  /** Counts bytes that are to be written. @throws TinymlError TINYML_QUOTA_EXCEEDED */
  reserve(bytes: number): void;
  /** Counts them no longer: the dataset knows the recording's length, or that there is none. */
  release(bytes: number): void;
  /** Takes the end of the recording down. */
  ended(id: number, readings: number, bytes: number): Promise<SampleEntry | undefined>;
  /** Takes down that it is deleted. */
  discarded(id: number): Promise<void>;
}

/** A recording into a file that has its header. */
export function openRecording(host: RecordingHost, id: number, file: string): Recording {
  const path = join(host.folder, file);
  const journal = new Journal(() => openFile(path), host.options);
  const headerBytes = Buffer.byteLength(formatHeader(host.description));
  let readings = 0;
  let bytes = headerBytes;
  let reserved = 0;
  let ended = false;
  const release = (length: number): void => {
    const counted = Math.min(length, reserved);
    reserved -= counted;
    host.release(counted);
  };
  const end = (): void => {
    if (ended) throw new TinymlError("TINYML_STORAGE", "The recording has ended. Begin another one.");
    ended = true;
  };
  return {
    id,
    get readings() {
      return readings;
    },
    append(values) {
      try {
        if (ended) end();
        const line = formatReading(host.description, values);
        const length = Buffer.byteLength(line);
        host.reserve(length);
        reserved += length;
        const written = journal.append([line], () => {
          readings += 1;
          bytes += length;
        });
        return written.catch((error) => {
          release(length);
          throw error;
        });
      } catch (error) {
        return Promise.reject(error);
      }
    },
    async finish() {
      end();
      await closed(journal);
      try {
        return await host.ended(id, readings, bytes);
      } finally {
        release(reserved);
      }
    },
    async discard() {
      end();
      await closed(journal);
      await host.discarded(id).finally(() => release(reserved));
    },
  };
}

/** Ends a journal. What could not be written was rejected already, to those who wanted it written. */
async function closed(journal: Journal): Promise<void> {
  await journal.flush().catch(() => undefined);
  await journal.close();
}

async function openFile(path: string): Promise<JournalFile[]> {
  const handle = await open(path, "r+");
  const { ino, size } = await handle.stat();
  return [{ path, handle, inode: ino, length: size }];
}
