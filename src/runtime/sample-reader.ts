import { TinymlError } from "../errors";
import { splitBlocks } from "../features/feature-shape";
import type { Model } from "../model/model";
import { createInputReader, type InputValues } from "./model-input";

/** What a flow sends to a model, once it is checked. */
export interface ReadSample {
  /** They hold until the next reading. */
  values: InputValues;
  /** How many of the model's feature blocks it has been through. */
  made: number;
}

/**
 * A function that reads what a flow sends to a model: as `createInputReader` says or, where the model makes features of another shape out of its samples,
 * a sample of these. `features` are the blocks that it has been through already; none where undefined.
 *
 * The function throws what that of `createInputReader` throws, and TINYML_FEATURES_MISMATCH for features that were made with other blocks.
 * @throws TinymlError TINYML_MODEL_INVALID for a model with such features that does not say what its samples are
 */
export function createSampleReader(model: Model): (payload: unknown, features: unknown) => ReadSample {
  const blocks = model.metadata?.features ?? [];
  const { shaping } = splitBlocks(blocks);
  const read = createInputReader(model);
  const readWhole = shaping.length === 0 ? read : createInputReader(withSamples(model));
  // Those that change the shape, or all: between them nothing is worth sending.
  const stages = [shaping, blocks].map((made) => ({ made: made.length, text: JSON.stringify(made) }));
  return (payload, features) => {
    if (features === undefined) return { values: readWhole(payload), made: 0 };
    const text = JSON.stringify(features);
    if (text === "[]") return { values: readWhole(payload), made: 0 };
    const stage = stages.find((each) => each.text === text);
    if (stage !== undefined) return { values: read(payload), made: stage.made };
    const listed = blocks.map(({ block }) => block).join(", ") || "none";
    throw new TinymlError(
      "TINYML_FEATURES_MISMATCH",
      `These features were made in another way than those that the model was trained with (${listed}). Send the window itself, or give the features node the model.`,
    );
  };
}

/** The model as it looks to those who send it samples. */
function withSamples(model: Model): Model {
  const { inputs, metadata } = model;
  if (metadata?.window === undefined) {
    throw new TinymlError("TINYML_MODEL_INVALID", "The model does not say how long its windows are; train it again.");
  }
  const shape = [1, ...metadata.window.shape];
  const tensors = model.tensors.map((tensor, i) =>
    i === inputs[0] ? { ...tensor, shape, type: "float32" as const } : tensor,
  );
  return { ...model, tensors };
}
