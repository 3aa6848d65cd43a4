import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { packagePath } from "../../build/package-files";
import { createPredictor } from "../../src/runtime/predictor";
import { writeTflite } from "../../src/tflite/write-tflite";
import { temporaryFolder } from "../support/folders";
import { nodeBinary, skipUnlessThere } from "../support/machine";
import { bookNetwork } from "../tflite/models";

const run = promisify(execFile);
const readings = [-1, -0.25, 0, 0.5, 1];

/** Loads the built library, then predicts; prints what WebAssembly compiled after each, and the predictions. */
const script = `
  let compiled = 0;
  for (const name of ["compile", "instantiate"]) {
    const original = WebAssembly[name];
    WebAssembly[name] = (...args) => { compiled++; return original(...args); };
  }
  WebAssembly.Module = new Proxy(WebAssembly.Module, {
    construct(target, args) { compiled++; return new target(...args); },
  });
  const [libraryFile, modelFile, readings] = process.argv.slice(1);
  const { createPredictor, readTflite } = require(libraryFile);
  const compiledByLoading = compiled;
  const predictor = createPredictor(readTflite(require("node:fs").readFileSync(modelFile)));
  const predictions = JSON.parse(readings).map((reading) => predictor.predict([reading]));
  console.log(JSON.stringify({ version: process.version, compiledByLoading, compiled, predictions }));
`;

describe("package: the built library", function () {
  this.timeout(60_000);
  let modelFile: string;
  let expected: unknown[];

  before(async () => {
    const model = bookNetwork();
    modelFile = join(await temporaryFolder(), "model.tflite");
    await writeFile(modelFile, writeTflite(model));
    const predictor = createPredictor(model);
    expected = readings.map((reading) => predictor.predict([reading]));
    predictor.dispose();
  });

  const answerOf = async (node: string) => {
    const args = ["-e", script, packagePath("dist", "lib.js"), modelFile, JSON.stringify(readings)];
    const { stdout, stderr } = await run(node, args);
    assert.equal(stderr, "");
    return JSON.parse(stdout);
  };

  it("compiles no WebAssembly when it is loaded, only when it is used", async () => {
    const { compiledByLoading, compiled } = await answerOf(process.execPath);
    assert.equal(compiledByLoading, 0);
    assert.ok(compiled > 0);
  });

  it("predicts the same as the sources do on this Node", async () => {
    assert.deepEqual((await answerOf(process.execPath)).predictions, expected);
  });

  for (const major of [22, 24] as const) {
    it(`loads and predicts the same, within rounding, on Node ${major}`, async function () {
      const node = nodeBinary(major);
      skipUnlessThere(this, node);
      const { version, predictions } = await answerOf(node);
      const numbers: unknown[] = predictions;
      assert.ok(version.startsWith(`v${major}.`));
      assert.equal(numbers.length, expected.length);
      for (const [i, number] of numbers.entries()) assert.ok(Math.abs(Number(number) - Number(expected[i])) <= 1e-6);
    });
  }
});
