import { execFileSync } from "node:child_process";
import fc from "fast-check";

/**
 * The seed of the tests that try random samples: another one for each run, and in CI for each commit. There a commit that
 * passed does not fail by chance the next time, and every new commit tries new samples. A failure names its seed.
 */
export const seed = process.env.CI === "true" ? commitNumber() : Date.now() % 2 ** 31;

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });

function commitNumber(): number {
  const commit = execFileSync("git", ["rev-parse", "HEAD"], { cwd: __dirname }).toString();
  return Number.parseInt(commit.slice(0, 7), 16);
}
