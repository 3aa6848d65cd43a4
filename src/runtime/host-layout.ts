import { TinymlError } from "../errors";
import { type InputReading, LOWEST_WEIGHT } from "../kernels/byte-products";
import { alignUp } from "../kernels/heap";
import { kernels } from "../kernels/kernels";
import { computedArgument, integers, type KernelArgument, type KernelCall, perSample } from "../model/kernel-call";
import { foldZeroPoint } from "../model/operators/fold-zero-point";
import { transposed } from "../model/transposed";
import type { SlidingWindow } from "../model/window";

/*
 * On the host, layers with weights run on kernels of their own (src/kernels/tinyml_host.h), which take their constants in
 * the order in which vectors multiply them. Here the constants of a described call are brought into that order, once, when
 * a model is placed. Boards run the call as it is described, and so does a trainer, whose weights change.
 *
 * int8 weights take as many bytes as before, but for the channels and inputs that fill up vectors; those of depthwise
 * convolutions twice as many, and the factors of an output channel 32 bytes instead of 9. Float weights take as many, but for
 * the channels that fill up panels; those of convolutions by 3 x 3 (host_winograd.c) 16 where there were 9.
 */

/** The most elements of a float window, a quarter of TINYML_HOST_FLOATS. */
const mostFloats = 2048;
/**
 * A panel of a dense layer of floats, which is laid out where outputs fill so much of the panels, and at most so many inputs:
 * TINYML_HOST_LISTED.
 */
const densePanel = 32;
const leastFilled = 0.85;
const mostListed = 8192;
/** The most input channels, of which TINYML_WINOGRAD_FLOATS are four tiles. */
const mostWinogradChannels = 128;
/** The most elements that a kernel widens at once, TINYML_HOST_ELEMENTS. */
const mostElements = 16384;
/**
 * How often at most a window that slides is multiplied, TINYML_HOST_STEPS; and how often at most in vain, for as long as laying
 * one out takes.
 */
const mostSteps = 256;
const mostLost = 4;
/** The most places of a depthwise window, TINYML_HOST_TAPS. */
const mostTaps = 256;
/** How many inputs are added up where weights have a zero point, TINYML_HOST_SUMMED. */
const summed = 255;

/**
 * The call that the host runs in place of a described one: the same outputs, from constants in another order.
 *
 * @param inputs how an int8 layer takes them; as this machine multiplies bytes exactly, else widened, if not given
 */
export function hostLayout(call: KernelCall, inputs?: InputReading | "widened"): KernelCall {
  return layouts[call.kernel]?.(call.arguments, inputs) ?? call;
}

/** By the described kernel; undefined where the host runs the call as it is described. */
const layouts: Readonly<
  Record<string, (all: readonly KernelArgument[], inputs?: InputReading | "widened") => KernelCall | undefined>
