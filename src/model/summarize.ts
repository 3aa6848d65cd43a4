import { labelsOf } from "./labels";
import { planMemory } from "./memory-plan";
import type { Metadata, Task } from "./metadata";
import type { Model, Operator, OperatorType, Tensor, TensorType } from "./model";
import { operatorRule } from "./operators";
import { perTensor } from "./operators/operator-rule";
import { elementCount, tensorBytes } from "./tensor";
import { tensorNames } from "./tensor-names";

/** A tensor that the caller fills or reads, or that an operator computes. */
export interface TensorSummary {
  /** Of inputs and outputs the name by which readings and predictions have it (see `tensorNames`). */
  name: string;
  type: TensorType;
  shape: readonly number[];
  /** Of a quantized tensor with one scale: real = scale × (stored − zeroPoint). */
  scale?: number;
  zeroPoint?: number;
}

/** An operator in its place in the model. */
export interface OperatorSummary {
  type: OperatorType;
  outputs: readonly TensorSummary[];
  /** Multiply-accumulate operations of one prediction. */
  macs: number;
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
  /** Every operator, in the order in which they run. */
  graph: readonly OperatorSummary[];
  /** Memory that a prediction takes beside the parameters: all tensors that it computes, where they lie by the memory plan. */
  memoryBytes: number;
  /** Classification: the share of validation samples that were classified right, 0 to 1, as training or the last compression reported it. */
  accuracy?: number;
  /** Regression: the mean squared error over the validation samples, as training or the last compression reported it. */
  validationMse?: number;
  /** What was done to the model after training, oldest first. */
  compression: readonly string[];
}

/** What the plan's tensors begin at a multiple of: where the flow has them, and TensorFlow Lite Micro. */
const vectorBytes = 16;

/** Summarizes a model; `bytes` is the size of its file. */
export function summarizeModel(model: Model, bytes: number): ModelSummary {
  const { metadata } = model;
  const labels = labelsOf(model);
  const parameters = parameterTensors(model);
  return {
    name: metadata?.name ?? "",
    ...(metadata && { task: metadata.task }),
    ...(labels && { labels }),
    inputs: summarizePorts(model, model.inputs, "input"),
    outputs: summarizePorts(model, model.outputs, "output"),
    parameters: parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    parameterBytes: parameters.reduce((sum, tensor) => sum + tensorBytes(tensor), 0),
    macs: modelMacs(model),
    bytes,
    quantized: [...model.inputs, ...model.outputs].every((index) => model.tensors[index]?.type.includes("int")),
    operators: countOperators(model.operators),
    graph: model.operators.map((operator) => ({
      type: operator.type,
      outputs: operator.outputs.flatMap((index) => model.tensors[index] ?? []).map(summarizeTensor),
      macs: operatorMacs(model.tensors, operator),
    })),
    memoryBytes: planMemory(model, vectorBytes).bytes,
    ...metricOf(metadata),
    compression: metadata?.compression.map(({ method }) => method) ?? [],
  };
}

/** Multiply-accumulate operations of one prediction. */
export function modelMacs(model: Model): number {
  return model.operators.reduce((sum, operator) => sum + operatorMacs(model.tensors, operator), 0);
}

/**
 * What one run of an operator takes: its multiply-accumulate operations, or the numbers that a pooling window sees, which
 * nobody counts among a model's MACs.
 */
export function operatorWork(tensors: readonly Tensor[], operator: Operator): number {
  if (operator.type !== "AVERAGE_POOL_2D" && operator.type !== "MAX_POOL_2D") return operatorMacs(tensors, operator);
  const { filterHeight, filterWidth } = operator.options;
  return elementCount(tensors[operator.outputs[0] ?? -1]?.shape ?? []) * filterHeight * filterWidth;
}

/** What one run of a model takes, for deciding where to run it. */
export function modelWork({ operators, tensors }: Model): number {
  return operators.reduce((sum, operator) => sum + operatorWork(tensors, operator), 0);
}

/** Multiply-accumulate operations of one run of an operator. */
export function operatorMacs(tensors: readonly Tensor[], { type, inputs, outputs }: Operator): number {
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

function summarizePorts(model: Model, indices: readonly number[], kind: "input" | "output"): TensorSummary[] {
  const tensors = indices.flatMap((index) => model.tensors[index] ?? []);
  const names = tensorNames(tensors, kind);
  return tensors.map((tensor, i) => ({ ...summarizeTensor(tensor), name: names[i] }));
}

function summarizeTensor(tensor: Tensor): TensorSummary {
  const { name, type, shape } = tensor;
  return { name, type, shape, ...(type !== "float32" && perTensor(tensor)) };
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
