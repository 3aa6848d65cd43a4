import { TinymlError } from "../errors";
import type { Quantization } from "./model";
import { type FixedPointFactor, perTensorScale, quantizeMultiplier, roundAwayFromZero } from "./quantization";

/*
 * Functions of one int8 as tables of their 256 results, the first that of −128. They hold what TensorFlow Lite Micro's
 * reference kernels compute, down to which intermediate results are rounded to 32-bit floats, or kept in 16 bits.
 */

/** ELU: the real value's e^x − 1 below zero, in 32-bit floats. */
export function eluInt8Table(input: Quantization, output: Quantization): Int8Array {
  const [inputScale, inputZeroPoint] = perTensorScale(input, "input");
  const [outputScale, outputZeroPoint] = perTensorScale(output, "output");
  const { fround } = Math;
  const inverseScale = fround(1 / outputScale);
  return tableOf((stored) => {
    const x = fround(inputScale * (stored - inputZeroPoint));
    const y = x < 0 ? fround(fround(Math.exp(x)) - 1) : x;
    return roundAwayFromZero(fround(y * inverseScale)) + outputZeroPoint;
  });
}

/**
 * LEAKY_RELU: factors input scale / output scale, and input scale × alpha / output scale for what is negative, each step
 * rounded to a 32-bit float.
 */
export function leakyReluInt8Table(alpha: number, input: Quantization, output: Quantization): Int8Array {
  const [, inputZeroPoint] = perTensorScale(input, "input");
  const [, outputZeroPoint] = perTensorScale(output, "output");
  const p = leakyReluParameters(alpha, input, output);
  return tableOf((stored) => {
    const x = stored - inputZeroPoint;
    if (x >= 0) return outputZeroPoint + rescale(x, p.multiplier, p.shift);
    const scaled = rescale(x, Math.abs(p.alphaMultiplier), p.alphaShift);
    return outputZeroPoint + (p.alphaMultiplier < 0 ? -scaled : scaled);
  });
}

/** Arguments of tinyml_leaky_relu_int16; alphaMultiplier is negative where alpha is. */
export function leakyReluParameters(alpha: number, input: Quantization, output: Quantization) {
  const [inputScale] = perTensorScale(input, "input");
  const [outputScale] = perTensorScale(output, "output");
  const { multiplier, shift } = quantizeMultiplier(Math.fround(inputScale / outputScale));
  const alphaFactor = Math.fround(Math.fround(inputScale * Math.fround(alpha)) / outputScale);
  const scaled = quantizeMultiplier(Math.abs(alphaFactor));
  const alphaMultiplier = alphaFactor < 0 ? -scaled.multiplier : scaled.multiplier;
  return { multiplier, shift, alphaMultiplier, alphaShift: scaled.shift };
}

/** ABS: input scale / output scale, rounded to a 32-bit float. */
export function absFactor(input: Quantization, output: Quantization): FixedPointFactor {
  const [inputScale] = perTensorScale(input, "input");
  const [outputScale] = perTensorScale(output, "output");
  return quantizeMultiplier(Math.fround(inputScale / outputScale));
}

/** ABS: the distance from the input's zero point, in the output's scale. */
export function absInt8Table(input: Quantization, output: Quantization): Int8Array {
  const [, inputZeroPoint] = perTensorScale(input, "input");
  const [, outputZeroPoint] = perTensorScale(output, "output");
  const { multiplier, shift } = absFactor(input, output);
  return tableOf((stored) => rescale(Math.abs(stored - inputZeroPoint), multiplier, shift) + outputZeroPoint);
}

/**
 * The tables of tinyml_softmax_int16: e^x for x in −10 … 0, then 1 / (1 + x) for x in 0 … 1, each 513 results in steps of
 * 1/32768.
 */
export function softmaxInt16Tables(): Int16Array {
  const steps = 2 ** 16 - 1;
  return Int16Array.of(
    ...int16Curve(Math.fround(10 / steps), 2 ** 15 - 1, Math.exp),
    ...int16Curve(Math.fround(1 / steps), -(2 ** 15), (x) => 1 / Math.fround(1 + x)),
  );
}

/**
 * A function of int16 at every 128th stored number, results in steps of 2/65535: each less half of the error that the
 * straight line to the next one has halfway. Every step is rounded to a 32-bit float.
 */
