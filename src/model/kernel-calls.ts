import { TinymlError } from "../errors";
import { resolveAxes, splitAxes } from "./axes";
import type {
  FusedActivation,
  Model,
  Operator,
  OperatorOptions,
  OperatorType,
  Quantization,
  Tensor,
  TensorData,
} from "./model";
import {
  activationRangeInt8,
  convolutionInt8Parameters,
  denseInt8Parameters,
  logisticInt8Parameters,
  meanInt8Parameters,
  reluInt8Parameters,
  softmaxInt8Parameters,
  tanhInt8Parameters,
} from "./quantization";
import { elementCount } from "./tensor";
import { type SlidingWindow, slideWindow } from "./window";

/**
 * How an operator is computed: the call of one C kernel of src/kernels. The flow binds it to addresses and runs it, a
 * sketch prints it as C; so both call the same kernel with the same numbers.
 */
export interface KernelCall {
  /** The kernel's function. */
  kernel: string;
  /** The file of src/kernels that defines it. */
  file: string;
  /** The function's arguments, in its order. */
  arguments: readonly KernelArgument[];
}

/** An argument of a kernel's function. */
export type KernelArgument =
  /** A pointer to a tensor that is computed, by its index in the model. */
  | { kind: "tensor"; tensor: number }
  /** A pointer to a constant, NULL where it is left out. */
  | { kind: "constant"; constant: KernelConstant | undefined }
  /** How many elements or rows: so many for each sample of the batch. */
  | { kind: "perSample"; count: number }
  /** A whole number: a size, a zero point, a multiplier, … */
  | { kind: "integer"; value: number }
  /** A float32 number. */
  | { kind: "real"; value: number }
  | { kind: "activation"; activation: FusedActivation }
  /** A pointer to a tinyml_window. */
  | { kind: "window"; window: SlidingWindow };

/** A constant as a kernel reads it. */
export interface KernelConstant {
  role: "weights" | "bias" | "multipliers" | "shifts";
  data: TensorData;
  /** The tensor whose elements these are unchanged; absent where they were computed for the kernel. */
  tensor?: number;
}

/** Whether an operator only gives its input another shape: its output is its input's memory, and nothing is computed. */
export function sharesMemory({ type }: Operator): boolean {
  return type === "RESHAPE";
}

/**
 * The kernel call of an operator of a checked model; undefined where nothing is computed (`sharesMemory`).
 * @throws TinymlError TINYML_MODEL_UNSUPPORTED for what no kernel computes, TINYML_MODEL_INVALID without scales
 */
