import * as v from "valibot";
import { fraction, notNegative, positive, wholeNumber } from "./recipe-numbers";

/*
 * The layers of a recipe, with the names and the meaning of Keras and tfjs (`tf.layers.*`). What each becomes in the
 * graph stands in layers/.
 */

const described = <const Schema extends v.GenericSchema>(schema: Schema, text: string) =>
  v.pipe(schema, v.description(text));

/** What every layer may say. */
const common = {
  name: v.exactOptional(
    described(
      v.pipe(v.string(), v.nonEmpty("a name is needed")),
      "A name by which a later layer can take this layer's output.",
    ),
  ),
  inputs: v.exactOptional(
    described(
      v.pipe(v.array(v.string()), v.minLength(1, "at least one name is needed"), v.readonly()),
      'Names of the layers whose outputs it takes; "input" is the network\'s input. Where absent: the layer before it.',
    ),
  ),
};

const activationName = v.picklist([
  "linear",
  "relu",
  "relu6",
  "leakyRelu",
  "elu",
  "sigmoid",
  "tanh",
  "softmax",
  "hardSwish",
]);

const activation = v.optional(
  described(
    activationName,
    "Function behind each of its numbers; softmax only at the end of the network, and there for classification.",
  ),
  "linear",
);

const initializer = v.picklist(["glorotUniform", "glorotNormal", "heUniform", "heNormal", "zeros", "ones"]);

const regularizer = v.exactOptional(
  described(
    v.strictObject({
      l1: v.optional(described(notNegative, "Factor of the sum of the weights' sizes."), 0),
      l2: v.optional(described(notNegative, "Factor of the sum of the weights' squares."), 0),
    }),
    "What large weights add to the loss.",
  ),
);

const useBias = v.optional(described(v.boolean(), "Whether each output adds a number of its own."), true);

const kernelInitializer = v.optional(
  described(initializer, "How the first weights are drawn; heUniform suits deep relu networks."),
  "glorotUniform",
);

/** What layers with weights share. */
const weighted = { activation, useBias, kernelInitializer, kernelRegularizer: regularizer };

const size = wholeNumber(1, 65536);

/** One number for both directions, or one for the height and one for the width. */
const pair = v.union(
  [size, v.pipe(v.strictTuple([size, size]), v.readonly())],
  "a whole number or [height, width] is needed",
);

const padding = v.optional(
  described(
    v.picklist(["valid", "same"]),
    "valid: windows stay inside; same: the edge is filled with zeros, so that with strides 1 the size stays.",
  ),
  "valid",
);

const windows = {
  strides: v.optional(described(pair, "Steps of the window, as a number or [height, width]."), 1),
  padding,
  dilationRate: v.optional(described(pair, "Distance of the elements of a window; 1: neighbours."), 1),
};

const windows1d = {
  strides: v.optional(described(size, "Steps of the window."), 1),
  padding,
  dilationRate: v.optional(described(size, "Distance of the elements of a window; 1: neighbours."), 1),
};

const depthMultiplier = v.optional(described(wholeNumber(1, 256), "Outputs for each input channel."), 1);
const filters = described(size, "Windows that are learned: how many channels it gives.");
const kernelSize = described(pair, "Size of the window, as a number or [height, width].");

const pool = {
  poolSize: v.optional(described(pair, "Size of the window, as a number or [height, width]."), 2),
  strides: v.exactOptional(described(pair, "Steps of the window; as large as the window where absent.")),
  padding,
};

const pool1d = {
  poolSize: v.optional(described(size, "Size of the window."), 2),
  strides: v.exactOptional(described(size, "Steps of the window; as large as the window where absent.")),
  padding,
};

const zeros = wholeNumber(0, 65536);

function layer<const Type extends string, const Entries extends v.ObjectEntries>(
  type: Type,
  text: string,
  entries: Entries,
) {
  return v.strictObject({ type: v.pipe(v.literal(type), v.description(text)), ...entries, ...common });
}

