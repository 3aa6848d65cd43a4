import type { Model } from "../model/model";
import { elementBytes, elementCount, tensorDataOver } from "../model/tensor";
import { loadModel } from "./load-model";

/**
 * One input and the output that the model has for it, as raw elements: what a board repeats at its start to show that it
 * computes the same. The input runs through the values that its type can take (−1..1 for floats), so that weights, signs
 * and saturation all have a part in it.
 */
export function knownAnswer(model: Model): { input: number[]; output: number[] } {
  const loaded = loadModel(model);
  try {
    const [tensor] = loaded.inputs;
    const count = elementCount(tensor.shape);
    const input = tensorDataOver(tensor.type, new ArrayBuffer(count * elementBytes(tensor.type)));
    for (let i = 0; i < count; i++) {
      const stored = ((i * 89 + 100) % 256) - 128;
      if (input instanceof Float32Array) input[i] = stored / 128;
      else if (input instanceof Int8Array) input[i] = stored;
    }
    const [output] = loaded.run([input]);
    return { input: Array.from(input, Number), output: Array.from(output, Number) };
  } finally {
    loaded.dispose();
  }
}