export function kernelCall(model: Model, operator: Operator): KernelCall | undefined {
  const [inputIndex] = operator.inputs;
  const [outputIndex] = operator.outputs;
  const input = model.tensors[inputIndex];
  const output = model.tensors[outputIndex];
  const count = elementCount(output.shape);
  const int8 = output.type === "int8";
  const ends = [tensor(inputIndex), tensor(outputIndex)];
  const activationFile = int8 ? "int8_activation.c" : "float_activation.c";
  const type = int8 ? "int8" : "float";

  switch (operator.type) {
    case "FULLY_CONNECTED":
      return int8 ? denseInt8(model, operator) : denseFloat(model, operator);
    case "RESHAPE":
      return undefined;
    case "CONV_2D":
    case "DEPTHWISE_CONV_2D":
      return convolution(model, operator);
    case "AVERAGE_POOL_2D":
    case "MAX_POOL_2D": {
      const { filterHeight, filterWidth, activation } = operator.options;
      const window = placedWindow(input, [filterHeight, filterWidth], input.shape[3], operator);
      const p = int8 ? activationRangeInt8(activation, quantizationOf(output)) : undefined;
      const last: KernelArgument[] = p ? integers([p.minimum, p.maximum]) : [{ kind: "activation", activation }];
      const kernel = operator.type === "MAX_POOL_2D" ? "tinyml_max_pool" : "tinyml_average_pool";
      const all = [...ends, perSample(input.shape[0]), { kind: "window", window } as const, ...last];
      return { kernel: `${kernel}_${type}`, file: `${type}_pool.c`, arguments: all };
    }
    case "MEAN": {
      const axes = dataOf(model.tensors[operator.inputs[1]]);
      const { outer, first, between, second, inner } = reducedShape(input, axes);
      const [from, to] = int8 ? [quantizationOf(input), quantizationOf(output)] : [];
      const p = from && to && meanInt8Parameters(from, to, first * second);
      const scalars = p && [p.inputZeroPoint, p.outputZeroPoint, p.multiplier, p.shift];
      const all = [...ends, perSample(outer), ...integers([first, between, second, inner, ...(scalars ?? [])])];
      return { kernel: `tinyml_mean_${type}`, file: `${type}_pool.c`, arguments: all };
    }
    case "RELU": {
      const p = int8 ? reluInt8Parameters(quantizationOf(input), quantizationOf(output)) : undefined;
      const scalars = p && [p.inputZeroPoint, p.outputZeroPoint, p.multiplier, p.shift, p.minimum, p.maximum];
      const all = [...ends, perSample(count), ...integers(scalars ?? [])];
      return { kernel: `tinyml_relu_${type}`, file: activationFile, arguments: all };
    }
    case "LOGISTIC":
    case "TANH": {
      const prepare = operator.type === "LOGISTIC" ? logisticInt8Parameters : tanhInt8Parameters;
      const p = int8 ? prepare(quantizationOf(input), quantizationOf(output)) : undefined;
      const scalars = p && [p.inputZeroPoint, p.inputRangeRadius, p.multiplier, p.shift];
      const all = [...ends, perSample(count), ...integers(scalars ?? [])];
      return { kernel: `tinyml_${operator.type.toLowerCase()}_${type}`, file: activationFile, arguments: all };
    }
    case "SOFTMAX": {
      const { beta } = operator.options;
      const classes = output.shape[output.shape.length - 1];
      const p = int8 ? softmaxInt8Parameters(beta, quantizationOf(input), quantizationOf(output)) : undefined;
      const last: KernelArgument[] = p
        ? integers([p.multiplier, p.shift, p.differenceMinimum])
        : [{ kind: "real", value: beta }];
      const all = [...ends, perSample(count / classes), ...integers([classes]), ...last];
      return { kernel: `tinyml_softmax_${type}`, file: activationFile, arguments: all };
    }
  }
}

type Dense = Operator & { type: "FULLY_CONNECTED" };

function denseFloat(model: Model, operator: Dense): KernelCall {
  const [input, weights, bias = -1] = operator.inputs;
  const [output] = operator.outputs;
  const all: KernelArgument[] = [
    tensor(input),
    { kind: "constant", constant: unchanged(model, "weights", weights) },
    { kind: "constant", constant: bias < 0 ? undefined : unchanged(model, "bias", bias) },
    tensor(output),
    ...denseShape(model, operator),
    { kind: "activation", activation: operator.options.activation },
  ];
  return { kernel: "tinyml_dense_float", file: "float_dense.c", arguments: all };
}

function denseInt8(model: Model, operator: Dense): KernelCall {
  const [inputIndex, weightsIndex, biasIndex = -1] = operator.inputs;
  const [outputIndex] = operator.outputs;
  const [input, weights, output] = [inputIndex, weightsIndex, outputIndex].map((index) => model.tensors[index]);
  const { activation } = operator.options;
  const p = denseInt8Parameters(quantizationOf(input), quantizationOf(weights), quantizationOf(output), activation);
  const bias = biasIndex < 0 ? undefined : model.tensors[biasIndex];
  const folded = foldZeroPoint(dataOf(weights), bias && dataOf(bias), weights.shape[0], p.inputZeroPoint);
  const all: KernelArgument[] = [
    tensor(inputIndex),
    { kind: "constant", constant: unchanged(model, "weights", weightsIndex) },
    { kind: "constant", constant: { role: "bias", data: folded } },
    tensor(outputIndex),
    ...denseShape(model, operator),
    ...integers([p.outputZeroPoint, p.multiplier, p.shift, p.minimum, p.maximum]),
  ];
  return { kernel: "tinyml_dense_int8", file: "int8_dense.c", arguments: all };
}

type Convolution = Operator & { type: "CONV_2D" | "DEPTHWISE_CONV_2D" };

