import { boards } from "../../src/boards/boards";
import { fetchJson, sampleOf } from "../browser.editor";
import type { DatasetListing } from "../datasets";
import type { NetworkSummary } from "../networks";
import { outputLayer } from "./config";
import type { LayerList, Text } from "./layers.editor";

/** Milliseconds without a change after which the network is summarized anew. */
const pause = 300;

/** The parts of the dialog that say what a network gives and costs. */
export interface NetworkParts {
  layers: LayerList;
  /** The output layer's line, the network's sums, the chosen board's bars. */
  output: JQuery;
  totals: JQuery;
  board: JQuery;
  bars: JQuery;
  text: Text;
  /** The chosen dataset's node. */
  dataset(): string;
  /** What the recipe's features make of a sample. */
  features(): readonly object[];
  /** How samples are cut out of recordings, as the fields say it. */
  windows(): { window: string; stride: string };
}

/** A network whose summary is kept up to date. */
export interface WatchedNetwork {
  /** To be called after each change. */
  changed(): void;
  /** Ends it, before its parts are gone. */
  end(): void;
}

/** Keeps the summary of a dialog's network up to date. */
export function watchNetwork(parts: NetworkParts): WatchedNetwork {
  const { layers, output, totals, board, bars, text } = parts;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let newest = 0;
  let shown: NetworkSummary | undefined;
  const drawBoard = () => {
    bars.empty();
    const chosen = boards.find(({ name }) => name === board.val());
    if (chosen === undefined || shown === undefined || shown.problem !== undefined) return;
    bars.append(
      bar("network.ram", shown.int8ArenaBytes, chosen.ramBytes, text),
      bar("network.flash", shown.int8Bytes, chosen.flashBytes, text),
      $('<div class="tinyml-note">').text(text("network.boardNote")),
    );
  };
  const clear = (note: string) => {
    shown = undefined;
    layers.annotate([]);
    output.text(text("output.unknown"));
    totals.text(note);
    bars.empty();
  };
  const summarize = async (): Promise<void> => {
    newest += 1;
    const turn = newest;
    const dataset = parts.dataset();
    const sample = sampleOf(dataset);
    if (sample === undefined) return clear(text("network.unknown"));
    const { task, shape } = sample;
    const counted = sample.outputs ?? (shape === undefined ? undefined : await labelsOf(sample.name));
    if (turn !== newest) return;
    const units = counted ?? 2;
    const edited = [...layers.layers(), outputLayer(task, units)];
    const features = parts.features();
    const request = JSON.stringify(
      shape === undefined
        ? { layers: edited, features, dataset, ...parts.windows() }
        : { layers: edited, features, shape },
    );
    try {
      const summary: NetworkSummary = await $.ajax({
        url: "tinyml/recipes/summary",
        method: "POST",
        contentType: "application/json",
        data: request,
      });
      if (turn !== newest) return;
      shown = summary;
      show(summary, { task, assumed: shape !== undefined && counted === undefined });
    } catch (error) {
      if (turn === newest) clear(messageOf(error));
    }
  };
  const show = (summary: NetworkSummary, { task, assumed }: { task: string; assumed: boolean }) => {
    const costs = summary.layers.map(({ shape, parameters, macs }) => {
      const values = { shape: shapeText(shape), parameters: grouped(parameters), macs: grouped(macs) };
      return text(parameters === 0 && macs === 0 ? "network.layerWithout" : "network.layer", values);
    });
    const { problem } = summary;
    layers.annotate(costs, problem);
    const last = layers.layers().length;
    output.empty().append($("<div>").text(text(`output.${task}`)));
    if (costs[last] !== undefined) $('<div class="tinyml-layer-cost">').text(costs[last]).appendTo(output);
    if (problem?.layer === last)
      $('<div class="tinyml-layer-problem" role="alert">').text(problem.message).appendTo(output);
    totals.empty().append($("<div>").text(text("network.input", { shape: shapeText(summary.shape) })));
    if (assumed) $("<div>").text(text("network.noLabels")).appendTo(totals);
    if (problem === undefined) {
      const values = {
        parameters: grouped(summary.parameters),
        macs: grouped(summary.macs),
        float: sizeText(summary.floatBytes),
        int8: sizeText(summary.int8Bytes),
      };
      $("<div>").text(text("network.totals", values)).appendTo(totals);
    }
    drawBoard();
  };
  board.on("change", drawBoard);
  return {
    changed() {
      clearTimeout(timer);
      timer = setTimeout(summarize, pause);
    },
    end() {
      clearTimeout(timer);
      // An answer that is still under way is for nobody.
      newest += 1;
    },
  };
}

/** Offers the boards and chooses one; what is stored may be of a newer version. */
export function fillBoards(select: JQuery, chosen: unknown, text: Text): void {
  select.empty().append($("<option>").val("").text(text("network.noBoard")));
  for (const { name, title } of boards) $("<option>").val(name).text(title).appendTo(select);
  select.val(boards.some(({ name }) => name === chosen) ? String(chosen) : "");
}

/** How many labels a stored dataset has; undefined when it has none yet. */
async function labelsOf(dataset: string): Promise<number | undefined> {
  const listings = await fetchJson<DatasetListing[]>("datasets");
  const labels = Object.keys(listings?.find(({ name }) => name === dataset)?.perLabel ?? {}).length;
  return labels > 0 ? labels : undefined;
}

function bar(key: string, used: number, all: number, text: Text): JQuery {
  const fits = used <= all;
  const line = $('<div class="tinyml-card-title">').append(
    $("<span>").text(text(key, { used: grouped(used), all: grouped(all) })),
  );
  if (!fits) $('<span class="tinyml-layer-problem">').text(text("network.tooLarge")).appendTo(line);
  const share = Math.min(100, Math.round((100 * used) / all));
  return $('<div class="tinyml-board">').append(
    line,
    $('<div class="tinyml-bar">').append($("<span>").toggleClass("tinyml-bar-over", !fits).css("width", `${share}%`)),
  );
}

/** The message of a failed request: ours where the runtime answered. */
function messageOf(error: unknown): string {
  const answer =
    typeof error === "object" && error !== null && "responseJSON" in error ? error.responseJSON : undefined;
  const isOurs = typeof answer === "object" && answer !== null && "message" in answer;
  return isOurs ? String(answer.message) : "";
}

function shapeText(shape: readonly number[]): string {
  return shape.join(" × ");
}

function grouped(number: number): string {
  return number.toLocaleString("en-US");
}

function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
