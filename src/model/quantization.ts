import { TinymlError } from "../errors";
import type { FusedActivation, Quantization, TensorType } from "./model";
import { zeroPointRange } from "./tensor";

/**
 * The integers that the int8 kernels take, computed from the scales in a model. Runtime, compression and sketches all use
 * these functions, so all of them run the kernels with the same numbers. They follow TensorFlow Lite's int8
 * specification and TensorFlow Lite Micro's preparation of its reference kernels, down to which products are rounded
 * to 32-bit floats.
 */

/** A real factor as the kernels take it: multiplier × 2^(shift − 31), multiplier in 2^30 … 2^31 − 1, or 0. */
export interface FixedPointFactor {
  multiplier: number;
  shift: number;
}

/** Several of them. */
interface FixedPointFactors {
  multipliers: Int32Array;
  shifts: Int32Array;
}

/** Arguments of tinyml_dense_int8. */
export interface DenseInt8Parameters extends FixedPointFactor {
  inputZeroPoint: number;
  outputZeroPoint: number;
  minimum: number;
  maximum: number;
}

/** Arguments of tinyml_conv_int8 and tinyml_depthwise_int8: a factor for each output channel. */
export interface ConvolutionInt8Parameters {
  inputZeroPoint: number;
  outputZeroPoint: number;
  multipliers: Int32Array;
  shifts: Int8Array;
  minimum: number;
  maximum: number;
}

/** Arguments of tinyml_reduce_sum_int8. */
export interface MeanInt8Parameters extends FixedPointFactor {
  inputZeroPoint: number;
  outputZeroPoint: number;
}

/** Arguments of tinyml_relu_int8, and without zero points tinyml_relu_int16. */
export type ReluParameters = DenseInt8Parameters;

/** Arguments of tinyml_logistic_int8 and tinyml_tanh_int8. */
export interface CurveInt8Parameters extends FixedPointFactor {
  inputZeroPoint: number;
  inputRangeRadius: number;
}

/** Arguments of tinyml_softmax_int8. */
export interface SoftmaxInt8Parameters extends FixedPointFactor {
  differenceMinimum: number;
}

/** What the outputs of these operators always are in int8: TensorFlow Lite fixes their scale and zero point. */
export const fixedOutputQuantization = {
  LOGISTIC: { scales: [1 / 256], zeroPoints: [-128], axis: 0 },
  TANH: { scales: [1 / 128], zeroPoints: [0], axis: 0 },
  SOFTMAX: { scales: [1 / 256], zeroPoints: [-128], axis: 0 },
  L2_NORMALIZATION: { scales: [1 / 128], zeroPoints: [0], axis: 0 },
} as const satisfies Record<string, Quantization>;

/**
 * A factor ≥ 0 in fixed point (TensorFlow Lite's QuantizeMultiplier): below 2^−32 it becomes 0.
 */
export function quantizeMultiplier(factor: number): FixedPointFactor {
  const { multipliers, shifts } = quantizeMultipliers(Float64Array.of(factor));
  return { multiplier: multipliers[0], shift: shifts[0] };
}

/** The same for each of a layer's channels. */
function quantizeMultipliers(factors: Float64Array): FixedPointFactors {
  const found = fixedPoints(factors);
  const { shifts } = found;
  for (let i = 0; i < shifts.length; i++) if (shifts[i] > 30) refuseFactor(factors[i]);
  return found;
}

function refuseFactor(factor: number): never {
  // NaN fails the first comparison
  if (!(factor >= 0) || factor === Infinity) {
    throw new TinymlError(
      "TINYML_MODEL_INVALID",
      `A quantization factor of ${factor} makes no sense; quantize the model again.`,
    );
  }
  throw new TinymlError(
    "TINYML_MODEL_UNSUPPORTED",
    `The scales of two neighbouring tensors differ by a factor of ${factor}, more than int8 arithmetic can bridge.`,
  );
}

