import { escapeUnprintable } from "../printable";
import { drawEvaluations } from "../training/draw-evaluations";
import type { ClassificationEvaluation, RegressionEvaluation } from "../training/evaluate-model";
import { type EvaluatedSplit, type EvaluationReport, evaluateRows } from "../training/evaluate-rows";
import { parseArguments, usage } from "./arguments";
import type { Command, Report } from "./command";
import { readData, wantedBy } from "./data";
import { assertNoInput, prepareFile, readModelFile, writeBytes } from "./files";

const splits: readonly EvaluatedSplit[] = ["training", "validation", "test", "all"];

/** `tinyml evaluate`: how well a model does on data. */
export const evaluate: Command = {
  usage: `tinyml evaluate M.tflite --data DATA [--split train|validation|test|all] [--svg FILE] [--test-rows N] [--json]
             [--force]
      says how well a model does: on the validation rows of the data that trained it, or on all rows of other data`,
  run,
};

async function run(argv: readonly string[]): Promise<Report> {
  const options = parseArguments(argv, {
    file: "a model (a .tflite file)",
    required: ["data"],
    optional: ["split", "svg", "test-rows"],
    flags: ["json", "force"],
  });
  const split = splitCalled(options.value("split"));
  const svg = options.value("svg");
  if (svg !== undefined) await assertNoInput("--svg", svg, [options.file, options.required("data")]);
  const { model } = await readModelFile(options.file);
  const table = await readData(options.required("data"), wantedBy(model), options.value("test-rows"));
  if (svg !== undefined) await prepareFile(svg, { option: "--svg", force: options.flag("force"), isOurs: isPicture });
  const report = evaluateRows({ model, table, ...(split !== undefined && { split }) });
  if (svg !== undefined) await writeBytes(svg, Buffer.from(drawEvaluations([report])));
  return {
    json: { ...report, ...(svg !== undefined && { svg }) },
    text: describeReport(report, table.rows).map(escapeUnprintable).join("\n"),
    asJson: options.flag("json"),
  };
}

function splitCalled(word: string | undefined): EvaluatedSplit | undefined {
  if (word === undefined) return undefined;
  const split = splits.find((known) => known === (word === "train" ? "training" : word));
  if (split === undefined) throw usage(`--split takes train, validation, test or all, not "${word}".`);
  return split;
}

function isPicture(bytes: Buffer): boolean {
  return bytes
    .subarray(0, 200)
    .toString("latin1")
    .includes('<svg xmlns="http://www.w3.org/2000/svg" class="tinyml-evaluation"');
}

function describeReport(report: EvaluationReport, rows: number): string[] {
  const of = report.split === "all" ? `all ${rows}` : `${report.samples} ${report.split}`;
  return [
    `${report.model || "model"}: ${report.metric === "accuracy" ? "accuracy" : "mean squared error"} ${digits(report.value)} on ${of} rows`,
    ...(report.task === "classification" ? describeClasses(report) : describeTargets(report)),
    ...report.warnings.map(({ message }) => `warning: ${message}`),
  ];
}

function describeClasses({ classes, macro, confused }: ClassificationEvaluation): string[] {
  const figures = ["precision", "recall", "f1", "auc"] as const;
  const rows = [
    ["label", "samples", "precision", "recall", "F1", "AUC"],
    ...classes.map((each) => [each.label, String(each.support), ...figures.map((figure) => digits(each[figure]))]),
    ["mean", "", ...figures.map((figure) => digits(macro[figure]))],
  ];
  const pairs = confused.map(({ wanted, got, count }) => `${wanted} taken for ${got} ${count} ×`);
  return [...alignColumns(rows), ...(pairs.length === 0 ? [] : [`confused: ${pairs.join(", ")}`])];
}

function describeTargets(evaluation: RegressionEvaluation): string[] {
  const figures = ["rmse", "mae", "r2"] as const;
  const named = (name: string, of: Record<(typeof figures)[number], number | null>): string[] => [
    name,
    ...figures.map((figure) => digits(of[figure])),
  ];
  return alignColumns([
    ["target", "RMSE", "MAE", "R²"],
    ...evaluation.targets.map((target) => named(target.name, target)),
    ...(evaluation.targets.length > 1 ? [named("mean", evaluation)] : []),
  ]);
}

function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "),
  );
}

function digits(figure: number | null): string {
  return figure === null ? "–" : String(Number(figure.toPrecision(4)));
}
