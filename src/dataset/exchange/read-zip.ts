import { promisify } from "node:util";
import { inflateRaw, inflateRawSync } from "node:zlib";
import { systemErrorCode } from "../../storage";
import { crc32 } from "../crc32";
import { assertDifferent, assertEntryPath, importError, type NamedBytes, type UnpackBudget } from "./named-bytes";

const localSignature = 0x04034b50;
const centralSignature = 0x02014b50;
const endSignature = 0x06054b50;
const endLength = 22;
const centralLength = 46;
const localLength = 30;
const longestComment = 0xffff;

/** From so many bytes on other work goes on while an entry is unpacked. */
const unpackedAside = 2 ** 16;

/** The upper half of code page 437, in which archives name their entries that don't say UTF-8. */
const codePage437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

interface Entry {
  path: string;
  isFolder: boolean;
  method: number;
  crc: number;
  packed: number;
  unpacked: number;
  offset: number;
  rawName: Buffer;
}

/** Whether bytes begin as a zip archive does, an empty one included. */
export function isZip(bytes: Uint8Array): boolean {
  return (
    bytes[0] === 0x50 && bytes[1] === 0x4b && ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6))
  );
}

/**
 * The files in a zip archive, stored or deflated, in the order of its directory. Every size and checksum must be right.
 *
 * @throws TinymlError TINYML_IMPORT_INVALID that names the entry: for paths that lead elsewhere, links, devices, encryption, duplicates,
 *   overlaps, wrong sizes, other methods of packing, Zip64, archives in several parts, and more than the budget
 */
export async function readZip({ name, bytes }: NamedBytes, budget: UnpackBudget): Promise<NamedBytes[]> {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const { entries, directory } = readDirectory(data, name, budget);
  assertDifferent(
    entries.map(({ path }) => path),
    name,
  );
  const inOrder = entries.map((entry) => ({ entry, ...locate(data, entry, directory, name) }));
  let end = 0;
  for (const { entry, end: next } of [...inOrder].sort((a, b) => a.entry.offset - b.entry.offset)) {
    if (entry.offset < end) throw importError(name, `its entry "${entry.path}" overlaps another one`);
    end = next;
  }
  const files: NamedBytes[] = [];
  for (const { entry, start, end: stop } of inOrder) {
    if (entry.isFolder) continue;
    files.push({ name: entry.path, bytes: await unpackEntry(entry, data.subarray(start, stop), name) });
  }
  return files;
}

function readDirectory(data: Buffer, name: string, budget: UnpackBudget): { entries: Entry[]; directory: number } {
  const end = findEnd(data);
  if (end === undefined) throw importError(name, "the zip archive is cut short, or it is none");
  const count = data.readUInt16LE(end + 10);
  const size = data.readUInt32LE(end + 12);
  const directory = data.readUInt32LE(end + 16);
  if (data.readUInt16LE(end + 4) !== 0 || data.readUInt16LE(end + 8) !== count) {
    throw importError(name, "the zip archive has several parts");
  }
  if (count === 0xffff || size === 0xffffffff || directory === 0xffffffff) {
    throw importError(name, "the zip archive is larger than 4 GB or has more than 65,534 entries (Zip64)");
  }
  if (directory + size !== end) throw importError(name, "the zip archive's directory is not where it should be");
  const entries: Entry[] = [];
  let at = directory;
  for (let i = 0; i < count; i++) {
    if (at + centralLength > end || data.readUInt32LE(at) !== centralSignature) {
      throw importError(name, `the zip archive's directory ends within entry ${i + 1} of ${count}`);
    }
    const next =
      at + centralLength + data.readUInt16LE(at + 28) + data.readUInt16LE(at + 30) + data.readUInt16LE(at + 32);
    if (next > end) throw importError(name, `the zip archive's directory ends within entry ${i + 1} of ${count}`);
    const entry = readEntry(data, at, name);
    budget.claim(`${name}: ${entry.path}`, entry.unpacked);
    entries.push(entry);
    at = next;
  }
  if (at !== end) throw importError(name, "the zip archive's directory has something behind its last entry");
  return { entries, directory };
}

