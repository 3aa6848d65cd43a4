import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { constants, gunzip, gunzipSync } from "node:zlib";
import { TinymlError } from "../errors";
import { elementCount } from "../model/tensor";
import { systemErrorCode } from "../storage";
import { mostInMemory, tooLarge } from "./numbers";
import type { SampleFile, Samples } from "./samples";

/** An IDX file: an array of numbers of any dimensions, as MNIST and its successors are kept. */
export interface IdxFile {
  /** The array's dimensions, the number of samples first. */
  shape: readonly number[];
  values: Samples;
}

interface IdxType {
  bytes: number;
  read(view: DataView, offset: number): number;
}

/** The element types by their codes in the third byte of a file; numbers are big-endian. */
const types: Readonly<Record<number, IdxType>> = {
  8: { bytes: 1, read: (view, at) => view.getUint8(at) },
  9: { bytes: 1, read: (view, at) => view.getInt8(at) },
  11: { bytes: 2, read: (view, at) => view.getInt16(at) },
  12: { bytes: 4, read: (view, at) => view.getInt32(at) },
  13: { bytes: 4, read: (view, at) => view.getFloat32(at) },
  14: { bytes: 8, read: (view, at) => view.getFloat64(at) },
};

const uint8 = 0x08;

/** The longest header: four bytes, and four for each of the dimensions, whose number is one byte. */
const longestHeader = 4 + 4 * 255;

/** So many bytes of a gzip file hold the longest header, whatever they were packed with. */
const gzipStart = 4096;

interface Header {
  code: number;
  type: IdxType;
  shape: readonly number[];
  /** Where the numbers begin, in bytes. */
  offset: number;
  /** The whole file's bytes, by what the header says. */
  length: number;
}

export interface IdxOptions {
  /** From so many bytes on, a file of bytes is not read but streamed, unless it is compressed; 256 MiB where absent. */
  streamedFrom?: number;
}

/**
 * An IDX file, plain or gzip. Bytes stay a Uint8Array, or a SampleFile where they are many; all other numbers become float32.
 *
 * @throws TinymlError TINYML_DATASET_CORRUPT, TINYML_DATASET_TOO_LARGE, TINYML_NOT_A_NUMBER, each naming the file, and what
 *   Node throws for a file that can't be read
 */
export async function readIdx(file: string, { streamedFrom = 2 ** 28 }: IdxOptions = {}): Promise<IdxFile> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    const start = await readStart(handle, gzipStart);
    if (start[0] === 0x1f && start[1] === 0x8b) return await readCompressed(handle, size, start, file);
    const header = readHeader(start, file);
    if (header.length !== size) throw wrongLength(file, header, size);
    if (header.code === uint8 && size > streamedFrom) {
      const values: SampleFile = { file: resolve(file), type: "uint8", offset: header.offset };
      return { shape: header.shape, values };
    }
    assertFits(header, file, "Leave some samples out.");
    return convert(await readStart(handle, size), header, file);
  } finally {
    await handle.close();
  }
}

/** The IDX file in plain bytes, all in memory, as `readIdx` reads it; messages call it `file`. */
export function parseIdx(bytes: Uint8Array, file: string): IdxFile {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const header = readHeader(data, file);
  if (header.length !== data.length) throw wrongLength(file, header, data.length);
  assertFits(header, file, "Leave some samples out.");
  return convert(data, header, file);
}

/** Whether bytes begin as an IDX file does, and are as many as its header says. */
export function isIdx(bytes: Uint8Array): boolean {
  if (bytes.length < 8 || bytes[0] !== 0 || bytes[1] !== 0 || types[bytes[2]] === undefined || bytes[3] === 0)
    return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 4 + 4 * bytes[3]) return false;
  const shape = Array.from({ length: bytes[3] }, (_, axis) => view.getUint32(4 + 4 * axis));
  return 4 + 4 * shape.length + elementCount(shape) * types[bytes[2]].bytes === bytes.length;
}

