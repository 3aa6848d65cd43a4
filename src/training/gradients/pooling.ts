import { TinymlError } from "../../errors";
import type { OperatorOf } from "../../model/model";
import type { SlidingWindow } from "../../model/window";
import { activationNumber } from "../../runtime/place-model";
import type { GradientRules, TrainingPlaces, TrainingWork } from "./gradient-rule";
import { placeSlidingWindow, placeWindow } from "./window";

type Pooling = "MAX_POOL_2D" | "AVERAGE_POOL_2D";
type Reduction = "MEAN" | "REDUCE_MAX";

/** The largest number or the mean of windows, and of all places of each channel. */
export const POOLING_GRADIENTS: GradientRules<Pooling | Reduction> = {
  MAX_POOL_2D: { backward: (operator, places) => ofWindows(operator, places, "tinyml_max_pool_gradient") },
  AVERAGE_POOL_2D: { backward: (operator, places) => ofWindows(operator, places, "tinyml_average_pool_gradient") },
  MEAN: { backward: (operator, places) => ofPlaces(operator, places, "tinyml_average_pool_gradient") },
  REDUCE_MAX: { backward: (operator, places) => ofPlaces(operator, places, "tinyml_max_pool_gradient") },
};

type Kernel = "tinyml_max_pool_gradient" | "tinyml_average_pool_gradient";

function ofWindows(operator: OperatorOf<Pooling>, places: TrainingPlaces, kernel: Kernel): TrainingWork {
  const { call } = places.kernels;
  const { inputs, outputs, options } = operator;
  const { filterHeight, filterWidth } = options;
  const { shape } = places.model.tensors[inputs[0]];
  const window = placeWindow(places, shape, [filterHeight, filterWidth], shape[3], options);
  const activation = activationNumber[options.activation];
  const count = places.count(outputs[0]);
  const [value, gradient] = [places.value(outputs[0]), places.gradient(outputs[0])];
  const pool = poolGradient(operator, places, kernel, window);
  return [
    (batch) => {
      call.tinyml_fused_activation_gradient(value, gradient, batch * count, activation);
      pool(batch);
    },
  ];
}

/** A reduction over all dimensions but the batch and the channels: the whole picture is one window. */
function ofPlaces(operator: OperatorOf<Reduction>, places: TrainingPlaces, kernel: Kernel): TrainingWork {
  const { inputs, outputs } = operator;
  const channels = places.model.tensors[inputs[0]].shape.at(-1) ?? 1;
  const axes = new Set(Array.from(places.model.tensors[inputs[1]].data ?? [], Number));
  const { length } = places.model.tensors[inputs[0]].shape;
  if (axes.size !== length - 2 || places.count(outputs[0]) !== channels) {
    throw new TinymlError(
      "TINYML_NOT_TRAINABLE",
      `This model can't be trained: its ${operator.type} takes other dimensions together than all places of a channel.`,
    );
  }
  const elements = places.count(inputs[0]) / channels;
  const window = placeSlidingWindow(places, {
    ...singlePlaces(elements, channels),
    outputWidth: 1,
    windowWidth: elements,
  });
  return [poolGradient(operator, places, kernel, window)];
}

/** A window of one place over a row of places. */
export function singlePlaces(width: number, channels: number): SlidingWindow {
  return {
    inputHeight: 1,
    inputWidth: width,
    inputChannels: channels,
    outputHeight: 1,
    outputWidth: width,
    outputChannels: channels,
    windowHeight: 1,
    windowWidth: 1,
    strideHeight: 1,
    strideWidth: 1,
    dilationHeight: 1,
    dilationWidth: 1,
    paddingTop: 0,
    paddingLeft: 0,
  };
}

function poolGradient(
  { inputs: [input], outputs: [output] }: OperatorOf<Pooling | Reduction>,
  places: TrainingPlaces,
  kernel: Kernel,
  window: number,
): (batch: number) => void {
  const run = places.kernels.call[kernel];
  const [inputValue, outputValue] = [input, output].map(places.value);
  const [inputGradient, outputGradient] = [input, output].map(places.gradient);
  if (inputGradient === 0) return () => {};
  const first = kernel === "tinyml_max_pool_gradient" ? [inputValue, outputValue] : [];
  return (batch) => run(...first, outputGradient, inputGradient, batch, window);
}
