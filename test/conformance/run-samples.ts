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
