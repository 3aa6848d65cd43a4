import { quantizeInt8 } from "../compression/quantize-int8";
import { summarizeModel } from "../model/summarize";
import { parseArguments, usage } from "./arguments";
import type { Command, Report } from "./command";
import { readData, wantedBy } from "./data";
import { assertNoInput, prepareModelFile, readModelFile, writeModelFile } from "./files";

/** `tinyml compress`: a model becomes a smaller one. */
export const compress: Command = {
  usage: `tinyml compress M.tflite --method int8 --data DATA --out O.tflite [--test-rows N] [--json] [--force]
      turns a model's numbers into 8-bit integers; the data it was trained with tells their ranges`,
  run,
};

async function run(argv: readonly string[]): Promise<Report> {
  const options = parseArguments(argv, {
    file: "a model (a .tflite file)",
    required: ["method", "data", "out"],
    optional: ["test-rows"],
    flags: ["json", "force"],
  });
  const method = options.required("method");
  if (method !== "int8") throw usage(`There is no method "${method}". Known: int8.`);
  const out = options.required("out");
  await assertNoInput("--out", out, [options.file, options.required("data")]);
  const { model, bytes: bytesBefore } = await readModelFile(options.file);
  const wanted = wantedBy(model);
  const table = await readData(options.required("data"), wanted, options.value("test-rows"));
  await prepareModelFile(out, options.flag("force"));
  const compressed = quantizeInt8(model, table);
  const bytes = await writeModelFile(out, compressed);
  const summary = summarizeModel(compressed, bytes);
  const parameterBytesBefore = summarizeModel(model, bytesBefore).parameterBytes;
  const { calibrationSamples, validationMetric } = compressed.metadata?.compression.at(-1) ?? {};
  const metric = wanted.task === "classification" ? "accuracy" : "mean squared error";
  const reached = validationMetric === undefined ? "" : `; validation ${metric} ${validationMetric.toPrecision(4)}`;
  return {
    json: {
      out,
      bytes,
      bytesBefore,
      parameterBytes: summary.parameterBytes,
      parameterBytesBefore,
      method,
      calibrationSamples,
      [wanted.task === "classification" ? "accuracy" : "validationMse"]: validationMetric,
      model: summary,
    },
    text: `${out}: parameters ${summary.parameterBytes} bytes (before: ${parameterBytesBefore}), file ${bytes} bytes (before: ${bytesBefore})${reached}`,
    asJson: options.flag("json"),
  };
}
