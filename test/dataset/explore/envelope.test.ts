import assert from "node:assert/strict";
import { thinReadings } from "../../../src/dataset/explore/envelope";

describe("dataset: readings thinned for a drawing", () => {
  const cases: { what: string; values: number[]; channels: number; points: number; expected: object }[] = [
    {
      what: "few readings stay as they are",
      values: [1, 10, 2, 20, 3, 30],
      channels: 2,
      points: 3,
      expected: { readings: 3, step: 1, channels: [{ minimum: [1, 2, 3] }, { minimum: [10, 20, 30] }] },
    },
    {
      what: "of many, each stretch keeps its least and its greatest",
      values: [0, 5, -1, 2, 9],
      channels: 1,
      points: 3,
      expected: { readings: 5, step: 2, channels: [{ minimum: [0, -1, 9], maximum: [5, 2, 9] }] },
    },
    {
      what: "a recording without readings has no points",
      values: [],
      channels: 1,
      points: 3,
      expected: { readings: 0, step: 1, channels: [{ minimum: [] }] },
    },
    {
      what: "numbers are short as text",
      values: [Math.fround(0.1), 123456789],
      channels: 1,
      points: 2,
      expected: { readings: 2, step: 1, channels: [{ minimum: [0.1, 123457000] }] },
    },
  ];
  for (const { what, values, channels, points, expected } of cases) {
    it(what, () => assert.deepEqual(thinReadings(Float32Array.from(values), channels, points), expected));
  }

  it("no peak is lost, however long the recording is", () => {
    const values = new Float32Array(1_000_003);
    values[777_777] = 8;
    const { channels } = thinReadings(values, 1);
    assert.ok((channels[0]?.minimum.length ?? 0) <= 500);
    assert.equal(Math.max(...(channels[0]?.maximum ?? [])), 8);
  });
});
