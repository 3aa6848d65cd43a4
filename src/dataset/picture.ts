import { TinymlError } from "../errors";
import type { Channel } from "../model/metadata";

/** A picture: bytes, row by row, [height, width, channels]; one channel for grey, three (red, green, blue) for colours. */
export interface Picture {
  width: number;
  height: number;
  channels: 1 | 3;
  pixels: Uint8Array;
}

/** The most pixels of a picture that is decoded: what a file claims costs memory before it is known to be there. */
const mostPixels = 2 ** 24;

/** @throws TinymlError TINYML_DATASET_TOO_LARGE, TINYML_DATASET_CORRUPT for a picture without pixels */
export function assertPictureSize(width: number, height: number, file: string): void {
  if (width === 0 || height === 0) throw damagedPicture(file, "it has no pixels");
  if (width * height <= mostPixels) return;
  throw new TinymlError(
    "TINYML_DATASET_TOO_LARGE",
    `The picture ${file} has ${width} × ${height} pixels, more than 16 million. Make it smaller.`,
  );
}

/** The error about a picture's file. */
export function damagedPicture(file: string, what: string, cause?: unknown): TinymlError {
  return new TinymlError("TINYML_DATASET_CORRUPT", `The picture ${file} can't be read: ${what}.`, { cause });
}

/** Writes a picture's pixels as grey (ITU-R BT.601: .299 red, .587 green, .114 blue) or as colours to `to`, from `at` on. */
export function copyPixels({ channels, pixels }: Picture, wanted: 1 | 3, to: Uint8Array, at: number): void {
  if (channels === wanted) {
    to.set(pixels, at);
  } else if (wanted === 3) {
    for (let i = 0; i < pixels.length; i++) to.fill(pixels[i], at + 3 * i, at + 3 * i + 3);
  } else {
    for (let i = 0; i < pixels.length / 3; i++) {
      const [red, green, blue] = [pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]];
      to[at + i] = (299 * red + 587 * green + 114 * blue + 500) / 1000;
    }
  }
}

/** The channels of pictures: one is grey. */
export function pictureChannels(count: number): Channel[] {
  if (count === 1) return [{ name: "pixel", unit: "" }];
  if (count !== 3 && count !== 4) return numberChannels(count);
  return ["red", "green", "blue", "alpha"].slice(0, count).map((name) => ({ name, unit: "" }));
}

/** Channels that have no names. */
export function numberChannels(count: number): Channel[] {
  return Array.from({ length: count }, (_, i) => ({ name: `channel ${i + 1}`, unit: "" }));
}
