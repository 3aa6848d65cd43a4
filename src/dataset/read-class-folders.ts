import { readdir, readFile, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { TinymlError } from "../errors";
import { elementCount } from "../model/tensor";
import { decodeJpeg } from "./decode-jpeg";
import { decodePng } from "./decode-png";
import { decodeWav, type Sound } from "./decode-wav";
import { labelsOfFiles } from "./labels";
import { mostInMemory, tooLarge } from "./numbers";
import { copyPixels, type Picture, pictureChannels } from "./picture";
import type { ReadOptions } from "./read-options";
import { type ClassFile, readRecordingFiles } from "./read-recordings";
import type { SamplesInMemory } from "./samples";
import type { Split, Table } from "./table";

type Kind = "sounds" | "pictures" | "recordings";

const kinds: Readonly<Record<string, Kind>> = {
  ".wav": "sounds",
  ".jpg": "pictures",
  ".jpeg": "pictures",
  ".png": "pictures",
  ".csv": "recordings",
};

/** Folders above those of the classes, by the side of a split that they mean. */
export const sides: ReadonlyMap<string, Split> = new Map([
  ["train", "training"],
  ["training", "training"],
  ["validation", "validation"],
  ["val", "validation"],
  ["test", "test"],
  ["testing", "test"],
]);

/** A file that holds a sample or several, and its kind. */
interface Found extends ClassFile {
  kind: Kind;
}

/**
 * The files below a folder whose folders are the classes: LABEL/file, or train/LABEL/file, validation/… and test/… where there are no other
 * folders. Files that are neither WAV, JPEG, PNG nor CSV, and those whose names begin with a dot, are passed over. Sorted by class and name.
 */
export async function findClassFiles(folder: string): Promise<readonly ClassFile[]> {
  const folders = await listFolders(folder);
  const names = folders.map((name) => sides.get(name.toLowerCase()));
  if (folders.length === 0 || names.includes(undefined)) return findIn(folder, folders);
  const found: Found[] = [];
  for (const [i, name] of folders.entries()) {
    const side = join(folder, name);
    const split = names[i];
    for (const file of await findIn(side, await listFolders(side))) found.push({ ...file, ...(split && { split }) });
  }
  return found;
}

async function listFolders(folder: string): Promise<string[]> {
  return (await listEntries(folder)).filter(({ isFolder }) => isFolder).map(({ name }) => name);
}

/** What is in a folder, behind links too, sorted; hidden entries, devices and pipes left out. */
async function listEntries(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  const entries: { name: string; isFolder: boolean }[] = [];
  for (const name of (await readdir(folder)).filter((each) => !each.startsWith(".")).sort()) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isDirectory() || found?.isFile()) entries.push({ name, isFolder: found.isDirectory() });
  }
  return entries;
}

async function findIn(folder: string, labels: readonly string[]): Promise<Found[]> {
  const found: Found[] = [];
  for (const label of labels) {
    for (const { name, isFolder } of await listEntries(join(folder, label))) {
      const kind = kinds[extname(name).toLowerCase()];
      if (isFolder || kind === undefined) continue;
      const group = sourceOf(label, basename(name, extname(name)));
      found.push({ path: join(folder, label, name), label, kind, ...(group !== undefined && { group }) });
    }
  }
  return found;
}

/**
 * Who or what a sample comes from, by the name of its file: yes_anna_3.wav in the folder "yes" from "anna" (label, source, number), and
 * 0a7c2a8d_nohash_0.wav from "0a7c2a8d", as in Google's Speech Commands.
 */
export function sourceOf(label: string, stem: string): string | undefined {
  const hash = /^([0-9a-f]{8})_nohash_\d+$/.exec(stem)?.[1];
  if (hash !== undefined || !stem.startsWith(`${label}_`)) return hash;
  return /^(.+)_\d+$/.exec(stem.slice(label.length + 1))?.[1];
}

/**
 * The table of files by class, all of one kind: sounds become windows [samples, 1] in −1..1, pictures bytes [height, width, channels],
 * CSV files windows as `readRecordingFiles` says.
 *
 * Sounds have one sampling rate. They get the length of `options.shape` or, where that says none, of the longest: shorter ones are followed by silence,
 * longer ones cut at the end. Pictures have one size; grey and coloured ones may be mixed only where `options.shape` says how many channels are wanted.
 *
 * @throws TinymlError TINYML_SAMPLES_DIFFER, TINYML_DATASET_CORRUPT, TINYML_DATASET_TOO_LARGE, …, naming the file
 */
export async function readClassFiles(files: readonly ClassFile[], name: string, options: ReadOptions): Promise<Table> {
  const kind = kindOfAll(files);
  if (kind === "recordings") return readRecordingFiles(files, name);
  const samples = await decodeClassFiles(files, options);
  const labels = labelsOfFiles(files);
  return {
    name,
    task: "classification",
    ...samples,
    labels,
    outputs: Float32Array.from(files, ({ label }) => labels.indexOf(label)),
    ...(files.some(({ group }) => group !== undefined) && { groups: files.map(({ group }) => group ?? "") }),
    ...(files.some(({ split }) => split !== undefined) && { splits: files.map(({ split }) => split) }),
    rows: files.length,
  };
}

