import type { DilationOptions, Padding, WindowOptions } from "./model";

/** A window on its way over a picture, as the kernels take it (tinyml_window); its fields stand in the struct's order. */
export interface SlidingWindow {
  inputHeight: number;
  inputWidth: number;
  inputChannels: number;
  outputHeight: number;
  outputWidth: number;
  outputChannels: number;
  windowHeight: number;
  windowWidth: number;
  strideHeight: number;
  strideWidth: number;
  dilationHeight: number;
  dilationWidth: number;
  paddingTop: number;
  paddingLeft: number;
}

/** More than this in one direction no picture has; sums of two such sizes stay far inside of 32 bits. */
export const MAXIMUM_SIZE = 2 ** 24;

/**
 * Places a window over a picture, as TensorFlow does: with SAME there are ⌈size / stride⌉ places, and what the window
 * stands out is split between both edges, the odd element at the end.
 *
 * @param input [height, width, channels]
 * @param window [height, width]
 * @returns a sentence that says what does not fit, if anything does not
 */
export function slideWindow(
  [inputHeight, inputWidth, inputChannels]: readonly [number, number, number],
  [windowHeight, windowWidth]: readonly [number, number],
  outputChannels: number,
  options: WindowOptions & Partial<DilationOptions>,
): SlidingWindow | string {
  const { padding, strideHeight, strideWidth, dilationHeight = 1, dilationWidth = 1 } = options;
  const rows = slide(inputHeight, windowHeight, strideHeight, dilationHeight, padding);
  const columns = slide(inputWidth, windowWidth, strideWidth, dilationWidth, padding);
  if (rows === undefined || columns === undefined) {
    return `its window ${windowHeight}×${windowWidth} does not fit into ${inputHeight}×${inputWidth}`;
  }
  return {
    inputHeight,
    inputWidth,
    inputChannels,
    outputHeight: rows.places,
    outputWidth: columns.places,
    outputChannels,
    windowHeight,
    windowWidth,
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    paddingTop: rows.before,
    paddingLeft: columns.before,
  };
}

/** One direction: how many places there are, and how far the first window stands out; undefined where there is none. */
function slide(
  size: number,
  window: number,
  stride: number,
  dilation: number,
  padding: Padding,
): { places: number; before: number } | undefined {
  const reach = (window - 1) * dilation + 1;
  if (size > MAXIMUM_SIZE || reach > MAXIMUM_SIZE || stride > MAXIMUM_SIZE) return undefined;
  if (padding === "VALID") {
    const places = Math.ceil((size - reach + 1) / stride);
    return places < 1 ? undefined : { places, before: 0 };
  }
  const places = Math.ceil(size / stride);
  return { places, before: Math.floor(Math.max(0, (places - 1) * stride + reach - size) / 2) };
}

/** What is wrong with strides and dilations, if anything is. */
export function checkWindowOptions(options: WindowOptions & Partial<DilationOptions>): string | undefined {
  const { strideHeight, strideWidth, dilationHeight = 1, dilationWidth = 1 } = options;
  const numbers = { strideHeight, strideWidth, dilationHeight, dilationWidth };
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isInteger(value) || value < 1) return `its ${name} must be a whole number above 0, not ${value}`;
  }
  return undefined;
}
