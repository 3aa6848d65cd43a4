import type { KernelStruct } from "../kernel-call";
import { resolveAxis } from "./parameters";

/** The dimensions of a tensor, split for the kernels' reductions, which go over the `reduced` ones: see tinyml_reduction. */
export interface ReducedShape {
  outer: number;
  /** Three each, in turns: a reduced one first, a kept one last. */
  reduced: readonly number[];
  kept: readonly number[];
}

/** How many runs of neighbouring reduced dimensions the kernels go over. */
const REDUCED_RUNS = 3;

/**
 * The axes of a reduction as numbers from 0, sorted, each once; axes below 0 count from the end.
 * @returns a sentence that says which one the shape does not have
 */
export function resolveAxes(shape: readonly number[], axes: Iterable<number>): number[] | string {
  const resolved = new Set<number>();
  for (const axis of axes) {
    const from0 = resolveAxis(shape, axis);
    if (typeof from0 === "string") return from0;
    resolved.add(from0);
  }
  return [...resolved].sort((a, b) => a - b);
}

/**
 * Joins dimensions that are neighbours and are treated alike.
 * @returns a sentence where that leaves more runs of dimensions to reduce than the kernels go over
 */
export function splitAxes(shape: readonly number[], axes: readonly number[]): ReducedShape | string {
  // kept, reduced, kept, reduced, …: a dimension goes to the last run, or opens the next one where it is of the other kind
  const runs = [1];
  shape.forEach((dimension, axis) => {
    if (dimension === 1) return;
    if ((runs.length % 2 === 0) !== axes.includes(axis)) runs.push(1);
    runs[runs.length - 1] *= dimension;
  });
  if (runs.length % 2 === 0) runs.push(1);
  const reduced = runs.filter((_, i) => i % 2 === 1);
  const [outer, ...kept] = runs.filter((_, i) => i % 2 === 0);
  if (reduced.length > REDUCED_RUNS) return `its axes [${axes}] lie in more than ${REDUCED_RUNS} runs of dimensions`;
  const left = Array.from({ length: REDUCED_RUNS - reduced.length }, () => 1);
  return { outer, reduced: [...left, ...reduced], kept: [...left, ...kept] };
}

/** The shape as the kernels take it. */
export function reductionStruct({ reduced, kept }: ReducedShape): KernelStruct {
  return { type: "tinyml_reduction", comment: "The dimensions, in turns.", fields: { reduced, kept } };
}
