import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import * as fc from "fast-check";
import { readTflite } from "../../../src/tflite/read-tflite";
import { writeTflite } from "../../../src/tflite/write-tflite";
import { runInFlow, runInLiteRt } from "../../support/run-model";
import { runStdio, sketchOf } from "../../support/sketches";
import { requireTool } from "../../support/tools";
import { type Described, describedModel, REDUCING_OPERATORS, type ReducedType } from "./reducing";

/* Reductions and resizings over random shapes and options. */

/** What TensorFlow Lite has in int16 too. */
const INT16 = ["MEAN", "SUM", "RESIZE_NEAREST_NEIGHBOR"];

/** By how many steps LiteRT's kernels may differ from the reference kernels; a sum's steps add up where they are large. */
const STEPS = 1;
/**
 * The reference kernel counts places in whole 1/1024 of a row; half of one for each row adds up along both directions, and
 * neighbours may be 255 steps apart.
 */
const BILINEAR_STEPS = 3;

for (const [type, any] of Object.entries(REDUCING_OPERATORS)) {
  const types: readonly ReducedType[] = INT16.includes(type) ? ["float32", "int8", "int16"] : ["float32", "int8"];
  const anyType = fc.constantFrom(...types).chain(any);
  const steps = type === "RESIZE_BILINEAR" ? BILINEAR_STEPS : STEPS;

  describe(`${type} with random shapes and options`, () => {
    for (const element of ["float32", "int8"] as const) {
      it(`computes in ${element} what LiteRT does`, async () => {
        await fc.assert(
          fc.asyncProperty(any(element), async (sample) => {
            const [expected] = await runInLiteRt(sample.model, [sample.input]);
            const [found] = runInFlow(sample.model, [sample.input]);
            assert.equal(found.length, expected.length);
            expected.forEach((value, i) => {
              const isFloat = expected instanceof Float32Array;
              const allowed = isFloat ? 1e-5 * Math.max(1, Math.abs(value)) : expected instanceof Int8Array ? steps : 0;
              assert.ok(Math.abs(Number(found[i]) - value) <= allowed, `number ${i} is ${found[i]}, not ${value}`);
            });
          }),
          { numRuns: 60 },
        );
      }).timeout(60000);
    }

    it("computes in C the bits that it computes in the flow", function () {
      requireTool(this, "cc");
      fc.assert(
        fc.property(anyType, (sample) => {
          const output = runStdio(sketchOf(sample.model, { template: "stdio" }), sample.input);
          const [{ buffer, byteOffset, byteLength }] = runInFlow(sample.model, [sample.input]);
          assert.deepEqual(new Uint8Array(output), new Uint8Array(buffer, byteOffset, byteLength));
        }),
        { numRuns: 8 },
      );
    }).timeout(60000);

    it("survives writing and reading", () => {
      fc.assert(fc.property(anyType, ({ model }) => assert.deepEqual(readTflite(writeTflite(model)), model)));
    });
  });
}

/**
 * What the reference kernels of TensorFlow Lite Micro (commit 90b983c2, built for x86-64) computed for random models; a
 * line of reducing.golden.ndjson each.
 */
interface Golden extends Described {
  input: number[];
  output: number[];
}

describe("reductions and resizings of TensorFlow Lite Micro", () => {
  const lines = readFileSync(path.join(__dirname, "reducing.golden.ndjson"), "utf8").trim().split("\n");
  const goldens: Golden[] = lines.map((line) => JSON.parse(line));
  for (const type of new Set(goldens.map(({ operator }) => operator.type))) {
    it(`${type} gives the same bits`, () => {
      for (const golden of goldens.filter(({ operator }) => operator.type === type)) {
        const input = golden.type === "int8" ? Int8Array.from(golden.input) : Int16Array.from(golden.input);
        const [found] = runInFlow(describedModel(golden), [input]);
        assert.deepEqual(Array.from(found, Number), golden.output);
      }
    });
  }
});
