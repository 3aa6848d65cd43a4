import type { Random } from "../dataset/random";
import type { FusedActivation, Model, Operator, Tensor } from "../model/model";
import { invalidRecipe, type Recipe } from "./recipe";

type Layer = Recipe["layers"][number];

type ActivationOperator = "LOGISTIC" | "TANH" | "SOFTMAX";

/** The operator of an activation that is not fused into the layer before it. */
const activationOperator: Partial<Record<Layer["activation"], ActivationOperator>> = {
  sigmoid: "LOGISTIC",
  tanh: "TANH",
  softmax: "SOFTMAX",
};
const fusedActivation: Partial<Record<Layer["activation"], FusedActivation>> = { relu: "RELU", relu6: "RELU6" };

/**
 * The graph of a recipe, with weights to start training from. Batch 1: input [1, channels], output [1, outputs].
 *
 * @param outputs how many numbers the last layer must give: the number of labels or targets
 * @param random draws the weights, layer by layer
 * @throws TinymlError TINYML_RECIPE_INVALID when the last layer has another number of units
 */
export function compileRecipe(recipe: Recipe, outputs: number, random: Random): Model {
  const last = recipe.layers.length - 1;
  if (recipe.layers[last].units !== outputs) {
    throw invalidRecipe(
      `layers.${last}.units`,
      `the dataset has ${outputs} ${recipe.task === "classification" ? "labels" : "targets"}, so the last layer needs ` +
        `${outputs} units, not ${recipe.layers[last].units}`,
    );
  }
  const tensors: Tensor[] = [];
  const operators: Operator[] = [];
  const add = (tensor: Tensor): number => tensors.push(tensor) - 1;
  const activationTensor = (name: string, units: number): number => add({ name, type: "float32", shape: [1, units] });

  let width = recipe.input.shape[0];
  let current = activationTensor("input", width);
  recipe.layers.forEach((layer, i) => {
    const { units } = layer;
    const name = `dense${i + 1}`;
    const weights = add({
      name: `${name}/weights`,
      type: "float32",
      shape: [units, width],
      data: initialWeights(layer, width, random),
    });
    const inputs = [current, weights];
    if (layer.useBias) {
      inputs.push(add({ name: `${name}/bias`, type: "float32", shape: [units], data: new Float32Array(units) }));
    }
    const activation = fusedActivation[layer.activation] ?? "NONE";
    current = activationTensor(name, units);
    operators.push({ type: "FULLY_CONNECTED", inputs, outputs: [current], options: { activation } });
    const separate = activationOperator[layer.activation];
    if (separate !== undefined) {
      const from = current;
      current = activationTensor(`${name}/${layer.activation}`, units);
      operators.push(elementwise(separate, from, current));
    }
    width = units;
  });
  return { description: "TinyML Flows", tensors, operators, inputs: [0], outputs: [current] };
}

function elementwise(type: ActivationOperator, from: number, to: number): Operator {
  const ends = { inputs: [from], outputs: [to] };
  return type === "SOFTMAX" ? { type, ...ends, options: { beta: 1 } } : { type, ...ends, options: {} };
}

/**
 * Uniform in ±√(6 / n): n = inputs + outputs for glorotUniform (Glorot and Bengio 2010), n = inputs for heUniform
 * (He et al. 2015).
 */
function initialWeights(layer: Layer, inputs: number, random: Random): Float32Array {
  const n = layer.kernelInitializer === "heUniform" ? inputs : inputs + layer.units;
  const limit = Math.sqrt(6 / n);
  return Float32Array.from({ length: layer.units * inputs }, () => (2 * random.uniform() - 1) * limit);
}
