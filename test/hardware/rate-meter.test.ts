import assert from "node:assert/strict";
import { createRateMeter } from "../../src/hardware/rate-meter";

/** A number from 0 to 1 that is the same each time. */
function chance(step: number): number {
  const mixed = Math.sin(12.9898 * step) * 43_758.5453;
  return mixed - Math.floor(mixed);
}

describe("rate of readings", () => {
  for (const rateHz of [0.5, 3, 50, 119, 1000, 8000]) {
    it(`${rateHz} Hz, arriving late by up to 15 ms in lumps: within 1 %, evenly spaced times`, () => {
      const meter = createRateMeter();
      const seconds = Math.max(8, 12 / rateHz);
      let sent = 0;
      const times: { time: number; due: number }[] = [];
      for (let now = 0; now < seconds * 1000; now += 5 + 10 * chance(now)) {
        const due = Math.floor((now * rateHz) / 1000);
        if (due <= sent) continue;
        const { first, step } = meter.arrived(due - sent, 1e6 + now);
        for (let i = sent; i < due; i++)
          times.push({ time: first + (i - sent) * step, due: 1e6 + ((i + 1) * 1000) / rateHz });
        sent = due;
      }
      assert.ok(Math.abs((meter.rateHz ?? 0) / rateHz - 1) < 0.01, `${meter.rateHz}`);
      const late = times.filter((_, i) => i > times.length / 2).map(({ time, due }) => time - due);
      assert.ok(Math.max(...late) - Math.min(...late) <= 16, "the times follow the readings");
      assert.ok(
        times.every(({ time }, i) => i === 0 || time >= times[i - 1].time),
        "time runs backwards",
      );
    });
  }

  it("is unknown at first, and anew after a pause", () => {
    const meter = createRateMeter();
    for (let now = 0; now < 900; now += 10) meter.arrived(1, now);
    assert.equal(meter.rateHz, undefined);
    for (let now = 900; now < 3000; now += 10) meter.arrived(1, now);
    assert.ok(Math.abs((meter.rateHz ?? 0) - 100) < 1);
    const { first } = meter.arrived(1, 9000);
    assert.equal(first, 9000);
    assert.equal(meter.rateHz, undefined);
    for (let now = 9020; now < 11_500; now += 20) meter.arrived(1, now);
    assert.ok(Math.abs((meter.rateHz ?? 0) - 50) < 0.5, `${meter.rateHz}`);
  });
});
