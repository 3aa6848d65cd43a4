/**
 * The bias that lets a kernel multiply stored inputs as they are: (x − z) · w = x · w − z · Σw. In 32 bits that wrap, as
 * the kernel itself adds.
 *
 * @param weights [units][inputs], row-major
 * @param bias [units]; zeros where it is left out
 * @param zeroPoint the input's
 */
export function foldZeroPoint(
  weights: ArrayLike<number>,
  bias: ArrayLike<number> | undefined,
  units: number,
  zeroPoint: number,
): Int32Array {
  const width = weights.length / units;
  return Int32Array.from({ length: units }, (_, unit) => {
    let sum = 0;
    const end = (unit + 1) * width;
    for (let i = unit * width; i < end; i++) sum += weights[i];
    return ((bias?.[unit] ?? 0) - zeroPoint * sum) | 0;
  });
}
