import { crc32, deflateSync, inflateSync } from "node:zlib";

/** A picture as bytes: red, green and blue of each pixel, row by row. */
interface Picture {
  width: number;
  height: number;
  pixels: Uint8Array;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * Makes a browser's screenshot smaller: a PNG with a palette of at most 256 colours, each pixel as close to its own as they
 * allow. Screenshots of an editor have few colours, and a palette takes one byte a pixel instead of three.
 */
export function shrinkPng(png: Buffer): Buffer {
  const picture = readPng(png);
  const { palette, indexes } = reduceColours(picture.pixels);
  const { width, height } = picture;
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) rows.set(indexes.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits a pixel, colour type 3: with a palette.
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))),
    chunk("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, content: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const framed = Buffer.alloc(typed.length + 8);
  framed.writeUInt32BE(content.length, 0);
  framed.set(typed, 4);
  framed.writeUInt32BE(crc32(typed), typed.length + 4);
  return framed;
}

/** A palette of the most frequent colours that leaves no colour further from one of its own than it must. */
function reduceColours(pixels: Uint8Array): { palette: number[]; indexes: Uint8Array } {
  const counts = new Map<number, number>();
  for (let i = 0; i < pixels.length; i += 3) {
    const colour = colourAt(pixels, i);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const byFrequency = [...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => colour);
  let palette: number[] = [];
  for (let tolerance = 0; ; tolerance++) {
    palette = [];
    for (const colour of byFrequency) {
      if (palette.length > 256) break;
      if (!palette.some((chosen) => distance(chosen, colour) <= tolerance)) palette.push(colour);
    }
    if (palette.length <= 256) break;
  }
  const nearest = new Map(byFrequency.map((colour) => [colour, nearestIndex(palette, colour)]));
  const indexes = new Uint8Array(pixels.length / 3);
  for (let i = 0; i < indexes.length; i++) indexes[i] = nearest.get(colourAt(pixels, 3 * i)) ?? 0;
  return { palette, indexes };
}

function colourAt(pixels: Uint8Array, at: number): number {
  return ((pixels[at] ?? 0) << 16) | ((pixels[at + 1] ?? 0) << 8) | (pixels[at + 2] ?? 0);
}

/** The largest difference of red, green or blue. */
function distance(a: number, b: number): number {
  const difference = (shift: number): number => Math.abs(((a >> shift) & 255) - ((b >> shift) & 255));
  return Math.max(difference(16), difference(8), difference(0));
}

function nearestIndex(palette: readonly number[], colour: number): number {
  let best = 0;
  for (const [index, candidate] of palette.entries()) {
    if (distance(candidate, colour) < distance(palette[best] ?? 0, colour)) best = index;
  }
  return best;
}

/** Reads what Chromium writes: 8 bits a channel, RGB or RGBA (opaque), not interlaced. */
function readPng(png: Buffer): Picture {
  if (!png.subarray(0, 8).equals(signature)) throw new Error("This is no PNG file.");
  const compressed: Buffer[] = [];
  let width = 0;
  let height = 0;
  let channels = 0;
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString("latin1", at + 4, at + 8);
    const content = png.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") {
      width = content.readUInt32BE(0);
      height = content.readUInt32BE(4);
      const [bits, colourType, , , interlaced] = content.subarray(8);
      channels = colourType === 2 ? 3 : 4;
      if (bits !== 8 || (colourType !== 2 && colourType !== 6) || interlaced !== 0)
        throw new Error("This PNG file is not of a browser's kind.");
    }
    if (type === "IDAT") compressed.push(content);
    at += length + 12;
  }
  const rows = unfilter(inflateSync(Buffer.concat(compressed)), width * channels, height, channels);
  const pixels = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) pixels.set(rows.subarray(i * channels, i * channels + 3), 3 * i);
  return { width, height, pixels };
}

/** Undoes the five filters of PNG, by which each byte is told as the difference to a guess from its neighbours. */
function unfilter(filtered: Buffer, stride: number, height: number, channels: number): Uint8Array {
  const rows = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = filtered[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x >= channels ? (rows[at - channels] ?? 0) : 0;
      const above = y > 0 ? (rows[at - stride] ?? 0) : 0;
      const corner = x >= channels && y > 0 ? (rows[at - stride - channels] ?? 0) : 0;
      const guess = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter ?? 0] ?? 0;
      rows[at] = (filtered[y * (stride + 1) + 1 + x] ?? 0) + guess;
    }
  }
  return rows;
}

function paeth(left: number, above: number, corner: number): number {
  const estimate = left + above - corner;
  const [toLeft, toAbove, toCorner] = [left, above, corner].map((value) => Math.abs(estimate - value));
  if (toLeft === undefined || toAbove === undefined || toCorner === undefined) return left;
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
