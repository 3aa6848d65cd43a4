import type { Model } from "../model/model";
import { elementBytes, elementCount, tensorDataOver } from "../model/tensor";
import { loadModel } from "./load-model";

/** Elements of an input or output beyond which there is no known answer: no board has room for more. */
const mostElements = 1024;
/** Inputs that are tried for a float model. */
const candidates = 9;

interface Answer {
  input: number[];
  output: number[];
}

/**
 * One input and the output that the model has for it, as raw elements: what a board repeats at its start to show that it
 * computes the same. The input runs through the values that its type can take (−1..1 for floats), so that weights, signs
 * and saturation all have a part in it. Undefined for a model with an input or output of more than 1,024 elements, or
 * without just one input.
 */
export function knownAnswer(model: Model): Answer | undefined {
  if (model.inputs.length !== 1) return undefined;
  const [input, output] = [model.inputs[0], model.outputs[0]].map((index) => model.tensors[index]);
  if (elementCount(input.shape) > mostElements || elementCount(output.shape) > mostElements) return undefined;
  if (input.type !== "float32") return answer(model, 0);
  // A board may round floats otherwise: an output of middling size is neither nearly zero because large numbers cancel
  // each other out, which would leave nothing but their rounding, nor at an end where every board computes the same.
  const size = ({ output }: Answer): number => Math.max(...output.map(Math.abs));
  const answers = Array.from({ length: candidates }, (_, number) => answer(model, number));
  return answers.sort((a, b) => size(a) - size(b))[(candidates - 1) / 2];
}

/** What the model answers to an input when nothing came before it: a recurrent model is loaded anew for each. */
function answer(model: Model, number: number): Answer {
  const loaded = loadModel(model, "reproducible");
  try {
    const [tensor] = loaded.inputs;
    const count = elementCount(tensor.shape);
    const input = tensorDataOver(tensor.type, new ArrayBuffer(count * elementBytes(tensor.type)));
    for (let i = 0; i < count; i++) {
      const stored = ((i * 89 + number * 57 + 100) % 256) - 128;
      if (input instanceof Float32Array) input[i] = stored / 128;
      else if (input instanceof Int8Array) input[i] = stored;
    }
    const [output] = loaded.run([input]);
    return { input: Array.from(input, Number), output: Array.from(output, Number) };
  } finally {
    loaded.dispose();
  }
}
