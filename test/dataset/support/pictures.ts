import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";

/** A picture of 11 × 7 pixels, and what another program reads in it: 1 or 3 bytes per pixel. */
export interface KnownPicture {
  name: string;
  bytes: Buffer;
  pixels: Buffer;
}

/**
 * Pictures that ImageMagick 6 and netpbm wrote, each with the pixels that ImageMagick read (libpng, libjpeg), laid over white. ImageMagick rounds 16 bits
 * to 8.
 */
export const knownPictures: readonly KnownPicture[] = readFileSync(join(__dirname, "pictures.ndjson"), "utf8")
  .trim()
  .split("\n")
  .map((line) => {
    const { name, bytes, pixels } = JSON.parse(line);
    return { name, bytes: Buffer.from(bytes, "base64"), pixels: Buffer.from(pixels, "base64") };
  });

/** A PNG file of grey pixels (one byte each) or colours (three), with filter 0. */
export function pngBytes(width: number, height: number, pixels: Uint8Array): Buffer {
  const rowBytes = pixels.length / height;
  const rows = Array.from({ length: height }, (_, y) => [0, ...pixels.subarray(y * rowBytes, (y + 1) * rowBytes)]);
  return pngOf(pngHeader(width, height, 8, rowBytes === width ? 0 : 2), deflateSync(Buffer.from(rows.flat())));
}

/** A PNG file with this header and these packed pixels. */
export function pngOf(header: Buffer, packed: Buffer): Buffer {
  const signature = Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return Buffer.concat([
    signature,
    pngChunk("IHDR", header),
    pngChunk("IDAT", packed),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

export function pngHeader(width: number, height: number, depth: number, colourType: number, interlace = 0): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colourType, 0, 0, interlace], 8);
  return header;
}

export function pngChunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
