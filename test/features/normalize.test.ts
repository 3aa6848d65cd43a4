import assert from "node:assert/strict";
import fc from "fast-check";
import { applyFeatures, fitNormalize, planFeatures } from "../../src/features/features";
import { kernels } from "../../src/kernels/kernels";
import type { NormalizeBlock } from "../../src/model/metadata";

/** Mean and deviation of one channel, in float64 and two passes. */
function statistics(rows: Float32Array, channel: number, channels: number): { mean: number; deviation: number } {
  const values = rows.filter((_, i) => i % channels === channel);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}

function assertClose(found: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(found - expected) <= tolerance, `${what}: ${found}, not ${expected} ± ${tolerance}`);
}

describe("the normalize block", () => {
  it("learns mean and deviation per channel", () => {
    const block = fitNormalize([Float32Array.of(1, 10, 3, 30, 5, 50, 7, 70)], 2);
    assert.deepEqual(block, {
      block: "normalize",
      mean: [4, 40],
      deviation: [Math.fround(Math.sqrt(5)), Math.fround(Math.sqrt(500))],
    });
  });

  it("makes mean 0 and deviation 1 of the rows that it was learned from", () => {
    const rows = Float32Array.from(
      { length: 3000 },
      (_, i) => [100 + Math.sin(i), 1e-3 * (i % 7), 5e4 * (i % 11)][i % 3],
    );
    const normal = applyFeatures([fitNormalize([rows], 3)], rows, 3);
    for (let channel = 0; channel < 3; channel++) {
      const { mean, deviation } = statistics(normal, channel, 3);
      assertClose(mean, 0, 1e-4, `mean of channel ${channel}`);
      assertClose(deviation, 1, 1e-4, `deviation of channel ${channel}`);
    }
  });

  it("makes 0 of a channel that never changes, not NaN", () => {
    const rows = Float32Array.of(3, 1, 3, 2, 3, 3);
    const block = fitNormalize([rows], 2);
    assert.equal(block.deviation[0], 1);
    assert.deepEqual(
      [...applyFeatures([block], rows, 2)].filter((_, i) => i % 2 === 0),
      [0, 0, 0],
    );
  });

  for (const value of [0.1, 1 / 3, 1e-20, 1e20, -3.4e38, 2 ** 24 + 1]) {
    for (const count of [2, 3, 7, 1000]) {
      it(`${count} rows of nothing but ${value} become 0`, () => {
        const rows = new Float32Array(count).fill(value);
        const block = fitNormalize([rows], 1);
        assert.deepEqual(block.deviation, [1]);
        const normal = applyFeatures([block], rows, 1);
        assert.ok(
          normal.every((number) => number === 0),
          `${normal[0]}, by ${JSON.stringify(block)}`,
        );
      });
    }
  }

  it("takes changes in the last bit of float32 for none", () => {
    const rows = Float32Array.of(1000, 1000 + 2 ** -14, 1000);
    assert.deepEqual(fitNormalize([rows], 1).deviation, [1]);
    const larger = fitNormalize([rows.map((value) => (value - 1000) * 100 + 1000)], 1);
    assertClose(larger.deviation[0], (100 * 2 ** -14 * Math.SQRT2) / 3, 1e-5, "deviation");
  });

  it("learns the same from rows in parts", () => {
    const rows = Float32Array.from({ length: 300 }, (_, i) => Math.sin(i) * (1 + (i % 3)));
    const parts = [0, 3, 150, 297].map((from, i, all) => rows.subarray(from, all[i + 1]));
    assert.deepEqual(fitNormalize(parts, 3), fitNormalize([rows], 3));
  });

  it("learns from a single row", () => {
    assert.deepEqual(fitNormalize([Float32Array.of(2, -4)], 2), {
      block: "normalize",
      mean: [2, -4],
      deviation: [1, 1],
    });
  });

  it("with finite numbers it holds finite numbers, and above 0 for the deviation", () => {
    // Beyond 1.7e38 the difference of two numbers may leave float32.
    const limit = Math.fround(1.7e38);
    const float = fc.float({ min: -limit, max: limit, noNaN: true });
    fc.assert(
      fc.property(fc.array(float, { minLength: 1, maxLength: 30 }), (values) => {
        const block = fitNormalize([Float32Array.from(values)], 1);
        assert.ok(Number.isFinite(block.mean[0]), `mean ${block.mean[0]}`);
        assert.ok(Number.isFinite(block.deviation[0]) && block.deviation[0] > 0, `deviation ${block.deviation[0]}`);
        const normal = applyFeatures([block], Float32Array.from(values), 1);
        assert.ok(
          normal.every((value) => Number.isFinite(value)),
          `${[...normal]}`,
        );
      }),
      { numRuns: 300, examples: [[[1.7e38, -1.7e38]], [[1e-45, 0]], [[1e-30, 2e-30]], [[1e-37, 0]]] },
    );
  });

  it("learns and applies what float64 does, within float32", () => {
    const cases = fc.integer({ min: 1, max: 6 }).chain((channels) =>
      fc.record({
        channels: fc.constant(channels),
        rows: fc
          .array(
            fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: channels, maxLength: channels }),
            {
              minLength: 2,
              maxLength: 40,
            },
          )
          .map((rows) => Float32Array.from(rows.flat())),
      }),
    );
    fc.assert(
      fc.property(cases, ({ channels, rows }) => {
        const block = fitNormalize([rows], channels);
        const normal = applyFeatures([block], rows, channels);
        for (let channel = 0; channel < channels; channel++) {
          const { mean, deviation } = statistics(rows, channel, channels);
          assertClose(block.mean[channel], mean, 1e-6 * Math.abs(mean) + 1e-9, "mean");
          if (deviation < 1e-3) continue;
          assertClose(block.deviation[channel], deviation, 1e-6 * deviation, "deviation");
          for (let at = channel; at < rows.length; at += channels) {
            const expected = (rows[at] - mean) / deviation;
            // The subtraction in float32 loses what the numbers are larger than their spread.
            const lost = (2 ** -23 * (Math.abs(rows[at]) + Math.abs(mean))) / deviation;
            assertClose(normal[at], expected, lost + 4 * 2 ** -23 * Math.abs(expected) + 1e-7, `row ${at / channels}`);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("changes nothing without blocks, and leaves its input as it was", () => {
    const rows = Float32Array.of(1, 2, 3);
    assert.deepEqual(applyFeatures([], rows, 1), rows);
    const block = fitNormalize([rows], 1);
    applyFeatures([block], rows, 1);
    assert.deepEqual(rows, Float32Array.of(1, 2, 3));
  });

  it("applies blocks one after another", () => {
    const half: NormalizeBlock = { block: "normalize", mean: [2], deviation: [2] };
    assert.deepEqual(applyFeatures([half, half], Float32Array.of(2, 6, 14), 1), Float32Array.of(-1, 0, 2));
  });

  it("refuses a description of another number of channels", () => {
    const block = fitNormalize([Float32Array.of(1, 2, 3, 4)], 2);
    for (const channels of [1, 3]) {
      assert.throws(() => planFeatures([block], 0, channels), { code: "TINYML_MODEL_INVALID" });
    }
    assert.throws(() => planFeatures([{ ...block, deviation: [1] }], 0, 2), { code: "TINYML_MODEL_INVALID" });
  });

  it("gives its memory back, also when a description is refused", () => {
    const { heap } = kernels();
    const block = fitNormalize([Float32Array.of(1, 2, 3, 4)], 2);
    const wrong = { ...block, deviation: [1] };
    const free = (): number => {
      const address = heap.allocate(16);
      heap.release(address);
      return address;
    };
    const before = free();
    for (let time = 0; time < 100; time++) {
      applyFeatures([block, block], new Float32Array(2000), 2);
      assert.throws(() => applyFeatures([block, wrong], new Float32Array(2000), 2));
    }
    assert.equal(free(), before);
  });
});
