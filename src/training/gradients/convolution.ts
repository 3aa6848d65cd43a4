import { TinymlError } from "../../errors";
import type { OperatorOf } from "../../model/model";
import { activationNumber } from "../../runtime/place-model";
import type { GradientRules, TrainingPlaces } from "./gradient-rule";
import { placeWindow } from "./window";

type Convolution = "CONV_2D" | "DEPTHWISE_CONV_2D";

/** Elements of windows that are laid out side by side: they and a filter's gradients stay in the nearest cache. */
const nearFloats = 4096;
/** A term of a sum of rows: a float and an offset. */
const termBytes = 8;

export const CONVOLUTION_GRADIENTS: GradientRules<Convolution> = {
  CONV_2D: {
    forward(operator, places) {
      const { call } = places.kernels;
      const [input, weights, bias = -1] = operator.inputs;
      const [output] = operator.outputs;
      const [outputs, height, width, channels] = places.model.tensors[weights].shape;
      const window = placeConvolution(operator, places);
      const panels = places.scratch(4 * fours(outputs) * (1 + height * width * channels));
      const activation = activationNumber[operator.options.activation];
      const [inputValue, weightsValue, outputValue] = [input, weights, output].map(places.value);
      const biasValue = bias < 0 ? 0 : places.value(bias);
      return [
        (batch) =>
          call.tinyml_training_conv_float(
            inputValue,
            weightsValue,
            biasValue,
            outputValue,
            batch,
            window,
            activation,
            panels,
          ),
      ];
    },
    backward(operator, places) {
      const { call } = places.kernels;
      const { tensors } = places.model;
      const [input, weights] = operator.inputs;
      const [, outputHeight, outputWidth, outputs] = tensors[operator.outputs[0]].shape;
      const [, height, width, filterChannels] = tensors[weights].shape;
      if (filterChannels !== tensors[input].shape[3]) {
        throw new TinymlError(
          "TINYML_NOT_TRAINABLE",
          "This model can't be trained: it has a CONV_2D whose channels form groups.",
        );
      }
      const length = height * width * filterChannels;
      const most = Math.min(outputHeight * outputWidth, Math.max(1, Math.floor(nearFloats / length)));
      const window = placeConvolution(operator, places);
      const sums = places.scratch(4 * outputs * fours(length));
      const windows = places.scratch(4 * (most * length + 4));
      const terms = places.scratch(termBytes * Math.max(most, outputs));
      const [inputValue, weightsValue] = [input, weights].map(places.value);
      const [inputGradient, weightsGradient] = [input, weights].map(places.gradient);
      const outputGradient = places.gradient(operator.outputs[0]);
      const first = activationAndBias(operator, places, outputs);
      return [
        (batch) => {
          first(batch);
          call.tinyml_conv_weights_gradient(
            inputValue,
            outputGradient,
            weightsGradient,
            batch,
            window,
            sums,
            windows,
            terms,
            most,
          );
          if (inputGradient === 0) return;
          call.tinyml_conv_input_gradient(weightsValue, outputGradient, inputGradient, batch, window, terms);
        },
      ];
    },
  },
  DEPTHWISE_CONV_2D: {
    backward(operator, places) {
      const { call } = places.kernels;
      const [input, weights] = operator.inputs;
      const window = placeConvolution(operator, places);
      const [inputValue, weightsValue] = [input, weights].map(places.value);
      const [inputGradient, weightsGradient] = [input, weights].map(places.gradient);
      const outputGradient = places.gradient(operator.outputs[0]);
      const first = activationAndBias(operator, places, places.model.tensors[weights].shape[3]);
      return [
        (batch) => {
          first(batch);
          call.tinyml_depthwise_gradient(
            inputValue,
            weightsValue,
            outputGradient,
            inputGradient,
            weightsGradient,
            batch,
            window,
          );
        },
      ];
    },
  },
};

/** Filled up to whole vectors of four. */
function fours(count: number): number {
  return 4 * Math.ceil(count / 4);
}

function placeConvolution({ inputs, outputs, options }: OperatorOf<Convolution>, places: TrainingPlaces): number {
  const [, height, width] = places.model.tensors[inputs[1]].shape;
  const shape = (tensor: number): readonly number[] => places.model.tensors[tensor].shape;
  return placeWindow(places, shape(inputs[0]), [height, width], shape(outputs[0])[3], options);
}

/** Turns the output's gradient into that of the sums before the fused activation, and gives the bias its own. */
function activationAndBias(
  { inputs: [, , bias = -1], outputs: [output], options }: OperatorOf<Convolution>,
  places: TrainingPlaces,
  channels: number,
): (batch: number) => void {
  const { call } = places.kernels;
  const count = places.count(output);
  const activation = activationNumber[options.activation];
  const [value, gradient] = [places.value(output), places.gradient(output)];
  const biasGradient = bias < 0 ? 0 : places.gradient(bias);
  return (batch) => {
    call.tinyml_fused_activation_gradient(value, gradient, batch * count, activation);
    if (biasGradient !== 0) {
      call.tinyml_bias_gradient(gradient, biasGradient, (batch * count) / channels, channels);
    }
  };
}
