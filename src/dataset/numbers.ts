import { TinymlError } from "../errors";

/** How many bytes of samples are held in memory at most; 1 GiB. */
export const mostInMemory = 2 ** 30;

/** The error about data that would take more memory than `mostInMemory`; `advice` is a sentence that says what to do. */
export function tooLarge(source: string, advice: string): TinymlError {
  return new TinymlError("TINYML_DATASET_TOO_LARGE", `The data in ${source} would take more than 1 GiB. ${advice}`);
}

/** A list of numbers that grows without keeping an object per number. */
export class Numbers {
  readonly #source: string;
  #values = new Float32Array(1024);
  #length = 0;

  /** `source` is the file that the numbers come from, for messages. */
  constructor(source: string) {
    this.#source = source;
  }

  get length(): number {
    return this.#length;
  }

  /** @throws TinymlError TINYML_DATASET_TOO_LARGE */
  push(value: number): void {
    if (this.#length === this.#values.length) {
      if (this.#values.byteLength >= mostInMemory) throw tooLarge(this.#source, "Leave some of it out.");
      const larger = new Float32Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  toArray(): Float32Array {
    return this.#values.slice(0, this.#length);
  }
}
