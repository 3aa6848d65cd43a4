import { TinymlError } from "../../errors";
import type { DilationOptions, WindowOptions } from "../../model/model";
import { type SlidingWindow, slideWindow } from "../../model/window";
import { copyInto } from "../../runtime/place-model";
import type { TrainingPlaces } from "./gradient-rule";

/** Puts the window of an operator over [batch, height, width, channels] into the kernels' memory; its address. */
export function placeWindow(
  places: TrainingPlaces,
  [, height, width, inputChannels]: readonly number[],
  size: readonly [height: number, width: number],
  outputChannels: number,
  options: WindowOptions & Partial<DilationOptions>,
): number {
  const window = slideWindow([height, width, inputChannels], size, outputChannels, options);
  if (typeof window === "string") throw new TinymlError("TINYML_MODEL_INVALID", `The model is damaged: ${window}.`);
  return placeSlidingWindow(places, window);
}

/** Puts a tinyml_window into the kernels' memory; its address. */
export function placeSlidingWindow(places: TrainingPlaces, window: SlidingWindow): number {
  const {
    inputHeight,
    inputWidth,
    inputChannels,
    outputHeight,
    outputWidth,
    outputChannels,
    windowHeight,
    windowWidth,
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    paddingTop,
    paddingLeft,
  } = window;
  const fields = Int32Array.of(
    ...[inputHeight, inputWidth, inputChannels, outputHeight, outputWidth, outputChannels],
    ...[windowHeight, windowWidth, strideHeight, strideWidth, dilationHeight, dilationWidth],
    ...[paddingTop, paddingLeft],
  );
  const address = places.scratch(fields.byteLength);
  copyInto(places.kernels, address, fields);
  return address;
}
