import { checkModel } from "../model/check";
import { convertUint8 } from "../model/convert-uint8";
import { dequantizeConstants } from "../model/dequantize-constants";
import { fuseOperators } from "../model/fuse-operators";
import type { Model } from "../model/model";
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
  const folded = foldConstants(dequantizeConstants(convertUint8(model)));
  // whole still: what was converted, and shapes that constants decide about which are known now
  checkModel(folded);
  return removeUnused(fuseOperators(folded));
}
