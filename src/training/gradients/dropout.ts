import type { OperatorOf } from "../../model/model";
import type { GradientRules, TrainingPlaces, TrainingWork } from "./gradient-rule";

/** Dropout: what is left out forward is left out on the way back, too. */
export const DROPOUT_GRADIENTS: GradientRules<"DROPOUT"> = {
  DROPOUT: {
    forward(operator, places) {
      return leaveOut(operator, places, places.value(operator.inputs[0]), places.value(operator.outputs[0]));
    },
    backward(operator, places) {
      const gradient = places.gradient(operator.inputs[0]);
      return gradient === 0 ? [] : leaveOut(operator, places, places.gradient(operator.outputs[0]), gradient);
    },
  },
};

/** From one address to another. Chance follows from the moment and the output's number. */
function leaveOut(
  { outputs: [output], options }: OperatorOf<"DROPOUT">,
  { model, kernels, moment, count }: TrainingPlaces,
  from: number,
  to: number,
): TrainingWork {
  const numbers = count(output);
  const channels = options.channels ? (model.tensors[output].shape.at(-1) ?? 1) : numbers;
  return [
    (batch) => {
      const { seed, step, firstSample } = moment;
      const { rate } = options;
      kernels.call.tinyml_dropout(from, to, batch, numbers, channels, rate, seed, step, firstSample, output);
    },
  ];
}
