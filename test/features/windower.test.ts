import assert from "node:assert/strict";
import fc from "fast-check";
import { Windower, type WindowSettings } from "../../src/features/windower";

/** Readings of one channel, one every 10 ms. */
function run(settings: WindowSettings, values: readonly number[], times?: readonly number[]): number[][] {
  const windower = new Windower(settings);
  return values.flatMap((value, i) => windower.push([value], times?.[i] ?? 10 * i).map((window) => Array.from(window)));
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe("windows out of a stream of readings", () => {
  const cases: [what: string, settings: WindowSettings, values: number[], windows: number[][]][] = [
    [
      "one after another",
      { readings: 3, stride: 3 },
      upTo(7),
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
    ],
    [
      "overlapping",
      { readings: 3, stride: 1 },
      upTo(5),
      [
        [0, 1, 2],
        [1, 2, 3],
        [2, 3, 4],
      ],
    ],
    [
      "with readings between them",
      { readings: 2, stride: 3 },
      upTo(8),
      [
        [0, 1],
        [3, 4],
        [6, 7],
      ],
    ],
    [
      "from a level on, with readings before it",
      { readings: 4, stride: 1, trigger: { quantity: "level", threshold: 5, before: 1 } },
      [0, 1, -6, 3, 2, 1, 7, 7, 7, 7],
      [
        [1, -6, 3, 2],
        [1, 7, 7, 7],
      ],
    ],
    [
      "from a change on, with fewer readings before it where there are not as many",
      { readings: 3, stride: 1, trigger: { quantity: "change", threshold: 2, before: 2 } },
      [5, 8, 8, 8, 8],
      [[5, 8, 8]],
    ],
  ];
  for (const [what, settings, values, windows] of cases) {
    it(what, () => assert.deepEqual(run(settings, values), windows));
  }

  it("begin every stride, whatever the lengths: as cut out of the whole stream", () => {
    const size = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(size, size, fc.integer({ min: 0, max: 60 }), (readings, stride, count) => {
        const expected: number[][] = [];
        for (let at = 0; at + readings <= count; at += stride) expected.push(upTo(count).slice(at, at + readings));
        assert.deepEqual(run({ readings, stride }, upTo(count)), expected);
      }),
    );
  });

  it("at a fixed rate, by straight lines between the readings", () => {
    const times = [0, 7, 31, 33, 50, 80];
    const values = times.map((time) => 2 * time + 1);
    assert.deepEqual(run({ readings: 8, stride: 8, rateHz: 100 }, values, times), [[1, 21, 41, 61, 81, 101, 121, 141]]);
  });

  it("at a fixed rate that divides no second: as many readings as there were", () => {
    for (const rateHz of [30, 62.5, 100, 119, 333]) {
      const times = Array.from({ length: 119 }, (_, i) => (1000 * i) / rateHz);
      assert.equal(run({ readings: 119, stride: 119, rateHz }, upTo(119), times).length, 1, `${rateHz} Hz`);
    }
    assert.equal(
      run(
        { readings: 20, stride: 20, rateHz: 100 },
        upTo(9),
        upTo(9).map((i) => 500 * i),
      ).length,
      20,
    );
  });

  it("are of several channels, row-major", () => {
    const windower = new Windower({ readings: 2, stride: 2 });
    windower.push([1, 2], 0);
    assert.deepEqual(windower.push([3, 4], 10), [Float32Array.of(1, 2, 3, 4)]);
  });

  it("begin anew after a pause, a time that goes back and another number of channels", () => {
    const windower = new Windower({ readings: 2, stride: 2, gap: 100 });
    assert.deepEqual(windower.push([1], 0), []);
    assert.deepEqual(windower.push([2], 500), []);
    assert.deepEqual(windower.push([3], 400), []);
    assert.equal(windower.gaps, 2);
    assert.deepEqual(windower.push([4, 4], 410), []);
    assert.deepEqual(windower.push([5, 5], 420), [Float32Array.of(4, 4, 5, 5)]);
  });

  it("are not filled with what nobody measured, however long the pause", () => {
    const windower = new Windower({ readings: 4, stride: 4, rateHz: 1000 });
    windower.push([1], 0);
    assert.deepEqual(windower.push([2], 1e12), []);
    assert.equal(windower.gaps, 1);
  });

  it("leave out readings that are no numbers", () => {
    const windower = new Windower({ readings: 2, stride: 2 });
    for (const wrong of [[Number.NaN], [1e300], [], [Number.POSITIVE_INFINITY]]) {
      assert.throws(() => windower.push(wrong, 0), { code: "TINYML_NOT_A_NUMBER" });
    }
    assert.throws(() => windower.push([1], Number.NaN), { code: "TINYML_NOT_A_NUMBER" });
    windower.push([1], 0);
    assert.deepEqual(windower.push([2], 1), [Float32Array.of(1, 2)]);
  });

  it("have sizes that make sense", () => {
    for (const wrong of [
      { readings: 0, stride: 1 },
      { readings: 1.5, stride: 1 },
      { readings: 1, stride: 0 },
      { readings: 2 ** 23, stride: 1 },
      { readings: 2, stride: 1, trigger: { quantity: "level" as const, threshold: 1, before: 2 } },
    ]) {
      assert.throws(() => new Windower(wrong), { code: "TINYML_CONFIG_INVALID" });
    }
    assert.throws(() => new Windower({ readings: 2 ** 21, stride: 1 }).push([1, 2, 3], 0), {
      code: "TINYML_CHANNEL_COUNT",
    });
  });
});
