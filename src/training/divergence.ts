import { openSamples } from "../dataset/samples";
import { inputWidth, outputWidth, type Table } from "../dataset/table";
import { TinymlError } from "../errors";
import type { Network } from "./network";
import type { Recipe } from "./recipe";

/** Who made a number that is none: infinite, or not a number. */
export type Culprit =
  | { kind: "sample"; sample: number }
  /** By the layer's place in the recipe; undefined for a network from elsewhere. */
  | { kind: "weights" | "output"; layer: number | undefined };

/**
 * Finds what a loss that is no number comes from, in the order in which the network computes: a sample, a layer's weights, or
 * what a layer gives.
 *
 * @param numbersOf a tensor as it is in the kernels' memory: weights, or of all samples of a part of a batch
 * @param samples how many that part has
 * @returns undefined where all numbers are ones
 */
export function findCulprit(
  { model, layers }: Network,
  numbersOf: (tensor: number) => Float32Array,
  samples: number,
): Culprit | undefined {
  const [input] = model.inputs;
  const inputs = numbersOf(input);
  const wrong = inputs.findIndex(isNone);
  if (wrong >= 0) return { kind: "sample", sample: Math.floor(wrong / (inputs.length / samples)) };
  for (const operator of model.operators) {
    const isWrong = (tensor: number): boolean =>
      tensor >= 0 && model.tensors[tensor].type === "float32" && numbersOf(tensor).some(isNone);
    const layer = (): number | undefined => {
      const index = layers.findIndex(({ operators }) => operators.includes(operator));
      return index < 0 ? undefined : index;
    };
    const isWeight = (tensor: number): boolean => tensor >= 0 && model.tensors[tensor].data !== undefined;
    if (operator.inputs.some((tensor) => isWeight(tensor) && isWrong(tensor)))
      return { kind: "weights", layer: layer() };
    if (operator.outputs.some(isWrong)) return { kind: "output", layer: layer() };
  }
  return undefined;
}

/**
 * The first of some rows with a number that is none, in what was measured or in what is to be learned. One such row makes what
 * normalizing learns NaN, and then the samples of all rows: which it was can only be seen here.
 * @throws what reading the table's file throws
 */
export function findWrongRow(table: Table, rows: ArrayLike<number>): Culprit | undefined {
  const sample = new Float32Array(inputWidth(table));
  const targets = outputWidth(table);
  const reader = openSamples(table.inputs, sample.length);
  try {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      reader.copy(row, sample, 0);
      if (sample.some(isNone) || table.outputs.subarray(row * targets, (row + 1) * targets).some(isNone))
        return { kind: "sample", sample: row };
    }
  } finally {
    reader.close();
  }
  return undefined;
}

function isNone(value: number): boolean {
  return !Number.isFinite(value);
}

/** The error about a loss that is no number. @param culprit whose sample is a row of the table */
export function diverged(epoch: number, recipe: Recipe, culprit?: Culprit): TinymlError {
  if (culprit?.kind === "sample") {
    return new TinymlError(
      "TINYML_NOT_A_NUMBER",
      `Row ${culprit.sample + 1} of the dataset has a number that is infinite or none, or becomes so by the recipe's features; correct it, or leave it out.`,
    );
  }
  const rate = recipe.training.optimizer.learningRate;
  const advice = recipe.features.length === 0 ? "switch on normalizing, or use" : "use";
  return new TinymlError(
    "TINYML_TRAINING_DIVERGED",
    `The loss left the range of numbers in epoch ${epoch}${placeOf(recipe, culprit)}; ${advice} a learning rate below ${rate}.`,
  );
}

function placeOf({ layers }: Recipe, culprit: Exclude<Culprit, { kind: "sample" }> | undefined): string {
  if (culprit?.layer === undefined) return "";
  const layer = `layers.${culprit.layer} (${layers[culprit.layer].type})`;
  return culprit.kind === "weights" ? `, first the weights of ${layer}` : `, first in what ${layer} gives`;
}
