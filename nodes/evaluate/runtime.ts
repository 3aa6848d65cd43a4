import type { NodeAPI } from "node-red";
import {
  drawEvaluations,
  type EvaluationReport,
  findDataset,
  type Message,
  modelIn,
  modelOf,
  readOptionsOf,
  readTflite,
  registerNode,
  startEvaluating,
} from "../lib";
import { parseConfig } from "./config";

/** How many models are compared at most: more can't be told apart in a picture. */
const mostCompared = 12;

/** The node tinyml-evaluate: a model passes through, with a report on how well it does and a picture that compares it with others. */
export function register(RED: NodeAPI): void {
  registerNode(RED, "tinyml-evaluate", parseConfig, ({ status, storage, text }, config) => {
    const closing = new AbortController();
    const { signal } = closing;
    /** The reports of the comparison, by the models' names, the oldest first. */
    const compared = new Map<string, EvaluationReport>();

    const showReport = ({ warnings, samples, ...report }: EvaluationReport) => {
      const result =
        report.task === "classification"
          ? text("status.accuracy", { value: Number((100 * report.accuracy).toFixed(1)), samples })
          : text("status.rmse", { value: Number(report.rmse.toPrecision(3)), samples });
      if (warnings.length === 0) status.show("green", "dot", result);
      else status.show("yellow", "dot", text("status.warnings", { result, count: warnings.length }));
    };

    return {
      inOrder: true,
      async input(message, send) {
        const closes = message.complete !== undefined && message.complete !== false;
        if (closes && modelIn(message.payload) === undefined) {
          const last = [...compared.values()].at(-1);
          if (last !== undefined) send([null, { ...message, ...comparisonOf(last, compared) }]);
          compared.clear();
          status.show("grey", "ring", text("status.complete"));
          return;
        }
        const source = findDataset(RED, config.dataset);
        status.show("blue", "dot", text("status.evaluating"));
        const bytes = await modelOf(message.payload, storage, config.model);
        const model = readTflite(bytes);
        const name = nameIn(message) || model.metadata?.name || config.model || "model";
        let report: EvaluationReport;
        try {
          const task = { model, table: await source.read(readOptionsOf(model.metadata)), split: config.split };
          report = { ...(await startEvaluating(task, { signal })), model: name };
        } catch (error) {
          // Nobody waits for it any more.
          if (signal.aborted) return;
          throw error;
        }
        if (signal.aborted) return;
        compared.delete(name);
        compared.set(name, report);
        const [oldest] = compared.keys();
        if (compared.size > mostCompared) compared.delete(oldest);
        showReport(report);
        const picture = comparisonOf(report, compared);
        send([
          { ...message, payload: bytes, report: picture.report },
          { ...message, ...picture },
        ]);
        if (closes) compared.clear();
      },
      close: () => closing.abort(),
    };
  });
}

/** The picture of all models, and the report of one that says how it compares. */
function comparisonOf(report: EvaluationReport, compared: ReadonlyMap<string, EvaluationReport>) {
  const reports = [...compared.values()];
  const comparison = reports.map(({ model, metric, value, samples, split }) => ({
    model,
    metric,
    value,
    samples,
    split,
  }));
  return { payload: drawEvaluations(reports), report: { ...report, comparison } };
}

/** The model's name as the message says it. */
function nameIn({ model }: Message): string {
  return typeof model === "object" && model !== null && "name" in model && typeof model.name === "string"
    ? model.name
    : "";
}
