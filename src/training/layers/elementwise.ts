import { type LayerContext, type LayerRules, onlyInput } from "../network";
import type { LayerOf } from "../recipe-layers";

type Elementwise =
  | "activation"
  | "leakyReLU"
  | "batchNormalization"
  | "dropout"
  | "spatialDropout1d"
  | "spatialDropout2d";

/** Layers that change each number by itself, or by its channel. */
export const ELEMENTWISE_LAYERS: LayerRules<Elementwise> = {
  activation(context) {
    const { layer, name, network } = context;
    return network.activate(name, onlyInput(context).input, layer.activation);
  },
  leakyReLU(context) {
    const { layer, name, network } = context;
    const { input, shape } = onlyInput(context);
    const output = network.tensor(name, shape);
    network.add({ type: "LEAKY_RELU", inputs: [input], outputs: [output], options: { alpha: layer.alpha } });
    return output;
  },
  batchNormalization(context) {
    const { layer, index, name, network } = context;
    const { input, shape } = onlyInput(context);
    const channels = shape[shape.length - 1];
    const ends = { layer: index, shape: [channels], fanIn: channels, fanOut: channels };
    const inputs = [
      input,
      network.weights(name, { ...ends, role: "gamma", initializer: "ones" }),
      network.weights(name, { ...ends, role: "beta", initializer: "zeros" }),
      network.weights(name, { ...ends, role: "mean", initializer: "zeros" }),
      network.weights(name, { ...ends, role: "variance", initializer: "ones" }),
    ];
    const output = network.tensor(name, shape);
    const { epsilon, momentum } = layer;
    network.add({ type: "BATCH_NORMALIZATION", inputs, outputs: [output], options: { epsilon, momentum } });
    return output;
  },
  dropout: (context) => dropout(context),
  spatialDropout1d: (context) => dropout(context, 2, "windows [readings, channels]"),
  spatialDropout2d: (context) => dropout(context, 3, "pictures [height, width, channels]"),
};

function dropout(
  context: LayerContext<LayerOf<"dropout" | "spatialDropout1d" | "spatialDropout2d">>,
  rank?: number,
  what?: string,
): number {
  const { layer, name, network } = context;
  const { input, shape } = onlyInput(context, rank, what);
  if (layer.rate === 0) return input;
  const output = network.tensor(name, shape);
  const options = { rate: layer.rate, ...(rank !== undefined && { channels: true as const }) };
  network.add({ type: "DROPOUT", inputs: [input], outputs: [output], options });
  return output;
}
