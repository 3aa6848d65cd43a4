import type { KernelCall, Operands } from "../kernel-call";
import type { OperatorOptions, OperatorType, Quantization, Tensor, TensorData, TensorType } from "../model";

export type Shape = readonly number[];

/** An operator's input: its name for messages, and what is asked of it. */
export interface InputRule {
  readonly name: string;
  /** May be left out (−1, or not listed at the end). */
  readonly optional?: true;
  /** Belongs to a variant of the operator that no kernel computes: must be left out. */
  readonly refused?: true;
  /** Must be a constant of the file. */
  readonly constant?: true;
  /** Learned in training: its elements count as the model's parameters. */
  readonly parameter?: true;
  /** May be quantized with a scale for each output channel; else one scale is wanted. */
  readonly perChannel?: true;
  /** Must be a variable tensor, which keeps its elements from run to run: the kernel reads and writes it. */
  readonly state?: true;
  /** The last input only: there may be any number of it, at least one. */
  readonly repeated?: true;
}

/**
 * Element types that go together: the inputs' in order, then the outputs'. The last of each stands for all that follow
 * where there may be any number of them.
 */
export type TypeSignature = readonly [inputs: readonly TensorType[], outputs: readonly TensorType[]];

/** What every part of the package may know of an operator: one row per operator, no code anywhere else to extend. */
export interface OperatorRule<T extends OperatorType> {
  readonly inputs: readonly InputRule[];
  /** How many outputs it has; "any" where its options say it, then `shapes` gives as many. */
  readonly outputs: number | "any";
  /** The combinations of element types that this package computes. */
  readonly types: readonly TypeSignature[];
  /** Only gives its input another shape: its output is its input's memory, and nothing is computed. */
  readonly sharesMemory?: true;
  /** Its kernel may write the output over the first input. */
  readonly inPlace?: true;
  /**
   * The shapes of the outputs, or a sentence that says why the inputs' shapes do not fit together; `constants` are the
   * elements of the inputs that are constants, `stated` the outputs' shapes in the file, for operators whose output's shape
   * is computed.
   */
  shapes(
    inputs: readonly (Shape | undefined)[],
    options: OperatorOptions[T],
    constants: readonly (TensorData | undefined)[],
    stated: readonly Shape[],
  ): readonly Shape[] | string;
  /** Multiply-accumulate operations of one run. */
  macs(inputs: readonly (Shape | undefined)[], outputs: readonly Shape[]): number;
  /** What is wrong with the options, if anything is. */
  checkOptions?(options: OperatorOptions[T]): string | undefined;
  /** What is wrong with the quantization of an integer operator's tensors, if anything is. */
  checkQuantization?(inputs: readonly (Tensor | undefined)[], outputs: readonly Tensor[]): string | undefined;
  /** The elements of the outputs where the inputs' shapes alone say them: such an operator is never run. */
  elementsOf?(inputs: readonly Shape[], outputs: readonly Tensor[]): readonly TensorData[];
  /**
   * The call of its kernel, or several that are made one after the other; absent where nothing is computed
   * (`sharesMemory`).
   * @throws TinymlError TINYML_MODEL_UNSUPPORTED for what no kernel computes, TINYML_MODEL_INVALID without scales
   */
  kernelCall?(operands: Operands, options: OperatorOptions[T]): KernelCall | readonly KernelCall[];
}

/** The rows of a family of operators. */
export type OperatorRules<T extends OperatorType> = { readonly [Type in T]: OperatorRule<Type> };

/** float32 or int8, the same on both ends. */
export const SAME_TYPE: readonly TypeSignature[] = [
  [["float32"], ["float32"]],
  [["int8"], ["int8"]],
];

/** Rules shared by operators that map each element of one input to the same place of one output. */
export const ELEMENTWISE = {
  inputs: [{ name: "input" }],
  outputs: 1,
  types: SAME_TYPE,
  inPlace: true,
  shapes: ([input = []]: readonly (Shape | undefined)[]) => [input],
  macs: () => 0,
} as const;

/** The one scale and zero point of a tensor; undefined when it has none, or several. */
export function perTensor(tensor: Tensor | undefined): { scale: number; zeroPoint: number } | undefined {
  const quantization: Quantization | undefined = tensor?.quantization;
  const [scale, ...more] = quantization?.scales ?? [];
  const zeroPoint = quantization?.zeroPoints[0];
  if (scale === undefined || zeroPoint === undefined || more.length > 0) return undefined;
  return { scale, zeroPoint };
}

/** Asks for one scale each on both ends. */
export function checkPerTensor(
  [input]: readonly (Tensor | undefined)[],
  [output]: readonly Tensor[],
): string | undefined {
  return perTensor(input) && perTensor(output)
    ? undefined
    : `its ${output.type} input and output must have one scale each`;
}

/** Whether stored numbers of both mean the same real ones: the same scale and zero point, or none. */
export function haveSameScale(a: Tensor | undefined, b: Tensor | undefined): boolean {
  const [first, second] = [perTensor(a), perTensor(b)];
  return first?.scale === second?.scale && first?.zeroPoint === second?.zeroPoint;
}

/** The end of a kernel's name and the start of its file's: `tinyml_relu_int8` in `int8_activation.c`. */
export function kernelType({ type }: Tensor): "float" | Exclude<TensorType, "float32"> {
  return type === "float32" ? "float" : type;
}
