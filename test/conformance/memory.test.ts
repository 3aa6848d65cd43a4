import assert from "node:assert/strict";
import { planMemory } from "../../src/model/memory-plan";
import { readTflite } from "../../src/tflite/read-tflite";
import { sharedModel } from "../support/shared-models";

/**
 * Bytes that TensorFlow Lite Micro (commit 90b983c2, reference kernels, 64 bits) plans for everything that a run computes
 * (the non-persistent part of its arena), and of its whole arena.
 */
const MODELS = [
  { name: "hello_world_int8", nonPersistent: 32, arena: 1040 },
  { name: "kws_ref_model", nonPersistent: 16000, arena: 23856 },
  { name: "micro_speech_quantized", nonPersistent: 5968, arena: 7168 },
  { name: "mnist_valid_q", nonPersistent: 1472, arena: 3344 },
  { name: "person_detect", nonPersistent: 55296, arena: 84880 },
] as const;

describe("the memory plan of public models", () => {
  for (const { name, nonPersistent, arena } of MODELS) {
    it(`${name}: as little as anything could take, and no more than TensorFlow Lite Micro`, function () {
      const plan = planMemory(readTflite(sharedModel(this, `${name}.tflite`)), 1);
      assert.equal(plan.bytes, plan.lowerBound);
      assert.ok(plan.bytes <= nonPersistent && nonPersistent < arena, `${plan.bytes} bytes`);
    });
  }

  for (const name of ["hello_world_float", "kws_ref_model_float32", "mnist_dw_f", "mnist_dw_q", "mnist_valid_f"]) {
    it(`${name}: as little as anything could take`, function () {
      const plan = planMemory(readTflite(sharedModel(this, `${name}.tflite`)), 4);
      assert.equal(plan.bytes, plan.lowerBound);
    });
  }
});
