import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { TensorData } from "../../src/model/model";
import { tensorDataOver } from "../../src/model/tensor";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { type Chip, requireChip, runOnChip, tooLarge } from "../support/chips";
import { runInFlow, runInLiteRt } from "../support/run-model";
import { runStdio, sketchOf } from "../support/sketches";
import { requireTool } from "../support/tools";
import { anyConvolution, anyConvolutionOfNine, anyDepthwise, anyPool, type Sample, withBias } from "./operators";
import { anyTransposeConvolution } from "./operators/transpose-convolution";

/* Single operators over random shapes and options. A failure names its seed and its smallest counterexample. */

const OPERATORS = {
  CONV_2D: anyConvolution,
  DEPTHWISE_CONV_2D: anyDepthwise,
  AVERAGE_POOL_2D: (int8: boolean) => anyPool("AVERAGE_POOL_2D", int8),
  MAX_POOL_2D: (int8: boolean) => anyPool("MAX_POOL_2D", int8),
  TRANSPOSE_CONV: (int8: boolean) => anyTransposeConvolution(int8 ? "int8" : "float32"),
};

/** By how many steps XNNPACK, which rounds once, may differ from the reference kernels, which round twice. */
const STEPS = 1;

/** A chip without a floating-point unit, one with it, and one with integers of 16 bits. */
const CHIPS: readonly Chip[] = ["Cortex-M0", "Cortex-M4F", "ATmega2560"];

for (const [type, any] of Object.entries(OPERATORS)) {
  describe(`${type} with random shapes and options`, () => {
    it("computes in float32 what LiteRT does", () => assertAsInLiteRt(any(false))).timeout(60000);

    it("computes in int8 what LiteRT does, but for its rounding", async () => {
      await fc.assert(
        fc.asyncProperty(any(true), async ({ model, input }) => {
          const [expected] = await runInLiteRt(withBias(model), [input]);
          const [found] = runInFlow(model, [input]);
          assert.equal(found.length, expected.length);
          expected.forEach((value, i) => {
            assert.ok(Math.abs(Number(found[i]) - value) <= STEPS, `number ${i} is ${found[i]}, not ${value}`);
          });
        }),
        { numRuns: 60 },
      );
    }).timeout(60000);

    it("computes in C, in int8, the bits that it computes in the flow", function () {
      requireTool(this, "cc");
      fc.assert(
        fc.property(any(true), ({ model, input }) => {
          const output = runStdio(sketchOf(model, { template: "stdio" }), input);
          assert.deepEqual(new Int8Array(output), runInFlow(model, [input])[0]);
        }),
        { numRuns: 8 },
      );
    }).timeout(60000);

    it("computes on simulated chips what it computes in the flow: in int8 the same bits", function () {
      for (const chip of CHIPS) requireChip(this, chip);
      const anySample = fc.boolean().chain((int8) => any(int8));
      fc.assert(
        fc.property(anySample, fc.constantFrom(...CHIPS), (sample, chip) => {
          assertNear(runIfItFits(sample, chip), runInFlow(sample.model, [sample.input])[0]);
        }),
        { numRuns: 12 },
      );
    }).timeout(120000);

    it("survives writing and reading", () => {
      const both = fc.boolean().chain((int8) => any(int8));
      fc.assert(fc.property(both, ({ model }) => assert.deepEqual(readTflite(writeTflite(model)), model)));
    });
  });
}

describe("CONV_2D by windows of 3 x 3", () => {
  it("computes in float32 what LiteRT does", () => assertAsInLiteRt(anyConvolutionOfNine())).timeout(60000);
});

/** Runs floats in the flow and in LiteRT. */
async function assertAsInLiteRt(any: fc.Arbitrary<Sample>): Promise<void> {
  const property = fc.asyncProperty(any, async ({ model, input }) => {
    const [expected] = await runInLiteRt(withBias(model), [input]);
    assertNear(runInFlow(model, [input])[0], expected);
  });
  await fc.assert(property, { numRuns: 60 });
}

/** What a chip computes; fast-check takes another sample for one that the chip has no memory for. */
function runIfItFits({ model, input }: Sample, chip: Chip): TensorData {
  try {
    const output = new Uint8Array(runOnChip(model, input, chip));
    return tensorDataOver(model.tensors[model.outputs[0]].type, output.buffer);
  } catch (error) {
    fc.pre(!(error instanceof Error && tooLarge.test(error.message)));
    throw error;
  }
}

/** Floats within 1e-5, everything else the same. */
function assertNear(found: TensorData, expected: TensorData): void {
  if (!(expected instanceof Float32Array)) {
    assert.deepEqual(found, expected);
    return;
  }
  assert.equal(found.length, expected.length);
  expected.forEach((value, i) => {
    const allowed = 1e-5 * Math.max(1, Math.abs(value));
    assert.ok(Math.abs(Number(found[i]) - value) <= allowed, `number ${i} is ${found[i]}, not ${value}`);
  });
}
