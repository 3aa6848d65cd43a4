import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { TinymlError } from "./errors";

/** Longest name in UTF-8 bytes: with an ending and the marks of a temporary file it stays below the 255 of file systems. */
const longestName = 100;

/** Names that Windows reserves for devices, with any ending; a project must move between machines. */
const reservedName = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/**
 * The name itself, once it is sure to be a file name and nothing more, so that no dataset, model or sketch can leave its
 * folder: letters and digits of any script, spaces, `-`, `_`, `.`, `(`, `)` and `+`; it neither starts nor ends with a dot or a
 * space, and has at most 100 bytes. `what` says in the message whose name it is. Throws TINYML_NAME_INVALID.
 */
export function assertName(name: unknown, what = "dataset, model or sketch"): string {
  const refuse = (because: string): never => {
    throw new TinymlError("TINYML_NAME_INVALID", `The ${what} needs another name: ${because}.`);
  };
  if (typeof name !== "string" || name === "") return refuse("it has none");
  if (Buffer.byteLength(name) > longestName) return refuse(`"${name.slice(0, 20)}…" is too long (100 bytes at most)`);
  const shown = JSON.stringify(name);
  if (!/^[\p{L}\p{M}\p{N} ._()+-]*$/u.test(name)) {
    return refuse(`${shown} may have letters, digits, spaces, "-", "_", ".", "(", ")" and "+" only`);
  }
  if (/^[. ]|[. ]$/.test(name)) return refuse(`${shown} starts or ends with a dot or a space`);
  if (reservedName.test(name)) return refuse(`Windows keeps ${shown} for itself`);
  return name;
}

/** The error code that Node gave a failed system call ("ENOENT"), or "" where what was thrown has none. */
export function systemErrorCode(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
}

/** Whether a file operation failed because there is nothing at its path. */
export function isMissing(thrown: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(systemErrorCode(thrown));
}

/**
 * A failed file operation as an error for the user: a full disk, quota or file size limit as TINYML_DISK_FULL, the rest
 * as TINYML_STORAGE. `what` names the thing in the message ("the dataset pot"). One of our own errors is returned unchanged.
 */
export function toStorageError(thrown: unknown, what: string): TinymlError {
  if (thrown instanceof TinymlError) return thrown;
  const options = { cause: thrown };
  const code = systemErrorCode(thrown);
  switch (code) {
    case "ENOSPC":
      return new TinymlError(
        "TINYML_DISK_FULL",
        `The disk is full: ${what} could not be saved. Free some space and try again.`,
        options,
      );
    case "EDQUOT":
    case "EFBIG":
      return new TinymlError(
        "TINYML_DISK_FULL",
        `Your share of the disk is used up: ${what} could not be saved. Free some space, or have the limit raised.`,
        options,
      );
    case "EACCES":
    case "EPERM":
      return new TinymlError(
        "TINYML_STORAGE",
        `No permission for ${what}: make its folder readable and writable for the user who runs Node-RED (${code}).`,
        options,
      );
    case "EROFS":
      return new TinymlError(
        "TINYML_STORAGE",
        `The disk is mounted read-only, so ${what} could not be saved. A worn-out SD card does that: check it (${code}).`,
        options,
      );
    case "EMFILE":
    case "ENFILE":
      return new TinymlError(
        "TINYML_STORAGE",
        `Too many files are open for ${what}: close some, or raise the limit with ulimit -n (${code}).`,
        options,
      );
    case "EIO":
      return new TinymlError(
        "TINYML_STORAGE",
        `The disk failed on ${what}: check the disk or SD card and keep a copy of your data (${code}).`,
        options,
      );
    default: {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      return new TinymlError(
        "TINYML_STORAGE",
        `${what} could not be read or saved; check its folder: ${message}`,
        options,
      );
    }
  }
}

/** Puts a folder's entries (new, renamed and removed files) on disk. Where the system knows no such thing it does nothing. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Windows and some network file systems can't open or sync a folder; their renames are as safe as they get.
    if (!["EISDIR", "EINVAL", "EPERM", "EBADF", "ENOTSUP"].includes(systemErrorCode(error))) throw error;
  }
}

/** After so many milliseconds nobody is writing a temporary file any more: its process was killed. */
const staleAfter = 10 * 60_000;

/** Removes temporary files that killed processes left beside a file. */
async function removeStale(folder: string, name: string): Promise<void> {
  const start = `.${name}.`;
  const names = await readdir(folder).catch(() => []);
  const left = names.filter(
    (each) => each.startsWith(start) && /^([0-9a-f-]{36}|\d+-\d+)\.tmp$/.test(each.slice(start.length)),
  );
  for (const each of left) {
    const file = join(folder, each);
    const found = await stat(file).catch(() => undefined);
    // What can't be removed is in nobody's way: each writing has a name of its own.
    if (found && Date.now() - found.mtimeMs > staleAfter) await rm(file, { force: true }).catch(() => undefined);
  }
}

/**
 * Writes a whole file so that it has either its old or its new content after a crash or a power cut, never a part:
 * to a temporary file beside it, fsync, rename, fsync of the folder. Makes the folder where it is missing.
 * Throws TINYML_DISK_FULL or TINYML_STORAGE; the old file is then unchanged.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const folder = dirname(path);
  // In a container every process may have the same id, so chance names the file.
  const temporary = join(folder, `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    await removeStale(folder, basename(path));
    try {
      const handle = await open(temporary, "wx");
      try {
        await handle.writeFile(data);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(folder);
  } catch (error) {
    throw toStorageError(error, basename(path));
  }
}

/**
 * The same in a worker thread, which may wait: writes the parts of a file, one after another.
 * Throws TINYML_DISK_FULL or TINYML_STORAGE; the old file is then unchanged.
 */
export function writeFileAtomicSync(path: string, parts: readonly Uint8Array[]): void {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  try {
    mkdirSync(folder, { recursive: true });
    try {
      const file = openSync(temporary, "wx");
      try {
        for (const part of parts) {
          for (let written = 0; written < part.length; ) written += writeSync(file, part, written);
        }
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  } catch (error) {
    throw toStorageError(error, basename(path));
  }
}
