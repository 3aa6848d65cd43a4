import assert from "node:assert/strict";
import fc from "fast-check";
import { createRandom } from "../../src/dataset/random";

describe("createRandom", () => {
  it("gives the same numbers for the same seed, on every machine and in every version", () => {
    const random = createRandom(1);
    assert.deepEqual([random.uint32(), random.uint32(), random.uint32()], [393288148, 2174103013, 3814759091]);
    assert.notEqual(createRandom(2).uint32(), 393288148);
  });

  it("draws fractions that stay below 1 even as float32, evenly spread", () => {
    const random = createRandom(7);
    const counts = new Array<number>(16).fill(0);
    for (let i = 0; i < 160_000; i++) {
      const drawn = random.uniform();
      assert.ok(drawn >= 0 && Math.fround(drawn) < 1);
      assert.equal(Math.fround(drawn), drawn);
      const bin = Math.floor(drawn * 16);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    // ±5 standard deviations of a binomial with n = 160,000 and p = 1/16.
    for (const count of counts) assert.ok(Math.abs(count - 10_000) < 485, `bin counts ${counts}`);
  });

  it("draws whole numbers below any limit and refuses other limits", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, limit) => {
        const drawn = createRandom(seed).below(limit);
        assert.ok(Number.isInteger(drawn) && drawn >= 0 && drawn < limit);
      }),
    );
    for (const limit of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1]) {
      assert.throws(() => createRandom(1).below(limit), RangeError);
    }
  });

  it("shuffles without losing an element, each order equally often", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat({ max: 100 }), (seed, length) => {
        const indices = Uint32Array.from({ length }, (_, i) => i);
        createRandom(seed).shuffle(indices);
        assert.deepEqual(
          [...indices].sort((a, b) => a - b),
          Array.from({ length }, (_, i) => i),
        );
      }),
    );
    const orders = new Map<string, number>();
    const random = createRandom(3);
    for (let i = 0; i < 12_000; i++) {
      const indices = [0, 1, 2];
      random.shuffle(indices);
      orders.set(indices.join(""), (orders.get(indices.join("")) ?? 0) + 1);
    }
    assert.equal(orders.size, 6);
    for (const count of orders.values()) assert.ok(Math.abs(count - 2000) < 205, JSON.stringify([...orders]));
  });
});
