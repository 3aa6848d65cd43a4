import { checkModel, hasComputedTypes } from "../model/check";
import { convertUint8 } from "../model/convert-uint8";
import { dequantizeConstants } from "../model/dequantize-constants";
import { fuseOperators } from "../model/fuse-operators";
import type { Model } from "../model/model";
import { operatorRule } from "../model/operators";
import { readInPlace } from "../model/read-in-place";
import { removeUnused } from "../model/remove-unused";
import { unsupportedModel } from "../model/unsupported";
import { foldConstants } from "./fold-constants";

/**
 * A model as the kernels run it, from one as a file holds it: the same inputs and outputs in the same order, computed by
 * what there are kernels for, with nothing computed again that never changes.
 *
 * @throws TinymlError TINYML_MODEL_INVALID, TINYML_MODEL_UNSUPPORTED (see `checkModel`), TINYML_OUT_OF_MEMORY
 */
export function prepareModel(model: Model): Model {
  checkModel(model);
  checkSharing(model);
  const converted = removeUnused(dequantizeConstants(convertUint8(model)));
  const folded = foldConstants(converted);
  // whole still: what was converted, and shapes that constants decide about which are known now
  checkModel(folded);
  checkTypes(folded);
  checkSharing(folded);
  const fused = readInPlace(fuseOperators(folded));
  return fused === converted ? converted : removeUnused(fused);
}

/** What the weights of all operators together may take, besides so many times the bytes of all constants. */
const MOST_SHARED = 64 * 2 ** 20;
const MOST_TIMES_SHARED = 4;

/** Refuses a small file whose operators share large weights so often that preparing each of them takes minutes. */
function checkSharing({ tensors, operators }: Model): void {
  const stored = tensors.reduce((sum, { data }) => sum + (data?.byteLength ?? 0), 0);
  const most = MOST_SHARED + MOST_TIMES_SHARED * stored;
  let weights = 0;
  operators.forEach(({ type, inputs }, place) => {
    const rule = operatorRule(type);
    inputs.forEach((index, i) => {
      if (rule.inputs[i]?.parameter) weights += tensors[index]?.data?.byteLength ?? 0;
    });
    if (weights <= most) return;
    throw unsupportedModel(
      `its operators share weights so often that the first ${place + 1} of them (up to a ${type}) have ${megabytes(weights)} MB, where ${megabytes(most)} MB can be prepared`,
    );
  });
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / 2 ** 20);
}

/** What the check of a file lets pass, because loading converts it, must have been converted: kernels trust the types. */
function checkTypes(model: Model): void {
  const operator = model.operators.find((one) => !hasComputedTypes(model, one));
  if (operator === undefined) return;
  const types = [...operator.inputs, ...operator.outputs].flatMap((index) => model.tensors[index]?.type ?? []);
  throw unsupportedModel(
    `its operator ${operator.type} has tensors of the types ${types.join(", ")}, which are neither computed nor converted`,
  );
}
