import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { packagePath } from "../../build/package-files";
import { nodeBinary } from "./machine";

const run = promisify(execFile);

/** The Node that runs the tests, and those of test/node-red-5; from version 21 on they have relaxed SIMD. */
export const nodes = [
  { name: `Node ${process.version}`, path: process.execPath, major: Number.parseInt(process.version.slice(1), 10) },
  ...([22, 24] as const).map((major) => ({ name: `Node ${major}`, path: nodeBinary(major), major })),
];

/**
 * Runs a program with the built library on a Node.
 *
 * @param program JavaScript that sets `result`, which must survive JSON, from `library` and `argument`; it may await
 */
export async function resultOn(node: string, program: string, argument = "") {
  const script = `
    const [file, argument] = process.argv.slice(1);
    const library = require(file);
    (async () => { let result; ${program}; console.log(JSON.stringify(result)); })();`;
  const options = { maxBuffer: 2 ** 26 };
  const { stdout, stderr } = await run(node, ["-e", script, packagePath("dist", "lib.js"), argument], options);
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}
