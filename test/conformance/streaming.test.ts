import assert from "node:assert/strict";
import * as fc from "fast-check";
import { prepareModel } from "../../src/runtime/prepare-model";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { runStdio, sketchOf } from "../support/sketches";
import { requireTool } from "../support/tools";
import type { Kind } from "./operators/random-model";
import { anyStream } from "./operators/streaming";
import { bytesOf, runSamples } from "./run-samples";

for (const kind of ["float32", "int8", "int16"] satisfies Kind[]) {
  describe(`a resource variable of ${kind} that keeps what came`, () => {
    it("has the numbers of the samples before it, and begins with those of its file", () => {
      fc.assert(
        fc.property(anyStream(kind), ({ model, input, output }) => {
          assert.deepEqual(Buffer.from(runSamples(model, bytesOf(input))), output);
        }),
      );
    });

    it("has the same ones in C", function () {
      requireTool(this, "cc");
      fc.assert(
        fc.property(anyStream(kind), ({ model, input, output }) => {
          assert.deepEqual(Buffer.from(runStdio(sketchOf(model, { template: "stdio" }), input)), output);
        }),
        { numRuns: 6 },
      );
    }).timeout(60000);

    it("survives writing and reading", () => {
      fc.assert(fc.property(anyStream(kind), ({ model }) => assert.deepEqual(readTflite(writeTflite(model)), model)));
    });

    it("is copied only where it changes before the copy is read", () => {
      fc.assert(
        fc.property(anyStream(kind), ({ model, copies }) => {
          const { operators } = prepareModel(model);
          assert.equal(operators.filter(({ type }) => type === "READ_VARIABLE").length, copies);
        }),
      );
    });
  });
}
