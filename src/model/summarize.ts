import type { Metadata, Task } from "./metadata";
import type { Model, Operator, OperatorType, Tensor, TensorType } from "./model";
import { operatorRule } from "./operators";
import { elementBytes, elementCount } from "./tensor";

/** A tensor that the caller fills or reads. */
export interface TensorSummary {
  name: string;
  type: TensorType;
  shape: readonly number[];
}

/** What people and switch nodes want to know of a model: `msg.model`, and what `tinyml inspect` prints. */
export interface ModelSummary {
  /** Empty for a file that another tool wrote. */
  name: string;
  task?: Task;
  labels?: readonly string[];
  inputs: readonly TensorSummary[];
  outputs: readonly TensorSummary[];
  /** Learned numbers: weights and biases, each tensor counted once. */
  parameters: number;
  /** Bytes of those numbers. */
  parameterBytes: number;
  /** Multiply-accumulate operations of one prediction. */
  macs: number;
  /** The file's size. */
  bytes: number;
  /** True when the graph computes in integers from its input to its output. */
  quantized: boolean;
  /** How often each operator occurs. */
  operators: Partial<Record<OperatorType, number>>;
  /** Classification: the share of validation samples that were classified right, 0 to 1, as training or the last compression reported it. */
  accuracy?: number;
  /** Regression: the mean squared error over the validation samples, as training or the last compression reported it. */
  validationMse?: number;
  /** What was done to the model after training, oldest first. */
  compression: readonly string[];
}

/** Summarizes a model; `bytes` is the size of its file. */
export function summarizeModel(model: Model, bytes: number): ModelSummary {
  const { metadata } = model;
  const parameters = parameterTensors(model);
  return {
    name: metadata?.name ?? "",
    ...(metadata && { task: metadata.task }),
    ...(metadata?.labels && { labels: metadata.labels }),
    inputs: model.inputs.flatMap((index) => summarizeTensor(model.tensors[index])),
    outputs: model.outputs.flatMap((index) => summarizeTensor(model.tensors[index])),
    parameters: parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    parameterBytes: parameters.reduce((sum, { shape, type }) => sum + elementCount(shape) * elementBytes(type), 0),
    macs: modelMacs(model),
    bytes,
    quantized: [...model.inputs, ...model.outputs].every((index) => model.tensors[index]?.type.includes("int")),
    operators: countOperators(model.operators),
    ...metricOf(metadata),
    compression: metadata?.compression.map(({ method }) => method) ?? [],
  };
}

/** Multiply-accumulate operations of one prediction. */
export function modelMacs(model: Model): number {
  return model.operators.reduce((sum, operator) => sum + operatorMacs(model, operator), 0);
}

/** Multiply-accumulate operations of one run of an operator. */
export function operatorMacs({ tensors }: Model, { type, inputs, outputs }: Operator): number {
  return operatorRule(type).macs(
    inputs.map((index) => tensors[index]?.shape),
    outputs.map((index) => tensors[index]?.shape ?? []),
  );
}

function parameterTensors({ operators, tensors }: Model): Tensor[] {
  const indices = new Set(
    operators.flatMap(({ type, inputs }) => inputs.filter((_, i) => operatorRule(type).inputs[i]?.parameter)),
  );
  return [...indices].flatMap((index) => tensors[index] ?? []);
}

function summarizeTensor(tensor: Tensor | undefined): TensorSummary[] {
  return tensor === undefined ? [] : [{ name: tensor.name, type: tensor.type, shape: tensor.shape }];
}

function countOperators(operators: readonly Operator[]): Partial<Record<OperatorType, number>> {
  const counts: Partial<Record<OperatorType, number>> = {};
  for (const { type } of operators) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

function metricOf(metadata: Metadata | undefined): Pick<ModelSummary, "accuracy" | "validationMse"> {
  if (metadata?.report === undefined) return {};
  const { metric, validationMetric: trained } = metadata.report;
  // What the last compression measured is true of the model as it is now.
  const validationMetric = metadata.compression.at(-1)?.validationMetric ?? trained;
  return metric === "accuracy" ? { accuracy: validationMetric } : { validationMse: validationMetric };
}
