import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Context } from "mocha";

const FOLDER = path.resolve(__dirname, "../../../shared/models");

/** Where a public model, or a file beside it, is to be found. */
export function sharedModelPath(file: string): string {
  return path.join(FOLDER, file);
}

/**
 * The bytes of a public model that lies beside the repository, not in it. Where it is missing the test is skipped;
 * where CI=true it fails, so that the continuous integration can't lose the models unnoticed.
 */
export function sharedModel(context: Context, file: string): Uint8Array {
  const found = sharedModelPath(file);
  if (!existsSync(found)) {
    if (process.env.CI === "true") throw new Error(`${file} is missing beside the repository`);
    context.skip();
  }
  return readFileSync(found);
}
