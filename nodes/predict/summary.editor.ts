import type { ModelSummary, OperatorSummary, TensorSummary } from "../../src/model/summarize";
import { zeroPointRange } from "../../src/model/tensor";

/** A text of the node's catalogue. */
type Text = (key: string, values?: Record<string, string | number>) => string;

/** Shows what a model takes, gives, contains and needs: what `tinyml inspect` prints. */
export function showSummary(element: JQuery, summary: ModelSummary, text: Text): void {
  const facts: [key: string, values: string[]][] = [
    ["name", summary.name === "" ? [] : [summary.name]],
    ["inputs", summary.inputs.map((tensor) => describeTensor(tensor, text))],
    ["outputs", summary.outputs.map((tensor) => describeTensor(tensor, text))],
    ["labels", summary.labels === undefined ? [] : [summary.labels.join(", ")]],
    ["macs", [text("model.macsEach", { count: grouped(summary.macs) })]],
    ["parameters", [grouped(summary.parameters)]],
    ["memory", [text("model.memoryBytes", { count: sizeOf(summary.memoryBytes) })]],
    ["file", [sizeOf(summary.bytes)]],
  ];
  const list = $('<dl class="tinyml-facts">').appendTo(element);
  for (const [key, values] of facts) {
    if (values.length === 0) continue;
    const fact = $("<div>").appendTo(list);
    $("<dt>")
      .text(text(`model.${key}`))
      .appendTo(fact);
    for (const value of values) $("<dd>").text(value).appendTo(fact);
  }
  const rows = operatorRows(summary.graph, text);
  showTable(element, text("model.operators"), rows);
  const details = $('<details class="tinyml-graph">').appendTo(element);
  $("<summary>")
    .text(text("model.graph", { count: summary.graph.length }))
    .appendTo(details);
  showTable(
    details,
    "",
    summary.graph.map(({ type, outputs, macs }, i) => [
      `${i + 1}. ${type} → ${outputs.map(shapeOf).join(" + ")}`,
      macs === 0 ? "" : grouped(macs),
    ]),
  );
}

/** How often each operator occurs, and its share of the work. */
function operatorRows(graph: readonly OperatorSummary[], text: Text): [string, string][] {
  const sums = new Map<string, { count: number; macs: number }>();
  for (const { type, macs } of graph) {
    const before = sums.get(type);
    sums.set(type, { count: (before?.count ?? 0) + 1, macs: (before?.macs ?? 0) + macs });
  }
  return [...sums].map(([type, { count, macs }]) => [
    `${count} × ${type}`,
    macs === 0 ? "" : text("model.macsShort", { count: grouped(macs) }),
  ]);
}

function showTable(element: JQuery, caption: string, rows: readonly (readonly [string, string])[]): void {
  if (caption !== "") $('<div class="tinyml-caption">').text(caption).appendTo(element);
  const table = $('<div class="tinyml-rows">').appendTo(element);
  for (const [what, amount] of rows) {
    $("<div>").append($("<span>").text(what), $("<span>").text(amount)).appendTo(table);
  }
}

function describeTensor(tensor: TensorSummary, text: Text): string {
  const { name, type, scale, zeroPoint } = tensor;
  const count = tensor.shape.reduce((product, dimension) => product * dimension, 1);
  const numbers = count === 1 ? text("model.number") : text("model.numbers", { count: grouped(count) });
  const shape = `${name}, ${type} ${shapeOf(tensor)}`;
  if (scale === undefined || zeroPoint === undefined) return `${numbers} – ${shape}`;
  // What the node takes and gives: real numbers. Those that are stored lie in the range of the type.
  const [low, high] = zeroPointRange(type).map((stored) => shortened(scale * (stored - zeroPoint)));
  const range = text("model.range", { low, high });
  return `${numbers} ${range} – ${shape}, ${text("model.scale", { scale: shortened(scale), zeroPoint })}`;
}

function shapeOf({ shape }: TensorSummary): string {
  return `[${shape.join(", ")}]`;
}

function shortened(number: number): number {
  return Number(number.toPrecision(4));
}

function grouped(number: number): string {
  return number.toLocaleString("en-US");
}

/** A size as people read it: "540 bytes", "23.8 kB", "1.2 MB". */
function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
