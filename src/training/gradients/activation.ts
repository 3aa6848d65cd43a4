import type { OperatorOf } from "../../model/model";
import type { GradientRules, TrainingPlaces, TrainingWork } from "./gradient-rule";

type Activation = "RELU" | "LOGISTIC" | "TANH";

/** Functions of each number by itself, and softmax. */
export const ACTIVATION_GRADIENTS: GradientRules<Activation | "SOFTMAX"> = {
  RELU: { backward: (operator, places) => ofOutput(operator, places, "tinyml_relu_gradient") },
  LOGISTIC: { backward: (operator, places) => ofOutput(operator, places, "tinyml_logistic_gradient") },
  TANH: { backward: (operator, places) => ofOutput(operator, places, "tinyml_tanh_gradient") },
  SOFTMAX: {
    backward({ inputs: [input], outputs: [output], options: { beta } }, places) {
      const { call } = places.kernels;
      const classes = places.model.tensors[output].shape.at(-1) ?? 1;
      const rows = places.count(output) / classes;
      const [value, gradient, inputGradient] = [places.value(output), places.gradient(output), places.gradient(input)];
      return [(batch) => call.tinyml_softmax_gradient(value, gradient, inputGradient, batch * rows, classes, beta)];
    },
  },
};

/** A gradient that follows from what the function gave. */
function ofOutput(
  { inputs: [input], outputs: [output] }: OperatorOf<Activation>,
  places: TrainingPlaces,
  kernel: "tinyml_relu_gradient" | "tinyml_logistic_gradient" | "tinyml_tanh_gradient",
): TrainingWork {
  const run = places.kernels.call[kernel];
  const count = places.count(output);
  const [value, gradient, inputGradient] = [places.value(output), places.gradient(output), places.gradient(input)];
  return [(batch) => run(value, gradient, inputGradient, batch * count)];
}
