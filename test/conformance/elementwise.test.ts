import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { TensorData } from "../../src/model/model";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { runInFlow, runInLiteRt } from "../support/run-model";
import { runStdio, sketchOf } from "../support/sketches";
import { requireTool } from "../support/tools";
import { anyArithmetic } from "./operators/arithmetic";
import { anyConversion } from "./operators/conversion";
import { type Case, joined } from "./operators/elements";
import { anyElementwise } from "./operators/elementwise";

/* Operators that compute element by element, over random shapes and options. A failure names its seed and its smallest counterexample. */

interface Row {
  name: string;
  any: fc.Arbitrary<Case>;
  /** By how many steps LiteRT, which rounds in floats, may differ from the reference kernels; absent where LiteRT can't be compared with. */
  steps?: number;
}

const ROWS: readonly Row[] = [
  { name: "ADD of float32", any: anyArithmetic("ADD", "float32"), steps: 0 },
  { name: "ADD of int8", any: anyArithmetic("ADD", "int8"), steps: 1 },
  { name: "ADD of int16", any: anyArithmetic("ADD", "int16"), steps: 1 },
  { name: "ADD of int32", any: anyArithmetic("ADD", "int32"), steps: 0 },
  { name: "SUB of float32", any: anyArithmetic("SUB", "float32"), steps: 0 },
  { name: "SUB of int8", any: anyArithmetic("SUB", "int8"), steps: 1 },
  { name: "SUB of int16", any: anyArithmetic("SUB", "int16"), steps: 1 },
  { name: "SUB of int32", any: anyArithmetic("SUB", "int32"), steps: 0 },
  { name: "MUL of float32", any: anyArithmetic("MUL", "float32"), steps: 0 },
  { name: "MUL of int8", any: anyArithmetic("MUL", "int8"), steps: 1 },
  { name: "MUL of int16", any: anyArithmetic("MUL", "int16"), steps: 1 },
  { name: "MUL of int32", any: anyArithmetic("MUL", "int32"), steps: 0 },
  { name: "DIV of float32", any: anyArithmetic("DIV", "float32"), steps: 0 },
  { name: "MAXIMUM of float32", any: anyArithmetic("MAXIMUM", "float32"), steps: 0 },
  { name: "MAXIMUM of int8", any: anyArithmetic("MAXIMUM", "int8"), steps: 0 },
  { name: "MAXIMUM of int16", any: anyArithmetic("MAXIMUM", "int16"), steps: 0 },
  { name: "MAXIMUM of int32", any: anyArithmetic("MAXIMUM", "int32"), steps: 0 },
  { name: "MINIMUM of float32", any: anyArithmetic("MINIMUM", "float32"), steps: 0 },
  { name: "MINIMUM of int8", any: anyArithmetic("MINIMUM", "int8"), steps: 0 },
  { name: "MINIMUM of int16", any: anyArithmetic("MINIMUM", "int16"), steps: 0 },
  { name: "MINIMUM of int32", any: anyArithmetic("MINIMUM", "int32"), steps: 0 },
  { name: "PRELU of float32", any: anyArithmetic("PRELU", "float32"), steps: 0 },
  { name: "PRELU of int8", any: anyArithmetic("PRELU", "int8"), steps: 1 },
  { name: "PRELU of int16", any: anyArithmetic("PRELU", "int16") },
  { name: "SQUARED_DIFFERENCE of float32", any: anyArithmetic("SQUARED_DIFFERENCE", "float32"), steps: 0 },
  { name: "SQUARED_DIFFERENCE of int8", any: anyArithmetic("SQUARED_DIFFERENCE", "int8"), steps: 1 },
  { name: "SQUARED_DIFFERENCE of int16", any: anyArithmetic("SQUARED_DIFFERENCE", "int16") },
  { name: "SQUARED_DIFFERENCE of int32", any: anyArithmetic("SQUARED_DIFFERENCE", "int32"), steps: 0 },
  { name: "FLOOR_DIV of float32", any: anyArithmetic("FLOOR_DIV", "float32"), steps: 0 },
  { name: "FLOOR_DIV of int32", any: anyArithmetic("FLOOR_DIV", "int32"), steps: 0 },
  { name: "FLOOR_MOD of float32", any: anyArithmetic("FLOOR_MOD", "float32"), steps: 0 },
  { name: "FLOOR_MOD of int32", any: anyArithmetic("FLOOR_MOD", "int32"), steps: 0 },
  { name: "L2_NORMALIZATION of float32", any: anyElementwise("L2_NORMALIZATION", "float32"), steps: 0 },
  { name: "L2_NORMALIZATION of int8", any: anyElementwise("L2_NORMALIZATION", "int8"), steps: 1 },
  { name: "RELU of int16", any: anyElementwise("RELU", "int16") },
  { name: "RELU6 of float32", any: anyElementwise("RELU6", "float32"), steps: 0 },
  { name: "RELU6 of int8", any: anyElementwise("RELU6", "int8"), steps: 1 },
  { name: "RELU6 of int16", any: anyElementwise("RELU6", "int16"), steps: 1 },
  { name: "RELU_N1_TO_1 of float32", any: anyElementwise("RELU_N1_TO_1", "float32"), steps: 0 },
  { name: "RELU_N1_TO_1 of int8", any: anyElementwise("RELU_N1_TO_1", "int8"), steps: 1 },
  { name: "LEAKY_RELU of float32", any: anyElementwise("LEAKY_RELU", "float32"), steps: 0 },
  { name: "LEAKY_RELU of int8", any: anyElementwise("LEAKY_RELU", "int8"), steps: 1 },
  { name: "LEAKY_RELU of int16", any: anyElementwise("LEAKY_RELU", "int16"), steps: 1 },
  { name: "HARD_SWISH of float32", any: anyElementwise("HARD_SWISH", "float32"), steps: 0 },
  { name: "HARD_SWISH of int8", any: anyElementwise("HARD_SWISH", "int8"), steps: 2 },
  { name: "ELU of float32", any: anyElementwise("ELU", "float32"), steps: 0 },
  { name: "ELU of int8", any: anyElementwise("ELU", "int8"), steps: 1 },
  { name: "ABS of float32", any: anyElementwise("ABS", "float32"), steps: 0 },
  { name: "ABS of int8", any: anyElementwise("ABS", "int8"), steps: 1 },
  { name: "ABS of int16", any: anyElementwise("ABS", "int16"), steps: 1 },
  { name: "NEG of float32", any: anyElementwise("NEG", "float32"), steps: 0 },
  { name: "SQUARE of float32", any: anyElementwise("SQUARE", "float32"), steps: 0 },
  { name: "SQRT of float32", any: anyElementwise("SQRT", "float32"), steps: 0 },
  { name: "RSQRT of float32", any: anyElementwise("RSQRT", "float32"), steps: 0 },
  { name: "EXP of float32", any: anyElementwise("EXP", "float32"), steps: 0 },
  { name: "LOG of float32", any: anyElementwise("LOG", "float32"), steps: 0 },
  { name: "QUANTIZE from float32 to int8", any: anyConversion("QUANTIZE", "float32", "int8"), steps: 1 },
  { name: "QUANTIZE from float32 to uint8", any: anyConversion("QUANTIZE", "float32", "uint8"), steps: 1 },
  { name: "QUANTIZE from float32 to int16", any: anyConversion("QUANTIZE", "float32", "int16"), steps: 1 },
  { name: "QUANTIZE from int8 to int8", any: anyConversion("QUANTIZE", "int8", "int8"), steps: 1 },
  { name: "QUANTIZE from int8 to uint8", any: anyConversion("QUANTIZE", "int8", "uint8"), steps: 1 },
  { name: "QUANTIZE from uint8 to int8", any: anyConversion("QUANTIZE", "uint8", "int8"), steps: 1 },
  { name: "QUANTIZE from int16 to int8", any: anyConversion("QUANTIZE", "int16", "int8"), steps: 1 },
  { name: "QUANTIZE from int16 to int16", any: anyConversion("QUANTIZE", "int16", "int16"), steps: 1 },
  { name: "DEQUANTIZE of int8", any: anyConversion("DEQUANTIZE", "int8", "float32"), steps: 0 },
  { name: "DEQUANTIZE of uint8", any: anyConversion("DEQUANTIZE", "uint8", "float32"), steps: 0 },
  { name: "DEQUANTIZE of int16", any: anyConversion("DEQUANTIZE", "int16", "float32"), steps: 0 },
  { name: "CAST from float32 to int32", any: anyConversion("CAST", "float32", "int32"), steps: 0 },
  { name: "CAST from int32 to float32", any: anyConversion("CAST", "int32", "float32"), steps: 0 },
  { name: "CAST from int8 to float32", any: anyConversion("CAST", "int8", "float32"), steps: 0 },
  { name: "CAST from int16 to int8", any: anyConversion("CAST", "int16", "int8"), steps: 0 },
];

