import assert from "node:assert/strict";
import { type InputReading, inputReading } from "../../src/kernels/byte-products";

/* What is found out about a machine's relaxed dot product of bytes, from what the processors' instructions do. */

interface Instruction {
  unsigned?: true;
  /** What becomes of the sum of two products. */
  two?: (sum: number) => number;
  /** What becomes of a sum in the end; it wraps around if not given. */
  all?: (sum: number) => number;
  found: InputReading | undefined;
}

const same = (sum: number): number => sum;
const wrap = (sum: number): number => sum | 0;
const saturate = (sum: number, bits: number): number =>
  Math.max(-(2 ** (bits - 1)), Math.min(2 ** (bits - 1) - 1, sum));

const instructions: Readonly<Record<string, Instruction>> = {
  "Arm's sdot, x86's vpdpbssd": { found: "signed" },
  "Arm's smull and addp, without sdot: two products wrap around in 16 bits": {
    two: (sum) => (sum << 16) >> 16,
    found: "signed",
  },
  "x86's vpdpbusd": { unsigned: true, found: "unsigned" },
  "x86's vpdpbusds, which cuts sums off": { unsigned: true, all: (sum) => saturate(sum, 32), found: undefined },
  "x86's pmaddubsw, which cuts two products off": { unsigned: true, two: (sum) => saturate(sum, 16), found: undefined },
};

describe("how a machine's dot product of bytes reads inputs", () => {
  for (const [name, { unsigned, two = same, all = wrap, found }] of Object.entries(instructions)) {
    it(`${name}: ${found ?? "not exact"}`, () => {
      const reading = inputReading((weights, inputs, sums) => {
        const product = (k: number): number => weights[k] * (unsigned ? inputs[k] & 255 : inputs[k]);
        return sums.map((sum, i) => {
          const k = 4 * i;
          return all(sum + two(product(k) + product(k + 1)) + two(product(k + 2) + product(k + 3)));
        });
      });
      assert.equal(reading, found);
    });
  }
});
