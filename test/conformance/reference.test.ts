import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { readTflite } from "../../src/tflite/read-tflite";
import { runStdio, sketchOf } from "../support/sketches";
import { requireTool } from "../support/tools";
import { assertOutputs, runSamples } from "./run-samples";

/*
 * Small models of one operator or one variable, their inputs (samples back to back) and what TensorFlow Lite Micro's reference kernels
 * (commit 90b983c2) computed of them on x86-64, all in base64: a line per model in reference/FAMILY.ndjson. The models were
 * written by this package from the random models of operators/FAMILY.ts. Integers agree bit for bit, float within 1e-5.
 */
interface Reference {
  name: string;
  model: string;
  input: string;
  output: string;
}

const folder = path.join(__dirname, "reference");

for (const file of readdirSync(folder).sort()) {
  describe(`${path.parse(file).name}: what TensorFlow Lite Micro's reference kernels give`, () => {
    for (const line of readFileSync(path.join(folder, file), "utf8").trim().split("\n")) {
      const { name, ...stored }: Reference = JSON.parse(line);
      const model = readTflite(Buffer.from(stored.model, "base64"));
      const input = Buffer.from(stored.input, "base64");
      const output = Buffer.from(stored.output, "base64");
      const { type } = model.tensors[model.outputs[0]];

      it(`${name}, in the flow`, () => {
        assertOutputs(type, runSamples(model, input), output);
      });

      it(`${name}, as C`, function () {
        requireTool(this, "cc");
        assertOutputs(type, runStdio(sketchOf(model, { template: "stdio" }), input), output);
      }).timeout(30000);
    }
  });
}
