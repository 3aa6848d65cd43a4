import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

/**
 * Call first in a test or hook that runs programs which npm doesn't install. Where one is missing, the test is skipped and
 * says by name what it needs; with CI=true it fails, so that CI never passes by skipping.
 */
export function requireTool(context: Mocha.Context, ...names: string[]): void {
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const message = `needs ${missing.join(", ")}`;
  if (process.env.CI === "true") throw new Error(message);
  const runnable = context.currentTest ?? context.test;
  if (runnable !== undefined) runnable.title += ` [skipped: ${message}]`;
  context.skip();
}

/** Runs a program to its end, in a folder; its standard output. What it wrote is in the error if it fails. */
export function runTool(name: string, args: readonly string[], input?: string | Uint8Array, folder?: string): Buffer {
  const result = spawnSync(name, args, { input, cwd: folder, maxBuffer: 2 ** 30 });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) {
    throw new Error(`${name} ${args.join(" ")}\nended with ${result.status}:\n${result.stdout}${result.stderr}`);
  }
  return result.stdout;
}

function isInstalled(name: string): boolean {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  return folders.some((folder) => existsSync(path.join(folder, name)));
}
