import { existsSync } from "node:fs";
import path from "node:path";
import type { Context } from "mocha";

const FOLDER = path.resolve(__dirname, "../../../shared/data");

/**
 * A folder of public data that lies beside the repository, not in it. Where it is missing the test is skipped and says so; where CI=true it
 * fails, so that the continuous integration can't lose the data unnoticed.
 */
export function sharedData(context: Context, name: string): string {
  const found = path.join(FOLDER, name);
  if (existsSync(found)) return found;
  if (process.env.CI === "true") throw new Error(`the data ${name} is missing beside the repository`);
  const runnable = context.test;
  if (runnable !== undefined) runnable.title += ` [skipped: needs the data ${name}]`;
  return context.skip();
}