> = {
  tinyml_dense_float(all) {
    const [input, weights, bias, output, rows, , outputs, activation] = all;
    return denseFloat(float32(weights), float32(bias), integer(outputs), [input, output, rows], activation);
  },
  tinyml_conv_float(all) {
    const [input, weights, bias, output, batch, window, filterChannels, activation] = all;
    const { inputChannels } = fields(window);
    if (inputChannels !== integer(filterChannels)) return undefined;
    return convFloat(float32(weights), float32(bias), { input, output, batch, window }, activation);
  },
  tinyml_depthwise_float(all) {
    const [input, weights, bias, output, batch, window, activation] = all;
    const { inputChannels, outputChannels, windowHeight, windowWidth } = fields(window);
    if (inputChannels !== 1) return undefined;
    // With a single channel it is a convolution, but for the order of its weights.
    const described = float32(weights) ?? new Float32Array();
    const filters = described.map(transposed(described, windowHeight * windowWidth, outputChannels));
    return convFloat(filters, float32(bias), { input, output, batch, window }, activation);
  },
  tinyml_dense_int8(all, inputs) {
    const [input, weights, bias, output, rows, , outputs, zeroPoint, multiplier, shift, ...range] = all;
    const multipliers = new Int32Array(integer(outputs)).fill(integer(multiplier));
    const shifts = new Int8Array(integer(outputs)).fill(integer(shift));
    return denseInt8(int8Layer(weights, bias, multipliers, shifts, zeroPoint, range, inputs), input, output, rows);
  },
  tinyml_conv_int8(all, inputs) {
    const [input, weights, bias, output, batch, window, filterChannels, multipliers, shifts, ...scalars] = all;
    const [inputZeroPoint, outputZeroPoint, ...range] = scalars;
    const layer = int8Layer(weights, bias, int32(multipliers), int8(shifts), outputZeroPoint, range, inputs);
    return convInt8(layer, { input, output, batch, window, inputZeroPoint }, integer(filterChannels));
  },
  tinyml_depthwise_int8(all, inputs) {
    const [input, weights, bias, output, batch, window, multipliers, shifts, ...scalars] = all;
    const [inputZeroPoint, outputZeroPoint, ...range] = scalars;
    const layer = int8Layer(weights, bias, int32(multipliers), int8(shifts), outputZeroPoint, range, inputs);
    return depthwiseInt8(layer, { input, output, batch, window, inputZeroPoint });
  },
  tinyml_asymmetric_conv_int8(all, inputs) {
    const [input, weights, bias, output, batch, window, filterChannels, multiplier, shift, ...scalars] = all;
    const [inputZeroPoint, zeroPoint, outputZeroPoint, ...range] = scalars;
    const { inputChannels, outputChannels } = fields(window);
    const multipliers = new Int32Array(outputChannels).fill(integer(multiplier));
    const shifts = new Int8Array(outputChannels).fill(integer(shift));
    const layer = int8Layer(weights, bias, multipliers, shifts, outputZeroPoint, range, inputs);
    const slide = { input, output, batch, window, inputZeroPoint };
    const differences = Int16Array.from(layer.weights, (weight) => weight - integer(zeroPoint));
    if (integer(filterChannels) === 1 && inputChannels > 1) {
      const taps = layer.weights.length / outputChannels;
      const weights = layer.weights.map(transposed(layer.weights, outputChannels, taps));
      return depthwiseTaps({ ...layer, weights }, slide, integer(zeroPoint));
    }
    const biases = foldZeroPoint(differences, layer.biases, outputChannels, integer(inputZeroPoint));
    const isInt8 = differences.every((difference) => difference >= -128 && difference <= 127);
    const folded = isInt8
      ? { ...layer, biases, weights: Int8Array.from(differences) }
      : { ...withZeroPoint(layer, integer(zeroPoint)), biases };
    return convInt8(folded, slide, integer(filterChannels));
  },
};

/** What an int8 layer is made of, as it is described. */
interface Int8Layer {
  /** [channels][length and sums], or [length][channels] of a depthwise convolution. */
  weights: Int8Array;
  /** How many of a channel's weights multiply sums of its inputs (tinyml_host_dense_int8). */
  sums: number;
  biases: Int32Array | undefined;
  /** With `shifts` the factor of each output channel: a FixedPointFactor, in arrays because there are thousands. */
  multipliers: Int32Array;
  shifts: Int8Array;
  outputZeroPoint: number;
  /** The lowest and the highest output. */
  range: readonly KernelArgument[];
  /** Whether all that is negative becomes the lowest output, as after a relu. */
  rectified: boolean;
  /** How its kernel takes them. */
  inputs: InputReading | "widened" | undefined;
}

