import { TinymlError } from "../../errors";
import { isPrintable, showUnprintable } from "../../printable";

/** A file in memory: its path with "/" between the folders, and what is in it. */
export interface NamedBytes {
  name: string;
  bytes: Uint8Array;
}

/** The error about a file that is to be imported. */
export function importError(name: string, what: string, cause?: unknown): TinymlError {
  const shown = isPrintable(name) ? name : showUnprintable(name);
  return new TinymlError("TINYML_IMPORT_INVALID", `${shown} can't be imported: ${what}. Nothing was imported.`, {
    cause,
  });
}

/** The longest path of an entry, in characters; file systems have less. */
const longestPath = 1024;

/**
 * The path of an archive's entry without a leading "./", once it is sure to stay below the folder that it is unpacked to, on every system.
 * @throws TinymlError TINYML_IMPORT_INVALID that names archive and entry
 */
export function assertEntryPath(path: string, archive: string): string {
  const refuse = (what: string): never => {
    throw importError(archive, `the path of its entry ${showUnprintable(path)} ${what}`);
  };
  const plain = path.replace(/^(\.\/)+/, "").replace(/\/$/, "");
  if (path.length > longestPath) return refuse(`is longer than ${longestPath} characters`);
  if (!isPrintable(path)) return refuse("has control characters or broken Unicode");
  if (path.includes("\\")) return refuse('has a "\\"');
  if (path.startsWith("/")) return refuse("begins at the root of the disk");
  if (/^[a-z]:/i.test(plain)) return refuse("names a drive");
  const folders = plain.split("/");
  if (folders.includes("..")) return refuse('leads out of its folder ("..")');
  if (plain === "" || folders.includes("") || folders.includes(".")) return refuse("has an empty part");
  return plain;
}

/** What archives may unpack to, all that lie in one another together. */
export const unpackLimits = { bytes: 2 ** 29, entries: 100_000 } as const;

/** Counts what is unpacked, before memory is taken for it. */
export interface UnpackBudget {
  /** Bytes that may still be unpacked. */
  readonly left: number;
  /** Takes an entry's bytes off. @throws TinymlError TINYML_IMPORT_INVALID that names the entry, where it is too much */
  claim(name: string, bytes: number): void;
}

/** A new budget: 512 MiB and 100,000 entries, unless a test says otherwise. */
export function createUnpackBudget(limits: { bytes: number; entries: number } = unpackLimits): UnpackBudget {
  let left = limits.bytes;
  let entries = 0;
  return {
    get left() {
      return left;
    },
    claim(name, bytes) {
      entries += 1;
      if (entries > limits.entries) {
        throw importError(name, `it is one too many: ${limits.entries} files and folders are the most`);
      }
      if (bytes > left) {
        throw importError(name, `with it more than ${Math.round(limits.bytes / 2 ** 20)} MB would be unpacked`);
      }
      left -= bytes;
    },
  };
}

/** Throws TINYML_IMPORT_INVALID where two entries of an archive have the same path. */
export function assertDifferent(paths: readonly string[], archive: string): void {
  const seen = new Set<string>();
  for (const path of paths) {
    if (seen.has(path)) throw importError(archive, `it has two entries with the path "${path}"`);
    seen.add(path);
  }
}
