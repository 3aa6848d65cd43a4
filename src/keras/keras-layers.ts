import { parseLayer } from "../training/recipe";
import type { Layer } from "../training/recipe-layers";
import type { FlatLayer } from "./flatten-topology";
import { type JsonObject, unsupportedKeras } from "./keras-model";

/** Keras's names of activations. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  linear: "linear",
  relu: "relu",
  relu6: "relu6",
  leaky_relu: "leakyRelu",
  elu: "elu",
  sigmoid: "sigmoid",
  tanh: "tanh",
  softmax: "softmax",
  hard_swish: "hardSwish",
  hard_silu: "hardSwish",
  hardSwish: "hardSwish",
};

/** What a layer of Keras is in a recipe; undefined: it does nothing once it is trained. */
type Translation = (config: JsonObject, refuse: (what: string) => never) => JsonObject | undefined;

const activated: Translation = ({ activation }, refuse) => ({ activation: activationOf(activation, refuse) });

const windows: Translation = (config, refuse) => {
  if ((config.data_format ?? "channels_last") !== "channels_last") refuse("its channels come first");
  if ((config.groups ?? 1) !== 1) refuse("it has groups");
  return {
    strides: config.strides,
    padding: config.padding,
    ...(config.dilation_rate !== undefined && { dilationRate: config.dilation_rate }),
  };
};

const convolution: Translation = (config, refuse) => ({
  kernelSize: config.kernel_size,
  ...windows(config, refuse),
  ...activated(config, refuse),
  useBias: config.use_bias ?? true,
});

const pooling: Translation = ({ dilation_rate: _, ...config }, refuse) => ({
  poolSize: config.pool_size,
  ...windows({ ...config, strides: config.strides ?? config.pool_size }, refuse),
});

const globalPooling: Translation = (config, refuse) => {
  windows(config, refuse);
  if (config.keepdims === true) refuse("it keeps its dimensions");
  return {};
};

const nothing: Translation = () => undefined;

