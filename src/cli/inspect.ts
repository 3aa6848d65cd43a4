import { type ModelSummary, summarizeModel, type TensorSummary } from "../model/summarize";
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
  return {
    json: { ...summary, metadata: model.metadata },
    text: [...describeModel(summary), ...graphTable(summary)].map(escapeUnprintable).join("\n"),
    asJson: options.flag("json"),
  };
}

/** A line for each thing that is known of the model as a whole. */
function describeModel(summary: ModelSummary): string[] {
  const lines: [string, string | number | undefined][] = [
    ["name", summary.name || "(none)"],
    ["task", summary.task],
    ["labels", summary.labels?.join(", ")],
    ...summary.inputs.map((tensor): [string, string] => ["input", describeTensor(tensor)]),
    ...summary.outputs.map((tensor): [string, string] => ["output", describeTensor(tensor)]),
    ["parameters", `${grouped(summary.parameters)} (${grouped(summary.parameterBytes)} bytes)`],
    ["MACs", grouped(summary.macs)],
    ["memory", `${grouped(summary.memoryBytes)} bytes while it runs`],
    ["file", `${grouped(summary.bytes)} bytes`],
    ["accuracy", summary.accuracy],
    ["validation MSE", summary.validationMse],
    ["compression", summary.compression.join(", ") || undefined],
  ];
  return lines.flatMap(([key, value]) => (value === undefined ? [] : [`${`${key}:`.padEnd(16)}${value}`]));
}

function describeTensor({ name, type, shape, scale, zeroPoint }: TensorSummary): string {
  // A float32 has no more digits.
  const quantization = scale === undefined ? "" : `, scale ${Number(scale.toPrecision(8))}, zero point ${zeroPoint}`;
  return `${name} ${type} [${shape.join(", ")}]${quantization}`;
}

/** Every operator in its order, with its output and its share of the work. */
function graphTable({ graph, operators }: ModelSummary): string[] {
  const rows = graph.map(({ type, outputs, macs }, i) => [
    String(i),
    type,
    outputs.map((output) => `${output.type} [${output.shape.join(", ")}]`).join(" + "),
    grouped(macs),
  ]);
  const counts = Object.entries(operators).map(([type, count]) => `${count} × ${type}`);
  const table = [["#", "operator", "output", "MACs"], ...rows];
  const width = (column: number): number => Math.max(...table.map((row) => row[column].length));
  const lines = table.map(([place, type, output, macs]) =>
    [place.padStart(width(0)), type.padEnd(width(1)), output.padEnd(width(2)), macs.padStart(width(3))].join("  "),
  );
  return [`${"operators:".padEnd(16)}${counts.join(", ") || "(none)"}`, ...(rows.length === 0 ? [] : lines)];
}

function grouped(number: number): string {
  return number.toLocaleString("en-US");
}
