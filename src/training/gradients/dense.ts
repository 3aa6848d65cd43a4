import { activationNumber } from "../../runtime/place-model";
import type { GradientRules } from "./gradient-rule";

export const DENSE_GRADIENTS: GradientRules<"FULLY_CONNECTED"> = {
  FULLY_CONNECTED: {
    backward({ inputs: [input, weights, bias = -1], outputs: [output], options }, places) {
      const { call } = places.kernels;
      const [units, width] = places.model.tensors[weights].shape;
      const count = places.count(output);
      const rows = count / units;
      const activation = activationNumber[options.activation];
      const addresses = [input, weights].map(places.value);
      const [inputGradient, weightsGradient] = [input, weights].map(places.gradient);
      const biasGradient = bias < 0 ? 0 : places.gradient(bias);
      const [outputValue, outputGradient] = [places.value(output), places.gradient(output)];
      return [
        (batch) => {
          call.tinyml_fused_activation_gradient(outputValue, outputGradient, batch * count, activation);
          call.tinyml_dense_gradient(
            addresses[0],
            addresses[1],
            outputGradient,
            inputGradient,
            weightsGradient,
            biasGradient,
            batch * rows,
            width,
            units,
          );
        },
      ];
    },
  },
};
