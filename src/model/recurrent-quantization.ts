import type { FixedPointFactor } from "./quantization";
import { quantizeMultiplier } from "./quantization";

/**
 * The integers that the kernels of recurrent layers take, computed from the scales in a model as TensorFlow Lite Micro's
 * preparation computes them, down to which products are rounded to 32-bit floats.
 */

/** The steps of a gate before its curve, and of what all curves give. */
const GATE_SCALE = 2 ** -12;
const CURVE_SCALE = 2 ** -15;

/** SVDF: the factors of the features and of the filters over time; products and quotients are rounded to 32-bit floats. */
export function svdfFactors(scales: {
  input: number;
  featureWeights: number;
  state: number;
  timeWeights: number;
  output: number;
}): { feature: FixedPointFactor; time: FixedPointFactor } {
  const factor = (a: number, b: number, by: number) => quantizeMultiplier(Math.fround(Math.fround(a * b) / by));
  return {
    feature: factor(scales.input, scales.featureWeights, scales.state),
    time: factor(scales.state, scales.timeWeights, scales.output),
  };
}

/** LSTM: the factor that takes the sum of one gate's weights × input (or hidden state) to the gate's steps. */
export function lstmGateFactor(input: number, weights: number): FixedPointFactor {
  return quantizeMultiplier(Math.fround(input * weights) / GATE_SCALE);
}

/** LSTM: the factors inside of the cell. */
export function lstmCellFactors(cellScale: number, hiddenScale: number, cellClip: number) {
  const steps = Math.round(Math.log2(cellScale)) + 12;
  const [forget, cell, hidden] = [
    (CURVE_SCALE * cellScale) / cellScale,
    (CURVE_SCALE * CURVE_SCALE) / cellScale,
    (CURVE_SCALE * CURVE_SCALE) / hiddenScale,
  ].map(quantizeMultiplier);
  return {
    forget,
    cell,
    hidden,
    // the curve wants three times the cell in steps of 1/4096
    tanhMultiplier: steps < 0 ? 3 : 3 * 2 ** steps,
    tanhShift: steps < 0 ? -steps : 0,
    cellClip: cellClip > 0 ? Math.trunc(Math.min(cellClip / cellScale, 32767)) : -1,
  };
}
