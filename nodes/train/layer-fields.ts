/** A setting of a recipe's layer, as the dialog asks for it. A test holds the table against the schema of recipes. */
export interface LayerField {
  readonly name: string;
  readonly kind:
    | { type: "whole"; minimum: number; maximum: number }
    /** One whole number or several: `counts` says how many may be written. Four stand for [[top, bottom], [left, right]]. */
    | { type: "sizes"; minimum: number; counts: readonly number[] }
    /** A list of whole numbers. */
    | { type: "shape" }
    | { type: "number"; minimum?: number; below?: number; above?: number }
    | { type: "choice"; choices: readonly string[] }
    | { type: "flag" }
    | { type: "text" }
    /** Names of other layers. */
    | { type: "names" }
    /** Factors of the weights' sizes and squares. */
    | { type: "regularizer" };
  /** Whether it stands in the layer's line; the others are folded away. */
  readonly main?: boolean;
  /** What the layer has where it says nothing. */
  readonly default?: number | string | boolean;
  /** What a new layer begins with, where the setting must be there. */
  readonly start?: number | string | readonly number[];
}

const activationNames = [
  "linear",
  "relu",
  "relu6",
  "leakyRelu",
  "elu",
  "sigmoid",
  "tanh",
  "softmax",
  "hardSwish",
] as const;
const initializers = ["glorotUniform", "glorotNormal", "heUniform", "heNormal", "zeros", "ones"] as const;

const size = { type: "whole", minimum: 1, maximum: 65536 } as const;
const pair = { type: "sizes", minimum: 1, counts: [1, 2] } as const;
const share = { type: "number", minimum: 0, below: 1 } as const;
const flag = { type: "flag" } as const;

const common: readonly LayerField[] = [
  { name: "name", kind: { type: "text" } },
  { name: "inputs", kind: { type: "names" } },
];
const activation: LayerField = {
  name: "activation",
  kind: { type: "choice", choices: activationNames },
  main: true,
  default: "linear",
};
const useBias: LayerField = { name: "useBias", kind: flag, default: true };
const initializer = (name: string): LayerField => ({
  name,
  kind: { type: "choice", choices: initializers },
  default: "glorotUniform",
});
const regularizer = (name: string): LayerField => ({ name, kind: { type: "regularizer" } });
const filters: LayerField = { name: "filters", kind: size, main: true, start: 8 };
const padding: LayerField = {
  name: "padding",
  kind: { type: "choice", choices: ["valid", "same"] },
  default: "valid",
};
const depthMultiplier: LayerField = {
  name: "depthMultiplier",
  kind: { type: "whole", minimum: 1, maximum: 256 },
  default: 1,
};
const rate: LayerField = { name: "rate", kind: share, main: true, start: 0.25 };

/** A window's settings, in one direction (`size`) or two (`pair`). */
const kernelSize = (kind: LayerField["kind"]): LayerField => ({ name: "kernelSize", kind, main: true, start: 3 });
const steps = (kind: LayerField["kind"]): readonly LayerField[] => [
  { name: "strides", kind, default: 1 },
  padding,
  { name: "dilationRate", kind, default: 1 },
];
const pooling = (kind: LayerField["kind"]): readonly LayerField[] => [
  { name: "poolSize", kind, main: true, default: 2 },
  { name: "strides", kind },
  padding,
];
const weights = [useBias, initializer("kernelInitializer"), regularizer("kernelRegularizer")];

/** The settings of every layer type of recipes, in the order in which the dialog shows them. */
export const layerFields = {
  dense: [{ name: "units", kind: size, main: true, start: 8 }, activation, ...weights, ...common],
  conv1d: [filters, kernelSize(size), activation, ...steps(size), ...weights, ...common],
  conv2d: [filters, kernelSize(pair), activation, ...steps(pair), ...weights, ...common],
  depthwiseConv2d: [
    kernelSize(pair),
    activation,
    depthMultiplier,
    ...steps(pair),
    useBias,
    initializer("depthwiseInitializer"),
    regularizer("depthwiseRegularizer"),
    ...common,
  ],
  separableConv2d: [
    filters,
    kernelSize(pair),
    activation,
    depthMultiplier,
    ...steps(pair),
    useBias,
    initializer("depthwiseInitializer"),
    initializer("pointwiseInitializer"),
    regularizer("depthwiseRegularizer"),
    regularizer("pointwiseRegularizer"),
    ...common,
  ],
  maxPooling1d: [...pooling(size), ...common],
  maxPooling2d: [...pooling(pair), ...common],
  averagePooling1d: [...pooling(size), ...common],
  averagePooling2d: [...pooling(pair), ...common],
  globalMaxPooling1d: common,
  globalMaxPooling2d: common,
  globalAveragePooling1d: common,
  globalAveragePooling2d: common,
  flatten: common,
  reshape: [{ name: "targetShape", kind: { type: "shape" }, main: true, start: [8, 8, 1] }, ...common],
  zeroPadding1d: [
    { name: "padding", kind: { type: "sizes", minimum: 0, counts: [1, 2] }, main: true, default: 1 },
    ...common,
  ],
  zeroPadding2d: [
    { name: "padding", kind: { type: "sizes", minimum: 0, counts: [1, 2, 4] }, main: true, default: 1 },
    ...common,
  ],
  batchNormalization: [
    { name: "momentum", kind: share, default: 0.99 },
    { name: "epsilon", kind: { type: "number", above: 0 }, default: 0.001 },
    { name: "center", kind: flag, default: true },
    { name: "scale", kind: flag, default: true },
    ...common,
  ],
  dropout: [rate, ...common],
  spatialDropout1d: [rate, ...common],
  spatialDropout2d: [rate, ...common],
  activation: [
    { name: "activation", kind: { type: "choice", choices: activationNames }, main: true, start: "relu" },
    ...common,
  ],
  leakyReLU: [{ name: "alpha", kind: { type: "number", minimum: 0 }, main: true, default: 0.3 }, ...common],
  add: [
    { name: "inputs", kind: { type: "names" }, main: true },
    { name: "name", kind: { type: "text" } },
  ],
  concatenate: [
    { name: "inputs", kind: { type: "names" }, main: true },
    { name: "axis", kind: { type: "whole", minimum: -Infinity, maximum: Infinity }, default: -1 },
    { name: "name", kind: { type: "text" } },
  ],
} satisfies Record<string, readonly LayerField[]>;

/** The name of a layer type. */
export type LayerType = keyof typeof layerFields;

/** Whether there is such a layer type. */
export function isLayerType(type: unknown): type is LayerType {
  return typeof type === "string" && Object.hasOwn(layerFields, type);
}

/** A layer type's settings. */
export function fieldsOf(type: LayerType): readonly LayerField[] {
  return layerFields[type];
}

/** The layer types as the dialog groups them. */
export const layerGroups: ReadonlyArray<readonly [group: string, types: readonly LayerType[]]> = [
  ["learning", ["dense", "conv1d", "conv2d", "depthwiseConv2d", "separableConv2d", "batchNormalization"]],
  [
    "pooling",
    [
      "maxPooling1d",
      "maxPooling2d",
      "averagePooling1d",
      "averagePooling2d",
      "globalMaxPooling1d",
      "globalMaxPooling2d",
      "globalAveragePooling1d",
      "globalAveragePooling2d",
    ],
  ],
  ["shape", ["flatten", "reshape", "zeroPadding1d", "zeroPadding2d"]],
  ["function", ["activation", "leakyReLU"]],
  ["chance", ["dropout", "spatialDropout1d", "spatialDropout2d"]],
  ["joining", ["add", "concatenate"]],
];
