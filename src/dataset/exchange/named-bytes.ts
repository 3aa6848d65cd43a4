import { TinymlError } from "../../errors";
import { isPrintable, showUnprintable } from "../../printable";
import { createPause } from "../pause";

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

/** What the samples of an import may take in memory, in bytes, until they are on disk: a Raspberry Pi must have some left. */
const mostInMemory = 2 ** 28;

/** About what a row takes until it is on disk, beside its numbers: half of it are texts, the rest is not collected at once. */
export const rowBytes = 800;

/** The same of a sample that gets a file of its own. */
export const sampleBytes = 900;

/** The most bytes of a file that has to be understood as a whole: parsed, it takes many times as much. */
const largestDocument = 2 ** 24;

/** Counts what is read, before memory is taken for the samples in it. */
export interface SampleBudget {
  /** Takes bytes off that come from a file. @throws TinymlError TINYML_IMPORT_INVALID that names it, where it is too much */
  claim(name: string, bytes: number): void;
}

/** A new budget, for one import: 256 MiB. */
export function createSampleBudget(): SampleBudget {
  let left = mostInMemory;
  return {
    claim(name, bytes) {
      if (bytes > left) {
        throw importError(name, "with it the import would take more than 256 MB of memory. Import it in smaller parts");
      }
      left -= bytes;
    },
  };
}

const pieceBytes = 2 ** 15;

/** No line is longer: readers join the pieces of a line again with each that comes. */
const longestLine = 2 ** 20;

/**
 * Has a file read piece by piece, so that what it holds is counted and other work goes on meanwhile.
 * @param read takes a piece, and says how many bytes the samples take that were found until then
 * @throws TinymlError TINYML_IMPORT_INVALID as `claim`, and what `read` throws
 */
export async function readPieces(
  { name, bytes }: NamedBytes,
  budget: SampleBudget,
  read: (piece: Uint8Array) => number,
): Promise<void> {
  const pause = createPause();
  let claimed = 0;
  let lineBytes = 0;
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes);
    const taken = read(piece);
    const end = piece.lastIndexOf(0x0a);
    lineBytes = end < 0 ? lineBytes + piece.length : piece.length - end - 1;
    if (lineBytes > longestLine + pieceBytes) throw importError(name, "it has a line that is longer than 1 MB");
    budget.claim(name, taken - claimed);
    claimed = taken;
    await pause();
  }
}

/** What a JSON file says. @throws TinymlError TINYML_IMPORT_INVALID */
export function parseJson({ name, bytes }: NamedBytes): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"));
  } catch (error) {
    throw importError(name, "it is no whole JSON file", error);
  }
}

/** The same of a file that has to be small. @throws TinymlError TINYML_IMPORT_INVALID also for one with more than 16 MB */
export function parseDocument(file: NamedBytes): unknown {
  assertDocument(file);
  return parseJson(file);
}

/** Throws TINYML_IMPORT_INVALID for a file with more than 16 MB, which is too large to be understood as a whole. */
export function assertDocument({ name, bytes }: NamedBytes): void {
  if (bytes.length > largestDocument)
    throw importError(name, "a file of its format may have 16 MB. Cut it into smaller ones");
}

/** Throws TINYML_IMPORT_INVALID where two entries of an archive have the same path. */
export function assertDifferent(paths: readonly string[], archive: string): void {
  const seen = new Set<string>();
  for (const path of paths) {
    if (seen.has(path)) throw importError(archive, `it has two entries with the path "${path}"`);
    seen.add(path);
  }
}