/** The stored values between which a fused activation keeps an int8 output. */
export function activationRangeInt8(
  activation: FusedActivation,
  output: Quantization,
): { minimum: number; maximum: number } {
  return activationRange(activation, output, "int8");
}

/** The stored values between which a fused activation keeps an output of int8, int16 or uint8. */
export function activationRange(
  activation: FusedActivation,
  output: Quantization,
  type: TensorType,
): { minimum: number; maximum: number } {
  const [scale, zeroPoint] = perTensorScale(output, "output");
  // what a zero point may be is what any stored value may be
  const [lowest, highest] = zeroPointRange(type);
  const stored = (real: number) => zeroPoint + roundAwayFromZero(Math.fround(real / scale));
  switch (activation) {
    case "NONE":
      return { minimum: lowest, maximum: highest };
    case "RELU":
      return { minimum: Math.max(lowest, stored(0)), maximum: highest };
    case "RELU6":
      return { minimum: Math.max(lowest, stored(0)), maximum: Math.min(highest, stored(6)) };
    case "RELU_N1_TO_1":
      return { minimum: Math.max(lowest, stored(-1)), maximum: Math.min(highest, stored(1)) };
  }
}

/**
 * FULLY_CONNECTED: factor = input scale × weight scale / output scale, where the first product is rounded to a 32-bit
 * float and the quotient is not. Throws TINYML_MODEL_UNSUPPORTED when the weights have several scales or a zero point.
 */
export function denseInt8Parameters(
  input: Quantization,
  weights: Quantization,
  output: Quantization,
  activation: FusedActivation,
): DenseInt8Parameters {
  const [inputScale, inputZeroPoint] = perTensorScale(input, "input");
  const [weightScale, weightZeroPoint] = perTensorScale(weights, "weights");
  const [outputScale, outputZeroPoint] = perTensorScale(output, "output");
  if (weightZeroPoint !== 0) {
    throw new TinymlError(
      "TINYML_MODEL_UNSUPPORTED",
      `The weights of a dense layer have zero point ${weightZeroPoint}; only symmetric weights (zero point 0) are supported.`,
    );
  }
  return {
    inputZeroPoint,
    outputZeroPoint,
    ...quantizeMultiplier(Math.fround(inputScale * weightScale) / outputScale),
    ...activationRangeInt8(activation, output),
  };
}

/**
 * CONV_2D and DEPTHWISE_CONV_2D: for each output channel factor = input scale × the channel's weight scale / output scale,
 * nothing of it rounded on the way. Weights with one scale have it for every channel.
 *
 * @param channels how many output channels there are
 */
export function convolutionInt8Parameters(
  input: Quantization,
  weights: Quantization,
  output: Quantization,
  activation: FusedActivation,
  channels: number,
): ConvolutionInt8Parameters {
  const [inputScale, inputZeroPoint] = perTensorScale(input, "input");
  const [outputScale, outputZeroPoint] = perTensorScale(output, "output");
  const { scales } = weights;
  const weightScales = new Float32Array(channels);
  if (scales.length > 1) weightScales.set(scales);
  else weightScales.fill(scales[0]);
  const factors = new Float64Array(weightScales);
  for (let channel = 0; channel < channels; channel++) factors[channel] = (inputScale * factors[channel]) / outputScale;
  const { multipliers, shifts } = quantizeMultipliers(factors);
  return {
    inputZeroPoint,
    outputZeroPoint,
    multipliers,
    shifts: new Int8Array(shifts),
    ...activationRangeInt8(activation, output),
  };
}

/**
 * MEAN: factor = input scale / output scale / elements. The quotient of the scales is taken to fixed point first, then
 * divided by the number of elements, as far as the shift has room for its bits; the rest is cut off.
 */
