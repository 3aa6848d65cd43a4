import type { FusedActivation, Quantization, TensorType } from "./model";
import { activationRange, perTensorScale, quantizeMultiplier } from "./quantization";

/*
 * The integers that the kernels of arithmetic between two int8 or int16 tensors take. They follow TensorFlow Lite Micro's
 * preparation of its reference kernels, down to which quotients are rounded to 32-bit floats.
 */

/** The struct tinyml_sum. */
export interface SumParameters {
  aZeroPoint: number;
  aMultiplier: number;
  aShift: number;
  bZeroPoint: number;
  bMultiplier: number;
  bShift: number;
  outputZeroPoint: number;
  outputMultiplier: number;
  outputShift: number;
  leftShift: number;
  sign: number;
  minimum: number;
  maximum: number;
}

/** The struct tinyml_product. */
export interface ProductParameters {
  aZeroPoint: number;
  bZeroPoint: number;
  outputZeroPoint: number;
  multiplier: number;
  shift: number;
  minimum: number;
  maximum: number;
}

/** The struct tinyml_slope. */
export interface PreluParameters {
  inputZeroPoint: number;
  alphaZeroPoint: number;
  outputZeroPoint: number;
  multiplier: number;
  shift: number;
  alphaMultiplier: number;
  alphaShift: number;
}

/**
 * ADD (sign 1) and SUB (sign −1): both operands come to twice the larger of their scales, the sum from there to the
 * output's. SUB rounds each quotient of scales to a 32-bit float, ADD none.
 */
export function sumParameters(
  a: Quantization,
  b: Quantization,
  output: Quantization,
  activation: FusedActivation,
  type: TensorType,
  sign: 1 | -1,
): SumParameters {
  const [aScale, aZeroPoint] = perTensorScale(a, "first input");
  const [bScale, bZeroPoint] = perTensorScale(b, "second input");
  const [outputScale, outputZeroPoint] = perTensorScale(output, "output");
  const leftShift = type === "int16" ? 15 : 20;
  const rounded = sign > 0 ? (value: number) => value : Math.fround;
  const twiceLargest = 2 * Math.max(aScale, bScale);
  const aFactor = quantizeMultiplier(rounded(aScale / twiceLargest));
  const bFactor = quantizeMultiplier(rounded(bScale / twiceLargest));
  const outputFactor = quantizeMultiplier(rounded(twiceLargest / rounded(2 ** leftShift * outputScale)));
  return {
    aZeroPoint,
    aMultiplier: aFactor.multiplier,
    aShift: aFactor.shift,
    bZeroPoint,
    bMultiplier: bFactor.multiplier,
    bShift: bFactor.shift,
    outputZeroPoint,
    outputMultiplier: outputFactor.multiplier,
    outputShift: outputFactor.shift,
    leftShift,
    sign,
    ...activationRange(activation, output, type),
  };
}

/**
 * SQUARED_DIFFERENCE: both operands come to twice the larger of their scales, in int8 times 2⁷, and the difference's square
 * from there to the output's.
 */
export function squaredDifferenceParameters(
  a: Quantization,
  b: Quantization,
  output: Quantization,
  type: TensorType,
): SumParameters {
  const [aScale] = perTensorScale(a, "first input");
  const [bScale] = perTensorScale(b, "second input");
  const [outputScale] = perTensorScale(output, "output");
  const leftShift = type === "int16" ? 0 : 7;
  const twiceLargest = 2 * Math.max(aScale, bScale);
  const outputFactor = quantizeMultiplier(twiceLargest ** 2 / (2 ** (2 * leftShift) * outputScale));
  return {
    ...sumParameters(a, b, output, "NONE", type, 1),
    outputMultiplier: outputFactor.multiplier,
    outputShift: outputFactor.shift,
    leftShift,
    sign: -1,
  };
}

/** MUL: factor = the product of the operands' scales / output scale, nothing of it rounded on the way. */
export function productParameters(
  a: Quantization,
  b: Quantization,
  output: Quantization,
  activation: FusedActivation,
  type: TensorType,
): ProductParameters {
  const [aScale, aZeroPoint] = perTensorScale(a, "first input");
  const [bScale, bZeroPoint] = perTensorScale(b, "second input");
  const [outputScale, outputZeroPoint] = perTensorScale(output, "output");
  return {
    aZeroPoint,
    bZeroPoint,
    outputZeroPoint,
    ...quantizeMultiplier((aScale * bScale) / outputScale),
    ...activationRange(activation, output, type),
  };
}

/** PRELU: input scale / output scale, and input scale × alpha's scale / output scale, unrounded. */
export function preluParameters(input: Quantization, alpha: Quantization, output: Quantization): PreluParameters {
  const [inputScale, inputZeroPoint] = perTensorScale(input, "input");
  const [alphaScale, alphaZeroPoint] = perTensorScale(alpha, "alpha");
  const [outputScale, outputZeroPoint] = perTensorScale(output, "output");
  const alphaFactor = quantizeMultiplier((inputScale * alphaScale) / outputScale);
  return {
    inputZeroPoint,
    alphaZeroPoint,
    outputZeroPoint,
    ...quantizeMultiplier(inputScale / outputScale),
    alphaMultiplier: alphaFactor.multiplier,
    alphaShift: alphaFactor.shift,
  };
}
