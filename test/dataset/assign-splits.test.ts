import assert from "node:assert/strict";
import { assignSplits } from "../../src/dataset/assign-splits";
import type { SampleEntry } from "../../src/dataset/dataset";
import { TinymlError } from "../../src/errors";

const samples = (count: number, properties: (i: number) => Partial<SampleEntry>): SampleEntry[] =>
  Array.from({ length: count }, (_, i) => ({ id: i + 1, time: 0, ...properties(i) }));

describe("assigning samples to the sides of a split", () => {
  it("gives each label its share on each side, and every sample one side", () => {
    const mixed = samples(100, (i) => ({ label: i % 4 === 0 ? "rare" : "usual" }));
    const sides = assignSplits(mixed, "classification", { validation: 0.2, test: 0.2, seed: 3 });
    const rare = (ids: readonly number[]) => ids.filter((id) => mixed[id - 1]?.label === "rare").length;
    for (const [side, total, ofRare] of [
      ["training", 60, 15],
      ["validation", 20, 5],
      ["test", 20, 5],
    ] as const) {
      assert.deepEqual([sides[side].length, rare(sides[side])], [total, ofRare], side);
    }
    const all = [...sides.training, ...sides.validation, ...sides.test].sort((a, b) => a - b);
    assert.deepEqual(
      all,
      mixed.map(({ id }) => id),
    );
  });

  it("keeps groups together, and draws the same with the same seed only", () => {
    const grouped = samples(60, (i) => ({ label: i % 2 === 0 ? "a" : "b", group: `speaker ${Math.floor(i / 6)}` }));
    const draw = (seed: number) => assignSplits(grouped, "classification", { validation: 0.2, test: 0.2, seed });
    const sides = draw(1);
    const groupsOf = (ids: readonly number[]) => new Set(ids.map((id) => grouped[id - 1]?.group));
    assert.deepEqual([sides.training.length, sides.validation.length, sides.test.length], [36, 12, 12]);
    const groups = [groupsOf(sides.training), groupsOf(sides.validation), groupsOf(sides.test)];
    assert.equal(
      groups.reduce((sum, { size }) => sum + size, 0),
      10,
      "no group is on two sides",
    );
    assert.deepEqual(draw(1), sides);
    assert.notDeepEqual(draw(2), sides);
  });

  it("takes numbers to learn without labels, and few samples or none", () => {
    const numbers = samples(10, (i) => ({ targets: [i] }));
    const { training, validation, test } = assignSplits(numbers, "regression", { validation: 0.3, test: 0.2 });
    assert.deepEqual([training.length, validation.length, test.length], [5, 3, 2]);
    const empty = { training: [], validation: [], test: [] };
    assert.deepEqual(assignSplits([], "classification", { validation: 0.2, test: 0.2 }), empty);
    const single = assignSplits(
      samples(1, () => ({ label: "a" })),
      "classification",
      { validation: 0.5, test: 0.4 },
    );
    assert.deepEqual(single, { ...empty, training: [1] });
  });

  for (const shares of [
    { validation: 0.5, test: 0.5 },
    { validation: -0.1, test: 0 },
    { validation: 0, test: Number.NaN },
  ]) {
    it(`refuses the shares ${JSON.stringify(shares)}`, () => {
      assert.throws(
        () => assignSplits([], "classification", shares),
        (error) => error instanceof TinymlError && error.code === "TINYML_CONFIG_INVALID",
      );
    });
  }
});
