import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { packagePath } from "../../build/package-files";
import { quantizeInt8 } from "../../src/compression/quantize-int8";
import { foldRows } from "../../src/dataset/fold-rows";
import { createRandom } from "../../src/dataset/random";
import { readData } from "../../src/dataset/read-data";
import { allRows, selectRows } from "../../src/dataset/table";
import { summarizeModel } from "../../src/model/summarize";
import { compileRecipe } from "../../src/training/compile-recipe";
import { evaluateModel } from "../../src/training/evaluate-model";
import { parseRecipe, type Recipe } from "../../src/training/recipe";
import { trainRecipe } from "../../src/training/train-recipe";
import { sharedData } from "../support/shared-data";

function readRecipe(name: string, seed = 1): Recipe {
  const recipe = parseRecipe(JSON.parse(readFileSync(packagePath("examples", "recipes", name), "utf8")));
  return { ...recipe, training: { ...recipe.training, seed } };
}

describe("the recipes in examples/", function () {
  this.timeout(180_000);

  /** Learned numbers of the book's networks, chapters 4, 5 and 8; of others our own count. */
  const parameters: Readonly<Record<string, [outputs: number, parameters: number]>> = {
    "clothes-cnn.json": [10, 179_926],
    "digits-cnn.json": [10, 34_826],
    "digits-dense.json": [10, 468_874],
    "gestures-cnn.json": [5, 989],
    "gestures-statistics.json": [5, 1_925],
    "gestures.json": [5, 48_005],
    "potentiometer.json": [1, 177],
    "separable-cnn.json": [10, 1_370],
    "small-cnn.json": [10, 1_418],
  };

  it("are all of these", () => {
    assert.deepEqual(readdirSync(packagePath("examples", "recipes")).sort(), Object.keys(parameters));
  });

  for (const [name, [outputs, count]] of Object.entries(parameters)) {
    it(`${name} has ${count} parameters, and its schema lies where it says`, () => {
      const recipe = readRecipe(name);
      const { model } = compileRecipe(recipe, outputs, createRandom(1));
      assert.equal(summarizeModel(model, 0).parameters, count);
      assert.equal(recipe.$schema, "../../schemas/recipe.schema.json");
    });
  }

  it("digits-dense.json gets 96 % of the last 1,000 digits right after training on 7,000 (one seed of the three that were measured)", async function () {
    const table = await readData(sharedData(this, "mnist-8k"));
    assert.deepEqual([table.rows, table.shape, table.labels?.length], [8000, [28, 28, 1], 10]);
    const rows = allRows(table);
    const model = trainRecipe({
      recipe: readRecipe("digits-dense.json"),
      table: selectRows(table, rows.subarray(0, 7000)),
      name: "digits",
    });
    const { value } = evaluateModel(model, selectRows(table, rows.subarray(7000)));
    assert.ok(value >= 0.96, `${value}`);
  });

  for (const [name, least] of [
    ["gestures.json", 0.93],
    ["gestures-statistics.json", 0.95],
  ] as const) {
    it(`${name} in int8 gets ${100 * least} % of recordings right that it has not seen: five folds, mean of three seeds`, async function () {
      const table = await readData(sharedData(this, "gestures"));
      assert.deepEqual([table.rows, table.shape, table.labels?.length], [209, [119, 6], 5]);
      let right = 0;
      for (const seed of [1, 2, 3]) {
        for (const { training, validation } of foldRows(table, 5, seed)) {
          const seen = selectRows(table, training);
          const model = trainRecipe({ recipe: readRecipe(name, seed), table: seen, name: "gestures" });
          const { value, samples } = evaluateModel(quantizeInt8(model, seen), selectRows(table, validation));
          right += value * samples;
        }
      }
      const accuracy = right / (3 * table.rows);
      assert.ok(accuracy >= least, `${accuracy}`);
    });
  }
});
