import { TinymlError } from "../errors";
import type { Model } from "../model/model";
import { type ModelSummary, summarizeModel, type TensorSummary } from "../model/summarize";
import { escapeUnprintable } from "../printable";
import { type Outline, type OutlineTensor, readOutline } from "../tflite/outline";
import { readTflite } from "../tflite/read-tflite";
import { parseArguments } from "./arguments";
import type { Command, Report } from "./command";
import { readBytes } from "./files";

/** `tinyml inspect`: what a model takes, gives, contains and needs. */
export const inspect: Command = {
  usage: `tinyml inspect M.tflite [--json]
      tells what a model takes, gives, contains and needs`,
  run,
};

async function run(argv: readonly string[]): Promise<Report> {
  const options = parseArguments(argv, { file: "a model (a .tflite file)", flags: ["json"] });
  const bytes = await readBytes(options.file);
  let model: Model;
  try {
    model = readTflite(bytes);
  } catch (error) {
    const isUnsupported = error instanceof TinymlError && error.code === "TINYML_MODEL_UNSUPPORTED";
    if (isUnsupported) return { ...describeOutline(readOutline(bytes)), asJson: options.flag("json"), problem: error };
    throw error;
  }
  const summary = summarizeModel(model, bytes.length);
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

/** A model that can't be used here, as far as its file says what it is. */
function describeOutline({ inputs, outputs, operators }: Outline): Pick<Report, "json" | "text"> {
  const tensor = ({ name, type, shape }: OutlineTensor) => `${name} ${type} [${shape.join(", ")}]`;
  const unknown = [...new Set(operators.flatMap(({ type, known }) => (known ? [] : [type])))];
  const rows = operators.map(({ type, outputs: results, known }, i) => [
    String(i),
    type,
    results.map((result) => `${result.type} [${result.shape.join(", ")}]`).join(" + "),
    known ? "" : "not known",
  ]);
  const lines = [
    ...inputs.map((input) => `${"input:".padEnd(16)}${tensor(input)}`),
    ...outputs.map((output) => `${"output:".padEnd(16)}${tensor(output)}`),
    `${"not known:".padEnd(16)}${unknown.join(", ") || "(no operator)"}`,
    ...align([["#", "operator", "output", ""], ...rows], ["right", "left", "left", "left"]),
  ];
  return {
    json: { inputs, outputs, graph: operators, unknown },
    text: lines.map((line) => escapeUnprintable(line.trimEnd())).join("\n"),
  };
}

/** A table with its columns side by side. */
function align(table: readonly (readonly string[])[], sides: readonly ("left" | "right")[]): string[] {
  const widths = sides.map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table.map((row) =>
    row.map((cell, i) => (sides[i] === "right" ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join("  "),
  );
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
  const lines = align([["#", "operator", "output", "MACs"], ...rows], ["right", "left", "left", "right"]);
  return [`${"operators:".padEnd(16)}${counts.join(", ") || "(none)"}`, ...(rows.length === 0 ? [] : lines)];
}

function grouped(number: number): string {
  return number.toLocaleString("en-US");
}