function int16Curve(scale: number, zeroPoint: number, real: (x: number) => number): number[] {
  const { fround } = Math;
  const lowest = fround(scale * (-32768 - zeroPoint));
  const highest = fround(scale * (32767 - zeroPoint));
  const step = fround(fround(highest - lowest) / 512);
  const outputStep = fround(2 / 65535);
  const stored = fround(65536 / fround(fround(outputStep * 32767) - fround(outputStep * -32768)));
  const result = (x: number) => fround(fround(real(x)) * stored);
  const limited = (value: number) => Math.min(Math.max(value, -32768), 32767);
  const curve = Array.from({ length: 512 }, (_, i) => {
    const x = fround(lowest + fround(i * step));
    const here = roundAwayFromZero(result(x));
    const halfway = roundAwayFromZero(result(fround(x + fround(step / 2))));
    const next = result(fround(lowest + fround((i + 1) * step)));
    const line = roundAwayFromZero(fround(fround(next + here) / 2));
    return limited(here - roundAwayFromZero((line - halfway) / 2));
  });
  return [...curve, limited(roundAwayFromZero(result(highest)))];
}

/**
 * HARD_SWISH: x · relu6(x + 3) / 6 in 16-bit fixed point. The input, times 2⁷, is brought to the output's scale before its
 * last shift, and to steps of 3/2¹⁵, which makes a gate in 0 … 1 of it; the product of both is shifted to the output.
 * @throws TinymlError TINYML_MODEL_UNSUPPORTED where the output's scale is less than 1/128 of the input's
 */
export function hardSwishInt8Table(input: Quantization, output: Quantization): Int8Array {
  const [inputScale, inputZeroPoint] = perTensorScale(input, "input");
  const [outputScale, outputZeroPoint] = perTensorScale(output, "output");
  const { fround } = Math;
  const fineScale = fround(inputScale / 128);
  const toOutput = quantizeMultiplier(fround(fineScale / outputScale));
  const toGate = quantizeMultiplier(fround(fineScale / fround(3 / 32768)));
  if (toOutput.shift > 0) {
    throw new TinymlError(
      "TINYML_MODEL_UNSUPPORTED",
      `The output of HARD_SWISH has the scale ${outputScale}, less than 1/128 of its input's ${inputScale}.`,
    );
  }
  return tableOf((stored) => {
    const fine = int16((stored - inputZeroPoint) * 128);
    const onOutput = multiplyHigh(fine, halfMultiplier(toOutput.multiplier));
    let gate = toGate.shift > 0 ? int16(fine * 2 ** (toGate.shift - 1)) : fine;
    gate = multiplyHigh(gate, halfMultiplier(toGate.multiplier));
    if (toGate.shift > 0) gate = int16(gate * 2);
    if (toGate.shift < 0) gate = divideByPower(gate, -toGate.shift);
    gate = (gate + 32768) >> 1;
    // towards zero, which takes back the bias of the two roundings before
    const product = Math.trunc((gate * onOutput) / 32768);
    return divideByPower(product, -toOutput.shift) + outputZeroPoint;
  });
}

function tableOf(result: (stored: number) => number): Int8Array {
  return Int8Array.from({ length: 256 }, (_, i) => Math.min(127, Math.max(-128, result(i - 128))));
}

/** value × multiplier × 2^(shift − 31) as tinyml_rescale rounds it. */
function rescale(value: number, multiplier: number, shift: number): number {
  const shifted = shift > 0 ? (value << shift) | 0 : value;
  const product = Number((BigInt(shifted) * BigInt(multiplier) + (1n << 30n)) >> 31n);
  return shift < 0 ? divideByPower(product, -shift) : product;
}

/** Halves are rounded away from zero. */
function divideByPower(value: number, exponent: number): number {
  return roundAwayFromZero(value / 2 ** exponent);
}

/** a × b / 2¹⁵, halves away from zero but upwards where the product is negative. */
function multiplyHigh(a: number, b: number): number {
  return int16(Math.floor((a * b + 16384) / 32768));
}

/** A multiplier's upper 16 bits, rounded. */
function halfMultiplier(multiplier: number): number {
  return Math.min(32767, (multiplier + 32768) >>> 16);
}

function int16(value: number): number {
  return Math.min(32767, Math.max(-32768, value));
}

/**
 * CONCATENATION of uint8: what each stored value of an input becomes in the output's steps. In 32-bit floats, as TensorFlow
 * Lite rounds (ConcatenationWithScaling in kernels/internal/reference/concatenation.h).
 *
 * @returns [256]
 */
export function joinUint8Table(input: Quantization, output: Quantization): Uint8Array {
  const [inputScale, inputZeroPoint] = perTensorScale(input, "input");
  const [outputScale, outputZeroPoint] = perTensorScale(output, "output");
  const { fround } = Math;
  const scale = fround(inputScale * fround(1 / outputScale));
  const bias = fround(-inputZeroPoint * scale);
  return Uint8Array.from({ length: 256 }, (_, stored) => {
    const value = roundAwayFromZero(fround(fround(stored * scale) + bias)) + outputZeroPoint;
    return Math.min(255, Math.max(0, value));
  });
}
