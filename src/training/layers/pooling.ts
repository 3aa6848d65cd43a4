import { slideWindow } from "../../model/window";
import { bothOf, type LayerContext, type LayerRules, onlyInput } from "../network";
import type { LayerOf } from "../recipe-layers";

type Pooling = "maxPooling1d" | "maxPooling2d" | "averagePooling1d" | "averagePooling2d";
type GlobalPooling = "globalMaxPooling1d" | "globalMaxPooling2d" | "globalAveragePooling1d" | "globalAveragePooling2d";

/** The largest number or the mean of each window, or of each channel. */
export const POOLING_LAYERS: LayerRules<Pooling | GlobalPooling> = {
  maxPooling1d: (context) => poolReadings(context, "MAX_POOL_2D"),
  maxPooling2d: (context) => poolPicture(context, "MAX_POOL_2D"),
  averagePooling1d: (context) => poolReadings(context, "AVERAGE_POOL_2D"),
  averagePooling2d: (context) => poolPicture(context, "AVERAGE_POOL_2D"),
  globalMaxPooling1d: (context) => reduce(context, "REDUCE_MAX", 2),
  globalMaxPooling2d: (context) => reduce(context, "REDUCE_MAX", 3),
  globalAveragePooling1d: (context) => reduce(context, "MEAN", 2),
  globalAveragePooling2d: (context) => reduce(context, "MEAN", 3),
};

type PoolOperator = "MAX_POOL_2D" | "AVERAGE_POOL_2D";
type Pair = readonly [height: number, width: number];

function poolPicture(context: LayerContext<LayerOf<"maxPooling2d" | "averagePooling2d">>, type: PoolOperator): number {
  const { poolSize, strides = poolSize } = context.layer;
  const { input } = onlyInput(context, 3);
  return pool(context, type, input, bothOf(poolSize), bothOf(strides));
}

function poolReadings(context: LayerContext<LayerOf<"maxPooling1d" | "averagePooling1d">>, type: PoolOperator): number {
  const { layer, name, network } = context;
  const { poolSize, strides = poolSize } = layer;
  const { input, shape } = onlyInput(context, 2);
  const row = network.reshape(`${name}/row`, input, [1, ...shape]);
  const output = pool(context, type, row, [1, poolSize], [1, strides]);
  return network.reshape(`${name}/readings`, output, network.shape(output).slice(1));
}

function pool(
  context: LayerContext<LayerOf<Pooling>>,
  type: PoolOperator,
  input: number,
  window: Pair,
  strides: Pair,
): number {
  const { layer, name, network, refuse } = context;
  const [height, width, channels] = network.shape(input);
  const [filterHeight, filterWidth] = window;
  const [strideHeight, strideWidth] = strides;
  const options = {
    padding: layer.padding === "same" ? ("SAME" as const) : ("VALID" as const),
    strideHeight,
    strideWidth,
    filterHeight,
    filterWidth,
    activation: "NONE" as const,
  };
  const slid = slideWindow([height, width, channels], window, channels, options);
  if (typeof slid === "string") return refuse("", slid);
  const output = network.tensor(name, [slid.outputHeight, slid.outputWidth, channels]);
  network.add({ type, inputs: [input], outputs: [output], options });
  return output;
}

/** One number for each channel. */
function reduce(context: LayerContext, type: "MEAN" | "REDUCE_MAX", rank: 2 | 3): number {
  const { name, network } = context;
  const { input, shape } = onlyInput(context, rank);
  const axes = shape.slice(0, -1).map((_, i) => i + 1);
  const inputs = [input, network.integers(`${name}/axes`, [axes.length], axes)];
  const output = network.tensor(name, shape.slice(-1));
  network.add({ type, inputs, outputs: [output], options: {} });
  return output;
}
