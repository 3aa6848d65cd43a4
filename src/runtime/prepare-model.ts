import { TinymlError } from "../errors";
import { checkModel, hasComputedTypes } from "../model/check";
import { convertUint8 } from "../model/convert-uint8";
import { dequantizeConstants } from "../model/dequantize-constants";
import { fuseOperators } from "../model/fuse-operators";
import type { Model } from "../model/model";
import { readInPlace } from "../model/read-in-place";
import { removeUnused } from "../model/remove-unused";
import { foldConstants } from "./fold-constants";

/**
 * A model as the kernels run it, from one as a file holds it: the same inputs and outputs in the same order, computed by
 * what there are kernels for, with nothing computed again that never changes.
 *
 * @throws TinymlError TINYML_MODEL_INVALID, TINYML_MODEL_UNSUPPORTED (see `checkModel`), TINYML_OUT_OF_MEMORY
 */
export function prepareModel(model: Model): Model {
  checkModel(model);
  const converted = removeUnused(dequantizeConstants(convertUint8(model)));
  const folded = foldConstants(converted);
  // whole still: what was converted, and shapes that constants decide about which are known now
  checkModel(folded);
  checkTypes(folded);
  const fused = readInPlace(fuseOperators(folded));
  return fused === converted ? converted : removeUnused(fused);
}

/** What the check of a file lets pass, because loading converts it, must have been converted: kernels trust the types. */
function checkTypes(model: Model): void {
  const operator = model.operators.find((one) => !hasComputedTypes(model, one));
  if (operator === undefined) return;
  const types = [...operator.inputs, ...operator.outputs].flatMap((index) => model.tensors[index]?.type ?? []);
  throw new TinymlError(
    "TINYML_MODEL_UNSUPPORTED",
    `The model can't be used here: its operator ${operator.type} has tensors of the types ${types.join(", ")}, which are neither computed nor converted.`,
  );
}
