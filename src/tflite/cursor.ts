import { TinymlError } from "../errors";
import { unsupportedModel } from "../model/unsupported";
import type { Slots } from "./schema";

/*
 * Reads flatbuffers that nobody vouches for. Every access is held against the end of the file before it happens, and
 * what one file may make its reader do is bounded: parts of a flatbuffer may legitimately be shared, and a hostile file
 * shares one part a million times. So everything that is visited is paid for from an allowance in proportion to the
 * file, and what is copied out of it never exceeds the file itself.
 */

/** What may be visited, in bytes for each byte of the file. A file in which nothing is shared stays below half of it. */
const VISITS_PER_BYTE = 8;

/** What constants that are stored in a sparse form may take, in bytes for each byte of the file. */
const EXPANSION_PER_BYTE = 16;

/** Small files share more of their parts. */
const LEAST_VISITS = 65536;

/** What a table's visit costs: a table becomes an object, which takes more memory than its bytes do. */
const TABLE_VISIT = 64;

/** A run of bytes in the file. */
export interface Span {
  readonly start: number;
  readonly length: number;
}

/** The error of a file that is not what it should be. */
export function damaged(where: string, what: string): TinymlError {
  return new TinymlError(
    "TINYML_MODEL_INVALID",
    `The model file is damaged: ${where} ${what}. Copy, download or export the file again.`,
  );
}

/** The error of a file that is sound, but holds what this package can't use. */
export function unsupported(where: string, what: string): TinymlError {
  return unsupportedModel(`${where} ${what}`);
}

