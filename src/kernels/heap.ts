import { TinymlError } from "../errors";

/** Alignment of every block: a SIMD vector's 16 bytes. */
const alignment = 16;
const pageBytes = 65536;
/** What WebAssembly can address. */
const maximumBytes = 2 ** 32;

/**
 * The memory behind the kernels, handed out in blocks. Growing it detaches all earlier views on its buffer, so callers
 * keep addresses and ask for a view when they touch the bytes.
 */
export class Heap {
  readonly #memory: WebAssembly.Memory;
  /** Free blocks, address → bytes, in the order of their addresses; neighbours are merged. */
  #free: { address: number; bytes: number }[] = [];
  readonly #used = new Map<number, number>();
  #end: number;
  #int8: Int8Array;
  #int32: Int32Array;
  #float32: Float32Array;

  constructor(memory: WebAssembly.Memory, base: number) {
    this.#memory = memory;
    this.#end = alignUp(base);
    this.#int8 = new Int8Array(memory.buffer);
    this.#int32 = new Int32Array(memory.buffer);
    this.#float32 = new Float32Array(memory.buffer);
  }

  /** The whole memory as int8; index it by a byte address. Fresh after every growth: do not keep it. */
  get int8(): Int8Array {
    if (this.#int8.buffer !== this.#memory.buffer) this.#int8 = new Int8Array(this.#memory.buffer);
    return this.#int8;
  }

  /** The whole memory as int32; index it by a byte address / 4. */
  get int32(): Int32Array {
    if (this.#int32.buffer !== this.#memory.buffer) this.#int32 = new Int32Array(this.#memory.buffer);
    return this.#int32;
  }

  /** The whole memory as float32; index it by a byte address / 4. */
  get float32(): Float32Array {
    if (this.#float32.buffer !== this.#memory.buffer) this.#float32 = new Float32Array(this.#memory.buffer);
    return this.#float32;
  }

  /** Bytes that are handed out now. */
  get usedBytes(): number {
    let sum = 0;
    for (const bytes of this.#used.values()) sum += bytes;
    return sum;
  }

  /**
   * Reserves a zeroed block and returns its byte address, a multiple of 16.
   * @throws TinymlError TINYML_OUT_OF_MEMORY when WebAssembly's 4 GiB or the machine's memory are used up
   */
  allocate(bytes: number): number {
    const wanted = Math.max(alignment, alignUp(bytes));
    const index = this.#free.findIndex((block) => block.bytes >= wanted);
    let address: number;
    if (index >= 0) {
      const block = this.#free[index];
      address = block.address;
      if (block.bytes === wanted) this.#free.splice(index, 1);
      else this.#free[index] = { address: address + wanted, bytes: block.bytes - wanted };
    } else {
      address = this.#end;
      this.#grow(address + wanted);
      this.#end = address + wanted;
    }
    this.#used.set(address, wanted);
    this.int8.fill(0, address, address + wanted);
    return address;
  }

  /** Gives a block back; its address must come from `allocate` and is not to be used any more. */
  release(address: number): void {
    const bytes = this.#used.get(address);
    if (bytes === undefined) throw new TinymlError("TINYML_INTERNAL", `No block of the heap begins at ${address}.`);
    this.#used.delete(address);
    let at = this.#free.findIndex((block) => block.address > address);
    if (at < 0) at = this.#free.length;
    this.#free.splice(at, 0, { address, bytes });
    this.#mergeWithNext(at);
    if (at > 0) this.#mergeWithNext(at - 1);
    const last = this.#free[this.#free.length - 1];
    if (last.address + last.bytes === this.#end) {
      this.#end = last.address;
      this.#free.pop();
    }
  }

  #mergeWithNext(index: number): void {
    const block = this.#free[index];
    const next = this.#free[index + 1];
    if (next === undefined || block.address + block.bytes !== next.address) return;
    this.#free.splice(index, 2, { address: block.address, bytes: block.bytes + next.bytes });
  }

  #grow(end: number): void {
    const size = this.#memory.buffer.byteLength;
    const missing = end - size;
    if (missing <= 0) return;
    try {
      // in steps that grow with it: a growth makes new views of all of it, of which thousands keep the garbage collector busy
      const spare = Math.min(Math.max(missing, size / 8), maximumBytes - size);
      this.#memory.grow(Math.ceil(Math.max(missing, spare) / pageBytes));
    } catch (error) {
      throw new TinymlError(
        "TINYML_OUT_OF_MEMORY",
        `The model needs ${Math.ceil(missing / 1e6)} MB more memory than this machine gives; use a smaller model or batch.`,
        { cause: error },
      );
    }
  }
}

/** So many bytes, filled up to the boundary on which every block begins. */
export function alignUp(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
