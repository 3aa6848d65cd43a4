import { TinymlError } from "../../errors";
import type { KernelArgument } from "../kernel-call";
import type { DilationOptions, WindowOptions } from "../model";
import { slideWindow } from "../window";

/** The window of an operator over [batch, height, width, channels], as kernels take it; checkModel has made sure that it fits. */
export function windowArgument(
  [, height, width, inputChannels]: readonly number[],
  size: readonly [height: number, width: number],
  outputChannels: number,
  options: WindowOptions & Partial<DilationOptions>,
): KernelArgument {
  const window = slideWindow([height, width, inputChannels], size, outputChannels, options);
  if (typeof window === "string") throw new TinymlError("TINYML_MODEL_INVALID", `The model is damaged: ${window}.`);
  const comment = "How its window slides over the picture.";
  return { kind: "struct", struct: { type: "tinyml_window", comment, fields: { ...window } } };
}
