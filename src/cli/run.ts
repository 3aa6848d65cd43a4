import { TinymlError } from "../errors";
import type { TensorData } from "../model/model";
import { tensorBytes, tensorDataOver } from "../model/tensor";
import { loadModel } from "../runtime/load-model";
import { parseArguments } from "./arguments";
import type { Command, Report } from "./command";
import { assertNoInput, readBytes, readModelFile, writeBytes } from "./files";

/** `tinyml run`: raw input tensors become raw output tensors, in the model's own types; no features are applied. */
export const run: Command = {
  usage: `tinyml run M.tflite --input FILE --output FILE [--json]
      runs a model on raw little-endian tensors, one sample after another, and writes its raw outputs`,
  run: runSamples,
};

async function runSamples(argv: readonly string[]): Promise<Report> {
  const options = parseArguments(argv, {
    file: "a model (a .tflite file)",
    required: ["input", "output"],
    flags: ["json"],
  });
  const inputFile = options.required("input");
  const output = options.required("output");
  await assertNoInput("--output", output, [options.file, inputFile]);
  const { model } = await readModelFile(options.file);
  const input = await readBytes(inputFile);
  const loaded = loadModel(model);
  try {
    const sampleBytes = sumOf(loaded.inputs.map(tensorBytes));
    if (input.length === 0 || input.length % sampleBytes !== 0) {
      const takes = loaded.inputs.map(({ type, shape }) => `${type} [${shape.join(", ")}]`).join(" and ");
      throw new TinymlError(
        "TINYML_FILE",
        `${inputFile} has ${input.length} bytes, but a sample of this model (${takes}) has ${sampleBytes}. Give one sample or more, each whole.`,
      );
    }
    const samples = input.length / sampleBytes;
    const results = Buffer.alloc(samples * sumOf(loaded.outputs.map(tensorBytes)));
    let from = 0;
    let to = 0;
    for (let sample = 0; sample < samples; sample++) {
      const tensors = loaded.inputs.map((tensor): TensorData => {
        // A copy of its own, for floats must begin at a multiple of four bytes.
        const bytes = new Uint8Array(input.subarray(from, from + tensorBytes(tensor)));
        from += bytes.length;
        return tensorDataOver(tensor.type, bytes.buffer);
      });
      for (const data of loaded.run(tensors)) {
        results.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), to);
        to += data.byteLength;
      }
    }
    await writeBytes(output, results);
    return { json: { output, samples, bytes: results.length }, text: "", asJson: options.flag("json") };
  } finally {
    loaded.dispose();
  }
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
