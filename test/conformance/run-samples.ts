import assert from "node:assert/strict";
import type { Model, TensorData } from "../../src/model/model";
import { elementBytes, elementCount, tensorDataOver } from "../../src/model/tensor";
import { loadModel } from "../../src/runtime/load-model";

/** Loads a model and runs it on samples back to back (all inputs of a sample in order); gives the outputs likewise. */
export function runSamples(model: Model, samples: Uint8Array): Uint8Array {
  const loaded = loadModel(model);
  try {
    const results: Uint8Array[] = [];
    let at = 0;
    while (at < samples.length) {
      const inputs = loaded.inputs.map(({ type, shape }): TensorData => {
        const bytes = new Uint8Array(samples.subarray(at, at + elementCount(shape) * elementBytes(type)));
        at += bytes.length;
        return tensorDataOver(type, bytes.buffer);
      });
      results.push(...loaded.run(inputs).map(bytesOf));
    }
    return Buffer.concat(results);
  } finally {
    loaded.dispose();
  }
}

/** The bytes of a typed array. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Outputs of a type, back to back: integers to the bit, floats within 1e-5. */
export function assertOutputs(type: string, found: Uint8Array, expected: Uint8Array): void {
  if (type !== "float32") {
    assert.deepEqual(Buffer.from(found), Buffer.from(expected));
    return;
  }
  const floats = (bytes: Uint8Array): Float32Array => new Float32Array(new Uint8Array(bytes).buffer);
  const wanted = floats(expected);
  assert.equal(found.length, expected.length);
  floats(found).forEach((value, i) => {
    const allowed = 1e-5 * Math.max(1, Math.abs(wanted[i]));
    assert.ok(Math.abs(value - wanted[i]) <= allowed, `number ${i} is ${value}, not ${wanted[i]}`);
  });
}
