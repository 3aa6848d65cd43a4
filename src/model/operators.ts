import type { OperatorOptions, OperatorType, Quantization, Tensor, TensorType } from "./model";
import { fixedOutputQuantization } from "./quantization";
import { elementCount } from "./tensor";

export type Shape = readonly number[];

/** An operator's input: its name for messages, and what is asked of it. */
export interface InputRule {
  readonly name: string;
  /** May be left out (−1, or not listed at the end). */
  readonly optional?: true;
  /** Must be a constant of the file. */
  readonly constant?: true;
  /** Learned in training: its elements count as the model's parameters. */
  readonly parameter?: true;
}

/** What every part of the package may know of an operator: one row per operator, no code anywhere else to extend. */
export interface OperatorRule<T extends OperatorType> {
  readonly inputs: readonly InputRule[];
  /** How many outputs it has. */
  readonly outputs: number;
  /** The combinations of element types that this package computes: the inputs' in order, then the outputs'. */
  readonly types: readonly (readonly TensorType[])[];
  /** The shapes of the outputs, or a sentence that says why the inputs' shapes do not fit together. */
  shapes(inputs: readonly (Shape | undefined)[], options: OperatorOptions[T]): readonly Shape[] | string;
  /** Multiply-accumulate operations of one run. */
  macs(inputs: readonly (Shape | undefined)[], outputs: readonly Shape[]): number;
  /** What is wrong with the options, if anything is. */
  checkOptions?(options: OperatorOptions[T]): string | undefined;
  /** What is wrong with the quantization of an integer operator's tensors, if anything is. */
  checkQuantization?(inputs: readonly (Tensor | undefined)[], outputs: readonly Tensor[]): string | undefined;
}

const SAME_TYPE: readonly (readonly TensorType[])[] = [
  ["float32", "float32"],
  ["int8", "int8"],
];

/** Rules shared by operators that map each element of one input to the same place of one output. */
const ELEMENTWISE = {
  inputs: [{ name: "input" }],
  outputs: 1,
  types: SAME_TYPE,
  shapes: ([input = []]: readonly (Shape | undefined)[]) => [input],
  macs: () => 0,
} as const;

/** Checks an operator whose int8 output is the same in every model: what it maps to has a fixed range. */
function outputIsFixed(type: keyof typeof fixedOutputQuantization) {
  const expected = fixedOutputQuantization[type];
  const [scale, zeroPoint] = [expected.scales[0], expected.zeroPoints[0]];
  return ([input]: readonly (Tensor | undefined)[], [output]: readonly Tensor[]): string | undefined => {
    if (perTensor(input) === undefined) return "its int8 input must have a scale";
    const found = perTensor(output);
    if (found?.scale === scale && found.zeroPoint === zeroPoint) return undefined;
    return `its int8 output must have the scale 1/${1 / scale} and the zero point ${zeroPoint}`;
  };
}

/** The one scale and zero point of a tensor; undefined when it has none, or several. */
export function perTensor(tensor: Tensor | undefined): { scale: number; zeroPoint: number } | undefined {
  const quantization: Quantization | undefined = tensor?.quantization;
  const [scale, ...more] = quantization?.scales ?? [];
  const zeroPoint = quantization?.zeroPoints[0];
  if (scale === undefined || zeroPoint === undefined || more.length > 0) return undefined;
  return { scale, zeroPoint };
}

/** The operators of this package; the keys are TensorFlow Lite's builtin operator names. */
export const OPERATORS: { readonly [T in OperatorType]: OperatorRule<T> } = {
  FULLY_CONNECTED: {
    inputs: [
      { name: "input" },
      { name: "weights", constant: true, parameter: true },
      { name: "bias", optional: true, constant: true, parameter: true },
    ],
    outputs: 1,
    types: [
      ["float32", "float32", "float32", "float32"],
      ["int8", "int8", "int32", "int8"],
    ],
    shapes([input = [], weights = [], bias], { keepNumDims }) {
      const [units, inputs] = weights;
      if (units === undefined || inputs === undefined || weights.length > 2) {
        return `its weights must have two dimensions, not ${weights.length}`;
      }
      if (bias !== undefined && (bias.length !== 1 || bias[0] !== units)) {
        return `its bias must have the shape [${units}], not [${bias}]`;
      }
      if (keepNumDims) {
        if (input.at(-1) !== inputs) return `its input [${input}] must end in ${inputs}, as its weights do`;
        return [[...input.slice(0, -1), units]];
      }
      const batch = elementCount(input) / inputs;
      if (!Number.isInteger(batch)) return `its input [${input}] does not divide into rows of ${inputs}`;
      return [[batch, units]];
    },
    macs: ([, weights = []], [output = []]) => elementCount(output) * (weights[1] ?? 0),
    checkQuantization([input, weights, bias], [output]) {
      const from = perTensor(input);
      const to = perTensor(output);
      const by = perTensor(weights);
      if (from === undefined || to === undefined || by === undefined) {
        return "its int8 input, weights and output must have one scale each";
      }
      if (by.zeroPoint !== 0) return `its int8 weights must have the zero point 0, not ${by.zeroPoint}`;
      if (bias === undefined) return undefined;
      const added = perTensor(bias);
      if (added === undefined || added.zeroPoint !== 0) return "its bias must have one scale, and the zero point 0";
      // TensorFlow Lite allows the same: a fiftieth of an output step for each step of the bias
      const expected = from.scale * by.scale;
      if (Math.abs(expected - added.scale) / to.scale > 0.02) {
        return `its bias must have the scale of input × weights, ${expected}, not ${added.scale}`;
      }
      return undefined;
    },
  },
  RELU: {
    ...ELEMENTWISE,
    checkQuantization: ([input], [output]) =>
      perTensor(input) && perTensor(output) ? undefined : "its int8 input and output must have one scale each",
  },
  LOGISTIC: { ...ELEMENTWISE, checkQuantization: outputIsFixed("LOGISTIC") },
  TANH: { ...ELEMENTWISE, checkQuantization: outputIsFixed("TANH") },
  SOFTMAX: {
    ...ELEMENTWISE,
    shapes: ([input = []]) => (input.length === 0 ? "its input must have at least one dimension" : [input]),
    checkOptions: ({ beta }) => (beta > 0 && beta < Infinity ? undefined : "its beta must be a positive number"),
    checkQuantization(inputs, outputs) {
      // The kernel's sum of fixed-point exponentials holds so many.
      const classes = inputs[0]?.shape.at(-1) ?? 1;
      if (classes > 4095) return `its int8 input has ${classes} classes, where at most 4,095 can be summed up`;
      return outputIsFixed("SOFTMAX")(inputs, outputs);
    },
  },
};

/** The rule of an operator; a function so that the rule's type follows the operator's. */
export function operatorRule<T extends OperatorType>(type: T): OperatorRule<T> {
  return OPERATORS[type];
}