export function meanInt8Parameters(input: Quantization, output: Quantization, elements: number): MeanInt8Parameters {
  const [inputScale, inputZeroPoint] = perTensorScale(input, "input");
  const [outputScale, outputZeroPoint] = perTensorScale(output, "output");
  const { multiplier, shift } = quantizeMultiplier(inputScale / outputScale);
  const bits = Math.min(31 - Math.clz32(elements), 32, 31 + shift);
  return {
    inputZeroPoint,
    outputZeroPoint,
    multiplier: Number((BigInt(multiplier) << BigInt(bits)) / BigInt(elements)),
    shift: shift - bits,
  };
}

/** RELU and its like as operators of their own: factor = input scale / output scale, rounded to a 32-bit float. */
export function reluParameters(
  activation: FusedActivation,
  input: Quantization,
  output: Quantization,
  type: TensorType,
): ReluParameters {
  const [inputScale, inputZeroPoint] = perTensorScale(input, "input");
  const [outputScale, outputZeroPoint] = perTensorScale(output, "output");
  return {
    inputZeroPoint,
    outputZeroPoint,
    ...quantizeMultiplier(Math.fround(inputScale / outputScale)),
    ...activationRange(activation, output, type),
  };
}

/** LOGISTIC: the input in steps of 2^−27. Throws TINYML_MODEL_UNSUPPORTED when the output isn't in steps of 1/256 from −128. */
export function logisticInt8Parameters(input: Quantization, output: Quantization): CurveInt8Parameters {
  requireFixedOutput("LOGISTIC", output);
  return curveInt8Parameters(input);
}

/** TANH: the input in steps of 2^−27. Throws TINYML_MODEL_UNSUPPORTED when the output isn't in steps of 1/128 from 0. */
export function tanhInt8Parameters(input: Quantization, output: Quantization): CurveInt8Parameters {
  requireFixedOutput("TANH", output);
  return curveInt8Parameters(input);
}

/**
 * SOFTMAX of an int8 input: beta × the input's differences in steps of 2^−26, the factor at most 2^31 − 1. The output is in
 * steps of 1/256 from −128, or in int16 of 1/65536 from −32768, as the operator's rule has checked.
 */
export function softmaxInt8Parameters(beta: number, input: Quantization): SoftmaxInt8Parameters {
  const [inputScale] = perTensorScale(input, "input");
  const factor = fixedPoint(Math.min(Math.fround(beta) * inputScale * 2 ** 26, 2 ** 31 - 1));
  return { ...factor, differenceMinimum: 0 - inputRadius(5, factor.shift) };
}

/**
 * SOFTMAX of an int16 input: beta × the input's differences, of which −10 … 0 are 65,535 steps.
 * Throws TINYML_MODEL_UNSUPPORTED where the kernel's 32 bits do not hold them.
 */
export function softmaxInt16Parameters(beta: number, input: Quantization): FixedPointFactor {
  const [inputScale] = perTensorScale(input, "input");
  const factor = quantizeMultiplier((inputScale * Math.fround(beta)) / (10 / 65535));
  if (factor.shift <= 15) return factor;
  throw new TinymlError(
    "TINYML_MODEL_UNSUPPORTED",
    `The int16 input of SOFTMAX has the scale ${inputScale} and its beta is ${beta}; their product may be at most 4.`,
  );
}

/**
 * LOGISTIC or TANH of an int16 input: real × 3 × 4096 = stored × multiplier / 2^shift. Scales that are 2^−12 (for TANH
 * 2^−11 too) have it exactly, others 15 bits of it, the rest cut off.
 */
export function curveInt16Parameters(type: "LOGISTIC" | "TANH", input: Quantization): FixedPointFactor {
  const [scale] = perTensorScale(input, "input");
  const power = Math.round(Math.log2(scale));
  const exact = Math.abs(Math.log2(scale) - power) < 1e-3;
  if (exact && (power === -12 || (type === "TANH" && power === -11)))
    return { multiplier: 3 * 2 ** (power + 12), shift: 0 };
  let multiplier = scale * 4096 * 3;
  let shift = 0;
  for (; multiplier <= 32767 / 2 && shift <= 30; shift++) multiplier *= 2;
  return { multiplier: Math.trunc(multiplier), shift };
}