function convolution(model: Model, operator: Convolution): KernelCall {
  const [inputIndex, weightsIndex, biasIndex = -1] = operator.inputs;
  const [outputIndex] = operator.outputs;
  const [input, weights, output] = [inputIndex, weightsIndex, outputIndex].map((index) => model.tensors[index]);
  const bias = biasIndex < 0 ? undefined : model.tensors[biasIndex];
  const { activation } = operator.options;
  const channels = output.shape[3];
  const window = placedWindow(input, [weights.shape[1], weights.shape[2]], channels, operator);
  const depthwise = operator.type === "DEPTHWISE_CONV_2D";
  const name = depthwise ? "depthwise" : "conv";
  const unchangedBias = bias && unchanged(model, "bias", biasIndex);
  const shape: KernelArgument[] = [
    perSample(input.shape[0]),
    { kind: "window", window },
    ...integers(depthwise ? [] : [weights.shape[3]]),
  ];
  const between = (biasConstant: KernelConstant | undefined): KernelArgument[] => [
    tensor(inputIndex),
    { kind: "constant", constant: unchanged(model, "weights", weightsIndex) },
    { kind: "constant", constant: biasConstant },
    tensor(outputIndex),
    ...shape,
  ];
  if (output.type !== "int8") {
    const all: KernelArgument[] = [...between(unchangedBias), { kind: "activation", activation }];
    return { kernel: `tinyml_${name}_float`, file: `float_${name}.c`, arguments: all };
  }
  const [from, by, to] = [input, weights, output].map(quantizationOf);
  const p = convolutionInt8Parameters(from, by, to, activation, channels);
  const folded: KernelConstant = {
    role: "bias",
    data: foldZeroPoint(dataOf(weights), bias && dataOf(bias), channels, p.inputZeroPoint),
  };
  const all: KernelArgument[] = [
    ...between(depthwise ? unchangedBias : folded),
    { kind: "constant", constant: { role: "multipliers", data: p.multipliers } },
    { kind: "constant", constant: { role: "shifts", data: p.shifts } },
    ...integers([p.inputZeroPoint, p.outputZeroPoint, p.minimum, p.maximum]),
  ];
  return { kernel: `tinyml_${name}_int8`, file: `int8_${name}.c`, arguments: all };
}

/** The window of an operator over its input; checkModel has made sure that it fits. */
function placedWindow(
  { shape }: Tensor,
  size: readonly [height: number, width: number],
  channels: number,
  { type, options }: Convolution | { type: OperatorType; options: OperatorOptions["MAX_POOL_2D"] },
): SlidingWindow {
  const window = slideWindow([shape[1], shape[2], shape[3]], size, channels, options);
  if (typeof window !== "string") return window;
  throw new TinymlError("TINYML_MODEL_INVALID", `The model is damaged: in ${type}, ${window}.`);
}

function reducedShape({ shape }: Tensor, axes: ArrayLike<number>) {
  const resolved = resolveAxes(shape, Array.from(axes));
  const split = typeof resolved === "string" ? resolved : splitAxes(shape, resolved);
  if (typeof split !== "string") return split;
  throw new TinymlError("TINYML_MODEL_INVALID", `The model is damaged: in MEAN, ${split}.`);
}

function denseShape(model: Model, operator: Dense): KernelArgument[] {
  const [units, width] = model.tensors[operator.inputs[1]].shape;
  const rows = elementCount(model.tensors[operator.outputs[0]].shape) / units;
  return [perSample(rows), ...integers([width, units])];
}

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
    for (let i = 0; i < width; i++) sum += weights[unit * width + i];
    return ((bias?.[unit] ?? 0) - zeroPoint * sum) | 0;
  });
}

function tensor(index: number): KernelArgument {
  return { kind: "tensor", tensor: index };
}

function perSample(count: number): KernelArgument {
  return { kind: "perSample", count };
}

function integers(values: readonly number[]): KernelArgument[] {
  return values.map((value) => ({ kind: "integer", value }));
}

function unchanged(model: Model, role: KernelConstant["role"], index: number): KernelConstant {
  return { role, data: dataOf(model.tensors[index]), tensor: index };
}

function dataOf({ name, data }: Tensor): Exclude<TensorData, BigInt64Array> {
  if (data !== undefined && !(data instanceof BigInt64Array)) return data;
  throw new TinymlError(
    "TINYML_MODEL_UNSUPPORTED",
    `The tensor "${name}" is not a constant of 32-bit numbers or less.`,
  );
}

function quantizationOf({ name, quantization }: Tensor): Quantization {
  if (quantization !== undefined) return quantization;
  throw new TinymlError("TINYML_MODEL_INVALID", `The int8 tensor "${name}" has no scale; quantize the model again.`);
}