/** Where the record at the archive's end begins; behind it stands a comment only. */
function findEnd(data: Buffer): number | undefined {
  for (let at = data.length - endLength; at >= Math.max(0, data.length - endLength - longestComment); at--) {
    if (data.readUInt32LE(at) === endSignature && at + endLength + data.readUInt16LE(at + 20) === data.length)
      return at;
  }
  return undefined;
}

function readEntry(data: Buffer, at: number, name: string): Entry {
  const flags = data.readUInt16LE(at + 8);
  const rawName = data.subarray(at + centralLength, at + centralLength + data.readUInt16LE(at + 28));
  const text = decodeName(rawName);
  const path = assertEntryPath(text, name);
  // The upper half holds a Unix file mode where the archive was made by a system that has such.
  const type = [3, 19].includes(data.readUInt8(at + 5)) ? data.readUInt16LE(at + 40) & 0xf000 : 0;
  const isFolder = text.endsWith("/");
  if (![0, isFolder ? 0x4000 : 0x8000].includes(type)) {
    throw importError(name, `its entry "${path}" is a link, a device or a pipe`);
  }
  if ((flags & 0x2041) !== 0) throw importError(name, `its entry "${path}" is encrypted. Unpack it first`);
  const method = data.readUInt16LE(at + 10);
  if (method !== 0 && method !== 8) {
    throw importError(name, `its entry "${path}" is packed in a way (${method}) that is not known here`);
  }
  const entry: Entry = {
    path,
    isFolder,
    method,
    crc: data.readUInt32LE(at + 16),
    packed: data.readUInt32LE(at + 20),
    unpacked: data.readUInt32LE(at + 24),
    offset: data.readUInt32LE(at + 42),
    rawName,
  };
  const sizesDiffer = method === 0 && entry.packed !== entry.unpacked;
  if (sizesDiffer || (isFolder && entry.unpacked > 0)) throw wrongSize(entry, name);
  return entry;
}

function decodeName(raw: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    return Array.from(raw, (byte) => (byte < 128 ? String.fromCharCode(byte) : codePage437[byte - 128])).join("");
  }
}

/** Where an entry's bytes stand, by its own header, which must agree with the directory. */
function locate(data: Buffer, entry: Entry, directory: number, name: string): { start: number; end: number } {
  const { offset, path, packed, rawName } = entry;
  const fault = (): Error => importError(name, `its entry "${path}" is not where the archive's directory says`);
  if (offset + localLength > directory || data.readUInt32LE(offset) !== localSignature) throw fault();
  const nameLength = data.readUInt16LE(offset + 26);
  const start = offset + localLength + nameLength + data.readUInt16LE(offset + 28);
  if (start + packed > directory) throw fault();
  const own = data.subarray(offset + localLength, offset + localLength + nameLength);
  if (!own.equals(rawName) || data.readUInt16LE(offset + 8) !== entry.method) throw fault();
  return { start, end: start + packed };
}

async function unpackEntry(entry: Entry, packed: Buffer, name: string): Promise<Uint8Array> {
  let bytes: Buffer = packed;
  if (entry.method === 8) {
    // One byte more than it should be tells an entry that unpacks to more.
    const options = { maxOutputLength: entry.unpacked + 1 };
    try {
      bytes =
        entry.unpacked > unpackedAside ? await promisify(inflateRaw)(packed, options) : inflateRawSync(packed, options);
    } catch (error) {
      if (systemErrorCode(error) === "ERR_BUFFER_TOO_LARGE") throw wrongSize(entry, name);
      throw importError(name, `its entry "${entry.path}" can't be unpacked`, error);
    }
  }
  if (bytes.length !== entry.unpacked) throw wrongSize(entry, name);
  if (crc32(bytes) !== entry.crc) throw importError(name, `its entry "${entry.path}" is damaged (wrong checksum)`);
  return bytes;
}

function wrongSize({ path, unpacked }: Entry, name: string): Error {
  return importError(name, `its entry "${path}" does not have the ${unpacked} bytes that the archive says`);
}
