import { summarizeModel } from "../model/summarize";
import { escapeUnprintable } from "../printable";
import { parseArguments } from "./arguments";
import type { Command, Report } from "./command";
import { readModelFile } from "./files";

/** `tinyml inspect`: what a model takes, gives, contains and needs. */
export const inspect: Command = {
  usage: `tinyml inspect M.tflite [--json]
      tells what a model takes, gives, contains and needs`,
  run,
};

async function run(argv: readonly string[]): Promise<Report> {
  const options = parseArguments(argv, { file: "a model (a .tflite file)", flags: ["json"] });
  const { model, bytes } = await readModelFile(options.file);
  const summary = summarizeModel(model, bytes);
  const tensors = (list: typeof summary.inputs): string =>
    list.map(({ name, type, shape }) => `${name} ${type} [${shape.join(", ")}]`).join("; ");
  const lines: [string, string | number | undefined][] = [
    ["name", summary.name || "(none)"],
    ["task", summary.task],
    ["labels", summary.labels?.join(", ")],
    ["inputs", tensors(summary.inputs)],
    ["outputs", tensors(summary.outputs)],
    [
      "operators",
      Object.entries(summary.operators)
        .map(([type, count]) => `${count} × ${type}`)
        .join(", "),
    ],
    ["parameters", summary.parameters],
    ["MACs", summary.macs],
    ["bytes", summary.bytes],
    ["accuracy", summary.accuracy],
    ["validation MSE", summary.validationMse],
    ["compression", summary.compression.join(", ") || undefined],
  ];
  return {
    json: { ...summary, metadata: model.metadata },
    text: lines
      .flatMap(([key, value]) =>
        value === undefined ? [] : [`${`${key}:`.padEnd(16)}${escapeUnprintable(String(value))}`],
      )
      .join("\n"),
    asJson: options.flag("json"),
  };
}
