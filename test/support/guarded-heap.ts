import { TinymlError } from "../../src/errors";
import type { Heap } from "../../src/kernels/heap";

/** Bytes before and behind each block that nobody may change, and on which nothing may depend. */
const GUARD = 256;

/** What blocks begin at multiples of, as those of the heap do. */
const ALIGNMENT = 16;

/**
 * Makes the kernels' heap hand out blocks with guard bytes around them, from one large piece of its memory. One of the
 * blocks ends where the memory ends, so that reading on from there traps.
 */
export class GuardedHeap {
  readonly #heap: Heap;
  readonly #start: number;
  readonly #end: number;
  /** Address → bytes. */
  readonly #blocks = new Map<number, number>();
  #next: number;
  #limit: number;
  #untilEnd = 0;
  #guard = 0;

  /** @param bytes that there are for all blocks together */
  constructor(heap: Heap, bytes: number) {
    this.#heap = heap;
    this.#start = heap.allocate(bytes);
    this.#end = heap.int8.length;
    this.#next = this.#start;
    this.#limit = this.#end;
    heap.allocate = (wanted) => this.#allocate(wanted);
    heap.release = (address) => this.#release(address);
  }

  /** Makes the heap hand out its own blocks again, and gives it back the piece of its memory. */
  restore(): void {
    // what the class itself has stands behind these
    Reflect.deleteProperty(this.#heap, "allocate");
    Reflect.deleteProperty(this.#heap, "release");
    this.#heap.release(this.#start);
  }

  /** How many blocks are handed out. */
  get blocks(): number {
    return this.#blocks.size;
  }

  /** Forgets all blocks and begins anew: with this guard byte (-128 … 127), and the n-th block at the memory's end. */
  reset(guard: number, atEnd: number): void {
    this.#blocks.clear();
    this.#next = this.#start;
    this.#limit = this.#end;
    this.#guard = guard;
    this.#untilEnd = atEnd;
  }

  /** Says which guard byte was written; undefined where none was. */
  damage(): string | undefined {
    for (const [address, bytes] of this.#blocks) {
      const at = this.#written(address - GUARD, address) ?? this.#written(address + bytes, address + bytes + GUARD);
      if (at !== undefined) return `byte ${at - address} of a block of ${bytes} was written`;
    }
    return undefined;
  }

  /** The first byte that is none of a guard. */
  #written(from: number, to: number): number | undefined {
    const { int8 } = this.#heap;
    for (let at = from; at < Math.min(to, this.#end); at++) if (int8[at] !== this.#guard) return at;
    return undefined;
  }

  #allocate(bytes: number): number {
    const room = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
    const atEnd = this.#untilEnd-- === 0;
    const address = atEnd ? this.#end - room : this.#next + GUARD;
    const next = atEnd ? this.#next : address + room + GUARD;
    const limit = atEnd ? address - GUARD : this.#limit;
    if (next > limit) throw new TinymlError("TINYML_OUT_OF_MEMORY", "The test's memory is used up.");
    this.#next = next;
    this.#limit = limit;
    this.#blocks.set(address, bytes);
    const { int8 } = this.#heap;
    int8.fill(this.#guard, address - GUARD, Math.min(address + room + GUARD, this.#end));
    int8.fill(0, address, address + bytes);
    return address;
  }

  #release(address: number): void {
    if (!this.#blocks.delete(address)) throw new Error(`no block begins at ${address}`);
    if (this.#blocks.size === 0) this.reset(this.#guard, this.#untilEnd);
  }
}
