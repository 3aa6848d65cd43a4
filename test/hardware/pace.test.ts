import assert from "node:assert/strict";
import { createBacklog } from "../../src/hardware/backlog";
import { createPace, createPolling } from "../../src/hardware/pace";

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Keeps the event loop busy. */
function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe("pace", () => {
  for (const rateHz of [20, 119, 5000]) {
    it(`${rateHz} Hz: as many ticks as the time since the start asks for, though the event loop stands still in between`, async () => {
      const ticks: { number: number; time: number }[] = [];
      const pace = createPace(rateHz, (number, time) => ticks.push({ number, time }));
      for (let i = 0; i < 5; i++) {
        await wait(60);
        block(40);
      }
      await wait(2);
      await new Promise((resolve) => setImmediate(resolve));
      pace.close();
      const [first, last] = [ticks[0], ticks[ticks.length - 1]];
      assert.equal(last.number + 1, ticks.length + pace.dropped);
      assert.equal(first.number, 0);
      assert.ok(Math.abs(last.time - first.time - (last.number * 1000) / rateHz) < 1e-3);
      // Half of the time the loop stood still; a timer alone would be far behind.
      assert.ok(last.number >= 0.4 * rateHz && last.time <= Date.now() + 1);
    });
  }

  it("after more than a second of stand-still the oldest ticks are left out, and counted", async () => {
    const numbers: number[] = [];
    const pace = createPace(1000, (number) => numbers.push(number));
    await wait(20);
    block(1600);
    await wait(20);
    pace.close();
    assert.ok(pace.dropped >= 500, `${pace.dropped} dropped`);
    assert.equal(numbers.length + pace.dropped, numbers[numbers.length - 1] + 1);
  });

  it("nothing comes after it is closed, even from within a tick", async () => {
    const numbers: number[] = [];
    const pace = createPace(10_000, (number) => {
      numbers.push(number);
      if (number === 3) pace.close();
    });
    await wait(30);
    assert.deepEqual(numbers, [0, 1, 2, 3]);
  });
});

describe("polling", () => {
  it("reads at the mean rate that it is told, though reads and the event loop are late at times", async () => {
    const times: number[] = [];
    const polling = createPolling(200, async (time) => {
      times.push(time);
      await wait(times.length % 50 === 0 ? 20 : 0);
    });
    const begin = performance.now();
    for (let i = 0; i < 10; i++) {
      await wait(80);
      block(20);
    }
    await wait(30);
    const seconds = (performance.now() - begin) / 1000;
    polling.close();
    const first = times[0] ?? Number.NaN;
    assert.deepEqual(
      times.map((time) => Math.round((time - first) / 5)),
      Array.from(times, (_, i) => i),
      "each at its own time",
    );
    assert.ok(times.length >= 200 * (seconds - 0.04), `${times.length} in ${seconds} s`);
    assert.equal(polling.dropped, 0);
  });

  it("drops and counts what a slow read leaves no time for, and none is older than a tenth of a second", async () => {
    let reads = 0;
    let underWay = 0;
    let oldest = 0;
    const polling = createPolling(1000, async (time) => {
      underWay += 1;
      assert.equal(underWay, 1, "one after the other");
      oldest = Math.max(oldest, Date.now() - time);
      await wait(10);
      reads += 1;
      underWay -= 1;
    });
    await wait(1000);
    const { dropped } = polling;
    polling.close();
    assert.ok(reads > 20 && reads <= 100, `${reads} reads`);
    assert.ok(dropped > 700 && dropped < 1000, `${dropped} dropped`);
    assert.ok(oldest < 150, `${oldest} ms`);
    const before = reads;
    await wait(50);
    assert.ok(reads <= before + 1, "nothing begins after it is closed");
  });
});

describe("backlog", () => {
  it("delivers in order, a few per turn, and others get turns in between", async () => {
    const delivered: number[] = [];
    const backlog = createBacklog<number>((item) => delivered.push(item), { limit: 100, perTurn: 10 });
    for (let i = 0; i < 35; i++) backlog.push(i);
    assert.deepEqual(delivered, []);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(delivered.length, 10);
    await wait(10);
    assert.deepEqual(
      delivered,
      Array.from({ length: 35 }, (_, i) => i),
    );
    assert.equal(backlog.dropped, 0);
  });

  it("drops and counts the oldest where too many wait", async () => {
    const delivered: number[] = [];
    const backlog = createBacklog<number>((item) => delivered.push(item), { limit: 10, perTurn: 100 });
    for (let i = 0; i < 1000; i++) backlog.push(i);
    await wait(5);
    assert.equal(backlog.dropped, 990);
    assert.deepEqual(
      delivered,
      Array.from({ length: 10 }, (_, i) => 990 + i),
    );
  });

  it("delivers nothing after it is closed", async () => {
    const delivered: number[] = [];
    const backlog = createBacklog<number>((item) => delivered.push(item), { limit: 10, perTurn: 1 });
    for (let i = 0; i < 5; i++) backlog.push(i);
    backlog.close();
    await wait(5);
    assert.deepEqual(delivered, []);
  });
});
