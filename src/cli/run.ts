import { TinymlError } from "../errors";
import type { Tensor, TensorData } from "../model/model";
import { elementBytes, elementCount, tensorDataOver } from "../model/tensor";
import { loadModel } from "../runtime/load-model";
import { parseArguments } from "./arguments";
import { readBytes, readModelFile, writeBytes } from "./files";
import type { Report } from "./tinyml";

/**
 * `tinyml run`: raw little-endian tensors in, raw tensors out, in the model's own types, one sample after another (all
 * inputs of a sample in their order); no features are applied.
 */
export async function run(argv: readonly string[]): Promise<Report> {
  const options = parseArguments(argv, "a model (a .tflite file)", { required: ["input", "output"], flags: ["json"] });
  const { model } = await readModelFile(options.file);
  const input = await readBytes(options.required("input"));
  const loaded = loadModel(model);
  try {
    const sampleBytes = loaded.inputs.reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
    if (input.length % sampleBytes !== 0) {
      throw new TinymlError(
        "TINYML_MODEL_MISMATCH",
        `${options.required("input")} has ${input.length} bytes, which is no whole number of samples of ${sampleBytes} bytes.`,
      );
    }
    const samples = input.length / sampleBytes;
    const outputs: Buffer[] = [];
    let at = 0;
    for (let sample = 0; sample < samples; sample++) {
      const tensors = loaded.inputs.map((tensor): TensorData => {
        const bytes = Uint8Array.from(input.subarray(at, at + tensorBytes(tensor)));
        at += bytes.length;
        return tensorDataOver(tensor.type, bytes.buffer);
      });
      for (const data of loaded.run(tensors)) outputs.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    }
    await writeBytes(options.required("output"), Buffer.concat(outputs));
    return { json: { samples, output: options.required("output") }, text: "", asJson: options.flag("json") };
  } finally {
    loaded.dispose();
  }
}

function tensorBytes(tensor: Tensor): number {
  return elementCount(tensor.shape) * elementBytes(tensor.type);
}
