import { inflateSync } from "node:zlib";
import { systemErrorCode } from "../storage";
import { assertPictureSize, damagedPicture, type Picture } from "./picture";

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Numbers per pixel by colour type: grey, -, colours, palette, grey and alpha, -, colours and alpha. */
const numbersPerPixel = [1, 0, 3, 1, 2, 0, 4];
const depths: readonly (readonly number[])[] = [[1, 2, 4, 8, 16], [], [8, 16], [1, 2, 4, 8], [8, 16], [], [8, 16]];

const palette = 3;

/** The passes of an interlaced picture: first column and row, and the steps between the pass's columns and rows. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

interface Header {
  width: number;
  height: number;
  depth: number;
  colourType: number;
  interlaced: boolean;
}

interface Pass {
  column: number;
  row: number;
  columnStep: number;
  rowStep: number;
  width: number;
  height: number;
  /** Bytes of a row without its filter. */
  rowBytes: number;
}

/**
 * The picture in a PNG file (ISO/IEC 15948) of any colour type, interlaced or not. Of 16 bits the upper 8 count; transparent pixels are laid over white.
 * @throws TinymlError TINYML_DATASET_CORRUPT, TINYML_DATASET_TOO_LARGE, naming `file`
 */
export function decodePng(bytes: Uint8Array, file: string): Picture {
  const { header, colours, transparency, packed } = readChunks(bytes, file);
  const { width, height, depth, colourType } = header;
  const numbers = numbersPerPixel[colourType];
  const passes = passesOf(header, numbers * depth);
  const unpacked = unpack(packed, passes, file);
  const grey = colourType === 0 || colourType === 4;
  const channels = grey ? 1 : 3;
  const pixels = new Uint8Array(width * height * channels);
  const largest = 2 ** depth - 1;
  const pixel = new Uint16Array(numbers);
  let at = 0;
  for (const pass of passes) {
    let above: Uint8Array = new Uint8Array(pass.rowBytes);
    for (let y = 0; y < pass.height; y++) {
      const row = unpacked.subarray(at + 1, at + 1 + pass.rowBytes);
      if (!unfilter(unpacked[at], row, above, Math.max(1, (numbers * depth) >> 3)))
        throw damagedPicture(file, "it has an unknown filter");
      at += 1 + pass.rowBytes;
      above = row;
      for (let x = 0; x < pass.width; x++) {
        for (let i = 0; i < numbers; i++) pixel[i] = numberAt(row, x * numbers + i, depth);
        const to = ((pass.row + y * pass.rowStep) * width + pass.column + x * pass.columnStep) * channels;
        if (colourType === palette) {
          const [index] = pixel;
          if (3 * index + 2 >= colours.length) throw damagedPicture(file, `it has no colour ${index}`);
          const alpha = transparency[index] ?? 255;
          for (let i = 0; i < 3; i++) pixels[to + i] = overWhite(colours[3 * index + i], alpha);
        } else {
          const alpha =
            numbers === channels + 1 ? toByte(pixel[channels], depth, largest) : isKey(pixel, transparency) ? 0 : 255;
          for (let i = 0; i < channels; i++) pixels[to + i] = overWhite(toByte(pixel[i], depth, largest), alpha);
        }
      }
    }
  }
  return { width, height, channels, pixels };
}

interface Chunks {
  header: Header;
  colours: Uint8Array;
  transparency: Uint8Array;
  packed: Buffer;
}

