import { TinymlError } from "../errors";
import type { Model, Tensor, TensorData, TensorType } from "../model/model";
import { elementCount, tensorDataOver } from "../model/tensor";
import { copyInto, copyOf, type Floats, placeModel } from "./place-model";
import { prepareModel } from "./prepare-model";

/** A model that runs on raw tensors, in its own types, without features. */
export interface LoadedModel {
  readonly model: Model;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /**
   * Runs the model once. Takes the elements of each input in the order of `inputs`, in the typed array of its type, and
   * gives those of each output, as arrays of their own.
   * @throws TinymlError TINYML_MODEL_MISMATCH when the inputs are not those of the model or it was disposed of
   */
  run(inputs: readonly TensorData[]): TensorData[];
  /** Gives the model's memory back. */
  dispose(): void;
}

/**
 * Loads a model for running it on raw tensors.
 * @param floats "reproducible" where they have to be the same on every machine and every version of Node
 * @throws TinymlError TINYML_MODEL_INVALID, TINYML_MODEL_UNSUPPORTED, TINYML_OUT_OF_MEMORY
 */
export function loadModel(original: Model, floats: Floats = "fastest"): LoadedModel {
  const model = prepareModel(original);
  const placed = placeModel(model, { floats });
  const inputs = model.inputs.map((index) => model.tensors[index]);
  const outputs = model.outputs.map((index) => model.tensors[index]);
  // Prepared here, because it takes longer than running a small network.
  const wanted = inputs.map(({ type, shape }) => ({ example: emptyData(type), count: elementCount(shape) }));
  const outputCounts = outputs.map(({ shape }) => elementCount(shape));
  let disposed = false;
  return {
    model: original,
    inputs,
    outputs,
    run(values) {
      if (disposed) throw new TinymlError("TINYML_MODEL_MISMATCH", "The model was disposed of; load it again.");
      if (values.length !== inputs.length) {
        throw new TinymlError(
          "TINYML_MODEL_MISMATCH",
          `The model takes ${inputs.length} input tensors, not ${values.length}.`,
        );
      }
      for (let i = 0; i < inputs.length; i++) {
        const { example, count } = wanted[i];
        const data = values[i];
        if (data.constructor !== example.constructor || data.length !== count) refuseInput(inputs[i], count, data);
        copyInto(placed.kernels, placed.addresses[model.inputs[i]], data);
      }
      placed.forward(1);
      const results: TensorData[] = [];
      for (let i = 0; i < outputs.length; i++) {
        results.push(copyOf(placed.kernels, placed.addresses[model.outputs[i]], outputs[i].type, outputCounts[i]));
      }
      return results;
    },
    dispose() {
      if (!disposed) placed.dispose();
      disposed = true;
    },
  };
}

function emptyData(type: TensorType): TensorData {
  return tensorDataOver(type, new ArrayBuffer(0));
}

function refuseInput(tensor: Tensor, count: number, data: TensorData): never {
  throw new TinymlError(
    "TINYML_MODEL_MISMATCH",
    `The input "${tensor.name}" takes ${count} ${tensor.type} elements, not a ${data.constructor.name} of ${data.length}.`,
  );
}
