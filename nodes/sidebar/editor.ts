import type { EditorRED } from "node-red";
import { fetchJson, followRuns, sharedText } from "../browser.editor";
import type { DatasetListing } from "../datasets";
import { actionsOf, drawRun, nameOf, type RunActions, runHeader } from "../run.editor";
import type { Run } from "../runs";
import { iconButton } from "./button.editor";
import { drawComparison } from "./comparison.editor";
import { createExchange } from "./exchange.editor";
import { createExplorer } from "./explorer.editor";

declare const RED: EditorRED;

/** Runs that are drawn; older ones are only of interest in their node's dialog. */
const shown = 12;

RED.plugins.registerPlugin("tinyml-sidebar", {
  onadd() {
    const content = $('<div class="tinyml-sidebar">');
    const overview = $("<div>").appendTo(content);
    const explorer = createExplorer(() => show(undefined));
    explorer.element.hide().appendTo(content);
    const runs = section(overview, sharedText("sidebar.runs"));
    const comparison = $('<div class="tinyml-card tinyml-comparison">').hide().insertBefore(runs);
    const datasets = section(overview, sharedText("sidebar.datasets"));
    createExchange(() => refreshDatasets()).appendTo(overview);
    const cards = new Map<string, { run: Run; card: JQuery }>();
    /** The runs that are compared: two at most, the last chosen ones. */
    let compared: string[] = [];
    let known: readonly Run[] = [];
    const compare = (id: string, chosen: boolean) => {
      compared = [...compared.filter((other) => other !== id), ...(chosen ? [id] : [])].slice(-2);
      fillAll();
    };
    const fill = ({ run, card }: { run: Run; card: JQuery }) =>
      fillRun(card, run, {
        ...actionsOf(run, known, () => followed.refresh()),
        isCompared: compared.includes(run.id),
        compare: (chosen) => compare(run.id, chosen),
      });
    const fillComparison = () => {
      const [first, second] = compared.map((id) => cards.get(id)?.run);
      comparison.toggle(first !== undefined);
      if (first === undefined) return;
      if (second === undefined) comparison.empty().append(note("compare.one"));
      else drawComparison(comparison, [first, second]);
    };
    const fillAll = () => {
      for (const drawn of cards.values()) fill(drawn);
      fillComparison();
    };

    const showRuns = (listed: readonly Run[], changed: readonly Run[]) => {
      known = listed;
      const newest = new Set(listed.slice(0, shown).map(({ id }) => id));
      for (const [id, { card }] of cards) {
        if (newest.has(id)) continue;
        card.remove();
        cards.delete(id);
      }
      compared = compared.filter((id) => newest.has(id));
      runs.children(".tinyml-note").remove();
      if (newest.size === 0) runs.append(note("sidebar.noRuns"));
      for (const run of changed.filter(({ id }) => newest.has(id)).sort((a, b) => a.started - b.started)) {
        const drawn = { run, card: cards.get(run.id)?.card ?? $('<div class="tinyml-card">').prependTo(runs) };
        cards.set(run.id, drawn);
        fill(drawn);
      }
      // Another run of the same node or model may have been the newest one.
      const related = (run: Run) =>
        changed.some(
          ({ node, model, state, epoch }) =>
            (node === run.node || model === run.model) && (state !== "running" || epoch === 0),
        );
      for (const drawn of cards.values()) if (!changed.includes(drawn.run) && related(drawn.run)) fill(drawn);
      if (changed.some(({ id }) => compared.includes(id))) fillComparison();
    };
    let drawn = "";
    const refreshDatasets = async () => {
      const listings = await fetchJson<DatasetListing[]>("datasets");
      // What has the focus would lose it.
      if (listings === undefined || JSON.stringify(listings) === drawn) return;
      drawn = JSON.stringify(listings);
      fillDatasets(datasets, listings, show);
    };
    const show = (name: string | undefined) => {
      overview.toggle(name === undefined);
      explorer.element.toggle(name !== undefined);
      if (name !== undefined) explorer.open(name);
      else refreshDatasets();
      content.scrollTop(0);
    };
    const refresh = () => {
      if (overview.is(":visible")) refreshDatasets();
      else if (explorer.element.is(":visible")) explorer.refresh();
    };

    const followed = followRuns(showRuns);
    RED.actions.add("core:show-tinyml-tab", () => RED.sidebar.show("tinyml"));
    // A constant of its own, because the published types lack `onchange`, which is called when the tab is shown.
    const tab = {
      id: "tinyml",
      label: sharedText("sidebar.label"),
      name: sharedText("sidebar.name"),
      iconClass: "fa fa-microchip",
      content: content.get(0),
      action: "core:show-tinyml-tab",
      enableOnEdit: true,
      onchange() {
        followed.refresh();
        refresh();
      },
    };
    RED.sidebar.addTab(tab);
    // Counts change with every reading; looking every two seconds, and only at a visible tab, is enough.
    setInterval(refresh, 2000);
    // A hidden element has no width to draw in, and the width changes with the sidebar's.
    new ResizeObserver(() => {
      fillAll();
      if (explorer.element.is(":visible")) explorer.draw();
    }).observe(content.get(0) ?? document.body);
    refreshDatasets();
  },
});

function section(content: JQuery, title: string): JQuery {
  $("<h4>").text(title).appendTo(content);
  return $("<div>").appendTo(content);
}

function note(key: string): JQuery {
  return $('<div class="tinyml-note">').text(sharedText(key));
}

interface CardActions extends RunActions {
  isCompared: boolean;
  compare(chosen: boolean): void;
}

function fillRun(card: JQuery, run: Run, actions: CardActions): void {
  const title = $('<div class="tinyml-card-title">');
  $("<b>").text(run.model).appendTo(title);
  $('<span class="tinyml-card-detail">').text(nameOf(run)).appendTo(title);
  const curve = $("<div>");
  const box = $('<input type="checkbox" class="tinyml-compare-box">').prop("checked", actions.isCompared);
  box.on("change", () => actions.compare(box.is(":checked")));
  const compare = $('<label class="tinyml-card-detail">').append(box, $("<span>").text(sharedText("run.compare")));
  card.empty().append(title, runHeader(run, actions), curve, compare);
  if (run.curve.epoch.length > 0) drawRun(curve, run, 130);
}

function fillDatasets(element: JQuery, listings: readonly DatasetListing[], explore: (name: string) => void): void {
  element.empty();
  if (listings.length === 0) element.append(note("sidebar.noDatasets"));
  for (const { name, rows, perLabel, problem } of listings) {
    const card = $('<div class="tinyml-card">').appendTo(element);
    const title = $('<div class="tinyml-card-title">').appendTo(card);
    $("<b>").text(name).appendTo(title);
    $('<span class="tinyml-card-detail">')
      .text(sharedText(rows === 1 ? "sidebar.oneRow" : "sidebar.rows", { rows }))
      .appendTo(title);
    if (problem !== undefined) $('<div class="tinyml-run-error">').text(problem).appendTo(card);
    for (const [label, count] of Object.entries(perLabel ?? {})) {
      const line = $('<div class="tinyml-card-title">').appendTo(card);
      $("<span>").text(label).appendTo(line);
      $('<span class="tinyml-card-detail">').text(count).appendTo(line);
      $('<div class="tinyml-bar">')
        .append($("<span>").css("width", `${Math.round((100 * count) / Math.max(1, rows))}%`))
        .appendTo(card);
    }
    if (rows === 0 || problem !== undefined) continue;
    iconButton("sidebar.explore", "fa-search", () => explore(name)).appendTo(
      $('<div class="tinyml-buttons">').appendTo(card),
    );
  }
}