function readChunks(bytes: Uint8Array, file: string): Chunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!signature.every((byte, i) => bytes[i] === byte)) throw damagedPicture(file, "it is no PNG file");
  let header: Header | undefined;
  let colours = new Uint8Array();
  let transparency = new Uint8Array();
  const packed: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = Buffer.from(bytes.subarray(at + 4, at + 8)).toString("latin1");
    const data = bytes.slice(at + 8, at + 8 + length);
    if (at + 12 + length > bytes.length) throw damagedPicture(file, "it is cut short");
    at += 12 + length;
    if (type === "IEND") break;
    if (type === "IHDR") header = readHeader(data, file);
    if (type === "PLTE") colours = data;
    if (type === "tRNS") transparency = data;
    if (type === "IDAT") packed.push(data);
  }
  if (header === undefined) throw damagedPicture(file, "it has no header");
  return { header, colours, transparency, packed: Buffer.concat(packed) };
}

function readHeader(data: Uint8Array, file: string): Header {
  if (data.length !== 13) throw damagedPicture(file, "its header is cut short");
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const [depth, colourType, compression, filter, interlace] = data.subarray(8);
  const width = view.getUint32(0);
  const height = view.getUint32(4);
  assertPictureSize(width, height, file);
  if (!depths[colourType]?.includes(depth) || compression > 0 || filter > 0 || interlace > 1) {
    throw damagedPicture(file, `it is of an unknown kind (type ${colourType}, ${depth} bits)`);
  }
  return { width, height, depth, colourType, interlaced: interlace === 1 };
}

function passesOf({ width, height, interlaced }: Header, bits: number): Pass[] {
  const steps = interlaced ? adam7 : [[0, 0, 1, 1]];
  return steps
    .map(([column, row, columnStep, rowStep]) => {
      const columns = Math.ceil((width - column) / columnStep);
      const rows = Math.ceil((height - row) / rowStep);
      return {
        column,
        row,
        columnStep,
        rowStep,
        width: columns,
        height: rows,
        rowBytes: Math.ceil((columns * bits) / 8),
      };
    })
    .filter((pass) => pass.width > 0 && pass.height > 0);
}

function unpack(packed: Buffer, passes: readonly Pass[], file: string): Buffer {
  const expected = passes.reduce((sum, pass) => sum + pass.height * (1 + pass.rowBytes), 0);
  let unpacked: Buffer;
  try {
    unpacked = inflateSync(packed, { maxOutputLength: expected });
  } catch (error) {
    const more = systemErrorCode(error) === "ERR_BUFFER_TOO_LARGE";
    throw damagedPicture(file, more ? "it unpacks to more pixels than it has" : "it can't be unpacked", error);
  }
  if (unpacked.length < expected) throw damagedPicture(file, "it is cut short");
  return unpacked;
}

/** Takes a row's filter away, in place; false where there is no such filter. `back` is how many bytes the pixel to the left is away. */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, back: number): boolean {
  for (let i = 0; i < row.length; i++) {
    const left = i < back ? 0 : row[i - back];
    const corner = i < back ? 0 : above[i - back];
    if (filter === 1) row[i] += left;
    else if (filter === 2) row[i] += above[i];
    else if (filter === 3) row[i] += (left + above[i]) >> 1;
    else if (filter === 4) row[i] += nearest(left, above[i], corner);
  }
  return filter <= 4;
}

/** Paeth's predictor: of three neighbours the one that is closest to left + above − corner. */
function nearest(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

function numberAt(row: Uint8Array, index: number, depth: number): number {
  if (depth === 8) return row[index];
  if (depth === 16) return (row[2 * index] << 8) | row[2 * index + 1];
  const bit = index * depth;
  return (row[bit >> 3] >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}

function toByte(value: number, depth: number, largest: number): number {
  return depth === 16 ? value >> 8 : (value * 255) / largest;
}

/** Whether a pixel has the one colour that counts as transparent. */
function isKey(pixel: Uint16Array, transparency: Uint8Array): boolean {
  return (
    transparency.length === 2 * pixel.length &&
    pixel.every((value, i) => value === ((transparency[2 * i] << 8) | transparency[2 * i + 1]))
  );
}

function overWhite(value: number, alpha: number): number {
  return alpha === 255 ? value : Math.round((value * alpha + 255 * (255 - alpha)) / 255);
}
