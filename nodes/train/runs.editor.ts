import type { Recipe } from "../../src/training/recipe";
import { followRuns } from "../browser.editor";
import { actionsOf, describeRun, drawRun, nameOf, runHeader } from "../run.editor";
import type { Run } from "../runs";
import type { Text } from "./layers.editor";

/** The runs of a training node in its open dialog. */
export interface WatchedRuns {
  /** Draws again, when the dialog's width has changed. */
  redraw(): void;
  /** Ends following the runs. */
  end(): void;
}

/**
 * Shows a node's newest run and follows it, with the earlier ones below: each can be looked at, and its settings used again.
 * A node in a subflow's template has the runs of all its instances.
 */
export function watchRuns(node: string, text: Text, useRecipe: (recipe: Recipe) => void): WatchedRuns {
  const header = $("#tinyml-train-run");
  const curve = $("#tinyml-train-curve");
  const earlier = $("#tinyml-train-earlier");
  let all: readonly Run[] = [];
  let runs: readonly Run[] = [];
  /** The run that somebody chose to look at; the newest where undefined. */
  let chosen: string | undefined;
  const shownRun = () => runs.find(({ id }) => id === chosen) ?? runs[0];
  const redraw = () => {
    const shown = shownRun();
    if (shown === undefined) return;
    header.empty().append(
      runHeader(
        shown,
        actionsOf(shown, all, () => followed.refresh()),
      ),
    );
    if (shown.curve.epoch.length > 0) drawRun(curve, shown, 160);
    else curve.empty();
  };
  const list = () => {
    earlier.toggle(runs.length > 1);
    const rows = earlier.children(".tinyml-rows").empty();
    for (const run of runs) {
      const row = $("<div>")
        .toggleClass("tinyml-row-chosen", run === shownRun())
        .appendTo(rows);
      $("<span>")
        .text(`${nameOf(run)} · ${describeRun(run)}`)
        .appendTo(row);
      const buttons = $("<span>").appendTo(row);
      button(text("history.show"), () => {
        chosen = run.id;
        list();
        redraw();
      }).appendTo(buttons);
      const { recipe } = run;
      if (recipe !== undefined) button(text("history.use"), () => useRecipe(recipe)).appendTo(buttons);
    }
  };
  header.append($('<div class="tinyml-note">').text(text("noRun")));
  earlier.hide();
  const followed = followRuns((listed, changed) => {
    const isOwn = (run: Run) => run.node === node || run.alias === node;
    if (!changed.some(isOwn)) return;
    all = listed;
    runs = listed.filter(isOwn);
    // A run that begins is what somebody wants to see.
    if (changed.some((run) => run === runs[0] && run.epoch === 0)) chosen = undefined;
    list();
    redraw();
  });
  return { redraw, end: () => followed.end() };
}

function button(label: string, act: () => void): JQuery {
  return $('<button type="button" class="red-ui-button red-ui-button-small">')
    .text(label)
    .on("click", (event) => {
      event.preventDefault();
      act();
    });
}
