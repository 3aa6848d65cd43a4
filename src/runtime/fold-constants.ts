import type { Model, Operator, TensorData } from "../model/model";
import { operatorRule } from "../model/operators";
import { elementBytes, elementCount, tensorDataOver } from "../model/tensor";
import { placeModel } from "./place-model";

/** A result above this is computed at every run: a file of a few bytes can describe constants without end. */
const MAXIMUM_BYTES = 16 * 2 ** 20;

/** Computes what depends on constants alone, once, with the kernels that would compute it at every run. */
export function foldConstants(model: Model): Model {
  const tensors = [...model.tensors];
  const operators = model.operators.filter((operator) => {
    const data = isConstant({ ...model, tensors }, operator) ? compute({ ...model, tensors }, operator) : undefined;
    data?.forEach((elements, i) => {
      const index = operator.outputs[i];
      tensors[index] = { ...tensors[index], data: elements };
    });
    return data === undefined;
  });
  return operators.length === model.operators.length ? model : { ...model, tensors, operators };
}

function isConstant({ tensors }: Model, { type, inputs, outputs }: Operator): boolean {
  const bytes = outputs.reduce(
    (sum, index) => sum + elementCount(tensors[index].shape) * elementBytes(tensors[index].type),
    0,
  );
  return (
    bytes <= MAXIMUM_BYTES &&
    inputs.every((index) => index < 0 || tensors[index].data !== undefined) &&
    !operatorRule(type).inputs.some(({ state }) => state)
  );
}

/** The elements of each output. */
function compute(model: Model, operator: Operator): TensorData[] {
  const placed = placeModel({ ...model, inputs: [], outputs: operator.outputs, operators: [operator] });
  try {
    placed.forward(1);
    const { int8 } = placed.kernels.heap;
    return operator.outputs.map((index) => {
      const { type, shape } = model.tensors[index];
      const address = placed.addresses[index];
      return tensorDataOver(type, int8.slice(address, address + elementCount(shape) * elementBytes(type)).buffer);
    });
  } finally {
    placed.dispose();
  }
}
