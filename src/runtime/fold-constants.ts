import { checkModel, isFixed } from "../model/check";
import type { Model, Operator, Tensor, TensorData } from "../model/model";
import { operatorRule } from "../model/operators";
import { operatorWork } from "../model/summarize";
import { tensorBytes } from "../model/tensor";
import { placeModel } from "./place-model";
import { elementsAt } from "./tensor-values";

/** A result above this is computed at every run: a file of a few bytes can describe constants without end. */
const MAXIMUM_BYTES = 16 * 2 ** 20;

/** All results together may have so many times the bytes of the model's own constants, and as many as one besides; so may what is read for them. */
const GROWTH = 4;

/** Computing more than this, in multiply-accumulate operations, is no preparation. */
const MAXIMUM_MACS = 1e8;

/** What may still be computed at load. */
interface Allowance {
  /** Of results. */
  bytes: number;
  /** Of the constants that they are computed from. */
  read: number;
  macs: number;
}

/**
 * Computes what depends on constants and shapes alone, once, with the kernels that would compute it at every run.
 * @throws TinymlError TINYML_MODEL_INVALID for an operator whose constants, computed now, do not fit its shapes
 */
export function foldConstants(model: Model): Model {
  const tensors = [...model.tensors];
  const stored = tensors.reduce((sum, { data }) => sum + (data?.byteLength ?? 0), 0);
  const bytes = MAXIMUM_BYTES + GROWTH * stored;
  const allowance: Allowance = { bytes, read: bytes, macs: MAXIMUM_MACS };
  const fixed = new Set(tensors.flatMap(({ data }, index) => (data === undefined ? [] : [index])));
  const operators = model.operators.filter((operator) => {
    const found = isFixed(operator, fixed) ? compute(tensors, operator, allowance) : undefined;
    found?.forEach((data, i) => {
      const index = operator.outputs[i];
      tensors[index] = { ...tensors[index], data };
      fixed.add(index);
    });
    return found === undefined;
  });
  return operators.length === model.operators.length ? model : { ...model, tensors, operators };
}

/** The elements of each output; undefined where they are too many, or take too long. */
function compute(
  tensors: readonly Tensor[],
  operator: Operator,
  allowance: Allowance,
): readonly TensorData[] | undefined {
  const outputs = operator.outputs.map((index) => tensors[index]);
  const bytes = outputs.reduce((sum, output) => sum + tensorBytes(output), 0);
  const read = operator.inputs.reduce((sum, index) => sum + (tensors[index]?.data?.byteLength ?? 0), 0);
  const macs = operatorWork(tensors, operator);
  if (bytes > Math.min(MAXIMUM_BYTES, allowance.bytes)) return undefined;
  if (read > allowance.read || macs > allowance.macs) return undefined;
  allowance.bytes -= bytes;
  allowance.read -= read;
  allowance.macs -= macs;
  const { elementsOf } = operatorRule(operator.type);
  if (elementsOf !== undefined)
    return elementsOf(
      operator.inputs.map((index) => tensors[index].shape),
      outputs,
    );
  const graph = alone(tensors, operator);
  checkModel(graph);
  const placed = placeModel(graph);
  try {
    placed.forward(1);
    return graph.outputs.map((index) => elementsAt(placed.kernels.heap, placed.addresses[index], graph.tensors[index]));
  } finally {
    placed.dispose();
  }
}

/** A model of one operator whose inputs are all constants. */
function alone(tensors: readonly Tensor[], operator: Operator): Model {
  const used = [...operator.inputs.filter((index) => index >= 0), ...operator.outputs];
  const first = used.length - operator.outputs.length;
  const outputs = operator.outputs.map((_, i) => first + i);
  let next = 0;
  const inputs = operator.inputs.map((index) => (index < 0 ? index : next++));
  return {
    description: "",
    tensors: used.map((index) => tensors[index]),
    operators: [{ ...operator, inputs, outputs }],
    inputs: [],
    outputs,
  };
}