function int8Layer(
  weights: KernelArgument,
  bias: KernelArgument,
  multipliers: Int32Array,
  shifts: Int8Array,
  outputZeroPoint: KernelArgument,
  range: readonly KernelArgument[],
  inputs: InputReading | "widened" | undefined,
): Int8Layer {
  const rectified = integer(range[0]) >= integer(outputZeroPoint);
  return {
    weights: int8(weights),
    sums: 0,
    biases: bias.kind === "constant" && bias.constant === undefined ? undefined : int32(bias),
    multipliers,
    shifts,
    outputZeroPoint: integer(outputZeroPoint),
    range,
    rectified,
    inputs,
  };
}

/** The layer from whose weights a zero point is taken off by sums of its inputs. */
function withZeroPoint(layer: Int8Layer, zeroPoint: number): Int8Layer {
  const channels = layer.shifts.length;
  const length = layer.weights.length / channels;
  const sums = Math.ceil(length / summed);
  const weights = new Int8Array(channels * (length + sums)).fill(zeroPoint);
  for (let channel = 0; channel < channels; channel++) {
    weights.set(layer.weights.subarray(channel * length, (channel + 1) * length), channel * (length + sums));
  }
  return { ...layer, weights, sums };
}

/** Where a window slides. */
interface Slide {
  input: KernelArgument;
  output: KernelArgument;
  batch: KernelArgument;
  window: KernelArgument;
}

function denseFloat(
  weights: Float32Array | undefined,
  biases: Float32Array | undefined,
  outputs: number,
  [input, output, rows]: readonly KernelArgument[],
  activation: KernelArgument,
): KernelCall | undefined {
  if (weights === undefined || weights.length < fewWeights || samples(rows) > 1) return undefined;
  const length = weights.length / outputs;
  const lanes = densePanel * Math.ceil(outputs / densePanel);
  // A weight that is no number makes NaN of a 0, too.
  if (length > mostListed || outputs < leastFilled * lanes || !allFinite(weights)) return undefined;
  const panels = computedArgument("weights", packFloatPanels(weights, length, densePanel, densePanel));
  const all = [input, panels, filledUp(biases, lanes), output, rows, ...integers(length, outputs), activation];
  return { kernel: "tinyml_host_dense_float", file: "host_float_dense.c", arguments: all };
}

/** Biases with zeros behind them, or zeros alone. */
function filledUp(biases: Float32Array | undefined, lanes: number): KernelArgument {
  const filled = new Float32Array(lanes);
  filled.set(biases ?? []);
  return computedArgument("bias", filled);
}