/** Any layer; `type` says which. */
export const layerSchema = v.variant("type", [
  layer("dense", "A fully connected layer.", {
    units: described(size, "Neurons of the layer: how many numbers it gives."),
    ...weighted,
  }),
  layer("conv1d", "Windows that slide over [readings, channels].", {
    filters,
    kernelSize: described(size, "Readings in a window."),
    ...windows1d,
    ...weighted,
  }),
  layer("conv2d", "Windows that slide over [height, width, channels].", {
    filters,
    kernelSize,
    ...windows,
    ...weighted,
  }),
  layer("depthwiseConv2d", "Windows that slide over each channel by itself.", {
    kernelSize,
    depthMultiplier,
    ...windows,
    activation,
    useBias,
    depthwiseInitializer: kernelInitializer,
    depthwiseRegularizer: regularizer,
  }),
  layer("separableConv2d", "Windows over each channel by itself, then a mixture of the channels.", {
    filters,
    kernelSize,
    depthMultiplier,
    ...windows,
    activation,
    useBias,
    depthwiseInitializer: kernelInitializer,
    pointwiseInitializer: kernelInitializer,
    depthwiseRegularizer: regularizer,
    pointwiseRegularizer: regularizer,
  }),
  layer("batchNormalization", "Brings each channel of a batch to mean 0 and deviation 1, then to learned ones.", {
    momentum: v.optional(described(fraction, "Share of the old mean and variance that each batch leaves."), 0.99),
    epsilon: v.optional(described(positive, "Keeps it from dividing by zero."), 0.001),
    center: v.optional(described(v.boolean(), "Whether an offset is learned."), true),
    scale: v.optional(described(v.boolean(), "Whether a factor is learned."), true),
  }),
  layer("maxPooling1d", "The largest number of each window of readings.", pool1d),
  layer("maxPooling2d", "The largest number of each window.", pool),
  layer("averagePooling1d", "The mean of each window of readings.", pool1d),
  layer("averagePooling2d", "The mean of each window.", pool),
  layer("globalMaxPooling1d", "The largest number of each channel.", {}),
  layer("globalMaxPooling2d", "The largest number of each channel.", {}),
  layer("globalAveragePooling1d", "The mean of each channel.", {}),
  layer("globalAveragePooling2d", "The mean of each channel.", {}),
  layer("flatten", "All numbers in one row.", {}),
  layer("reshape", "The same numbers in another shape.", {
    targetShape: described(
      v.pipe(v.array(size), v.minLength(1, "at least one dimension is needed"), v.readonly()),
      "The new shape.",
    ),
  }),
  layer("dropout", "While it trains: leaves out numbers by chance, so that the network does not rely on any of them.", {
    rate: described(fraction, "Share of the numbers that are left out."),
  }),
  layer("spatialDropout1d", "While it trains: leaves out whole channels by chance.", {
    rate: described(fraction, "Share of the channels that are left out."),
  }),
  layer("spatialDropout2d", "While it trains: leaves out whole channels by chance.", {
    rate: described(fraction, "Share of the channels that are left out."),
  }),
  layer("zeroPadding1d", "Zeros before and behind the readings.", {
    padding: v.optional(
      described(
        v.union(
          [zeros, v.pipe(v.strictTuple([zeros, zeros]), v.readonly())],
          "a whole number or [before, behind] is needed",
        ),
        "How many, as a number or [before, behind].",
      ),
      1,
    ),
  }),
  layer("zeroPadding2d", "Zeros around a picture.", {
    padding: v.optional(
      described(
        v.union(
          [
            zeros,
            v.pipe(v.strictTuple([zeros, zeros]), v.readonly()),
            v.pipe(
              v.strictTuple([
                v.pipe(v.strictTuple([zeros, zeros]), v.readonly()),
                v.pipe(v.strictTuple([zeros, zeros]), v.readonly()),
              ]),
              v.readonly(),
            ),
          ],
          "a whole number, [height, width] or [[top, bottom], [left, right]] is needed",
        ),
        "How many, as a number, [height, width] or [[top, bottom], [left, right]].",
      ),
      1,
    ),
  }),
  layer("activation", "A function of each number.", {
    activation: described(activationName, "The function; softmax only at the end of the network."),
  }),
  layer("leakyReLU", "Negative numbers become alpha times as large.", {
    alpha: v.optional(described(notNegative, "Factor of negative numbers."), 0.3),
  }),
  layer("add", "The sum of several layers' outputs of one shape, as in residual networks.", {}),
  layer("concatenate", "The outputs of several layers side by side.", {
    axis: v.optional(
      described(
        v.pipe(v.number(), v.integer("a whole number is needed")),
        "Dimension along which they follow each other; −1: the channels.",
      ),
      -1,
    ),
  }),
]);

/** A layer with all defaults filled in. */
export type Layer = v.InferOutput<typeof layerSchema>;

/** The layer of one type. */
export type LayerOf<Type extends Layer["type"]> = Extract<Layer, { type: Type }>;

/** The name of an activation. */
export type ActivationName = v.InferOutput<typeof activationName>;

/** How first weights are drawn. */
export type Initializer = v.InferOutput<typeof initializer>;

/** What large weights add to the loss. */
export interface Regularizer {
  l1: number;
  l2: number;
}