async function readCompressed(handle: FileHandle, size: number, start: Buffer, file: string): Promise<IdxFile> {
  const unpack = "Unpack it first (gunzip): bytes in a plain file are read piece by piece.";
  // Without this nothing would be known of a file that unpacks to terabytes.
  const header = readHeader(
    await unpackOr(file, () => gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH })),
    file,
  );
  assertFits(header, file, unpack);
  if (size > mostInMemory) throw tooLarge(file, unpack);
  const packed = await readStart(handle, size);
  const unpacked = await unpackOr(file, () => promisify(gunzip)(packed, { maxOutputLength: header.length }));
  if (unpacked.length !== header.length) throw wrongLength(file, header, unpacked.length);
  return convert(unpacked, header, file);
}

async function unpackOr(file: string, unpack: () => Buffer | Promise<Buffer>): Promise<Buffer> {
  try {
    return await unpack();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ERR_BUFFER_TOO_LARGE") throw damaged(file, "it unpacks to more than its first bytes say");
    if (code.startsWith("Z_")) throw damaged(file, "it can't be unpacked", error);
    throw error;
  }
}

/** The first bytes of a file, as many as there are up to `count`. */
async function readStart(handle: FileHandle, count: number): Promise<Buffer> {
  const bytes = Buffer.alloc(count);
  let found = 0;
  while (found < count) {
    const { bytesRead } = await handle.read(bytes, found, count - found, found);
    if (bytesRead === 0) break;
    found += bytesRead;
  }
  return bytes.subarray(0, found);
}

function readHeader(start: Buffer, file: string): Header {
  const view = new DataView(start.buffer, start.byteOffset, Math.min(start.length, longestHeader));
  if (view.byteLength < 4 || view.getUint16(0) !== 0) {
    throw damaged(file, "it does not begin as IDX files do, with two zeros");
  }
  const code = view.getUint8(2);
  const type = types[code];
  if (type === undefined)
    throw damaged(file, `it has the unknown element type 0x${code.toString(16).padStart(2, "0")}`);
  const rank = view.getUint8(3);
  const offset = 4 + 4 * rank;
  if (rank === 0) throw damaged(file, "it has no dimensions");
  if (view.byteLength < offset) throw damaged(file, "it ends within its header");
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { code, type, shape, offset, length: offset + elementCount(shape) * type.bytes };
}

function assertFits({ length, code, shape }: Header, file: string, advice: string): void {
  const bytes = code === uint8 ? length : 4 * elementCount(shape);
  if (!(Math.max(bytes, length) <= mostInMemory)) throw tooLarge(file, advice);
}

function convert(bytes: Buffer, { code, type, shape, offset, length }: Header, file: string): IdxFile {
  if (bytes.length !== length) throw damaged(file, "it became shorter while it was read");
  if (code === uint8)
    return { shape, values: new Uint8Array(bytes.buffer, bytes.byteOffset + offset, length - offset) };
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, length - offset);
  const values = new Float32Array(elementCount(shape));
  for (let i = 0; i < values.length; i++) {
    values[i] = type.read(view, i * type.bytes);
    if (Number.isFinite(values[i])) continue;
    throw new TinymlError(
      "TINYML_NOT_A_NUMBER",
      `Number ${i + 1} of ${file} is none that 32-bit floats can hold. Leave its sample out.`,
    );
  }
  return { shape, values };
}

function wrongLength(file: string, { shape, length }: Header, found: number): TinymlError {
  return damaged(file, `with ${shape.join(" × ")} numbers it should have ${length} bytes, but it has ${found}`);
}

function damaged(file: string, what: string, cause?: unknown): TinymlError {
  return new TinymlError(
    "TINYML_DATASET_CORRUPT",
    `The IDX file ${file} is damaged: ${what}. Copy or download it again.`,
    {
      cause,
    },
  );
}
