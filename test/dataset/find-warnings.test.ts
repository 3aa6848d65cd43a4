import assert from "node:assert/strict";
import { type DataWarning, findWarnings } from "../../src/dataset/find-warnings";
import { allRows, type Table } from "../../src/dataset/table";

const table = (more: Partial<Table>): Table => ({
  task: "classification",
  channels: [
    { name: "x", unit: "" },
    { name: "y", unit: "" },
  ],
  labels: ["a", "b"],
  inputs: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  outputs: Float32Array.of(0, 1, 0, 1),
  rows: 4,
  ...more,
});

const windows = { shape: [2, 2], inputs: Float32Array.of(1, 2, 1, 2, 3, 3, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8) };
const repeated = (counts: readonly number[]): Partial<Table> => {
  const outputs = Float32Array.from(counts.flatMap((count, label) => new Array<number>(count).fill(label)));
  const inputs = Float32Array.from({ length: 2 * outputs.length }, (_, i) => i);
  return { outputs, inputs, rows: outputs.length };
};

const cases: { of: string; table: Table; found: Partial<DataWarning>[] }[] = [
  { of: "sound rows", table: table({}), found: [] },
  {
    of: "windows in which no channel changes",
    table: table(windows),
    found: [{ type: "constantSamples", rows: [0, 2] }],
  },
  {
    of: "pictures of one colour",
    table: table({ ...windows, inputs: Uint8Array.from(windows.inputs), shape: [2, 1, 2] }),
    found: [{ type: "constantSamples", rows: [0, 2] }],
  },
  {
    of: "a channel that is the same in all rows",
    table: table({ inputs: Float32Array.of(1, 2, 3, 2, 5, 2, 7, 2) }),
    found: [{ type: "constantChannels", channels: ["y"] }],
  },
  { of: "a label that is exactly four times rarer", table: table(repeated([8, 2])), found: [] },
  { of: "a label that is far rarer", table: table(repeated([9, 2])), found: [{ type: "imbalance", labels: ["b"] }] },
  {
    of: "labels without a row",
    table: table({ labels: ["a", "b", "c", "d"] }),
    found: [{ type: "noSamples", labels: ["c", "d"] }],
  },
];

describe("warnings about rows", () => {
  for (const { of, table, found } of cases) {
    it(`${found.length === 0 ? "says nothing of" : "tells of"} ${of}`, () => {
      const warnings = findWarnings(table, allRows(table));
      assert.deepEqual(
        warnings.map(({ message, ...rest }) => rest),
        found,
      );
      for (const { message } of warnings) assert.match(message, /^[A-Z].{30,}\.$/);
    });
  }

  it("looks at the named rows alone", () => {
    assert.deepEqual(
      findWarnings(table(windows), [1, 3]).map(({ type }) => type),
      ["noSamples"],
    );
    assert.deepEqual(findWarnings(table(windows), [1, 2]), [
      {
        type: "constantSamples",
        message: "In 1 of 2 samples nothing changes (row 2): look whether the sensor was connected.",
        rows: [2],
      },
    ]);
  });

  it("tells of groups that are on several sides of the split, whichever rows are looked at", () => {
    const grouped = table({ groups: ["ann", "ben", "ben", ""] });
    const sides = (training: number[], validation: number[], test: number[]) => ({
      training: Uint32Array.from(training),
      validation: Uint32Array.from(validation),
      test: Uint32Array.from(test),
    });
    const leaking = (split: ReturnType<typeof sides>) =>
      findWarnings(grouped, [0, 1, 2, 3], split).flatMap(({ groups }) => groups ?? []);
    assert.deepEqual(leaking(sides([0, 3], [1, 2], [])), []);
    assert.deepEqual(leaking(sides([0, 1], [2, 3], [])), ["ben"]);
    assert.deepEqual(leaking(sides([0], [1], [2, 3])), ["ben"]);
    assert.deepEqual(leaking(sides([3, 0], [3, 1, 2], [])), [], "rows without a group belong to none");
  });

  it("lists twenty at most, and says how many more there are", () => {
    const rows = 30;
    const still = table({
      ...windows,
      inputs: new Float32Array(4 * rows),
      outputs: new Float32Array(rows),
      rows,
      labels: ["a"],
    });
    const [warning] = findWarnings(still, allRows(still));
    assert.equal(warning.rows?.length, 20);
    assert.match(warning.message, /^In 30 of 30 samples .*rows 0, 1, .*, 19 and 10 more/);
  });
});
