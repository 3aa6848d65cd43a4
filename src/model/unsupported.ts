import { TinymlError } from "../errors";

/**
 * The error of a model that is sound, but has something that this package can't compute.
 * @param what what it is, and where in the model: "SubGraph.operators[3] is RFFT2D, which …"
 */
export function unsupportedModel(what: string): TinymlError {
  return new TinymlError(
    "TINYML_MODEL_UNSUPPORTED",
    `The model can't be used here: ${what}. Export it again with builtin operators only; docs/operators.md lists which of them run here.`,
  );
}