function allFinite(values: Float32Array): boolean {
  // `every` takes six times as long.
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

function convFloat(
  weights: Float32Array | undefined,
  biases: Float32Array | undefined,
  { input, output, batch, window }: Slide,
  activation: KernelArgument,
): KernelCall | undefined {
  const { inputChannels, outputHeight, outputWidth, outputChannels, windowHeight, windowWidth } = fields(window);
  const length = windowHeight * windowWidth * inputChannels;
  if (weights === undefined || length > mostFloats || outputHeight * outputWidth < 4) return undefined;
  const bias = filledUp(biases, 4 * Math.ceil(outputChannels / 4));
  const call = (kernel: string, file: string, packed: Float32Array): KernelCall => {
    return {
      kernel,
      file,
      arguments: [input, computedArgument("weights", packed), bias, output, batch, window, activation],
    };
  };
  if (isForWinograd(fields(window))) {
    const transformed = packWinograd(weights, inputChannels);
    if (allFinite(transformed)) return call("tinyml_host_winograd_float", "host_winograd.c", transformed);
  }
  return call("tinyml_host_conv_float", "host_float_conv.c", packFloatPanels(weights, length, 8, 4));
}

/** Whether a convolution is one that tinyml_host_winograd_float computes, and large enough to gain by it. */
function isForWinograd({
  outputHeight,
  outputWidth,
  inputChannels,
  outputChannels,
  ...window
}: SlidingWindow): boolean {
  const { windowHeight, windowWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } = window;
  const tiles = Math.ceil(outputHeight / 2) * Math.ceil(outputWidth / 2);
  // In a single row or column half of each tile would be thrown away.
  return (
    outputHeight > 1 &&
    outputWidth > 1 &&
    windowHeight === 3 &&
    windowWidth === 3 &&
    strideHeight * strideWidth * dilationHeight * dilationWidth === 1 &&
    tiles >= 4 &&
    inputChannels % 4 === 0 &&
    inputChannels >= 8 &&
    inputChannels <= mostWinogradChannels &&
    outputChannels >= 8
  );
}

function denseInt8(layer: Int8Layer, input: KernelArgument, output: KernelArgument, rows: KernelArgument) {
  const channels = layer.shifts.length;
  const length = layer.weights.length / channels - layer.sums;
  const product = matrixProduct(layer, length, 1);
  if (product === undefined) return undefined;
  const all = [input, ...product.constants, output, rows, ...integers(length, channels), ...layer.range];
  return hostCall("dense", product.elements, [...all, product.last]);
}

function convInt8(
  layer: Int8Layer,
  slide: Slide & { inputZeroPoint: KernelArgument },
  filterChannels: number,
): KernelCall | undefined {
  const { input, output, batch, window, inputZeroPoint } = slide;
  const { inputHeight, inputWidth, inputChannels, windowHeight, windowWidth, strideHeight, strideWidth } =
    fields(window);
  const length = windowHeight * windowWidth * filterChannels;
  const groups = inputChannels / filterChannels;
  if (windowHeight * windowWidth * strideHeight * strideWidth * groups === 1) {
    // A window of one place: the picture's places are the rows of a dense layer.
    return denseInt8(layer, input, output, perSample(samples(batch) * inputHeight * inputWidth));
  }
  const sliding = groups === 1 ? slideInt8(layer, slide) : undefined;
  if (sliding !== undefined) return sliding;
  const product = matrixProduct(layer, length, groups);
  if (product === undefined) return undefined;
  const all = [input, ...product.constants, output, batch, window, ...integers(filterChannels), inputZeroPoint];
  return hostCall("conv", product.elements, [...all, ...layer.range, product.last]);
}

/** A convolution whose windows slide over the picture, four places at once; undefined where that does not pay. */
function slideInt8(
  layer: Int8Layer,
  { input, output, batch, window, inputZeroPoint }: Slide & { inputZeroPoint: KernelArgument },
): KernelCall | undefined {
  const { outputWidth, inputChannels, windowHeight, windowWidth, strideWidth, ...rest } = fields(window);
  const inputs = inputsOf(layer);
  const together = inputs === "widened" ? 2 : 4;
  const piece = windowWidth * inputChannels;
  const filled = together * Math.ceil(piece / together);
  const steps = (windowHeight * filled) / together;
  const panels = Math.ceil(rest.outputChannels / 8);
  const lost = (steps - Math.ceil((windowHeight * piece) / together)) * panels;
  const row = ((outputWidth - 1) * strideWidth + windowWidth) * inputChannels;
  const reached = row * ((windowHeight - 1) * rest.dilationHeight + 1);
  const fits = steps <= mostSteps && reached <= mostElements;
  // What no window reaches would be laid out in vain.
  const reachesAll = strideWidth <= windowWidth && rest.strideHeight <= windowHeight;
  if (layer.sums > 0 || rest.dilationWidth > 1 || outputWidth < 4) return undefined;
  if (!fits || !reachesAll || lost > mostLost) return undefined;
  const weights = new Int8Array((layer.weights.length / piece) * filled);
  for (let from = 0, to = 0; from < layer.weights.length; from += piece, to += filled) {
    weights.set(layer.weights.subarray(from, from + piece), to);
  }
  const product = matrixProduct({ ...layer, weights, inputs }, windowHeight * filled, 1);
  if (product === undefined) return undefined;
  const all = [input, ...product.constants, output, batch, window, inputZeroPoint, ...layer.range];
  return hostCall("slide", product.elements, inputs === "widened" ? all : [...all, product.last]);
}

function depthwiseInt8(layer: Int8Layer, slide: Slide & { inputZeroPoint: KernelArgument }): KernelCall | undefined {
  const { window, inputZeroPoint } = slide;
  const { inputChannels, outputChannels, windowHeight, windowWidth } = fields(window);
  const taps = windowHeight * windowWidth;
  if (inputChannels === 1) {
    // With a single channel it is a convolution, but for the order of its weights and the zero point in its bias.
    const weights = layer.weights.map(transposed(layer.weights, taps, outputChannels));
    const biases = foldZeroPoint(weights, layer.biases, outputChannels, integer(inputZeroPoint));
    return convInt8({ ...layer, weights, biases }, slide, 1);
  }
  return depthwiseTaps(layer, slide);
}

/** A depthwise convolution of several channels, whose weights may have a zero point. */
function depthwiseTaps(
  layer: Int8Layer,
  { input, output, batch, window, inputZeroPoint }: Slide & { inputZeroPoint: KernelArgument },
  zeroPoint = 0,
): KernelCall | undefined {
  const { outputChannels, outputWidth, windowHeight, windowWidth, strideWidth, dilationWidth } = fields(window);
  const taps = windowHeight * windowWidth;
  // differences of two bytes have 9 bits: a product can be twice as large as otherwise
  const eights = packEights(layer, 1, zeroPoint === 0 ? taps : 2 * taps);
  const width = (outputWidth - 1) * strideWidth + (windowWidth - 1) * dilationWidth + 1;
  if (eights === undefined || taps > mostTaps || 8 * windowHeight * width > mostElements) return undefined;
  const weights = computedArgument("weights", packTaps(layer.weights, taps, outputChannels, zeroPoint));
  const all = [input, weights, eights, output, batch, window];
  return hostCall("depthwise", "int8", [...all, inputZeroPoint, ...layer.range]);
}

function hostCall(
  name: "dense" | "conv" | "slide" | "depthwise",
  elements: "int8" | "bytes",
  all: readonly KernelArgument[],
): KernelCall {
  return { kernel: `tinyml_host_${name}_${elements}`, file: `host_int8_${name}.c`, arguments: all };
}

/**
 * What the kernels that multiply matrices have in common: their constants, which of their forms they are of, and their
 * last argument, `sums` or of the kernels of bytes `flip`.
 *
 * @returns undefined where such a layer stays as it is described
 */
function matrixProduct(layer: Int8Layer, length: number, groups: number) {
  const { weights, sums, biases } = layer;
  const reading = inputsOf(layer);
  const shifted = reading === "unsigned" ? foldZeroPoint(weights, biases, layer.shifts.length, 128) : biases;
  const eights = packEights({ ...layer, biases: shifted }, groups, length + sums);
  if (eights === undefined || length + sums > mostElements) return undefined;
  const panels = packPanels(weights, length + sums, groups, reading === "widened" ? 2 : 4);
  const [last] = integers(reading === "widened" ? sums : reading === "unsigned" ? 128 : 0);
  return {
    constants: [computedArgument("weights", panels), eights],
    elements: reading === "widened" ? "int8" : "bytes",
    last,
  } as const;
}

/** The weights from which on it pays to find out what this machine does with bytes. */
const fewWeights = 1024;

function inputsOf({ weights, sums, inputs }: Int8Layer): InputReading | "widened" {
  if (sums > 0 || weights.includes(LOWEST_WEIGHT - 1)) return "widened";
  return inputs ?? (weights.length < fewWeights ? undefined : kernels().byteInputs()) ?? "widened";
}

/**
 * Weights in panels (tinyml_host_pack_panels), filled up with 0. Each group of channels has panels of its own.
 *
 * @param weights [channels][length]
 * @param together how many inputs are multiplied together
 */
function packPanels(weights: Int8Array, length: number, groups: number, together: 2 | 4): Int8Array {
  const channels = weights.length / length / groups;
  const groupBytes = 4 * Math.ceil(channels / 4) * together * Math.ceil(length / together);
  const { call, heap } = kernels();
  const to = heap.allocate(groups * groupBytes + weights.length);
  const from = to + groups * groupBytes;
  heap.int8.set(weights, from);
  for (let group = 0; group < groups; group++) {
    const at = to + group * groupBytes;
    call.tinyml_host_pack_panels(from + group * channels * length, at, channels, length, together);
  }
  const packed = heap.int8.slice(to, from);
  heap.release(to);
  return packed;
}

/**
 * Float weights in panels of `wide` channels, or of `narrow` ones where no more are left; for each input the weights of every
 * channel.
 *
 * @param weights [channels][length]
 */
function packFloatPanels(weights: Float32Array, length: number, wide: number, narrow: number): Float32Array {
  const channels = weights.length / length;
  const packed = new Float32Array(narrow * Math.ceil(channels / narrow) * length);
  for (let channel = 0; channel < channels; channel++) {
    const lane = channel % wide;
    const lanes = channels - (channel - lane) > narrow ? wide : narrow;
    const at = (channel - lane) * length + lane;
    for (let i = 0; i < length; i++) packed[at + i * lanes] = weights[channel * length + i];
  }
  return packed;
}

/**
 * Filters of 3 x 3 as Winograd's F(2 x 2, 3 x 3) multiplies them, G filter G' (host_winograd.c), in panels: 16 matrices
 * [outputs][inputs].
 *
 * @param weights [outputs][3][3][inputs]
 */
function packWinograd(weights: Float32Array, inputs: number): Float32Array {
  const filters = weights.length / 9;
  const matrices = Array.from({ length: 16 }, () => new Float32Array(filters));
  const columns = new Float64Array(12);
  const transformed = new Float64Array(16);
  for (let filter = 0; filter < filters; filter++) {
    const input = filter % inputs;
    const at = (filter - input) * 9 + input;
    for (let j = 0; j < 3; j++) transformThree(weights, at + j * inputs, 3 * inputs, columns, j, 3);
    for (let i = 0; i < 4; i++) transformThree(columns, 3 * i, 1, transformed, 4 * i, 1);
    for (let i = 0; i < 16; i++) matrices[i][filter] = transformed[i];
  }
  const panels = matrices.map((matrix) => packFloatPanels(matrix, inputs, 8, 4));
  const packed = new Float32Array(16 * panels[0].length);
  panels.forEach((panel, i) => {
    packed.set(panel, i * panel.length);
  });
  return packed;
}

/** G x of three numbers, each of them and of the four results a step behind the one before. */
function transformThree(
  from: Float32Array | Float64Array,
  at: number,
  step: number,
  to: Float64Array,
  toAt: number,
  toStep: number,
): void {
  const [a, b, c] = [from[at], from[at + step], from[at + 2 * step]];
  to[toAt] = a;
  to[toAt + toStep] = (a + b + c) / 2;
  to[toAt + 2 * toStep] = (a - b + c) / 2;
  to[toAt + 3 * toStep] = c;
}

/**
 * Depthwise weights in 16 bits (tinyml_host_pack_taps), filled up with 0.
 *
 * @param weights [taps][channels]
 */
function packTaps(weights: Int8Array, taps: number, channels: number, zeroPoint: number): Int16Array {
  const bytes = 2 * 8 * Math.ceil(channels / 8) * 2 * Math.ceil(taps / 2);
  const packed = pack(bytes, [weights], (to, from) => {
    kernels().call.tinyml_host_pack_taps(from, to, taps, channels, zeroPoint);
  });
  return new Int16Array(packed);
}

/** The bytes of a tinyml_eight. */
const eightBytes = 256;

/**
 * The tinyml_eight structs of a layer, those of each group by themselves; undefined where a factor does not fit.
 *
 * @param inputs how many products of two bytes each sum has
 */
function packEights(layer: Int8Layer, groups: number, inputs: number): KernelArgument | undefined {
  const { shifts, biases, multipliers, outputZeroPoint, rectified } = layer;
  const channels = shifts.length / groups;
  const groupBytes = Math.ceil(channels / 8) * eightBytes;
  let fits = true;
  const packed = pack(groups * groupBytes, [multipliers, shifts, ...(biases ? [biases] : [])], (to, ...from) => {
    for (let group = 0; group < groups && fits; group++) {
      const first = group * channels;
      const [multiplier, shift, bias] = [from[0] + 4 * first, from[1] + first, biases ? from[2] + 4 * first : 0];
      const eights = to + group * groupBytes;
      const settings = [channels, inputs, outputZeroPoint, rectified ? 1 : 0];
      fits = kernels().call.tinyml_host_pack_eights(multiplier, shift, bias, eights, ...settings) === 1;
    }
  });
  return fits ? computedArgument("parameters", new Int32Array(packed)) : undefined;
}

/** Runs kernels that read arrays and write so many bytes, which are 0 before; these bytes. */
function pack(bytes: number, arrays: readonly ArrayBufferView[], run: (to: number, ...from: number[]) => void) {
  const { heap } = kernels();
  let end = alignUp(bytes);
  const offsets = arrays.map(({ byteLength }) => {
    end += alignUp(byteLength);
    return end - alignUp(byteLength);
  });
  const to = heap.allocate(end);
  const from = offsets.map((offset) => to + offset);
  arrays.forEach(({ buffer, byteOffset, byteLength }, i) => {
    heap.int8.set(new Int8Array(buffer, byteOffset, byteLength), from[i]);
  });
  run(to, ...from);
  const packed = heap.int8.slice(to, to + bytes).buffer;
  heap.release(to);
  return packed;
}

function int8(argument: KernelArgument): Int8Array {
  if (argument.kind === "constant" && argument.constant?.data instanceof Int8Array) return argument.constant.data;
  throw unexpected(argument);
}

function int32(argument: KernelArgument): Int32Array {
  if (argument.kind === "constant" && argument.constant?.data instanceof Int32Array) return argument.constant.data;
  throw unexpected(argument);
}

function float32(argument: KernelArgument): Float32Array | undefined {
  const data = argument.kind === "constant" ? argument.constant?.data : argument;
  if (data === undefined || data instanceof Float32Array) return data;
  throw unexpected(argument);
}

function integer(argument: KernelArgument): number {
  if (argument.kind === "integer") return argument.value;
  throw unexpected(argument);
}

function samples(argument: KernelArgument): number {
  if (argument.kind === "perSample") return argument.count;
  throw unexpected(argument);
}

/** The fields of a tinyml_window. */
function fields(argument: KernelArgument): SlidingWindow {
  const named = argument.kind === "struct" ? argument.struct.fields : {};
  const number = (name: keyof SlidingWindow): number => {
    const value = named[name];
    if (typeof value === "number") return value;
    throw unexpected(argument);
  };
  return {
    inputHeight: number("inputHeight"),
    inputWidth: number("inputWidth"),
    inputChannels: number("inputChannels"),
    outputHeight: number("outputHeight"),
    outputWidth: number("outputWidth"),
    outputChannels: number("outputChannels"),
    windowHeight: number("windowHeight"),
    windowWidth: number("windowWidth"),
    strideHeight: number("strideHeight"),
    strideWidth: number("strideWidth"),
    dilationHeight: number("dilationHeight"),
    dilationWidth: number("dilationWidth"),
    paddingTop: number("paddingTop"),
    paddingLeft: number("paddingLeft"),
  };
}

function unexpected({ kind }: KernelArgument): TinymlError {
  return new TinymlError("TINYML_INTERNAL", `The host's layout met ${kind} where it expects another argument.`);
}