function curveInt8Parameters(input: Quantization): CurveInt8Parameters {
  const [inputScale, inputZeroPoint] = perTensorScale(input, "input");
  const factor = fixedPoint(inputScale * 2 ** 27);
  return { inputZeroPoint, inputRangeRadius: inputRadius(4, factor.shift), ...factor };
}

/**
 * From how many steps on the scaled input would leave a fixed-point format with so many bits before its point.
 * Beyond 256 steps it makes no difference: no two int8 values lie farther apart.
 */
function inputRadius(integerBits: number, shift: number): number {
  return Math.min(256, Math.floor(((2 ** integerBits - 1) * 2 ** (31 - integerBits)) / 2 ** shift));
}

/**
 * The one scale, as a 32-bit float, and zero point of a tensor that errors call `what`.
 * @throws TinymlError TINYML_MODEL_INVALID without a scale, TINYML_MODEL_UNSUPPORTED with several
 */
export function perTensorScale(quantization: Quantization, what: string): [scale: number, zeroPoint: number] {
  const [scale, ...others] = quantization.scales;
  if (scale === undefined || !(scale > 0)) {
    throw new TinymlError(
      "TINYML_MODEL_INVALID",
      `The ${what} of an int8 operator has no scale; quantize the model again.`,
    );
  }
  if (others.some((other) => other !== scale)) {
    throw new TinymlError(
      "TINYML_MODEL_UNSUPPORTED",
      `The ${what} of an operator has a scale per channel; here one scale for the whole tensor is supported.`,
    );
  }
  return [Math.fround(scale), quantization.zeroPoints[0] ?? 0];
}

function requireFixedOutput(operator: keyof typeof fixedOutputQuantization, output: Quantization): void {
  const expected = fixedOutputQuantization[operator];
  const [scale, zeroPoint] = perTensorScale(output, "output");
  if (scale !== expected.scales[0] || zeroPoint !== expected.zeroPoints[0]) {
    throw new TinymlError(
      "TINYML_MODEL_UNSUPPORTED",
      `The int8 output of ${operator} must have scale ${expected.scales[0]} and zero point ${expected.zeroPoints[0]}, ` +
        `not ${scale} and ${zeroPoint}.`,
    );
  }
}

/** A positive normal double, or 0, rounded to 31 significant bits; 0 below 2^−32. */
function fixedPoint(value: number): FixedPointFactor {
  const { multipliers, shifts } = fixedPoints(Float64Array.of(value));
  return { multiplier: multipliers[0], shift: shifts[0] };
}

/**
 * The same for many values, in one loop without calls: a model has thousands of factors, and they are computed before any
 * function has become fast. What is negative, infinite or no number has a shift above 1000.
 */
function fixedPoints(values: Float64Array): FixedPointFactors {
  const multipliers = new Int32Array(values.length);
  const shifts = new Int32Array(values.length);
  // value = fraction × 2^exponent with fraction in ½ … 1, taken from the bits: a logarithm could be off by one.
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  for (let i = 0; i < values.length; i++) {
    const low = words[2 * i];
    const high = words[2 * i + 1];
    const exponent = (high >>> 20) - 1022;
    // 0 is among them
    if (exponent < -32) continue;
    // the fraction's first 31 bits, rounded by the one after them
    const multiplier = (((high & 0xfffff) | 0x100000) << 10) + (low >>> 22) + ((low >>> 21) & 1);
    if (multiplier === 0x80000000) {
      multipliers[i] = 0x40000000;
      shifts[i] = exponent + 1;
    } else if (exponent > -32) {
      multipliers[i] = multiplier;
      shifts[i] = exponent;
    }
  }
  return { multipliers, shifts };
}

/** The nearest whole number; of two, the one farther from zero. */
export function roundAwayFromZero(value: number): number {
  return value < 0 ? -Math.round(-value) : Math.round(value);
}
