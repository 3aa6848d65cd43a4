import assert from "node:assert/strict";
import fc from "fast-check";
import { type SplitOptions, splitRows } from "../../src/dataset/split-rows";
import { inputsInMemory, type Split, selectRows, type Table } from "../../src/dataset/table";

/** A table whose only input is the number of the row, so that rows can be followed. */
function makeTable(classes: readonly number[], more: Partial<Table> = {}): Table {
  return {
    task: "classification",
    channels: [{ name: "row", unit: "" }],
    labels: Array.from({ length: Math.max(0, ...classes) + 1 }, (_, i) => `label ${i}`),
    inputs: Float32Array.from(classes, (_, row) => row),
    outputs: Float32Array.from(classes),
    rows: classes.length,
    ...more,
  };
}

const rowsOf = (table: Table): number[] => [...inputsInMemory(table)];

function splitTable(table: Table, options: SplitOptions = {}): { training: Table; validation: Table } {
  const { training, validation } = splitRows(table, options);
  return { training: selectRows(table, training), validation: selectRows(table, validation) };
}

const classes = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 80 });
const share = fc.double({ min: 0, max: 0.9, noNaN: true });

describe("splitRows", () => {
  it("puts every row on one side, its order and its labels kept", () => {
    fc.assert(
      fc.property(classes, share, fc.integer(), fc.boolean(), (list, validation, seed, stratify) => {
        const table = makeTable(list);
        const split = splitTable(table, { validation, seed, stratify });
        const [training, validating] = [rowsOf(split.training), rowsOf(split.validation)];
        assert.deepEqual(
          [...training, ...validating].sort((a, b) => a - b),
          rowsOf(table),
        );
        for (const side of [split.training, split.validation]) {
          assert.deepEqual(
            rowsOf(side),
            rowsOf(side).toSorted((a, b) => a - b),
          );
          assert.deepEqual(
            [...side.outputs],
            rowsOf(side).map((row) => list[row]),
          );
          assert.equal(side.rows, rowsOf(side).length);
        }
        assert.ok(training.length > 0);
      }),
    );
  });

  it("gives each class its share, less than one row off, and all together the rounded share", () => {
    fc.assert(
      fc.property(classes, share, fc.integer(), (list, validation, seed) => {
        const { training, validation: validating } = splitTable(makeTable(list), { validation, seed });
        const count = (table: Table, label: number): number => table.outputs.filter((each) => each === label).length;
        let capped = false;
        for (const label of new Set(list)) {
          const all = list.filter((each) => each === label).length;
          const wanted = all * validation;
          // Training keeps a row of each class, whatever the share.
          capped ||= Math.ceil(wanted) > all - 1;
          assert.ok(count(training, label) >= 1);
          assert.ok(Math.abs(count(validating, label) - Math.min(wanted, all - 1)) < 1 + 1e-9);
        }
        if (!capped) assert.equal(validating.rows, Math.round(list.length * validation));
      }),
    );
  });

  it("takes a quarter by default, exactly", () => {
    const { training, validation } = splitTable(makeTable(new Array(1000).fill(0)), { seed: 1 });
    assert.deepEqual([training.rows, validation.rows], [750, 250]);
    const few = splitTable(makeTable([0, 0, 0, 1, 1, 1, 1, 1]), { seed: 1 });
    assert.deepEqual([...few.validation.outputs], [0, 1]);
  });

  it("is decided by the seed alone", () => {
    const table = makeTable(Array.from({ length: 200 }, (_, i) => i % 3));
    const rows = rowsOf(splitTable(table, { seed: 5 }).validation);
    assert.deepEqual(rowsOf(splitTable(table, { seed: 5 }).validation), rows);
    assert.notDeepEqual(rowsOf(splitTable(table, { seed: 6 }).validation), rows);
    // Known rows: a split may not change with a version, for then old models could not be compared with new ones.
    assert.deepEqual(rows.slice(0, 5), [0, 3, 4, 21, 26]);
  });

  it("keeps a group on one side and training with rows of each class", () => {
    const group = fc.constantFrom("", "a", "b", "c", "d", "e", "f", "g");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 2 }), group), { minLength: 1 }),
        share,
        fc.integer(),
        (list, validation, seed) => {
          const table = makeTable(
            list.map(([label]) => label),
            { groups: list.map(([, name]) => name) },
          );
          const split = splitTable(table, { validation, seed });
          const training = new Set(split.training.groups);
          for (const name of split.validation.groups ?? []) assert.ok(name === "" || !training.has(name));
          assert.deepEqual(new Set(split.training.outputs), new Set(table.outputs));
          assert.deepEqual(
            split.training.groups,
            rowsOf(split.training).map((row) => list[row]?.[1]),
          );
        },
      ),
    );
  });

  it("comes close to the share with groups too", () => {
    const groups = Array.from({ length: 400 }, (_, i) => `person ${i % 20}`);
    const table = makeTable(
      groups.map((_, i) => i % 2),
      { groups },
    );
    for (let seed = 0; seed < 20; seed++) {
      const { validation } = splitTable(table, { validation: 0.25, seed });
      assert.equal(validation.rows, 100);
    }
    const two = makeTable([0, 1, 0, 1], { groups: ["a", "a", "b", "b"] });
    assert.equal(splitTable(two).validation.rows, 2, "two groups: one validates");
    assert.equal(splitTable(makeTable([0, 0], { groups: ["a", "a"] })).validation.rows, 0, "one group: none can");
  });

  it("follows what was decided on recording", () => {
    const side = fc.constantFrom<Split | undefined>("training", "validation", undefined);
    fc.assert(
      fc.property(fc.array(side, { minLength: 1 }), fc.integer(), (splits, seed) => {
        const split = splitTable(makeTable(new Array(splits.length).fill(0), { splits }), { seed });
        for (const row of rowsOf(split.training)) assert.notEqual(splits[row], "validation");
        for (const row of rowsOf(split.validation)) assert.notEqual(splits[row], "training");
      }),
    );
  });

  it("splits regression by rows, whatever the targets", () => {
    const table: Table = {
      task: "regression",
      channels: [{ name: "row", unit: "" }],
      targets: [
        { name: "a", unit: "" },
        { name: "b", unit: "" },
      ],
      inputs: Float32Array.from({ length: 10 }, (_, row) => row),
      outputs: Float32Array.from({ length: 20 }, (_, i) => i),
      rows: 10,
    };
    const { training, validation } = splitTable(table, { validation: 0.3 });
    assert.deepEqual([training.rows, validation.rows], [7, 3]);
    for (const side of [training, validation]) {
      assert.deepEqual(
        [...side.outputs],
        rowsOf(side).flatMap((row) => [2 * row, 2 * row + 1]),
      );
    }
  });

  it("refuses a share that is none", () => {
    for (const validation of [-0.1, 1, Number.NaN, 25]) {
      assert.throws(() => splitTable(makeTable([0]), { validation }), { code: "TINYML_CONFIG_INVALID" });
    }
    assert.equal(splitTable(makeTable([0, 0]), { validation: 0 }).validation.rows, 0);
  });
});
