import type { KernelName } from "../../kernels/kernels";
import type { OperatorOf } from "../../model/model";
import type { GradientRules, TrainingPlaces, TrainingWork } from "./gradient-rule";

type Activation = "RELU" | "RELU6" | "ELU" | "LEAKY_RELU" | "HARD_SWISH" | "LOGISTIC" | "TANH";

/** Functions of each number by itself, and softmax. */
export const ACTIVATION_GRADIENTS: GradientRules<Activation | "SOFTMAX"> = {
  RELU: { backward: (operator, places) => ofOutput(operator, places, "tinyml_relu_gradient") },
  RELU6: { backward: (operator, places) => ofOutput(operator, places, "tinyml_relu6_gradient") },
  ELU: { backward: (operator, places) => ofOutput(operator, places, "tinyml_elu_gradient") },
  LOGISTIC: { backward: (operator, places) => ofOutput(operator, places, "tinyml_logistic_gradient") },
  TANH: { backward: (operator, places) => ofOutput(operator, places, "tinyml_tanh_gradient") },
  LEAKY_RELU: {
    backward: (operator, places) =>
      elementwise(operator, places, "tinyml_leaky_relu_gradient", operator.inputs[0], operator.options.alpha),
  },
  HARD_SWISH: {
    backward: (operator, places) => elementwise(operator, places, "tinyml_hard_swish_gradient", operator.inputs[0]),
  },
  SOFTMAX: {
    backward({ inputs: [input], outputs: [output], options: { beta } }, places) {
      const { call } = places.kernels;
      const classes = places.model.tensors[output].shape.at(-1) ?? 1;
      const rows = places.count(output) / classes;
      const [value, gradient, inputGradient] = [places.value(output), places.gradient(output), places.gradient(input)];
      if (inputGradient === 0) return [];
      return [(batch) => call.tinyml_softmax_gradient(value, gradient, inputGradient, batch * rows, classes, beta)];
    },
  },
};

/** A gradient that follows from what the function gave. */
function ofOutput(operator: OperatorOf<Activation>, places: TrainingPlaces, kernel: KernelName): TrainingWork {
  return elementwise(operator, places, kernel, operator.outputs[0]);
}

/** A gradient that follows from one tensor, the function's input or output, and a parameter where it has one. */
function elementwise(
  { inputs: [input], outputs: [output] }: OperatorOf<Activation>,
  places: TrainingPlaces,
  kernel: KernelName,
  tensor: number,
  ...parameters: readonly number[]
): TrainingWork {
  const run = places.kernels.reproducible(kernel);
  const count = places.count(output);
  const [value, gradient, inputGradient] = [places.value(tensor), places.gradient(output), places.gradient(input)];
  if (inputGradient === 0) return [];
  return [(batch) => run(value, gradient, inputGradient, batch * count, ...parameters)];
}
