/**
 * A seeded source of random numbers: the same seed gives the same numbers on every machine, for ever, because it is
 * integer arithmetic only (no Math.sin, log or exp, whose last bits differ between engines).
 */
export interface Random {
  /** A whole number, 0 … 2³² − 1, each equally likely. */
  uint32(): number;
  /** A number in [0, 1), a multiple of 2⁻²⁴: float32 holds it exactly, so that it never rounds up to 1. */
  uniform(): number;
  /** A whole number, 0 … limit − 1, each exactly equally likely; limit is 1 … 2³². */
  below(limit: number): number;
  /** Brings the elements into random order, in place; every order is equally likely. */
  shuffle(elements: { [index: number]: number; readonly length: number }): void;
  /** Where it stands; `restore` goes on from there. */
  save(): RandomState;
  restore(state: RandomState): void;
}

/** The four words of the generator's state. */
export type RandomState = readonly [number, number, number, number];

/**
 * A random source that starts from `seed` (only its lowest 32 bits count). The generator is xoshiro128** 1.1 of
 * D. Blackman and S. Vigna, its four state words filled by splitmix32, as its authors advise.
 */
export function createRandom(seed: number): Random {
  let mix = seed | 0;
  const splitmix32 = (): number => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  // splitmix32 is a bijection of its counter, so four words in a row are never all zero (xoshiro's one forbidden state).
  let a = splitmix32();
  let b = splitmix32();
  let c = splitmix32();
  let d = splitmix32();

  const uint32 = (): number => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };

  const below = (limit: number): number => {
    if (!Number.isInteger(limit) || limit < 1 || limit > 2 ** 32) {
      throw new RangeError(`below() takes a whole number from 1 to 2^32, not ${limit}.`);
    }
    // Draws past the last whole multiple of `limit` are thrown away: taking them would favour the small numbers.
    const unbiased = Math.floor(2 ** 32 / limit) * limit;
    let drawn = uint32();
    while (drawn >= unbiased) drawn = uint32();
    // The remainder, without the slow % of numbers beyond 31 bits.
    return drawn - Math.floor(drawn / limit) * limit;
  };

  return {
    uint32,
    save: () => [a, b, c, d],
    restore(state) {
      [a, b, c, d] = state;
    },
    uniform: () => (uint32() >>> 8) / 2 ** 24,
    below,
    shuffle(elements) {
      for (let last = elements.length - 1; last > 0; last--) {
        const other = below(last + 1);
        const kept = elements[last] as number;
        elements[last] = elements[other] as number;
        elements[other] = kept;
      }
    },
  };
}

/**
 * A nearly normal number of mean 0 and deviation 1, between −6 and 6: the sum of twelve uniform ones, as Math.log's last bits
 * differ between engines.
 */
export function normal(random: Random): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random.uniform();
  return sum;
}
