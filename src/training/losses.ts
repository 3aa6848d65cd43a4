import { TinymlError } from "../errors";
import { kernels } from "../kernels/kernels";
import type { Model } from "../model/model";
import { elementCount } from "../model/tensor";
import type { TrainingSettings } from "./recipe-settings";

/** What a loss asks of a network and of its targets. */
export interface LossPlan {
  /** How many numbers there are to learn for each sample: 1, the index of its label, for classification. */
  targetWidth: number;
  /** The tensor whose gradient the loss writes: with cross-entropy what goes into the last softmax or sigmoid. */
  lossTensor: number;
  classification: boolean;
}

/** Where a loss finds what it needs, by byte addresses. */
export interface LossPlaces {
  /** What the network gives, [rows][outputs]. */
  predictions: number;
  /** [rows][targetWidth] */
  targets: number;
  /** The gradient of the plan's lossTensor. */
  gradient: number;
}

/** A loss and its gradient over samples that lie in the kernels' memory. */
export interface Loss {
  /**
   * The sum over the rows of their weights times their losses, a row's loss being the mean over its outputs. As in Keras a
   * batch's loss is that divided by its number of rows, not by the sum of the weights.
   *
   * @param sampleWeights address of [rows] floats, 0 for a weight of 1 each
   * @param scale the gradient is multiplied with it: 1 / rows of the whole batch; undefined writes no gradient
   */
  sum(rows: number, sampleWeights?: number, scale?: number): number;
  /** How many rows have their largest score at the target; classification only. */
  countCorrect(rows: number): number;
}

/**
 * What a loss asks of a network.
 * @throws TinymlError TINYML_NOT_TRAINABLE for cross-entropy without the softmax or sigmoid that it needs
 */
export function planLoss(model: Model, { loss }: Pick<TrainingSettings, "loss">): LossPlan {
  const [output] = model.outputs;
  const activation = lossKernels[loss].behind;
  if (activation === undefined) {
    return { targetWidth: elementCount(model.tensors[output].shape), lossTensor: output, classification: false };
  }
  const last = model.operators.find(({ outputs }) => outputs[0] === output);
  if (last?.type !== activation) {
    throw new TinymlError("TINYML_NOT_TRAINABLE", `${loss} needs a network with ${activation} at its end.`);
  }
  return { targetWidth: 1, lossTensor: last.inputs[0], classification: true };
}

/** The loss of a recipe, on a network in the kernels' memory. */
export function createLoss(model: Model, settings: TrainingSettings, places: LossPlaces): Loss {
  const { call } = kernels();
  const { predictions, targets, gradient } = places;
  const outputs = elementCount(model.tensors[model.outputs[0]].shape);
  const { kernel, parameters } = lossKernels[settings.loss];
  const run = call[kernel];
  const last = parameters(settings);
  return {
    sum: (rows, sampleWeights = 0, scale) =>
      run(predictions, targets, sampleWeights, scale === undefined ? 0 : gradient, rows, outputs, scale ?? 0, ...last),
    countCorrect: (rows) => call.tinyml_count_correct(predictions, targets, rows, outputs),
  };
}

const nothing = (): number[] => [];
const smoothing = ({ labelSmoothing }: TrainingSettings): number[] => [labelSmoothing];
const categorical = { kernel: "tinyml_categorical_crossentropy", behind: "SOFTMAX", parameters: smoothing } as const;

/** The kernel of each loss, the operator at the network's end that belongs to it, and what the kernel wants to know. */
const lossKernels = {
  meanSquaredError: { kernel: "tinyml_mean_squared_error", behind: undefined, parameters: nothing },
  meanAbsoluteError: { kernel: "tinyml_mean_absolute_error", behind: undefined, parameters: nothing },
  huber: {
    kernel: "tinyml_huber",
    behind: undefined,
    parameters: ({ huberDelta }: TrainingSettings): number[] => [huberDelta],
  },
  categoricalCrossentropy: categorical,
  sparseCategoricalCrossentropy: categorical,
  binaryCrossentropy: { kernel: "tinyml_binary_crossentropy", behind: "LOGISTIC", parameters: smoothing },
} as const;
