import { type LayerContext, type LayerRules, onlyInput, type WeightRole } from "../network";
import type { Initializer, LayerOf } from "../recipe-layers";

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
    const { epsilon, momentum, center, scale } = layer;
    const perChannel = (role: WeightRole, initializer: Initializer, isLearned: boolean): number => {
      const request = { layer: index, role, shape: [channels], initializer, fanIn: channels, fanOut: channels };
      return isLearned ? network.weights(name, request) : network.frozenWeights(name, request);
    };
    const inputs = [
      input,
      perChannel("gamma", "ones", scale),
      perChannel("beta", "zeros", center),
      perChannel("mean", "zeros", false),
      perChannel("variance", "ones", false),
    ];
    const output = network.tensor(name, shape);
    network.add({ type: "BATCH_NORMALIZATION", inputs, outputs: [output], options: { epsilon, momentum } });
    return output;
  },
  dropout: (context) => dropout(context),
  spatialDropout1d: (context) => dropout(context, 2),
  spatialDropout2d: (context) => dropout(context, 3),
};

function dropout(
  context: LayerContext<LayerOf<"dropout" | "spatialDropout1d" | "spatialDropout2d">>,
  rank?: 2 | 3,
): number {
  const { layer, name, network } = context;
  const { input, shape } = onlyInput(context, rank);
  if (layer.rate === 0) return input;
  const output = network.tensor(name, shape);
  const options = { rate: layer.rate, ...(rank !== undefined && { channels: true as const }) };
  network.add({ type: "DROPOUT", inputs: [input], outputs: [output], options });
  return output;
}