for (const { name, any, steps } of ROWS) {
  describe(`${name} with random shapes and options`, () => {
    if (steps !== undefined) {
      it(steps === 0 ? "computes what LiteRT does" : "computes what LiteRT does, but for its rounding", async () => {
        await fc.assert(
          fc.asyncProperty(any, async (one) => {
            const [expected] = await runInLiteRt(one.model, one.inputs);
            assertNear(numbersInFlow(one), expected, steps);
          }),
          { numRuns: 40 },
        );
      }).timeout(60000);
    }

    it("computes in C the bits that it computes in the flow", function () {
      requireTool(this, "cc");
      fc.assert(
        fc.property(any, (one) => {
          const found = runStdio(sketchOf(one.model, { template: "stdio" }), joined(one.inputs));
          assert.deepEqual(new Uint8Array(found), joined([numbersInFlow(one)]));
        }),
        { numRuns: 2 },
      );
    }).timeout(60000);

    it("survives writing and reading", () => {
      fc.assert(fc.property(any, ({ model }) => assert.deepEqual(readTflite(writeTflite(model)), model)));
    });
  });
}

function numbersInFlow({ model, inputs }: Case): Exclude<TensorData, BigInt64Array> {
  const [output] = runInFlow(model, inputs);
  if (output instanceof BigInt64Array) throw new Error("no operator of these computes with int64");
  return output;
}

/** Floats within 1e-5, integers within so many steps. */
function assertNear(found: ArrayLike<number>, expected: ArrayLike<number>, steps: number): void {
  assert.equal(found.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    const allowed = expected instanceof Float32Array ? 1e-5 * Math.max(1, Math.abs(expected[i])) : steps;
    const isSame = Object.is(found[i], expected[i]) || Math.abs(found[i] - expected[i]) <= allowed;
    assert.ok(isSame, `number ${i} is ${found[i]}, not ${expected[i]}`);
  }
}
