import { basename, extname } from "node:path";
import type { NewSample } from "../dataset";
import { decodeJpeg } from "../decode-jpeg";
import { decodePng } from "../decode-png";
import { decodeWav } from "../decode-wav";
import type { Picture } from "../picture";
import { pictureChannels } from "../picture";
import { sides, sourceOf } from "../read-class-folders";
import type { Split } from "../table";
import { isAcquisition } from "./edge-impulse";
import { assertLabelled, type ImportOptions, type Understood } from "./imported";
import type { NamedBytes } from "./named-bytes";

/** A file whose place says of what class its samples are. */
export interface PlacedFile extends NamedBytes {
  /** What its folder says. */
  label?: string;
  /** What its name says as Edge Impulse writes it: "circle" in "circle.3r7ulpn9.json". Folders and people know better. */
  named?: string;
  split?: Split;
}

/**
 * Tells labels and sides of files by their folders: LABEL/file, or train/LABEL/file, validation/… and test/… where there are no other folders.
 * A folder that holds all the others says nothing.
 */
export function placeFiles(files: readonly NamedBytes[]): PlacedFile[] {
  const paths = withoutCommonFolder(files.map(({ name }) => name.split("/")));
  const tops = paths.map((path) => sides.get(path.length > 1 ? path[0].toLowerCase() : ""));
  const haveSides = tops.length > 0 && !tops.includes(undefined);
  return files.map((file, i) => {
    const folders = paths[i].slice(haveSides ? 1 : 0, -1);
    const label = folders.at(0);
    const named = labelOfName(file);
    const split = haveSides ? tops[i] : undefined;
    return {
      ...file,
      ...(label !== undefined && { label }),
      ...(named !== undefined && { named }),
      ...(split !== undefined && { split }),
    };
  });
}

/**
 * Drops the folders that hold everything, as long as there are folders below them: those of the classes stay. CSV files that lie together in one
 * folder are classes themselves.
 */
function withoutCommonFolder(paths: string[][]): string[][] {
  const [first] = paths;
  if (first === undefined || first.length < 2 || isSide(first[0])) return paths;
  const areClasses = paths.length > 1 && paths.every((path) => path.length === 2 && /\.csv$/i.test(path[1]));
  const isCommon = paths.every((path) => (path.length > 2 || areClasses) && path[0] === first[0]);
  return isCommon ? withoutCommonFolder(paths.map((path) => path.slice(1))) : paths;
}

function isSide(folder: string): boolean {
  return sides.has(folder.toLowerCase());
}

/** Edge Impulse puts a random part of lower-case letters and digits behind the label. Dots alone tell nothing: cameras write dates with them. */
function labelOfName(file: NamedBytes): string | undefined {
  const [label, random, ...ending] = basename(file.name).split(".");
  if (ending.length === 0) return undefined;
  return isAcquisition(file) || /^(?=.*[a-z])(?=.*\d)[a-z\d]{6,}$/.test(random) ? label : undefined;
}

/** Who or what a file comes from, where its name says so. */
export function groupOf(file: PlacedFile): string | undefined {
  return file.label === undefined ? undefined : sourceOf(file.label, basename(file.name, extname(file.name)));
}

/** A sound as a sample; it is decoded once, so that what is stored can be read. @throws TinymlError as decodeWav, TINYML_NO_LABEL */
export function readSoundSample(file: PlacedFile, options: ImportOptions): Understood {
  const { rateHz } = decodeWav(file.bytes, file.name);
  return {
    name: file.name,
    kind: "audio",
    task: "classification",
    channels: [{ name: "sound", unit: "" }],
    rateHz,
    samples: [{ ...propertiesOf(file, options), bytes: file.bytes, type: "wav" }],
  };
}

/** A picture as a sample; it is decoded once. @throws TinymlError as decodePng and decodeJpeg, TINYML_NO_LABEL */
export function readPictureSample(file: PlacedFile, type: "jpg" | "png", options: ImportOptions): Understood {
  const picture: Picture = type === "png" ? decodePng(file.bytes, file.name) : decodeJpeg(file.bytes, file.name);
  return {
    name: file.name,
    kind: "image",
    task: "classification",
    channels: pictureChannels(picture.channels),
    samples: [{ ...propertiesOf(file, options), bytes: file.bytes, type }],
  };
}

/** What a file's place says of its samples. @throws TinymlError TINYML_NO_LABEL */
export function propertiesOf(file: PlacedFile, { label }: ImportOptions): Pick<NewSample, "label" | "split" | "group"> {
  const group = groupOf(file);
  return {
    label: assertLabelled(file.label ?? label ?? file.named, file.name),
    ...(file.split !== undefined && { split: file.split }),
    ...(group !== undefined && { group }),
  };
}
