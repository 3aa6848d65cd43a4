import { TinymlError } from "../errors";
import type { FusedActivation, Quantization, Tensor, TensorData } from "./model";

/**
 * How an operator is computed: the call of one C kernel of src/kernels. The flow binds it to addresses and runs it, a
 * sketch prints it as C; so both call the same kernel with the same numbers.
 */
export interface KernelCall {
  /** The kernel's function. */
  kernel: string;
  /** The file of src/kernels that defines it. */
  file: string;
  /** The function's arguments, in its order. */
  arguments: readonly KernelArgument[];
}

/** An argument of a kernel's function. */
export type KernelArgument =
  /**
   * A pointer to a tensor, by its index in the model. A constant lies in RAM on boards, where it can be read like what is
   * computed: for operands that may be either.
   */
  | { kind: "tensor"; tensor: number }
  /** A pointer to a constant that the kernel reads from flash, NULL where it is left out. */
  | { kind: "constant"; constant: KernelConstant | undefined }
  /** How many elements or rows: so many for each sample of the batch. A kernel without it runs one sample at a time. */
  | { kind: "perSample"; count: number }
  /** A whole number: a size, a zero point, a multiplier, … */
  | { kind: "integer"; value: number }
  /** A float32 number. */
  | { kind: "real"; value: number }
  | { kind: "activation"; activation: FusedActivation }
  /** A pointer to a struct in flash. */
  | { kind: "struct"; struct: KernelStruct };

/** A constant as a kernel reads it. */
export interface KernelConstant {
  /** Part of its name in generated C. */
  role:
    | "weights"
    | "bias"
    | "multipliers"
    | "shifts"
    | "table"
    | "parameters"
    | "time_weights"
    | "feature_bias"
    | "recurrent_weights"
    | "recurrent_bias";
  data: TensorData;
  /** The tensor whose elements these are unchanged; absent where they were computed for the kernel. */
  tensor?: number;
}

/** A struct of the kernels whose fields are all `int` or `int32_t`, or arrays of them, in the struct's order. */
export interface KernelStruct {
  /** Its type in C: "tinyml_window". */
  type: string;
  /** What it is, for the comment above it in generated C. */
  comment: string;
  /** The fields by their names in camel case; in C they are in snake case. */
  fields: Readonly<Record<string, number | readonly number[]>>;
}

/** A tensor that an operator reads or writes, with its index in the model. */
export interface Operand extends Tensor {
  readonly index: number;
}

/** The tensors of one operator: what its kernel call is made from. */
export interface Operands {
  /** In the order of the operator's rule; undefined for those left out. */
  readonly inputs: readonly (Operand | undefined)[];
  readonly outputs: readonly Operand[];
  /** Tensors that are never stored, which say how values inside of the operator are quantized (LSTM). */
  readonly intermediates: readonly Operand[];
}

export function tensorArgument({ index }: Operand): KernelArgument {
  return { kind: "tensor", tensor: index };
}

export function perSample(count: number): KernelArgument {
  return { kind: "perSample", count };
}

export function integers(...values: readonly number[]): KernelArgument[] {
  return values.map((value) => ({ kind: "integer", value }));
}

/** A constant tensor as it is, or NULL where it is left out. */
export function constantArgument(role: KernelConstant["role"], operand: Operand | undefined): KernelArgument {
  if (operand === undefined) return { kind: "constant", constant: undefined };
  const { data, index } = operand;
  return { kind: "constant", constant: { role, data: data ?? dataOf(operand), tensor: index } };
}

/** Numbers that were computed for the kernel. */
export function computedArgument(role: KernelConstant["role"], data: TensorData): KernelArgument {
  return { kind: "constant", constant: { role, data } };
}

/** An operand that the operator's rule requires; checkModel has made sure that it is there. */
export function required(operand: Operand | undefined): Operand {
  if (operand !== undefined) return operand;
  throw new TinymlError("TINYML_MODEL_INVALID", "The model is damaged: an operator lacks an input. Export it again.");
}

/** The elements of a constant. @throws TinymlError TINYML_MODEL_UNSUPPORTED for what is no constant of numbers up to 32 bits */
export function dataOf({ name, data }: Tensor): Exclude<TensorData, BigInt64Array> {
  if (data !== undefined && !(data instanceof BigInt64Array)) return data;
  throw new TinymlError(
    "TINYML_MODEL_UNSUPPORTED",
    `The tensor "${name}" is not a constant of 32-bit numbers or less.`,
  );
}

/** The scales of an integer tensor. @throws TinymlError TINYML_MODEL_INVALID where it has none */
export function quantizationOf({ name, type, quantization }: Tensor): Quantization {
  if (quantization !== undefined) return quantization;
  throw new TinymlError("TINYML_MODEL_INVALID", `The ${type} tensor "${name}" has no scale; quantize the model again.`);
}
