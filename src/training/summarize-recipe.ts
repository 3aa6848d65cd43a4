import { toTinymlError } from "../errors";
import { featureShape } from "../features/feature-shape";
import { planMemory } from "../model/memory-plan";
import type { Model, Operator, Tensor } from "../model/model";
import { operatorMacs } from "../model/summarize";
import { elementCount } from "../model/tensor";
import { buildNetwork } from "./compile-recipe";
import { foldTraining } from "./fold-training";
import type { Recipe } from "./recipe";
import { invalidRecipe } from "./recipe-error";
import type { Layer } from "./recipe-layers";

/** What a layer of a recipe costs. */
export interface LayerSummary {
  type: Layer["type"];
  /** What it gives, without the batch. */
  shape: readonly number[];
  /** Numbers that it learns. */
  parameters: number;
  /** Multiplications of one prediction. */
  macs: number;
}

/** What a recipe's network costs, or as much of it as there is before the first layer that does not fit. */
export interface RecipeSummary {
  layers: readonly LayerSummary[];
  parameters: number;
  macs: number;
  /** The weights as they lie in a float model, and in an int8 one. */
  floatBytes: number;
  int8Bytes: number;
  /** The memory for what the layers compute, on a board: of a float model, and of an int8 one. */
  floatArenaBytes: number;
  int8ArenaBytes: number;
  /** Why a layer does not fit to what it gets. */
  problem?: { layer: number; message: string };
}

/** Beyond this nobody trains on a small computer, and typing a layer's size must not fill its memory. */
const mostParameters = 2e7;

/** What a network costs, without training it. */
export function summarizeRecipe({
  input,
  features = [],
  layers,
}: Pick<Recipe, "input" | "layers"> & Partial<Pick<Recipe, "features">>): RecipeSummary {
  const shape = featureShape(features, input.shape);
  let problem: RecipeSummary["problem"];
  for (let count = layers.length; ; count--) {
    try {
      return { ...summarize(shape, layers.slice(0, count)), ...(problem && { problem }) };
    } catch (error) {
      if (count === 0) throw error;
      problem = { layer: count - 1, message: toTinymlError(error).message };
    }
  }
}

function summarize(shape: readonly number[], layers: readonly Layer[]): RecipeSummary {
  let numbers = 0;
  const network = buildNetwork(shape, layers, (request) => {
    const count = elementCount(request.shape);
    numbers += count;
    if (numbers > mostParameters) {
      throw invalidRecipe(
        `layers.${request.layer}`,
        `the network gets more than ${mostParameters / 1e6} million numbers to learn`,
      );
    }
    return new Float32Array(count);
  });
  const { tensors } = network.model;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const parametersOf = (operators: readonly Operator[]): number =>
    sum(
      operators.flatMap(({ inputs }) =>
        inputs.map((index) => (network.frozen.has(index) ? 0 : numbersOf(tensors[index]))),
      ),
    );
  const summaries = network.layers.map(
    ({ output, operators }, i): LayerSummary => ({
      type: layers[i].type,
      shape: tensors[output].shape.slice(1),
      parameters: parametersOf(operators),
      macs: sum(operators.map((operator) => operatorMacs(tensors, operator))),
    }),
  );
  const stored = foldTraining(network.model);
  const weights = stored.tensors.filter(({ data }) => data instanceof Float32Array);
  // biases stay whole numbers of 32 bits
  const int8Bytes = sum(weights.map(({ shape: { length }, data }) => (length === 1 ? 4 : 1) * (data?.length ?? 0)));
  return {
    layers: summaries,
    parameters: sum(summaries.map(({ parameters }) => parameters)),
    macs: sum(summaries.map(({ macs }) => macs)),
    floatBytes: 4 * sum(weights.map(({ data }) => data?.length ?? 0)),
    int8Bytes,
    floatArenaBytes: planMemory(stored, 4).bytes,
    int8ArenaBytes: planMemory(asInt8(stored), 1).bytes,
  };
}

/** How many numbers a tensor of weights has. */
function numbersOf(tensor: Tensor | undefined): number {
  return tensor?.data instanceof Float32Array ? tensor.data.length : 0;
}

/** The same graph with a byte for each number that is computed: for planning its memory only. */
function asInt8(model: Model): Model {
  const tensors = model.tensors.map((tensor) =>
    tensor.data === undefined ? { ...tensor, type: "int8" as const } : tensor,
  );
  return { ...model, tensors };
}
