import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join, win32 } from "node:path";
import { TinymlError } from "./errors";
import { isMissing, toStorageError, writeFileAtomic } from "./storage";

/** What a folder's manifest says: which files were written with which content, and what the writer noted. */
interface Manifest {
  /** SHA-256 of what was written to each file, by its name; of two contents while it is being written. */
  files: Record<string, string[]>;
  note?: unknown;
}

const manifestFile = ".tinyml-flows.json";

/**
 * Writes files into a folder, each in one step. Of the files that are there, only those are overwritten that stand
 * unchanged in the manifest of the last writing; those of them that are no longer wanted are removed.
 *
 * @param files contents by file name
 * @param options.force overwrites files of another hand, too
 * @param options.note is kept in the manifest, for `readNote`
 * @throws TinymlError TINYML_WOULD_OVERWRITE when a file of another hand is in the way (nothing is written then),
 *   TINYML_DISK_FULL, TINYML_STORAGE
 */
export async function writeOwnFiles(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  options: { force: boolean; note?: unknown },
): Promise<void> {
  const before = new Map(Object.entries((await readManifest(folder))?.files ?? {}));
  const wantedFiles = new Map(Object.entries(files));
  const obsolete: string[] = [];
  for (const file of new Set([...wantedFiles.keys(), ...before.keys()])) {
    const content = await readIfThere(join(folder, file));
    if (content === undefined) continue;
    const ours = before.get(file)?.includes(digest(content)) === true;
    const wanted = wantedFiles.get(file);
    if (wanted === undefined) {
      if (ours) obsolete.push(file);
    } else if (!ours && !options.force && digest(content) !== digest(wanted)) {
      throw new TinymlError(
        "TINYML_WOULD_OVERWRITE",
        `${join(folder, file)} was changed or made by hand. Choose another name or folder, or allow overwriting.`,
      );
    }
  }
  const after = Object.fromEntries(Object.entries(files).map(([file, content]) => [file, [digest(content)]]));
  // After a crash in between, files with the old content and with the new one must both be known as ours.
  const both = Object.fromEntries(before);
  for (const [file, digests] of Object.entries(after)) both[file] = [...(before.get(file) ?? []), ...digests];
  const writeManifest = (manifest: Manifest): Promise<void> =>
    writeFileAtomic(join(folder, manifestFile), JSON.stringify(manifest));
  await writeManifest({ files: both, note: options.note });
  for (const [file, content] of Object.entries(files)) await writeFileAtomic(join(folder, file), content);
  for (const file of obsolete) await rm(join(folder, file), { force: true });
  await writeManifest({ files: after, note: options.note });
}

/** What was noted at the last writing into a folder; undefined where nothing was written. */
export async function readNote(folder: string): Promise<unknown> {
  return (await readManifest(folder))?.note;
}

/** A folder's manifest; undefined when there is none or it can't be understood: then nothing in the folder counts as ours. */
async function readManifest(folder: string): Promise<Manifest | undefined> {
  const text = await readIfThere(join(folder, manifestFile));
  if (text === undefined) return undefined;
  try {
    const manifest: unknown = JSON.parse(String(text));
    return isManifest(manifest) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== "object" || value === null || !("files" in value)) return false;
  const { files } = value;
  if (typeof files !== "object" || files === null) return false;
  return Object.entries(files).every(
    ([file, digests]) =>
      isPlainName(file) && Array.isArray(digests) && digests.every((each) => typeof each === "string"),
  );
}

/** Whether a name can't lead out of its folder, on no system: a manifest may come from anywhere. */
function isPlainName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !name.includes("\0") && win32.basename(name) === name;
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw toStorageError(error, file);
  }
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
