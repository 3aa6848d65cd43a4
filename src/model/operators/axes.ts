/** The dimensions of a tensor, split for the kernels' means: [outer][first][between][second][inner], over first and second. */
export interface ReducedShape {
  outer: number;
  first: number;
  between: number;
  second: number;
  inner: number;
}

/**
 * The axes of a reduction as numbers from 0, sorted, each once; axes below 0 count from the end.
 * @returns a sentence that says which one the shape does not have
 */
export function resolveAxes(shape: readonly number[], axes: Iterable<number>): number[] | string {
  const resolved = new Set<number>();
  for (const axis of axes) {
    const from0 = axis < 0 ? axis + shape.length : axis;
    if (from0 < 0 || from0 >= shape.length) return `its input [${shape}] has no axis ${axis}`;
    resolved.add(from0);
  }
  return [...resolved].sort((a, b) => a - b);
}

/**
 * Joins dimensions that are neighbours and are treated alike.
 * @returns a sentence where that leaves more than two runs of dimensions to reduce
 */
export function splitAxes(shape: readonly number[], axes: readonly number[]): ReducedShape | string {
  // kept, reduced, kept, reduced, kept: a dimension goes to the last run, or opens the next one where it is of the other kind
  const runs = [1, 1, 1, 1, 1, 1];
  let at = 0;
  shape.forEach((dimension, axis) => {
    if (dimension === 1) return;
    if ((at % 2 === 1) !== axes.includes(axis)) at++;
    if (at < runs.length) runs[at] *= dimension;
  });
  if (at >= 5) return `its axes [${axes}] lie in more than two runs of dimensions`;
  const [outer, first, between, second, inner] = runs;
  return { outer, first, between, second, inner };
}
