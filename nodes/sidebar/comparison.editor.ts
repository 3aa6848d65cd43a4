import { sharedText } from "../browser.editor";
import { drawTwoRuns, nameOf, percentText, shortLoss } from "../run.editor";
import { differencesOf } from "../run-differences";
import type { Run } from "../runs";

/** Fills an element with what two runs reached, their curves over each other, and the settings in which they differ. */
export function drawComparison(element: JQuery, runs: readonly [Run, Run]): void {
  const [first, second] = runs;
  const curves = $("<div>");
  element
    .empty()
    .append($('<div class="tinyml-card-title">').append($("<b>").text(sharedText("compare.title"))), curves);
  drawTwoRuns(curves, runs, 130);

  const results: [key: string, value: (run: Run) => string][] = [
    ["model", ({ model }) => model],
    ["dataset", ({ dataset }) => dataset],
    ["readings", ({ readings }) => String(readings ?? "–")],
    ["loss", ({ validationLoss }) => shortLoss(validationLoss)],
    ["accuracy", ({ accuracy }) => percentText(accuracy)],
    ["epochs", ({ epoch }) => String(epoch)],
    ["seconds", ({ seconds }) => seconds.toFixed(1)],
  ];
  const rows = results.map(([key, value]) => [sharedText(`compare.${key}`), value(first), value(second)] as const);
  table(element, runs, sharedText("compare.results"), rows);

  const title = sharedText("compare.settings");
  if (first.recipe === undefined || second.recipe === undefined) {
    element.append($('<div class="tinyml-note">').text(sharedText("compare.noRecipe")));
    return;
  }
  const differences = differencesOf(first.recipe, second.recipe);
  if (differences.length === 0)
    element.append($('<div class="tinyml-note">').text(`${title}: ${sharedText("compare.same")}`));
  else
    table(
      element,
      runs,
      title,
      differences.map(([path, one, two]) => [settingText(path), one, two] as const),
    );
}

/** "layers.1.units" as people count: "layer 2 units"; what stands in the training needs no prefix. */
function settingText(path: string): string {
  const [, index, setting] = /^layers\.(\d+)\.(.*)$/.exec(path) ?? [];
  if (index === undefined || setting === undefined) return path.replace(/^training\./, "");
  return sharedText("compare.layer", { layer: Number(index) + 1, setting });
}

function table(
  element: JQuery,
  runs: readonly [Run, Run],
  title: string,
  rows: readonly (readonly [string, string, string])[],
): void {
  const body = $('<table class="tinyml-compare">').appendTo(element);
  const head = $("<tr>").appendTo(body).append($("<th>").text(title));
  for (const run of runs) $("<th>").text(nameOf(run)).appendTo(head);
  for (const [name, first, second] of rows) {
    if (first === "–" && second === "–") continue;
    $("<tr>").append($("<td>").text(name), $("<td>").text(first), $("<td>").text(second)).appendTo(body);
  }
}
