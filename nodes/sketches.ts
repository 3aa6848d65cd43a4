import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readNote, writeOwnFiles } from "../src/own-files";
import type { Sketch } from "../src/sketch/sketch";
import { assertName, writeFileAtomic } from "../src/storage";
import { zipSync } from "../src/zip";

/** A sketch that was written, for lists. */
export interface SketchListing {
  name: string;
  /** The id of the node that wrote it. */
  node: string;
  /** Milliseconds since 1970. */
  written: number;
  board: string;
  /** What the compiled sketch will take, as the exporter states it. */
  flashBytes: number;
  ramBytes: number;
}

/** Where a sketch was written. */
export interface WrittenSketch {
  folder: string;
  zip: string;
}

/**
 * Writes a sketch to `<storage>/sketches/<name>/` and a zip of it beside the folder.
 * TINYML_WOULD_OVERWRITE when a file of another hand is in the way, unless `force`; nothing is written then.
 */
export async function writeSketch(
  storage: string,
  { name, files, estimate }: Sketch,
  { node, board, force }: { node: string; board: string; force: boolean },
): Promise<WrittenSketch> {
  const folder = sketchFolder(storage, name);
  const note = { name, node, written: Date.now(), board, ...estimate };
  await writeOwnFiles(folder, files, { force, note });
  const zip = sketchZip(storage, name);
  await writeFileAtomic(zip, zipOfSketch({ name, files }));
  return { folder, zip };
}

/** A zip of a sketch. The Arduino IDE wants the folder, with the sketch's name, in it. */
export function zipOfSketch({ name, files }: Pick<Sketch, "name" | "files">): Uint8Array {
  const zipped = Object.entries(files).map(([file, text]) => [`${name}/${file}`, Buffer.from(text)]);
  return zipSync(Object.fromEntries(zipped));
}

/** The folder of a sketch. TINYML_NAME_INVALID when the name is more than a file name. */
export function sketchFolder(storage: string, name: string): string {
  return join(storage, "sketches", assertName(name, "sketch"));
}

/** The zip of a sketch, beside its folder. TINYML_NAME_INVALID when the name is more than a file name. */
export function sketchZip(storage: string, name: string): string {
  return `${sketchFolder(storage, name)}.zip`;
}

/** All sketches that were written, newest first. */
export async function listSketches(storage: string): Promise<SketchListing[]> {
  const folder = join(storage, "sketches");
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const notes = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map((entry) => readNote(join(folder, entry.name))),
  );
  return notes.filter(isListing).sort((a, b) => b.written - a.written);
}

function isListing(note: unknown): note is SketchListing {
  if (typeof note !== "object" || note === null) return false;
  const { name, node, board, written, flashBytes, ramBytes }: Partial<Record<keyof SketchListing, unknown>> = note;
  return (
    [name, node, board].every((text) => typeof text === "string") &&
    [written, flashBytes, ramBytes].every((number) => typeof number === "number")
  );
}
