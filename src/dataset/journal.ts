import type { Stats } from "node:fs";
import { type FileHandle, stat } from "node:fs/promises";
import { TinymlError } from "../errors";
import { isMissing, toStorageError } from "../storage";

/** A file that a journal appends to. */
export interface JournalFile {
  readonly path: string;
  readonly handle: FileHandle;
  /** Tells the file from another one that was put in its place. */
  readonly inode: number;
  /** How many bytes of it are good: whatever follows them is overwritten or cut off. */
  length: number;
}

export interface JournalOptions {
  /** How the messages name what is kept ("the dataset pot"). */
  what: string;
  /** How long an entry waits for others at most before all of them are written, in milliseconds. */
  delay?: number;
  /** How many bytes may wait to be written; more are refused. */
  backlog?: number;
}

/** Leaves 50 ms of the 250 within which an entry has to be on disk for the writing itself. */
const defaultDelay = 200;

const defaultBacklog = 8 * 2 ** 20;

interface Batch {
  parts: string[][];
  bytes: number;
  whenWritten: (() => void)[];
  timer: NodeJS.Timeout;
  promise: Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Appends entries to a set of files together: one entry is a part for each of them. Entries are collected for a moment, written and
 * synced as one, because a sync is what costs (and what wears an SD card). An entry's promise resolves when all its parts are on
 * disk, and rejects when they are not: then no part of it stays in the files.
 *
 * `open` makes or repairs the files and opens them; it is called before the first write and again after the files were deleted,
 * replaced or edited by somebody else.
 */
export class Journal {
  readonly #open: () => Promise<JournalFile[]>;
  readonly #what: string;
  readonly #delay: number;
  readonly #backlog: number;
  #files: JournalFile[] | undefined;
  #waiting: Batch | undefined;
  #queue: Promise<void> = Promise.resolve();
  #bytes = 0;

  constructor(open: () => Promise<JournalFile[]>, options: JournalOptions) {
    this.#open = open;
    this.#what = options.what;
    this.#delay = options.delay ?? defaultDelay;
    this.#backlog = options.backlog ?? defaultBacklog;
  }

  /** Opens the files now instead of with the first entry. */
  prepare(): Promise<void> {
    return this.exclusive(async () => {
      this.#files ??= await this.#open();
    });
  }

  /**
   * Appends one part to each file; `whenWritten` runs when they are on disk, before the promise resolves. Rejects with
   * TINYML_DISK_FULL, TINYML_STORAGE (also when the disk is too slow and too much waits already) or
   * TINYML_DATASET_MISSING when the files were deleted meanwhile.
   */
  append(parts: readonly string[], whenWritten: () => void): Promise<void> {
    let bytes = 0;
    for (const part of parts) bytes += Buffer.byteLength(part);
    // One entry alone is never too much: it is a batch that somebody wants stored as a whole.
    if (this.#bytes > 0 && this.#bytes + bytes > this.#backlog) {
      return Promise.reject(
        new TinymlError(
          "TINYML_STORAGE",
          `The disk can't keep up with ${this.#what}: ${Math.round(this.#bytes / 1024)} KB wait to be written. Record more slowly, or use a faster disk.`,
        ),
      );
    }
    this.#waiting ??= this.#createBatch();
    const batch = this.#waiting;
    for (let i = 0; i < parts.length; i++) {
      batch.parts[i] ??= [];
      batch.parts[i]?.push(parts[i] ?? "");
    }
    batch.bytes += bytes;
    this.#bytes += bytes;
    batch.whenWritten.push(whenWritten);
    return batch.promise;
  }

