import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "../package-folder";
import { readTflite } from "../tflite/read-tflite";
import { createPredictor } from "./predictor";

let isWarm = false;

/**
 * Reads and runs a tiny model, once per process, so that the first real one finds the kernels compiled and the functions that
 * read, place and run a model known to V8: a third to a half of what the first model otherwise takes. For whoever waits for a
 * model and has nothing else to do; takes some 30 ms on a desktop computer. Never throws: what is missing, the first model says.
 */
export function warmUp(): void {
  if (isWarm) return;
  isWarm = true;
  try {
    const predictor = createPredictor(readTflite(readFileSync(join(packageFolder(), "dist", "warm-up.tflite"))));
    try {
      predictor.predict([0]);
    } finally {
      predictor.dispose();
    }
  } catch {
    // an installation that is broken so far breaks the first model too, which has somebody to tell it to
  }
}
