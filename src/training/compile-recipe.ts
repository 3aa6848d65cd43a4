import { normal, type Random } from "../dataset/random";
import { TinymlError } from "../errors";
import { featureShape } from "../features/feature-shape";
import { elementCount } from "../model/tensor";
import { maximumBytes } from "../runtime/place-model";
import { CONVOLUTION_LAYERS } from "./layers/convolution";
import { DENSE_LAYERS } from "./layers/dense";
import { ELEMENTWISE_LAYERS } from "./layers/elementwise";
import { MERGING_LAYERS } from "./layers/merging";
import { POOLING_LAYERS } from "./layers/pooling";
import { SHAPING_LAYERS } from "./layers/shaping";
import {
  type BuiltLayer,
  type LayerContext,
  type LayerRule,
  type Network,
  NetworkBuilder,
  refuseLayer,
  type WeightRequest,
  type WeightSource,
} from "./network";
import type { Recipe } from "./recipe";
import { invalidRecipe } from "./recipe-error";
import type { Layer, LayerOf } from "./recipe-layers";

/** The layers of recipes. */
const LAYERS: { readonly [Type in Layer["type"]]: LayerRule<Type> } = {
  ...DENSE_LAYERS,
  ...CONVOLUTION_LAYERS,
  ...ELEMENTWISE_LAYERS,
  ...POOLING_LAYERS,
  ...SHAPING_LAYERS,
  ...MERGING_LAYERS,
};

/**
 * The network of a recipe, with weights to start training from.
 *
 * @param outputs how many numbers the last layer must give: the number of labels or targets; for two labels one is enough
 *   with binary cross-entropy
 * @param random draws the weights, layer by layer
 * @throws TinymlError TINYML_RECIPE_INVALID naming the layer that does not fit to what it gets, or when the last layer gives
 *   another number of numbers; TINYML_OUT_OF_MEMORY, before they are drawn, when the weights alone are more than this machine may take
 */
export function compileRecipe(recipe: Recipe, outputs: number, random: Random): Network {
  let bytes = 0;
  const network = buildNetwork(featureShape(recipe.features, recipe.input.shape), recipe.layers, (request) => {
    bytes += 4 * elementCount(request.shape);
    if (bytes > maximumBytes) throw tooManyWeights(request.layer, bytes);
    return initialWeights(request, random);
  });
  const last = recipe.layers.length - 1;
  const unread = findUnreadLayer(recipe.layers);
  if (unread !== undefined) {
    throw invalidRecipe(
      `layers.${unread}`,
      "no later layer takes what it gives; name it in the inputs of one, or remove it",
    );
  }
  const { shape } = network.model.tensors[network.model.outputs[0]];
  // one sigmoid says of two labels which it is
  const oneForTwo = recipe.training.loss === "binaryCrossentropy" && outputs === 2 && elementCount(shape) === 1;
  if (shape.length !== 2 || (elementCount(shape) !== outputs && !oneForTwo)) {
    const what = `${recipe.task === "classification" ? "label" : "target"}${outputs === 1 ? "" : "s"}`;
    const layer = recipe.layers[last];
    const found =
      shape.length === 2 && "units" in layer
        ? `needs ${outputs} units, not ${layer.units}`
        : `must give [${outputs}], but gives [${shape.slice(1).join(", ")}]`;
    throw invalidRecipe(
      layer.type === "dense" && shape.length === 2 ? `layers.${last}.units` : `layers.${last}`,
      `the dataset has ${outputs} ${what}, so the last layer ${found}`,
    );
  }
  return network;
}

/**
 * The graph of a list of layers.
 * @param inputShape of a sample, without the batch
 * @param weightsOf gives each layer its weights
 * @throws TinymlError TINYML_RECIPE_INVALID naming the layer that does not fit to what it gets
 */
export function buildNetwork(
  inputShape: readonly number[],
  layers: readonly Layer[],
  weightsOf: WeightSource,
): Network {
  const network = new NetworkBuilder(weightsOf);
  const input = network.tensor("input", inputShape);
  const named = new Map([["input", input]]);
  const built: BuiltLayer[] = [];
  layers.forEach((layer, index) => {
    const refuse = refuseLayer(index);
    const before = built.at(-1)?.output ?? input;
    const count = network.operatorCount;
    const inputs = layer.inputs?.map(
      (name) => named.get(name) ?? refuse("inputs", `no layer before it has the name "${name}"`),
    );
    const name = nameOf(layer, index);
    if (named.has(name)) refuse("name", `"${name}" is taken`);
    const output = appendLayer(layer, { index, name, inputs: inputs ?? [before], network, refuse });
    built.push({ output, operators: network.operatorsFrom(count) });
    named.set(name, output);
  });
  return network.finish(input, built.at(-1)?.output ?? input, built);
}

function tooManyWeights(layer: number, bytes: number): TinymlError {
  const [needed, most] = [bytes, maximumBytes].map((each) => Math.floor(each / 1e6));
  return new TinymlError(
    "TINYML_OUT_OF_MEMORY",
    `Up to layers.${layer} the network has weights of ${needed} MB, and on this machine it may take ${most} MB. Use a smaller layer there, or pool before it.`,
  );
}

/** What other layers call a layer. */
function nameOf({ name, type }: Layer, index: number): string {
  return name ?? `${type}${index + 1}`;
}

/** The last layer whose output reaches the network's output by no way; undefined where all do. */
function findUnreadLayer(layers: readonly Layer[]): number | undefined {
  const names = layers.map(nameOf);
  const read = new Set([names[names.length - 1]]);
  for (let index = layers.length - 1; index >= 0; index--) {
    if (!read.has(names[index])) return index;
    for (const name of layers[index].inputs ?? names.slice(index - 1, index)) read.add(name);
  }
  return undefined;
}

/** TypeScript follows the layer's type from its name to its rule in a function of its own only. */
function appendLayer<Type extends Layer["type"]>(layer: LayerOf<Type>, context: Omit<LayerContext, "layer">): number {
  const rule: LayerRule<Type> = LAYERS[layer.type];
  return rule({ ...context, layer });
}

/**
 * Weights as Keras draws them (glorot: Glorot and Bengio 2010; he: He et al. 2015): uniform in ±√(6 / n) or normal with the variance 2 / n,
 * cut at two deviations; n = inputs + outputs for glorot, n = inputs for he.
 */
function initialWeights({ shape, initializer, fanIn, fanOut }: WeightRequest, random: Random): Float32Array {
  const length = elementCount(shape);
  if (initializer === "zeros") return new Float32Array(length);
  if (initializer === "ones") return new Float32Array(length).fill(1);
  const n = initializer === "heUniform" || initializer === "heNormal" ? fanIn : fanIn + fanOut;
  if (initializer === "heUniform" || initializer === "glorotUniform") {
    const limit = Math.sqrt(6 / n);
    return Float32Array.from({ length }, () => (2 * random.uniform() - 1) * limit);
  }
  // Keras widens the deviation by what the cut takes away.
  const deviation = Math.sqrt(2 / n) / 0.87962566103423978;
  return Float32Array.from({ length }, () => {
    let drawn = normal(random);
    while (Math.abs(drawn) > 2) drawn = normal(random);
    return drawn * deviation;
  });
}
