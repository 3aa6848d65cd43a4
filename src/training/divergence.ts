import type { Network } from "./network";

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

function isNone(value: number): boolean {
  return !Number.isFinite(value);
}
