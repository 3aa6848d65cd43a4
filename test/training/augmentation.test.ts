import assert from "node:assert/strict";
import * as fc from "fast-check";
import { createAugmentation } from "../../src/training/augmentation";
import type { RecipeInput } from "../../src/training/recipe";
import { parseRecipe } from "../../src/training/recipe";

type Augmentation = NonNullable<RecipeInput["training"]["augmentation"]>[number];

function settingsOf(augmentation: readonly Augmentation[], seed = 1) {
  return parseRecipe({
    version: 1,
    task: "regression",
    input: { shape: [1] },
    layers: [{ type: "dense", units: 1 }],
    training: { loss: "meanSquaredError", augmentation: [...augmentation], seed },
  }).training;
}

/** What becomes of a sample. */
function changed(
  augmentation: readonly Augmentation[],
  shape: readonly number[],
  sample: readonly number[],
  { seed = 1, epoch = 1, row = 0 } = {},
): number[] {
  const copy = Float32Array.from(sample);
  createAugmentation(settingsOf(augmentation, seed), shape)?.(copy, epoch, row);
  return Array.from(copy);
}

const shapes = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 3 })),
  fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 })),
);
const range = fc.double({ min: 0, max: 0.9, noNaN: true });
const moving: fc.Arbitrary<Augmentation> = fc.oneof(
  range.map((each) => ({ type: "shift" as const, range: each })),
  range.map((each) => ({ type: "crop" as const, range: each })),
  fc
    .constantFrom("horizontal" as const, "vertical" as const)
    .map((direction) => ({ type: "flip" as const, direction })),
);
const any: fc.Arbitrary<Augmentation> = fc.oneof(
  moving,
  range.map((each) => ({ type: "scale" as const, range: each })),
  fc.double({ min: 0.01, max: 2, noNaN: true }).map((deviation) => ({ type: "noise" as const, deviation })),
);
const place = fc.record({ seed: fc.nat(), epoch: fc.integer({ min: 1, max: 1e6 }), row: fc.nat() });

/** A sample in which each number says where it stands. */
const counted = (shape: readonly number[]): number[] =>
  Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) => i);

describe("augmentation", () => {
  it("follows from seed, epoch and row alone", () => {
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 3 }), shapes, place, (augmentation, shape, at) => {
        const augment = createAugmentation(settingsOf(augmentation, at.seed), shape);
        const once = Float32Array.from(counted(shape));
        augment?.(new Float32Array(once.length), at.epoch, at.row + 1);
        augment?.(once, at.epoch, at.row);
        assert.deepEqual(Array.from(once), changed(augmentation, shape, counted(shape), at));
      }),
    );
  });

  it("is another in another epoch, for another row and with another seed", () => {
    const sample = counted([4, 2]);
    const noise: Augmentation[] = [{ type: "noise", deviation: 1 }];
    const all = [{}, { epoch: 2 }, { row: 1 }, { seed: 2 }, { epoch: 2, row: 1 }].map((at) =>
      changed(noise, [4, 2], sample, at).join(),
    );
    assert.equal(new Set(all).size, all.length);
  });

  it("what moves numbers leaves each between the least and the largest of its channel", () => {
    fc.assert(
      fc.property(moving, shapes, place, (augmentation, shape, at) => {
        const channels = shape[shape.length - 1];
        const sample = counted(shape).map((i) => (i % channels) * 1000 + Math.floor(i / channels));
        const most = sample.length / channels - 1;
        changed([augmentation], shape, sample, at).forEach((value, i) => {
          const low = (i % channels) * 1000;
          assert.ok(value >= low && value <= low + most, `${i}: ${value}`);
        });
      }),
    );
  });

  it("a shift of a window repeats its edge", () => {
    const seen = new Set(
      Array.from({ length: 200 }, (_, row) =>
        changed([{ type: "shift", range: 0.5 }], [4, 1], [1, 2, 3, 4], { row }).join(),
      ),
    );
    assert.deepEqual([...seen].sort(), ["1,1,1,2", "1,1,2,3", "1,2,3,4", "2,3,4,4", "3,4,4,4"]);
  });

  it("a shift of a picture goes both ways", () => {
    const seen = new Set(
      Array.from({ length: 300 }, (_, row) =>
        changed([{ type: "shift", range: 0.5 }], [2, 2, 1], [1, 2, 3, 4], { row }).join(),
      ),
    );
    assert.equal(seen.size, 9);
    assert.ok(seen.has("4,4,4,4") && seen.has("2,2,4,4") && seen.has("1,1,3,3"));
  });

  it("flips half of the windows and pictures", () => {
    const count = (shape: number[], flipped: string, direction: "horizontal" | "vertical") =>
      Array.from({ length: 1000 }, (_, row) =>
        changed([{ type: "flip", direction }], shape, [1, 2, 3, 4], { row }).join(),
      ).filter((each) => each === flipped).length;
    for (const found of [
      count([4, 1], "4,3,2,1", "horizontal"),
      count([2, 2], "3,4,1,2", "horizontal"),
      count([2, 2, 1], "2,1,4,3", "horizontal"),
      count([2, 2, 1], "3,4,1,2", "vertical"),
    ]) {
      assert.ok(found > 430 && found < 570, `${found} of 1000`);
    }
  });

  it("noise has mean 0 and the deviation that is asked for, a scale stays in its range", () => {
    const zeros = new Array<number>(20000).fill(0);
    const noise = changed([{ type: "noise", deviation: 0.5 }], [20000], zeros);
    const mean = noise.reduce((sum, x) => sum + x, 0) / noise.length;
    const deviation = Math.sqrt(noise.reduce((sum, x) => sum + (x - mean) ** 2, 0) / noise.length);
    assert.ok(Math.abs(mean) < 0.02 && Math.abs(deviation - 0.5) < 0.02, `${mean} ± ${deviation}`);
    const factors = Array.from(
      { length: 1000 },
      (_, row) => changed([{ type: "scale", range: 0.2 }], [1], [1], { row })[0],
    );
    assert.ok(Math.min(...factors) >= 0.8 && Math.min(...factors) < 0.81);
    assert.ok(Math.max(...factors) <= 1.2 && Math.max(...factors) > 1.19);
  });

  it("says which change a single reading can't get", () => {
    assert.throws(() => createAugmentation(settingsOf([{ type: "noise", deviation: 1 }, { type: "flip" }]), [3]), {
      code: "TINYML_RECIPE_INVALID",
      message: /training\.augmentation\.1 is wrong: flip needs windows or pictures/,
    });
  });
});
