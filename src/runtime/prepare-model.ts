import { checkModel } from "../model/check";
import { dequantizeConstants } from "../model/dequantize-constants";
import type { Model } from "../model/model";

/**
 * A model as the kernels run it, from one as a file holds it: the same inputs and outputs, computed by what there are
 * kernels for.
 *
 * @throws TinymlError TINYML_MODEL_INVALID, TINYML_MODEL_UNSUPPORTED (see `checkModel`)
 */
export function prepareModel(model: Model): Model {
  checkModel(model);
  const prepared = dequantizeConstants(model);
  if (prepared !== model) checkModel(prepared);
  return prepared;
}