/**
 * The samples of sounds or pictures in files of one kind, as `readClassFiles` says.
 * @throws TinymlError as `readClassFiles` does, and what Node throws for a file that can't be read
 */
export async function decodeClassFiles(files: readonly ClassFile[], options: ReadOptions): Promise<SamplesOfFiles> {
  return kindOfAll(files) === "sounds" ? readSounds(files, options) : readPictures(files, options);
}

function kindOfAll(files: readonly ClassFile[]): Kind {
  const [first] = files;
  const kind = kindOf(first);
  const other = files.find((file) => kindOf(file) !== kind);
  if (other === undefined) return kind;
  throw new TinymlError(
    "TINYML_SAMPLES_DIFFER",
    `There are files of several kinds: ${first.path} and ${other.path}. Keep those of one kind in the folder.`,
  );
}

function kindOf({ path }: ClassFile): Kind {
  return kinds[extname(path).toLowerCase()];
}

/** A file's bytes, where decoding them can't fill the memory. */
async function readWhole(path: string): Promise<Buffer> {
  if ((await stat(path)).size > mostInMemory / 4) throw tooLarge(path, "Cut it into smaller files.");
  return readFile(path);
}

/** Samples with their shape, still without what is to be learned from them. */
export interface SamplesOfFiles {
  channels: Table["channels"];
  shape: readonly number[];
  inputs: SamplesInMemory;
}

async function readSounds(files: readonly ClassFile[], { shape }: ReadOptions): Promise<SamplesOfFiles> {
  const wanted = shape?.length === 2 ? shape[0] : undefined;
  const sounds: Sound[] = [];
  let numbers = 0;
  for (const { path } of files) {
    const sound = decodeWav(await readWhole(path), path);
    if (sound.rateHz !== (sounds[0] ?? sound).rateHz) {
      throw new TinymlError(
        "TINYML_SAMPLES_DIFFER",
        `${files[0].path} has ${sounds[0].rateHz} samples per second, but ${path} ${sound.rateHz}. Convert all to one rate.`,
      );
    }
    const samples = sound.samples.slice(0, wanted);
    numbers += samples.length;
    if (4 * numbers > mostInMemory) throw tooLarge(path, "Leave some sounds out, or cut them.");
    sounds.push({ ...sound, samples });
  }
  const length = wanted ?? sounds.reduce((longest, { samples }) => Math.max(longest, samples.length), 0);
  if (length === 0) throw new TinymlError("TINYML_DATASET_EMPTY", `${files[0].path} and all others hold no sound.`);
  if (4 * length * files.length > mostInMemory) throw tooLarge(files[0].path, "Leave some sounds out, or cut them.");
  const inputs = new Float32Array(length * files.length);
  sounds.forEach(({ samples }, i) => {
    inputs.set(samples, i * length);
  });
  return { channels: [{ name: "sound", unit: "" }], shape: [length, 1], inputs };
}

async function readPictures(files: readonly ClassFile[], { shape }: ReadOptions): Promise<SamplesOfFiles> {
  const wanted = shape?.length === 3 && (shape[2] === 1 || shape[2] === 3) ? shape[2] : undefined;
  let inputs: Uint8Array | undefined;
  let first: Picture | undefined;
  let channels: 1 | 3 = 1;
  for (const [i, { path }] of files.entries()) {
    const bytes = await readWhole(path);
    const picture = extname(path).toLowerCase() === ".png" ? decodePng(bytes, path) : decodeJpeg(bytes, path);
    first ??= picture;
    assertAlike(first, files[0].path, picture, path, wanted === undefined);
    if (inputs === undefined) {
      channels = wanted ?? picture.channels;
      const count = elementCount([picture.height, picture.width, channels, files.length]);
      if (count > mostInMemory) throw tooLarge(path, "Make the pictures smaller, or leave some out.");
      inputs = new Uint8Array(count);
    }
    copyPixels(picture, channels, inputs, (i * inputs.length) / files.length);
  }
  const { height = 0, width = 0 } = first ?? {};
  return { channels: pictureChannels(channels), shape: [height, width, channels], inputs: inputs ?? new Uint8Array() };
}

function assertAlike(one: Picture, onePath: string, other: Picture, otherPath: string, alsoColours: boolean): void {
  const describe = ({ width, height, channels }: Picture): string =>
    `${width} × ${height} pixels${alsoColours ? (channels === 1 ? " in grey" : " in colour") : ""}`;
  if (describe(one) === describe(other)) return;
  throw new TinymlError(
    "TINYML_SAMPLES_DIFFER",
    `${onePath} has ${describe(one)} (width × height), but ${otherPath} ${describe(other)}. Bring all pictures to one size and kind.`,
  );
}
