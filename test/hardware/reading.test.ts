import assert from "node:assert/strict";
import fc from "fast-check";
import { createCalibration } from "../../src/hardware/calibrate";
import { createAverage, createDeadband, scaleReading } from "../../src/hardware/reading";

describe("scaleReading", () => {
  it("gives the fraction of full scale, the volts or the code", () => {
    const reading = { code: 512, fullScale: 1023, volts: 1.65 };
    assert.equal(scaleReading(reading, "fraction"), 512 / 1023);
    assert.equal(scaleReading(reading, "volts"), 1.65);
    assert.equal(scaleReading(reading, "raw"), 512);
    assert.equal(scaleReading({ code: 0, fullScale: 1023 }, "fraction"), 0);
    assert.equal(scaleReading({ code: 1023, fullScale: 1023 }, "fraction"), 1);
  });

  it("keeps the fraction within 0..1 where a converter reads just below zero", () => {
    assert.equal(scaleReading({ code: -3, fullScale: 32767, volts: -0.0004 }, "fraction"), 0);
    assert.equal(scaleReading({ code: -3, fullScale: 32767, volts: -0.0004 }, "volts"), -0.0004);
  });

  it("says so where the volts are unknown", () => {
    assert.throws(() => scaleReading({ code: 1, fullScale: 3 }, "volts"), { code: "TINYML_HARDWARE_FAILED" });
  });
});

describe("createCalibration", () => {
  it("goes through both points, exactly, and on along their line", () => {
    const calibrated = createCalibration({ codes: [310, 702], values: [20, 60] });
    assert.deepEqual([310, 702, 506].map(calibrated), [20, 60, 40]);
    assert.ok(Math.abs(calibrated(114) - 0) < 1e-9);
    assert.equal(scaleReading({ code: 702, fullScale: 1023 }, "calibrated", calibrated), 60);
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.double({ noNaN: true, min: -1e6, max: 1e6 }), (a, b, value) => {
        fc.pre(a !== b);
        const line = createCalibration({ codes: [a, b], values: [value, value + 1] });
        // Not deepEqual, for which a reading of −0 is not the 0 that was entered.
        assert.ok(line(a) === value && line(b) === value + 1);
      }),
    );
  });

  it("refuses points that make no line", () => {
    for (const wrong of [
      { codes: [1, 1], values: [0, 1] },
      { codes: [0, 1], values: [5, 5] },
      { codes: [0, Number.NaN], values: [0, 1] },
    ] as const) {
      assert.throws(() => createCalibration(wrong), { code: "TINYML_CONFIG_INVALID" });
    }
  });
});

describe("createAverage", () => {
  it("gives the mean of every so many readings and nothing in between", () => {
    const average = createAverage(3);
    assert.deepEqual([1, 2, 6, 10, 10, 40].map(average), [undefined, undefined, 3, undefined, undefined, 20]);
    assert.deepEqual([5, 6].map(createAverage(1)), [5, 6]);
  });
});

describe("createDeadband", () => {
  it("passes the first value and then those that moved far enough from the last passed", () => {
    const passes = createDeadband(0.5);
    assert.deepEqual([1, 1.2, 1.4, 1.5, 1.3, 0.9].map(passes), [true, false, false, true, false, true]);
  });

  it("passes everything with width 0, and never lets two passed values lie closer than the width", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true })),
        fc.double({ min: 0, max: 1e3, noNaN: true }),
        (values, width) => {
          assert.ok(values.every(createDeadband(0)));
          const passed = values.filter(createDeadband(width));
          passed.forEach((value, i) => {
            assert.ok(i === 0 || !(Math.abs(value - (passed[i - 1] ?? 0)) < width));
          });
        },
      ),
    );
  });
});
