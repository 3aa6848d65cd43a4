import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Model, TensorType } from "../../../src/model/model";
import { readTflite } from "../../../src/tflite/read-tflite";
import { writeTflite } from "../../../src/tflite/write-tflite";
import { runInFlow, runInLiteRt } from "../../support/run-model";
import { runStdio, sketchOf } from "../../support/sketches";
import { requireTool } from "../../support/tools";
import { joined } from "./elements";
import { MOVING_OPERATORS } from "./moving";

/* Operators that move elements, over random shapes and parameters: every bit must be where LiteRT has it. */

/** The types that LiteRT moves; what it does not compute in one of them is compared in the others. */
const LITERT_TYPES: readonly TensorType[] = ["float32", "int8", "int16", "int32"];

/** What LiteRT refuses. */
const NOT_IN_LITERT: Readonly<Record<string, readonly TensorType[]>> = {
  SPACE_TO_DEPTH: ["int16"],
  DEPTH_TO_SPACE: ["int16"],
};

const anyType = fc.constantFrom<TensorType>("float32", "int8", "int16", "int32", "int64", "uint8", "bool");

for (const [type, any] of Object.entries(MOVING_OPERATORS)) {
  describe(`${type} with random shapes and parameters`, () => {
    const types = LITERT_TYPES.filter((element) => !NOT_IN_LITERT[type]?.includes(element));
    for (const element of types) {
      it(`moves ${element} as LiteRT does`, async () => {
        await fc.assert(
          fc.asyncProperty(any(element), async (sample) => {
            assert.deepEqual(runInFlow(sample.model, sample.inputs), await runInLiteRt(sample.model, sample.inputs));
          }),
          { numRuns: 40 },
        );
      }).timeout(60000);
    }

    it("moves in C what it moves in the flow", function () {
      requireTool(this, "cc");
      fc.assert(
        fc.property(anyType.chain(any), (sample) => {
          const output = runStdio(sketchOf(sample.model, { template: "stdio" }), new Uint8Array(joined(sample.inputs)));
          assert.deepEqual(new Uint8Array(output), new Uint8Array(joined(runInFlow(sample.model, sample.inputs))));
        }),
        { numRuns: 3 },
      );
    }).timeout(60000);

    it("survives writing and reading", () => {
      fc.assert(
        fc.property(anyType.chain(any), ({ model }) => assert.deepEqual(readTflite(writeTflite(model)), model)),
      );
    });
  });
}

describe("GATHER with computed indices", () => {
  it("takes the first or the last element for an index outside", () => {
    const model: Model = {
      description: "",
      tensors: [
        { name: "input", type: "int32", shape: [4], data: Int32Array.of(10, 11, 12, 13) },
        { name: "indices", type: "int32", shape: [6] },
        { name: "output", type: "int32", shape: [6] },
      ],
      operators: [{ type: "GATHER", inputs: [0, 1], outputs: [2], options: { axis: 0, batchDimensions: 0 } }],
      inputs: [1],
      outputs: [2],
    };
    const indices = Int32Array.of(3, -1, 4, 0, -(2 ** 31), 2 ** 31 - 1);
    assert.deepEqual(runInFlow(model, [indices]), [Int32Array.of(13, 10, 13, 10, 10, 13)]);
  });
});
