import { TinymlError } from "../errors";
import { checkModel } from "../model/check";
import type { Model } from "../model/model";
import { generateArduino } from "./arduino";
import type { Board } from "./board";
import { estimateSketch, requireMeasured } from "./estimate";
import { collectKernelFiles } from "./kernel-files";
import { generateModelCode, type ModelCode } from "./model-code";
import type { Sketch, SketchEstimate, SketchOptions } from "./sketch";
import { sketchName } from "./sketch-name";
import { generateStdioMain } from "./stdio";

/**
 * Turns a model into a folder of source files that needs no library: the model as C, the kernels that it calls, and a
 * program around them.
 *
 * @param board what the template "arduino" writes for; "stdio" ignores it
 * @throws TinymlError TINYML_MODEL_INVALID, TINYML_MODEL_UNSUPPORTED; for a board also TINYML_NO_SCALING,
 *   TINYML_NOT_FOR_BOARDS, TINYML_UNKNOWN_LABEL, TINYML_DOES_NOT_FIT
 */
export function generateSketch(model: Model, board: Board, options: SketchOptions): Sketch {
  checkModel(model);
  const code = generateModelCode(model);
  const name = sketchName(options.name);
  if (options.template === "stdio") {
    const kernelFiles = collectKernelFiles(options.kernelSources, code.kernelFiles);
    return { name, files: { "main.c": generateStdioMain(code), ...writeModelFiles(code), ...kernelFiles } };
  }
  requireMeasured(model);
  const arduino = generateArduino(model, code, board, options);
  const kernelFiles = collectKernelFiles(options.kernelSources, [...code.kernelFiles, ...arduino.kernelFiles]);
  const estimate = estimateSketch(model, code, arduino.traits, board);
  requireFit(board, estimate);
  return { name, files: { [`${name}.ino`]: arduino.ino, ...writeModelFiles(code), ...kernelFiles }, estimate };
}

function writeModelFiles(code: ModelCode): Record<string, string> {
  return { "tinyml_model.h": code.header, "tinyml_model.c": code.source() };
}

function requireFit(board: Board, { flashBytes, ramBytes }: SketchEstimate): void {
  const ramLimit = board.ramBytes - board.stackBytes;
  const missing: string[] = [];
  if (flashBytes > board.flashBytes) missing.push(`${flashBytes} of ${board.flashBytes} bytes of flash`);
  if (ramBytes > ramLimit)
    missing.push(`${ramBytes} of ${ramLimit} bytes of RAM (${board.stackBytes} are kept for the stack)`);
  if (missing.length === 0) return;
  throw new TinymlError(
    "TINYML_DOES_NOT_FIT",
    `The sketch would need ${missing.join(" and ")} on the ${board.title}. Quantize the model to int8, train a smaller ` +
      "one, or take a larger board.",
  );
}
