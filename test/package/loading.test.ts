import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { packagePath } from "../../build/package-files";
import type { Model } from "../../src/model/model";
import { writeTflite } from "../../src/tflite/write-tflite";
import { temporaryFolder } from "../support/folders";
import { bookNetwork, classifier } from "../tflite/models";

const run = promisify(execFile);

/** Registers a node or plugin as Node-RED does at its start. */
const register = `
  const nothing = () => {};
  require(argument)({
    nodes: { registerType: nothing },
    plugins: { registerPlugin: nothing },
    settings: { userDir: "/nowhere" },
    auth: { needsPermission: () => nothing },
    httpAdmin: { get: nothing, post: nothing },
  });`;

/** Reads a model and runs it once. */
const predict = `
  const { createPredictor, readTflite } = require(library);
  const predictor = createPredictor(readTflite(require("node:fs").readFileSync(argument)));
  const { inputs, tensors } = predictor.model;
  predictor.predict(Array(tensors[inputs[0]].shape.at(-1)).fill(0.5));`;

describe("package: what of the library is loaded", function () {
  this.timeout(30_000);
  const manifest = JSON.parse(readFileSync(packagePath("package.json"), "utf8"));
  const nodes: string[] = Object.values({ ...manifest["node-red"].nodes, ...manifest["node-red"].plugins });

  /** The files of dist/ without nodes/ that a fresh process has loaded after a program. */
  const loadedBy = async (program: string, argument = ""): Promise<string[]> => {
    const script = `
      const [library, argument] = process.argv.slice(1);
      ${program};
      console.log(JSON.stringify(Object.keys(require.cache)));`;
    const { stdout } = await run(process.execPath, ["-e", script, packagePath(manifest.main), argument]);
    const files: string[] = JSON.parse(stdout);
    const prefix = packagePath("dist/");
    return files
      .filter((file) => file.startsWith(prefix) && !file.startsWith(packagePath("dist/nodes/")))
      .map((file) => file.slice(prefix.length))
      .sort();
  };

  it("by requiring the package: its names alone", async () => {
    assert.deepEqual(await loadedBy("require(library)"), ["lib.js"]);
  });

  for (const node of nodes) {
    it(`by registering ${node}: what registering takes`, async () => {
      assert.deepEqual(await loadedBy(register, packagePath(node)), ["lib/registration.js", "shared.js"]);
    });
  }

  it("by warming up: what a model from elsewhere takes, and the kernels", async () => {
    const program = `
      let compiled = 0;
      const { Module } = WebAssembly;
      WebAssembly.Module = class extends Module { constructor(bytes) { super(bytes); compiled++; } };
      require(library).warmUp();
      require(library).warmUp();
      if (compiled < 1) throw new Error("the kernels are not there");
      const before = compiled;
      ${predict}
      if (compiled > before) throw new Error("the first model compiled kernels");`;
    const file = join(await temporaryFolder(), "model.tflite");
    await writeFile(file, writeTflite(bookNetwork()));
    assert.deepEqual(await loadedBy(program, file), ["lib.js", "lib/prediction.js", "shared.js"]);
  });

  const predictions: { of: string; model: Model; loaded: string[] }[] = [
    { of: "a model from elsewhere", model: bookNetwork(), loaded: ["lib.js", "lib/prediction.js", "shared.js"] },
    {
      of: "a model of ours",
      model: {
        ...bookNetwork(),
        metadata: { version: 1, name: "book", task: "regression", inputs: [], features: [], compression: [] },
      },
      loaded: ["lib.js", "lib/prediction.js", "lib/schemas.js", "shared.js"],
    },
    {
      of: "a model of ours with labels, which lie in a zip archive as well",
      model: classifier(),
      loaded: ["lib.js", "lib/prediction.js", "lib/schemas.js", "lib/zip.js", "shared.js"],
    },
  ];
  for (const { of, model, loaded } of predictions) {
    it(`by the prediction of ${of}: no datasets, no training, no sketches`, async () => {
      const file = join(await temporaryFolder(), "model.tflite");
      await writeFile(file, writeTflite(model));
      assert.deepEqual(await loadedBy(predict, file), loaded);
    });
  }
});
