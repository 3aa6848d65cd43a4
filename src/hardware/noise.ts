/** A number in [0, 1) that depends on the seed and the step only: a 32-bit mix of both (the finalizer of MurmurHash3). */
export function noiseAt(seed: number, step: number): number {
  let mixed = Math.imul(seed, 0x9e3779b9) ^ Math.imul(step + 1, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}
