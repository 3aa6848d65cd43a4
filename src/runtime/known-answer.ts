import type { Model, TensorData } from "../model/model";
import { elementCount, tensorDataOver } from "../model/tensor";
import { loadModel } from "./load-model";

/**
 * One input and the output that the model has for it, as raw elements: what a board repeats at its start to show that it
 * computes the same. The input runs through the values that its type can take (−1..1 for floats), so that weights, signs
 * and saturation all have a part in it.
 */
export function knownAnswer(model: Model): { input: TensorData; output: TensorData } {
  const loaded = loadModel(model);
  try {
    const [tensor] = loaded.inputs;
    const count = elementCount(tensor.shape);
    const input =
      tensor.type === "int8"
        ? Int8Array.from({ length: count }, (_, i) => ((i * 89 + 100) % 256) - 128)
        : tensor.type === "float32"
          ? Float32Array.from({ length: count }, (_, i) => ((i * 89 + 100) % 256) / 128 - 1)
          : tensorDataOver(tensor.type, new ArrayBuffer(0));
    const [output] = loaded.run([input]);
    return { input, output };
  } finally {
    loaded.dispose();
  }
}
