import assert from "node:assert/strict";
import type { Tensor } from "../../src/model/model";
import { tensorNames } from "../../src/model/tensor-names";

describe("the names of a model's inputs", () => {
  const tables: [names: string[], expected: string[]][] = [
    [
      ["x", "y"],
      ["x", "y"],
    ],
    [
      ["", "x", ""],
      ["input", "x", "input 2"],
    ],
    [
      ["x", "x 2", "x", "x"],
      ["x", "x 2", "x 3", "x 4"],
    ],
    [
      ["x", "x", "x 2"],
      ["x", "x 2", "x 2 2"],
    ],
  ];
  for (const [names, expected] of tables) {
    it(`${JSON.stringify(names)} are told apart as ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(tensorNames(names.map(named), "input"), expected);
    });
  }

  it("are found in a hostile file of twenty thousand nameless inputs as well", () => {
    assert.equal(tensorNames(new Array<Tensor>(20_000).fill(named("")), "input").at(-1), "input 20000");
  });
});

function named(name: string): Tensor {
  return { name, type: "float32", shape: [1] };
}