/** A file that is being read: its bytes, and what reading it may still cost. */
export class FlatFile {
  readonly view: DataView;
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #text = new TextDecoder("utf-8", { ignoreBOM: true });
  #visitsLeft: number;
  #copiesLeft: number;
  #expansionLeft: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.length = bytes.byteLength;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#visitsLeft = Math.max(bytes.byteLength * VISITS_PER_BYTE, LEAST_VISITS);
    this.#copiesLeft = bytes.byteLength;
    this.#expansionLeft = bytes.byteLength * EXPANSION_PER_BYTE;
  }

  /** The root table, to which the file's first four bytes point. */
  root<Field extends string>(name: string, slots: Slots<Field>): FlatTable<Field> {
    this.within(0, 4, name);
    return new FlatTable(this, this.view.getUint32(0, true), name, slots);
  }

  /** Throws unless `length` bytes from `start` lie inside of the file. */
  within(start: number, length: number, where: string): void {
    if (start < 0 || start + length > this.length) throw damaged(where, "lies outside of the file");
  }

  /** Pays for visiting `bytes`. */
  visit(bytes: number, where: string): void {
    this.#visitsLeft -= bytes;
    if (this.#visitsLeft < 0) throw damaged(where, "repeats the same parts of the file over and over");
  }

  /** Pays for `bytes` of memory that are not in the file as they are. */
  expand(bytes: number, where: string): void {
    this.#expansionLeft -= bytes;
    if (this.#expansionLeft < 0) throw damaged(where, "would take far more memory than the file has bytes");
  }

  /** A copy of a span, in memory of its own and so aligned for every type. */
  copy({ start, length }: Span, where: string): ArrayBuffer {
    this.within(start, length, where);
    this.#copiesLeft -= length;
    if (this.#copiesLeft < 0) throw damaged(where, "overlaps other parts of the file");
    return this.#duplicate({ start, length });
  }

  /** A copy of a span that may be shared: of numbers that become a list, which takes more memory than they do. */
  numbers(span: Span, where: string): ArrayBuffer {
    this.within(span.start, span.length, where);
    this.visit(span.length, where);
    return this.#duplicate(span);
  }

  /** A span as text; what is not UTF-8 becomes U+FFFD. */
  text({ start, length }: Span, where: string): string {
    this.within(start, length, where);
    this.visit(length, where);
    return this.#text.decode(this.#bytes.subarray(start, start + length));
  }

  #duplicate({ start, length }: Span): ArrayBuffer {
    // a Buffer's own slice would share its memory
    const { buffer, byteOffset } = this.#bytes;
    if (buffer instanceof ArrayBuffer) return buffer.slice(byteOffset + start, byteOffset + start + length);
    return Uint8Array.from(this.#bytes.subarray(start, start + length)).buffer;
  }
}

/** How a list's numbers are read: one by one, or all of a long list, of which there are thousands for a layer's channels. */
interface NumberKind {
  one(view: DataView, at: number): number;
  all(bytes: ArrayBuffer): number[];
}

/** From so many numbers on a list is read at once. */
const SHORT_LIST = 8;

const UINT8: NumberKind = { one: (view, at) => view.getUint8(at), all: (bytes) => Array.from(new Uint8Array(bytes)) };
const UINT16: NumberKind = {
  one: (view, at) => view.getUint16(at, true),
  all: (bytes) => Array.from(new Uint16Array(bytes)),
};
const INT32: NumberKind = {
  one: (view, at) => view.getInt32(at, true),
  all: (bytes) => Array.from(new Int32Array(bytes)),
};
const FLOAT32: NumberKind = {
  one: (view, at) => view.getFloat32(at, true),
  all: (bytes) => Array.from(new Float32Array(bytes)),
};
const INT64: NumberKind = {
  one: (view, at) => Number(view.getBigInt64(at, true)),
  all(bytes) {
    const stored = new BigInt64Array(bytes);
    // zero points are all 0, which sorting finds out faster than a loop that runs for the first time
    const sorted = stored.toSorted();
    if (sorted[0] === 0n && sorted.at(-1) === 0n) return new Array<number>(stored.length).fill(0);
    return Array.from(stored, Number);
  },
};

/** A table of the file. Absent fields read as their default; `path` and the field's name open every message. */
export class FlatTable<Field extends string = string> {
  readonly file: FlatFile;
  readonly path: string;
  readonly #position: number;
  readonly #slots: Slots<Field>;
  readonly #vtable: number;
  readonly #vtableBytes: number;

  constructor(file: FlatFile, position: number, path: string, slots: Slots<Field>) {
    const { view } = file;
    file.visit(TABLE_VISIT, path);
    file.within(position, 4, path);
    const vtable = position - view.getInt32(position, true);
    file.within(vtable, 4, path);
    const vtableBytes = view.getUint16(vtable, true);
    if (vtableBytes < 4 || vtableBytes % 2 !== 0) throw damaged(path, `has a field list of ${vtableBytes} bytes`);
    file.within(vtable, vtableBytes, path);
    file.within(position, Math.max(view.getUint16(vtable + 2, true), 4), path);
    this.file = file;
    this.path = path;
    this.#position = position;
    this.#slots = slots;
    this.#vtable = vtable;
    this.#vtableBytes = vtableBytes;
  }

  /** How messages name a field. */
  where(field: Field): string {
    return `${this.path}.${field}`;
  }

  /** Whether the table has the field; fields are left out when they have their default. */
  has(field: Field): boolean {
    return this.#offset(this.#slots[field]) !== 0;
  }

  /** The first field that the table has and its `slots` do not list: something newer than this package. */
  unknownSlot(): number | undefined {
    const known = Object.keys(this.#slots).length;
    const present = (this.#vtableBytes - 4) / 2;
    for (let slot = known; slot < present; slot += 1) if (this.#offset(slot) !== 0) return slot;
    return undefined;
  }

  int8(field: Field, absent = 0): number {
    const at = this.#field(field, 1);
    return at === undefined ? absent : this.file.view.getInt8(at);
  }

  uint8(field: Field, absent = 0): number {
    const at = this.#field(field, 1);
    return at === undefined ? absent : this.file.view.getUint8(at);
  }

  bool(field: Field, absent = false): boolean {
    return this.uint8(field, absent ? 1 : 0) !== 0;
  }

  int32(field: Field, absent = 0): number {
    const at = this.#field(field, 4);
    return at === undefined ? absent : this.file.view.getInt32(at, true);
  }

  uint32(field: Field, absent = 0): number {
    const at = this.#field(field, 4);
    return at === undefined ? absent : this.file.view.getUint32(at, true);
  }

  /** A 64-bit count or offset; above 2⁵³ it is inexact, and further than any file reaches. */
  uint64(field: Field): number {
    const at = this.#field(field, 8);
    return at === undefined ? 0 : Number(this.file.view.getBigUint64(at, true));
  }

  float32(field: Field, absent = 0): number {
    const at = this.#field(field, 4);
    return at === undefined ? absent : this.file.view.getFloat32(at, true);
  }

  string(field: Field): string | undefined {
    const span = this.vector(field, 1);
    return span && this.file.text(span, this.where(field));
  }

  bools(field: Field): boolean[] {
    return this.uint8s(field).map((byte) => byte !== 0);
  }

  uint8s(field: Field): number[] {
    return this.#numbers(field, 1, UINT8);
  }

  uint16s(field: Field): number[] {
    return this.#numbers(field, 2, UINT16);
  }

  int32s(field: Field): number[] {
    return this.#numbers(field, 4, INT32);
  }

  float32s(field: Field): number[] {
    return this.#numbers(field, 4, FLOAT32);
  }

  /** 64-bit integers; one above 2⁵³ is inexact. */
  int64s(field: Field): number[] {
    return this.#numbers(field, 8, INT64);
  }

  /** Where a vector's elements lie; undefined when the field is absent. */
  vector(field: Field, elementBytes: number): Span | undefined {
    const position = this.#target(field);
    if (position === undefined) return undefined;
    const count = this.file.view.getUint32(position, true);
    const span = { start: position + 4, length: count * elementBytes };
    this.#within(span.start, span.length, field);
    return span;
  }

  /** The table that a field points to. */
  table<Inner extends string>(
    field: Field,
    slots: Slots<Inner>,
    path = this.where(field),
  ): FlatTable<Inner> | undefined {
    const position = this.#target(field);
    return position === undefined ? undefined : new FlatTable(this.file, position, path, slots);
  }

  /** The tables of a vector; an absent vector is empty. `path` gives an element's name in messages. */
  tables<Inner extends string>(
    field: Field,
    slots: Slots<Inner>,
    path?: (index: number) => string,
  ): FlatTable<Inner>[] {
    const span = this.vector(field, 4);
    if (span === undefined) return [];
    const { file } = this;
    const where = this.where(field);
    file.visit(span.length, where);
    const tables: FlatTable<Inner>[] = [];
    for (let at = span.start; at < span.start + span.length; at += 4) {
      const name = path?.(tables.length) ?? `${where}[${tables.length}]`;
      tables.push(new FlatTable(file, at + file.view.getUint32(at, true), name, slots));
    }
    return tables;
  }

  #numbers(field: Field, elementBytes: number, kind: NumberKind): number[] {
    const span = this.vector(field, elementBytes);
    if (span === undefined) return [];
    const { file } = this;
    if (span.length > elementBytes * SHORT_LIST) return kind.all(file.numbers(span, this.where(field)));
    file.visit(span.length, this.where(field));
    const numbers: number[] = [];
    const end = span.start + span.length;
    for (let at = span.start; at < end; at += elementBytes) numbers.push(kind.one(file.view, at));
    return numbers;
  }

  /** The position to which an offset field points, with room for the count or offset that stands there. */
  #target(field: Field): number | undefined {
    const at = this.#field(field, 4);
    if (at === undefined) return undefined;
    const position = at + this.file.view.getUint32(at, true);
    this.#within(position, 4, field);
    return position;
  }

  #field(field: Field, bytes: number): number | undefined {
    const offset = this.#offset(this.#slots[field]);
    if (offset === 0) return undefined;
    this.#within(this.#position + offset, bytes, field);
    return this.#position + offset;
  }

  /** `within` of the file; what messages say is put together for an error only, because every access comes by here. */
  #within(start: number, length: number, field: Field): void {
    if (start < 0 || start + length > this.file.length) this.file.within(start, length, this.where(field));
  }

  #offset(slot: number): number {
    const entry = 4 + slot * 2;
    return entry < this.#vtableBytes ? this.file.view.getUint16(this.#vtable + entry, true) : 0;
  }
}
