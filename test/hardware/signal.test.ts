import assert from "node:assert/strict";
import { TinymlError } from "../../src/errors";
import { gestureNames } from "../../src/hardware/gestures";
import { createReplay } from "../../src/hardware/replay";
import { createSignal, type SignalReading } from "../../src/hardware/signal";

const rateHz = 100;
const read = (gesture: "all" | (typeof gestureNames)[number] | "rest", count: number): SignalReading[] => {
  const signal = createSignal({ kind: "gestures", gesture, pause: 0 }, rateHz);
  return Array.from({ length: count }, (_, number) => signal.at(number));
};

/** A gesture's mean strength per axis and how its axes follow each other: what tells gestures apart for a simple learner. */
function describeGesture(window: readonly SignalReading[]): number[] {
  const axes = window[0].values.map((_, axis) => window.map(({ values }) => values[axis] / (axis < 3 ? 1 : 150)));
  const means = axes.map((axis) => axis.reduce((sum, value) => sum + value, 0) / axis.length);
  const deviations = axes.map((axis, i) =>
    Math.sqrt(axis.reduce((sum, value) => sum + (value - means[i]) ** 2, 0) / axis.length),
  );
  return [...means, ...deviations, ...axes.map((axis) => Math.max(...axis)), ...axes.map((axis) => Math.min(...axis))];
}

describe("simulated gestures", () => {
  it("have six axes and a label, and are the same each time", () => {
    const first = read("all", 500);
    assert.deepEqual(first, read("all", 500));
    assert.deepEqual([...new Set(first.map(({ label }) => label))], [...gestureNames]);
    assert.ok(first.every(({ values }) => values.length === 6 && values.every(Number.isFinite)));
  });

  it("are made differently from another first number on", () => {
    const from = (first: number): number[][] => {
      const signal = createSignal({ kind: "gestures", gesture: "punch", first }, rateHz);
      return Array.from({ length: 100 }, (_, number) => signal.at(number).values);
    };
    assert.deepEqual(from(3), from(3));
    const [one, other] = [from(3), from(4)];
    assert.ok(one.every((values, i) => values.every((value, axis) => value !== other[i][axis])));
  });

  it("at rest only gravity acts, somewhat noisily", () => {
    for (const { values, label } of read("rest", 300)) {
      assert.equal(label, "rest");
      assert.ok(Math.abs(values[2] - 0.98) < 0.05 && values.slice(3).every((turn) => Math.abs(turn) <= 3));
    }
  });

  it("stay in what motion sensors measure, each made differently", () => {
    for (const name of gestureNames) {
      const readings = read(name, 4000);
      const largest = (from: number, to: number): number =>
        Math.max(...readings.flatMap(({ values }) => values.slice(from, to).map(Math.abs)));
      assert.ok(largest(0, 3) > 0.8 && largest(0, 3) < 4, `${name}: ${largest(0, 3)} g`);
      assert.ok(largest(3, 6) > 100 && largest(3, 6) < 800, `${name}: ${largest(3, 6)} degrees per second`);
      const shapes = new Set(Array.from({ length: 40 }, (_, turn) => readings[turn * 100 + 30].values[0].toFixed(3)));
      assert.ok(shapes.size > 20);
    }
  });

  it("can be told apart by the nearest of the examples that were seen before", () => {
    const samples = gestureNames.flatMap((name) => {
      const readings = read(name, 4000);
      return Array.from({ length: 40 }, (_, turn) => ({
        name,
        turn,
        description: describeGesture(readings.slice(turn * 100, turn * 100 + 100)),
      }));
    });
    const known = samples.filter(({ turn }) => turn < 20);
    const distance = (a: readonly number[], b: readonly number[]): number =>
      a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);
    const asked = samples.filter(({ turn }) => turn >= 20);
    const right = asked.filter(({ name, description }) => {
      const nearest = known.reduce((best, one) =>
        distance(one.description, description) < distance(best.description, description) ? one : best,
      );
      return nearest.name === name;
    });
    assert.ok(right.length >= 0.95 * asked.length, `${right.length} of ${asked.length}`);
  });

  it("rest behind each gesture as long as they are told", () => {
    const signal = createSignal({ kind: "gestures", gesture: "vert", pause: 0.5 }, rateHz);
    const labels = Array.from({ length: 300 }, (_, number) => signal.at(number).label);
    assert.deepEqual(
      labels,
      Array.from({ length: 300 }, (_, number) => (number % 150 < 100 ? "vert" : "rest")),
    );
  });
});

describe("other signals", () => {
  it("a sine turns as often as it is told, each further channel faster", () => {
    const signal = createSignal({ kind: "sine", channels: 2, frequencyHz: 5 }, 1000);
    for (const number of [0, 50, 150, 1234]) {
      const [first, second] = signal.at(number).values;
      assert.ok(Math.abs(first - Math.sin((2 * Math.PI * 5 * number) / 1000)) < 1e-9);
      assert.ok(Math.abs(second - Math.sin((2 * Math.PI * 10 * number) / 1000)) < 1e-9);
    }
  });

  it("noise is spread evenly from -1 to 1", () => {
    const signal = createSignal({ kind: "noise", channels: 1 }, 1000);
    const values = Array.from({ length: 10_000 }, (_, number) => signal.at(number).values[0]);
    assert.ok(values.every((value) => value >= -1 && value <= 1));
    assert.ok(Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length) < 0.03);
  });

  it("refuse settings that make no sense", () => {
    const wrong = [
      { kind: "noise" as const, channels: 0 },
      { kind: "noise" as const, channels: 1.5 },
      { kind: "gestures" as const, gesture: "all" as const, pause: -1 },
    ];
    for (const settings of wrong) {
      assert.throws(
        () => createSignal(settings, 100),
        (error) => error instanceof TinymlError && error.code === "TINYML_CONFIG_INVALID",
      );
    }
  });
});

describe("replay", () => {
  const recorded = { channels: ["x"], values: [1, 2, 3], parts: [{ readings: 2, label: "a" }, { readings: 1 }] };

  it("gives the recordings with their labels, nothing in the pauses, and begins anew after the end", () => {
    const replay = createReplay(recorded, 2);
    assert.equal(replay.length, 7);
    const expected = [
      { values: [1], label: "a" },
      { values: [2], label: "a" },
      undefined,
      undefined,
      { values: [3] },
      undefined,
      undefined,
    ];
    assert.deepEqual(
      Array.from({ length: 21 }, (_, number) => replay.at(number)),
      [...expected, ...expected, ...expected],
    );
    // Ticks that were left out are readings that are left out.
    assert.deepEqual(replay.at(4), { values: [3] });
    assert.deepEqual(replay.at(1), { values: [2], label: "a" });
  });

  it("of nothing says so", () => {
    assert.throws(() => createReplay({ channels: ["x"], values: [], parts: [] }, 0), /no readings to replay/);
  });
});
