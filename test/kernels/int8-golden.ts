import { readFileSync } from "node:fs";
import path from "node:path";
import type { FusedActivation, Quantization } from "../../src/model/model";
import { foldZeroPoint } from "../../src/model/operators/fold-zero-point";
import {
  denseInt8Parameters,
  fixedOutputQuantization,
  logisticInt8Parameters,
  reluParameters,
  softmaxInt8Parameters,
  tanhInt8Parameters,
} from "../../src/model/quantization";

/**
 * What the reference kernels of TensorFlow Lite Micro (commit 90b983c2, built for x86-64) prepared and computed for random
 * models; a line of int8.golden.ndjson each. LOGISTIC, TANH and RELU ran on all 256 inputs from -128 on.
 */
export type GoldenCase = { multiplier: number; shift: number; output: number[] } & (
  | { op: "LOGISTIC" | "TANH"; scale: number; zeroPoint: number; radius: number }
  | { op: "SOFTMAX"; scale: number; beta: number; batch: number; classes: number; minimum: number; input: number[] }
  | { op: "RELU"; scales: [number, number]; zeroPoints: [number, number]; minimum: number }
  | {
      op: "FULLY_CONNECTED";
      scales: [input: number, weights: number, output: number];
      zeroPoints: [input: number, output: number];
      activation: FusedActivation;
      batch: number;
      inputs: number;
      outputs: number;
      minimum: number;
      maximum: number;
      input: number[];
      weights: number[];
      /** Empty where the layer has no bias. */
      bias: number[];
    }
);

/** A kernel call: shape and scalars in the order of tinyml_kernels.h. */
export interface Call {
  kernel: "dense" | "relu" | "logistic" | "tanh" | "softmax";
  shape: number[];
  scalars: number[];
  input: number[];
  weights?: number[];
  bias?: number[];
  outputLength: number;
}

export const goldenCases: GoldenCase[] = readFileSync(path.join(__dirname, "int8.golden.ndjson"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));
/** All int8 values. */
export const allInt8 = Array.from({ length: 256 }, (_, i) => i - 128);

export function perTensor(scale: number, zeroPoint: number): Quantization {
  return { scales: [scale], zeroPoints: [zeroPoint], axis: 0 };
}

/** A golden case as the call that our own preparation makes of it. */
export function prepare(golden: GoldenCase): Call {
  switch (golden.op) {
    case "FULLY_CONNECTED": {
      const { batch, inputs, outputs, scales, zeroPoints, activation } = golden;
      const parameters = denseInt8Parameters(
        perTensor(scales[0], zeroPoints[0]),
        perTensor(scales[1], 0),
        perTensor(scales[2], zeroPoints[1]),
        activation,
      );
      return {
        kernel: "dense",
        shape: [batch, inputs, outputs],
        scalars: denseScalars(parameters).slice(1),
        input: golden.input,
        weights: golden.weights,
        bias: [...foldZeroPoint(golden.weights, golden.bias, outputs, parameters.inputZeroPoint)],
        outputLength: batch * outputs,
      };
    }
    case "RELU": {
      const { scales, zeroPoints } = golden;
      const parameters = reluParameters(
        "RELU",
        perTensor(scales[0], zeroPoints[0]),
        perTensor(scales[1], zeroPoints[1]),
        "int8",
      );
      return { kernel: "relu", shape: [256], scalars: denseScalars(parameters), input: allInt8, outputLength: 256 };
    }
    case "LOGISTIC":
    case "TANH": {
      const input = perTensor(golden.scale, golden.zeroPoint);
      const { inputZeroPoint, inputRangeRadius, multiplier, shift } =
        golden.op === "TANH"
          ? tanhInt8Parameters(input, fixedOutputQuantization.TANH)
          : logisticInt8Parameters(input, fixedOutputQuantization.LOGISTIC);
      return {
        kernel: golden.op === "TANH" ? "tanh" : "logistic",
        shape: [256],
        scalars: [inputZeroPoint, inputRangeRadius, multiplier, shift],
        input: allInt8,
        outputLength: 256,
      };
    }
    case "SOFTMAX": {
      const { multiplier, shift, differenceMinimum } = softmaxInt8Parameters(golden.beta, perTensor(golden.scale, 0));
      return {
        kernel: "softmax",
        shape: [golden.batch, golden.classes],
        scalars: [multiplier, shift, differenceMinimum],
        input: golden.input,
        outputLength: golden.input.length,
      };
    }
  }
}

function denseScalars(parameters: ReturnType<typeof denseInt8Parameters>): number[] {
  const { inputZeroPoint, outputZeroPoint, multiplier, shift, minimum, maximum } = parameters;
  return [inputZeroPoint, outputZeroPoint, multiplier, shift, minimum, maximum];
}

/** The scalars that TensorFlow Lite Micro computed; limits beyond 256 steps mean the same as 256. */
export function expectedScalars(golden: GoldenCase): number[] {
  const { multiplier, shift } = golden;
  switch (golden.op) {
    case "FULLY_CONNECTED":
      return [golden.zeroPoints[1], multiplier, shift, golden.minimum, golden.maximum];
    case "RELU":
      return [...golden.zeroPoints, multiplier, shift, golden.minimum, 127];
    case "LOGISTIC":
    case "TANH":
      return [golden.zeroPoint, Math.min(256, golden.radius), multiplier, shift];
    case "SOFTMAX":
      return [multiplier, shift, Math.max(-256, golden.minimum)];
  }
}
