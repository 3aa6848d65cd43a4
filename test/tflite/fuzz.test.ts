import assert from "node:assert/strict";
import type { OperatorType } from "../../src/model/model";
import { readTflite } from "../../src/tflite/read-tflite";
import { baseFiles, knownOperators } from "./bases";
import { endExamining, examine } from "./examine";
import { mutant } from "./mutants";

const FILES = 4000;

describe("damaged .tflite files", () => {
  after(endExamining);

  it(`end in an error with a code and a place, or run in their own memory (${FILES} files; npm run fuzz for more)`, () => {
    let ran = 0;
    for (let seed = 0; seed < FILES; seed++) {
      const { base, bytes } = mutant(seed);
      try {
        if (examine(bytes, seed).end === "run") ran++;
      } catch (error) {
        throw new Error(`number ${seed}, from ${base}`, { cause: error });
      }
    }
    assert.ok(ran > FILES / 20, `only ${ran} of them ran`);
  }).timeout(120000);

  it("are made of every operator that this package knows", () => {
    const found = new Set<OperatorType>();
    for (const { count, file } of baseFiles()) {
      for (let i = 0; i < count; i++) for (const { type } of readTflite(file(i)).operators) found.add(type);
    }
    assert.deepEqual(
      knownOperators().filter((type) => !found.has(type)),
      [],
    );
  });
});
