import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { readKernelSources } from "../../build/kernels";
import { findBoard } from "../../src/boards/boards";
import type { Model, TensorData } from "../../src/model/model";
import { createPredictor } from "../../src/runtime/predictor";
import { prepareModel } from "../../src/runtime/prepare-model";
import { generateSketch } from "../../src/sketch/generate-sketch";
import type { KnownAnswer, Sketch, SketchOptions } from "../../src/sketch/sketch";
import { writeSketch } from "./arduino";
import { runTool } from "./tools";

export const uno = findBoard("uno");

/** The model's sketch for the Uno, or its C program; the options that a test leaves out are the usual ones. */
export function sketchOf(model: Model, options: Partial<SketchOptions> = {}): Sketch {
  return generateSketch(prepareModel(model), uno, {
    template: "arduino",
    name: model.metadata?.name ?? "model",
    kernelSources: readKernelSources(),
    ...options,
  });
}

/** What the flow answers to one reading, as raw elements of the model's tensors. */
export function knownAnswerOf(model: Model, rawInput: ArrayLike<number>, reading: ArrayLike<number>): KnownAnswer {
  const predictor = createPredictor(model);
  try {
    predictor.predict(reading);
    return { input: rawInput, output: predictor.rawOutput() };
  } finally {
    predictor.dispose();
  }
}

/** Builds a C program as its first lines say, with every warning an error, and runs it on raw inputs. */
export function runStdio(sketch: Sketch, input: TensorData): Buffer {
  const folder = mkdtempSync(path.join(tmpdir(), "tinyml-stdio-"));
  try {
    writeSketch(sketch, folder);
    const strict = "-std=c99 -pedantic -Wall -Wextra -Werror";
    execFileSync("sh", ["-c", `cc ${strict} "${folder}"/*.c -lm -o "${folder}/program"`], { stdio: "pipe" });
    return runTool(path.join(folder, "program"), [], new Uint8Array(input.buffer, input.byteOffset, input.byteLength));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