  /** Writes what waits without delay; resolves when that is done, rejects when what waited could not be written. */
  async flush(): Promise<void> {
    const batch = this.#waiting;
    if (batch) this.#start(batch);
    await Promise.all([this.#queue, batch?.promise]);
  }

  /** Runs `task` after everything appended before is written, and before anything later. */
  exclusive<T>(task: () => Promise<T>): Promise<T> {
    if (this.#waiting) this.#start(this.#waiting);
    const result = this.#queue.then(task);
    this.#queue = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** Opens the files again where somebody has changed them. Rejects with TINYML_DATASET_MISSING when they were deleted. */
  refresh(): Promise<void> {
    return this.exclusive(async () => {
      if (this.#files !== undefined) await this.#areOurs(this.#files, true);
      this.#files ??= await this.#open();
    });
  }

  /** Lets `task` write the files anew, after everything appended before is written, and opens them again. */
  rebuild(task: () => Promise<void>): Promise<void> {
    return this.exclusive(async () => {
      await this.#release();
      try {
        await task();
        this.#files = await this.#open();
      } catch (error) {
        throw toStorageError(error, this.#what);
      }
    });
  }

  /** Writes what waits and closes the files. */
  close(): Promise<void> {
    return this.exclusive(() => this.#release());
  }

  /** Forgets the files, so that the next write opens them again. */
  async #release(): Promise<void> {
    const files = this.#files ?? [];
    this.#files = undefined;
    // A handle that can't be closed is lost anyway; what was acknowledged has been synced before.
    await Promise.allSettled(files.map((file) => file.handle.close()));
  }

  #createBatch(): Batch {
    let resolve = (): void => undefined;
    let reject: (error: unknown) => void = () => undefined;
    const promise = new Promise<void>((resolvePromise, rejectPromise) => {
      resolve = resolvePromise;
      reject = rejectPromise;
    });
    const timer = setTimeout(() => this.#start(batch), this.#delay);
    const batch: Batch = { parts: [], bytes: 0, whenWritten: [], timer, promise, resolve, reject };
    return batch;
  }

  #start(batch: Batch): void {
    clearTimeout(batch.timer);
    if (this.#waiting === batch) this.#waiting = undefined;
    this.#queue = this.#queue.then(() => this.#write(batch));
  }

  async #write(batch: Batch): Promise<void> {
    try {
      await this.#commit(batch.parts.map((parts) => Buffer.from(parts.join(""))));
      for (const whenWritten of batch.whenWritten) whenWritten();
      batch.resolve();
    } catch (error) {
      batch.reject(toStorageError(error, this.#what));
    } finally {
      this.#bytes -= batch.bytes;
    }
  }

  async #commit(parts: readonly Buffer[]): Promise<void> {
    // Somebody who edits the files while rows arrive makes us look at them again, but not for ever.
    for (let attempt = 0; attempt < 5; attempt++) {
      this.#files ??= await this.#open();
      const files = this.#files;
      if (!(await this.#areOurs(files, true))) continue;
      try {
        // The last file first, one after the other: after a crash a later file may know more than an earlier one, never less.
        for (const [i, file] of [...files.entries()].reverse()) {
          await writeAll(file.handle, parts[i] ?? Buffer.alloc(0), file.length);
        }
        await Promise.all(files.map((file) => file.handle.datasync()));
      } catch (error) {
        await this.#cutBack(files);
        throw error;
      }
      // Only now is it sure that the rows are not in files that were deleted or replaced while we wrote.
      if (!(await this.#areOurs(files, false))) continue;
      files.forEach((file, i) => {
        file.length += parts[i]?.length ?? 0;
      });
      return;
    }
    throw new TinymlError(
      "TINYML_STORAGE",
      `Another program keeps changing the files of ${this.#what}. Stop it, then record again.`,
    );
  }

  /** Whether the files at our paths are still those we opened and, on request, as long as we left them. Releases them if not. */
  async #areOurs(files: readonly JournalFile[], checkLength: boolean): Promise<boolean> {
    let found: Stats[];
    try {
      found = await Promise.all(files.map((file) => stat(file.path)));
    } catch (error) {
      await this.#release();
      if (!isMissing(error)) throw error;
      throw new TinymlError(
        "TINYML_DATASET_MISSING",
        `The files of ${this.#what} were deleted while it was in use. What comes next begins it anew.`,
        { cause: error },
      );
    }
    const ours = files.every(
      (file, i) => found[i]?.ino === file.inode && (!checkLength || found[i]?.size === file.length),
    );
    if (!ours) await this.#release();
    return ours;
  }

  async #cutBack(files: readonly JournalFile[]): Promise<void> {
    try {
      await Promise.all(files.map((file) => file.handle.truncate(file.length)));
    } catch {
      // The next write opens and repairs the files.
      await this.#release();
    }
  }
}

/** Writes all of `data` at `position`: the system may take only a part of it at a time, as it does when the disk gets full. */
export async function writeAll(handle: FileHandle, data: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < data.length) {
    const { bytesWritten } = await handle.write(data, done, data.length - done, position + done);
    done += bytesWritten;
  }
}
