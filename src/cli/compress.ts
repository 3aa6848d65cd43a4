import { quantizeInt8 } from "../compression/quantize-int8";
import { readTableFile } from "../dataset/read-table-file";
import { TinymlError } from "../errors";
import { summarizeModel } from "../model/summarize";
import { parseArguments } from "./arguments";
import { readModelFile, writeModelFile } from "./files";
import type { Report } from "./tinyml";

/** `tinyml compress`: a model becomes a smaller one. */
export async function compress(argv: readonly string[]): Promise<Report> {
  const options = parseArguments(argv, "a model (a .tflite file)", {
    required: ["method", "data", "out"],
    flags: ["json", "force"],
  });
  const method = options.required("method");
  if (method !== "int8") {
    throw new TinymlError("TINYML_USAGE", `There is no method "${method}". Known: int8.`);
  }
  const { model, bytes: before } = await readModelFile(options.file);
  const task = model.metadata?.task ?? "regression";
  const [outputIndex] = model.outputs;
  const outputs = model.tensors[outputIndex].shape.at(-1) ?? 1;
  const table = await readTableFile(options.required("data"), {
    task,
    ...(task === "regression" && { targets: outputs }),
  });
  const compressed = quantizeInt8(model, table);
  const out = options.required("out");
  const bytes = await writeModelFile(out, compressed, options.flag("force"));
  const step = compressed.metadata?.compression.at(-1);
  return {
    json: { method, before, bytes, ...step, model: summarizeModel(compressed, bytes), out },
    text: `${out}: ${bytes} bytes (before: ${before})${step?.validationMetric === undefined ? "" : `; validation ${step.validationMetric.toPrecision(4)}`}`,
    asJson: options.flag("json"),
  };
}
