import assert from "node:assert/strict";
import fc from "fast-check";
import { foldRows } from "../../src/dataset/fold-rows";
import type { Split, Table } from "../../src/dataset/table";

function makeTable(classes: readonly number[], more: Partial<Table> = {}): Table {
  return {
    task: "classification",
    channels: [{ name: "x", unit: "" }],
    labels: Array.from({ length: Math.max(0, ...classes) + 1 }, (_, i) => `label ${i}`),
    inputs: new Float32Array(classes.length),
    outputs: Float32Array.from(classes),
    rows: classes.length,
    ...more,
  };
}

const folds = fc.integer({ min: 2, max: 6 });
const classes = fc.array(fc.nat({ max: 3 }), { minLength: 6, maxLength: 80 });
const groups = fc.array(fc.tuple(fc.nat({ max: 2 }), fc.constantFrom("", "a", "b", "c", "d", "e", "f")), {
  minLength: 1,
  maxLength: 60,
});

describe("foldRows", () => {
  it("lets each row validate once and train in all other folds", () => {
    fc.assert(
      fc.property(classes, folds, fc.integer(), (list, count, seed) => {
        const splits = foldRows(makeTable(list), count, seed);
        assert.equal(splits.length, count);
        const everyRow = list.map((_, row) => row);
        assert.deepEqual(
          splits.flatMap(({ validation }) => [...validation]).sort((a, b) => a - b),
          everyRow,
        );
        for (const { training, validation, test } of splits) {
          assert.deepEqual(
            [...training, ...validation].sort((a, b) => a - b),
            everyRow,
          );
          assert.equal(test.length, 0);
        }
      }),
    );
  });

  it("gives each fold its share of every class and of the whole, but for one row", () => {
    fc.assert(
      fc.property(classes, folds, fc.integer(), (list, count, seed) => {
        const splits = foldRows(makeTable(list), count, seed);
        const isEven = (numbers: readonly number[]): boolean => Math.max(...numbers) - Math.min(...numbers) <= 1;
        assert.ok(isEven(splits.map(({ validation }) => validation.length)));
        for (const label of new Set(list)) {
          assert.ok(isEven(splits.map(({ validation }) => validation.filter((row) => list[row] === label).length)));
        }
      }),
    );
  });

  it("keeps a group in one fold", () => {
    fc.assert(
      fc.property(groups, folds, fc.integer(), (list, count, seed) => {
        const names = list.map(([, name]) => name);
        fc.pre(new Set(names.map((name, row) => name || row)).size >= count);
        const table = makeTable(
          list.map(([label]) => label),
          { groups: names },
        );
        for (const { training, validation } of foldRows(table, count, seed)) {
          const known = new Set(Array.from(training, (row) => names[row]));
          for (const row of validation) assert.ok(names[row] === "" || !known.has(names[row]));
          assert.equal(training.length + validation.length, list.length);
          assert.ok(validation.length > 0);
        }
      }),
    );
  });

  it("stratifies groups: recordings of five gestures, each class in each fold", () => {
    const list = Array.from({ length: 100 }, (_, row) => row % 5);
    const table = makeTable(list, { groups: list.map((_, row) => `recording ${Math.floor(row / 10)} of ${row % 5}`) });
    for (let seed = 0; seed < 20; seed++) {
      for (const { validation } of foldRows(table, 5, seed)) {
        for (let label = 0; label < 5; label++) assert.equal(validation.filter((row) => list[row] === label).length, 4);
      }
    }
  });

  it("is decided by the seed alone", () => {
    const table = makeTable(Array.from({ length: 50 }, (_, i) => i % 3));
    assert.deepEqual(foldRows(table, 5, 1), foldRows(table, 5, 1));
    assert.notDeepEqual(foldRows(table, 5, 1), foldRows(table, 5, 2));
    // Known rows: folds may not change with a version, for then old results could not be compared with new ones.
    assert.deepEqual([...foldRows(table, 5, 1)[0].validation], [0, 2, 4, 9, 12, 14, 20, 25, 36, 49]);
  });

  it("leaves rows for a test out of all folds", () => {
    const splits: (Split | undefined)[] = ["test", "training", "validation", undefined, undefined, "test"];
    for (const { training, validation, test } of foldRows(makeTable([0, 0, 0, 0, 0, 0], { splits }), 2)) {
      assert.deepEqual([...test], [0, 5]);
      assert.deepEqual([training.length, validation.length], [2, 2]);
    }
  });

  it("folds numbers to predict by rows, whatever the targets", () => {
    const table: Table = { ...makeTable([7, 8, 9, 10]), task: "regression", targets: [{ name: "y", unit: "" }] };
    for (const { validation } of foldRows(table, 2)) assert.equal(validation.length, 2);
  });

  it("refuses what can't be", () => {
    for (const count of [1, 0, -1, 2.5, Number.NaN]) {
      assert.throws(() => foldRows(makeTable([0, 1]), count), { code: "TINYML_CONFIG_INVALID" });
    }
    assert.throws(() => foldRows(makeTable([0, 1]), 3), { code: "TINYML_DATASET_EMPTY" });
    assert.throws(() => foldRows(makeTable([0, 1, 1], { groups: ["a", "a", "a"] }), 2), {
      code: "TINYML_DATASET_EMPTY",
    });
  });
});