/** By Keras's class: the layer's type in a recipe, and its settings. */
const TRANSLATIONS: Readonly<Record<string, readonly [type: Layer["type"], translate: Translation]>> = {
  Dense: [
    "dense",
    (config, refuse) => ({ units: config.units, ...activated(config, refuse), useBias: config.use_bias ?? true }),
  ],
  Conv1D: ["conv1d", (config, refuse) => flat({ filters: config.filters, ...convolution(config, refuse) })],
  Conv2D: ["conv2d", (config, refuse) => ({ filters: config.filters, ...convolution(config, refuse) })],
  DepthwiseConv2D: [
    "depthwiseConv2d",
    (config, refuse) => ({
      depthMultiplier: config.depth_multiplier ?? 1,
      ...convolution({ ...config, groups: 1 }, refuse),
    }),
  ],
  SeparableConv2D: [
    "separableConv2d",
    (config, refuse) => ({
      filters: config.filters,
      depthMultiplier: config.depth_multiplier ?? 1,
      ...convolution({ ...config, groups: 1 }, refuse),
    }),
  ],
  BatchNormalization: [
    "batchNormalization",
    ({ momentum = 0.99, epsilon = 0.001, center = true, scale = true }) => ({
      momentum,
      epsilon,
      center: Boolean(center),
      scale: Boolean(scale),
    }),
  ],
  Rescaling: ["batchNormalization", () => ({ epsilon: 1e-12 })],
  MaxPooling1D: ["maxPooling1d", (config, refuse) => flat({ ...pooling(config, refuse) })],
  MaxPooling2D: ["maxPooling2d", pooling],
  AveragePooling1D: ["averagePooling1d", (config, refuse) => flat({ ...pooling(config, refuse) })],
  AveragePooling2D: ["averagePooling2d", pooling],
  GlobalMaxPooling1D: ["globalMaxPooling1d", globalPooling],
  GlobalMaxPooling2D: ["globalMaxPooling2d", globalPooling],
  GlobalAveragePooling1D: ["globalAveragePooling1d", globalPooling],
  GlobalAveragePooling2D: ["globalAveragePooling2d", globalPooling],
  Flatten: [
    "flatten",
    ({ data_format: format }, refuse) =>
      (format ?? "channels_last") === "channels_last" ? {} : refuse("its channels come first"),
  ],
  Reshape: ["reshape", ({ target_shape: targetShape }) => ({ targetShape })],
  Dropout: ["dropout", ({ rate }) => ({ rate })],
  SpatialDropout1D: ["spatialDropout1d", ({ rate }) => ({ rate })],
  SpatialDropout2D: ["spatialDropout2d", ({ rate }) => ({ rate })],
  GaussianNoise: ["dropout", nothing],
  GaussianDropout: ["dropout", nothing],
  ActivityRegularization: ["dropout", nothing],
  ZeroPadding1D: ["zeroPadding1d", ({ padding }) => ({ padding: onlyOf(padding) })],
  ZeroPadding2D: ["zeroPadding2d", ({ padding }) => ({ padding })],
  Activation: ["activation", activated],
  ReLU: ["activation", reluOf],
  LeakyReLU: ["leakyReLU", ({ alpha, negative_slope: slope }) => ({ alpha: numberOf(slope ?? alpha) ?? 0.3 })],
  ELU: [
    "activation",
    ({ alpha }, refuse) => ((numberOf(alpha) ?? 1) === 1 ? { activation: "elu" } : refuse("its alpha is not 1")),
  ],
  Softmax: [
    "activation",
    ({ axis }, refuse) => ((numberOf(axis) ?? -1) === -1 ? { activation: "softmax" } : refuse("its axis is not -1")),
  ],
  Add: ["add", () => ({})],
  Concatenate: ["concatenate", ({ axis = -1 }) => ({ axis })],
};

/**
 * The layer of a recipe that does what a layer of Keras does; undefined for one that does nothing once it is trained.
 * @throws TinymlError TINYML_MODEL_UNSUPPORTED naming the layer
 */
export function layerOfKeras({ name, type, config, inputs }: FlatLayer): Layer | undefined {
  const refuse = (what: string): never => {
    throw unsupportedKeras(`its layer "${name}" (${type}) is not known here: ${what}`);
  };
  const known = Object.hasOwn(TRANSLATIONS, type) ? TRANSLATIONS[type] : undefined;
  if (known === undefined) return refuse("there is no such layer");
  const [layerType, translate] = known;
  const settings = translate(config, refuse);
  if (settings === undefined) return undefined;
  const layer = parseLayer({ type: layerType, name, inputs, ...settings });
  return typeof layer === "string" ? refuse(layer) : layer;
}

function activationOf(activation: unknown, refuse: (what: string) => never): string {
  const name = activation ?? "linear";
  const known = typeof name === "string" && Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined;
  return known ?? refuse(`its activation is ${JSON.stringify(activation)}`);
}

function reluOf(config: JsonObject, refuse: (what: string) => never): JsonObject {
  const largest = numberOf(config.max_value);
  const slope = numberOf(config.negative_slope) ?? 0;
  if (slope !== 0 || (numberOf(config.threshold) ?? 0) !== 0) return refuse("it has a slope or a threshold");
  if (largest === undefined) return { activation: "relu" };
  return largest === 6 ? { activation: "relu6" } : refuse(`its largest value is ${largest}`);
}

function numberOf(value: unknown): number | undefined {
  const only = onlyOf(value);
  return typeof only === "number" ? only : undefined;
}

/** What a list of one holds: Keras writes some single numbers as lists. */
export function onlyOf(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? onlyOf(value[0]) : value;
}

/** Layers over readings say their one size as [size], or as a number. */
function flat(settings: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, onlyOf(value)]));
}
