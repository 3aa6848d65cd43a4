import assert from "node:assert/strict";
import { colorBetween, nearestPoint, nextPoint, placePoints, pointsWithin } from "../../nodes/sample-map";
import { drawLines, formatNumber, rangeOf, spectrogramPixels, ticksBetween } from "../../nodes/sample-plot";

describe("editor: drawings of samples", () => {
  it("numbers at an axis are round, within it, and no more than there is room for", () => {
    const cases: [low: number, high: number, most: number, ticks: number[]][] = [
      [0, 1, 4, [0, 0.5, 1]],
      [-1, 1, 5, [-1, -0.5, 0, 0.5, 1]],
      [0, 127, 3, [0, 50, 100]],
      [0.1, 0.3, 2, [0.1, 0.2, 0.3]],
      [5, 5, 3, []],
      [0, Number.POSITIVE_INFINITY, 3, []],
    ];
    for (const [low, high, most, ticks] of cases) assert.deepEqual(ticksBetween(low, high, most), ticks);
    for (let span = 1e-9; span < 1e9; span *= 3.7) {
      const ticks = ticksBetween(-span / 3, span, 5);
      assert.ok(ticks.length >= 1 && ticks.length <= 6, `${ticks} for ${span}`);
    }
  });

  it("numbers are short", () => {
    const cases: [value: number, text: string][] = [
      [0, "0"],
      [0.25, "0.25"],
      [-1500, "-1500"],
      [0.1 + 0.2, "0.3"],
      [2e-7, "2e-7"],
      [300000, "3e5"],
    ];
    for (const [value, text] of cases) assert.equal(formatNumber(value), text);
  });

  it("a range has air around it, and some where all values are the same or none is there", () => {
    assert.deepEqual(rangeOf([]), [0, 1]);
    assert.deepEqual(rangeOf([5, 5]), [0, 10]);
    assert.deepEqual(rangeOf([0, 0]), [-1, 1]);
    const [low, high] = rangeOf([0, 100]);
    assert.ok(low < 0 && high > 100 && high - low < 120);
  });

  const envelope = {
    readings: 6,
    step: 2,
    channels: [
      { minimum: [0, 1, 2], maximum: [1, 2, 3] },
      { minimum: [-100, 0, 100], maximum: [-100, 0, 100] },
    ],
  };
  const drawing = { width: 300, height: 150, axis: "<seconds>" };

  it("a recording is drawn within its drawing, thinned channels as areas, texts escaped", () => {
    const svg = drawLines(envelope, drawing);
    assert.equal(svg.match(/tinyml-envelope/g)?.length, 2);
    assert.ok(svg.includes("&#60;seconds&#62;"));
    const places = [...svg.matchAll(/ d="M([^"]+)Z"/g)].flatMap(([, path = ""]) => path.split("L"));
    for (const [x = -1, y = -1] of places.map((place) => place.split(" ").map(Number))) {
      assert.ok(x >= 0 && x <= 300 && y >= 0 && y <= 150, `${x} ${y}`);
    }
  });

  it("only some channels may be drawn, on the scale of these", () => {
    const svg = drawLines(envelope, { ...drawing, only: [0] });
    assert.equal(svg.match(/tinyml-envelope/g)?.length, 1);
    assert.doesNotMatch(svg, />-?100</);
  });

  it("a single reading is a dot, and no reading is an empty drawing", () => {
    assert.match(drawLines({ readings: 1, step: 1, channels: [{ minimum: [3] }] }, drawing), /<circle/);
    assert.doesNotMatch(drawLines({ readings: 0, step: 1, channels: [{ minimum: [] }] }, drawing), /NaN|Infinity/);
  });

  it("a spectrogram has its low bands at the bottom, and gets lighter the louder it is", () => {
    const pixels = spectrogramPixels(Uint8Array.of(0, 100, 180, 255), 2, 2);
    const light = (row: number, column: number): number => {
      const at = 4 * (2 * row + column);
      return pixels[at] + pixels[at + 1] + pixels[at + 2];
    };
    assert.equal(pixels.length, 16);
    assert.ok(light(1, 0) < light(0, 0) && light(0, 0) < light(1, 1) && light(1, 1) < light(0, 1));
  });
});

describe("editor: map of samples", () => {
  const placed = { x: Float32Array.of(10, 50, 50, 90), y: Float32Array.of(50, 10, 90, 50) };

  it("places points within the drawing, both directions on one scale", () => {
    const { x, y } = placePoints([0, 10, 5], [0, 0, 5], 220, 120);
    assert.deepEqual([...x], [10, 210, 110]);
    assert.deepEqual([...y], [110, 110, 10]);
  });

  it("a single point lies in the middle", () => {
    const { x, y } = placePoints([3], [4], 100, 60);
    assert.deepEqual([x[0], y[0]], [50, 30]);
    assert.equal(placePoints([], [], 100, 60).x.length, 0);
  });

  it("finds the nearest point within reach", () => {
    assert.equal(nearestPoint(placed, 12, 49, 9), 0);
    assert.equal(nearestPoint(placed, 30, 30, 9), -1);
  });

  it("the keys lead to the nearest point in their direction, and stay where there is none", () => {
    assert.equal(nextPoint(placed, 0, "right"), 1);
    assert.equal(nextPoint(placed, 1, "down"), 0);
    assert.equal(nextPoint(placed, 3, "right"), 3);
  });

  it("a line around points holds those within", () => {
    const line = [
      [0, 0],
      [60, 0],
      [60, 60],
      [0, 60],
    ] as const;
    assert.deepEqual(pointsWithin(placed, line), [0, 1]);
    assert.deepEqual(pointsWithin(placed, []), []);
  });

  it("colours go from blue to orange", () => {
    assert.equal(colorBetween(0, 0, 10), "rgb(40 120 225)");
    assert.equal(colorBetween(99, 0, 10), "rgb(235 130 30)");
    assert.equal(colorBetween(4, 4, 4), colorBetween(5, 0, 10));
  });
});
