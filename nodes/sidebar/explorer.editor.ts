import type { SampleEntry } from "../../src/dataset/sample-index";
import type { Split } from "../../src/dataset/table";
import { sharedText } from "../browser.editor";
import type { ExploredDataset, MapView, SampleFilter, SamplePage, SampleView, Side } from "../explorer";
import { type Answer, ask, downloadFile, fetchFile, type Problem, showMessage, tell } from "../requests.editor";
import { colorOf, formatNumber } from "../sample-plot";
import { iconButton } from "./button.editor";
import { addFiles } from "./exchange.editor";
import { createImportForm } from "./import-form.editor";
import { createSampleMap } from "./map.editor";
import { drawSample } from "./sample.editor";
import { createSampleList } from "./sample-list.editor";

/** Labels that get a button each; of more one is chosen by its name. */
const mostButtons = 10;

/** From so many pixels on, the chosen sample stands beside the list. */
const wideFrom = 560;

/** Pixels of a sample that are to be seen at least once it is chosen. */
const leastVisible = 120;

const splits: readonly Side[] = ["training", "validation", "test", "undecided"];

/** The view of one dataset: its labels, its samples as a list and as a map, and the chosen sample. */
export interface Explorer {
  readonly element: JQuery;
  /** Shows a dataset. */
  open(name: string): void;
  /** Looks whether the dataset has changed; for a timer, while it is in sight. */
  refresh(): void;
  /** Draws everything as wide as it is now. */
  draw(): void;
}

/** What to do to take a change back, and what it was. */
interface Undo {
  text: string;
  run(): Promise<Answer<unknown>>;
}

/** Makes the view of one dataset; `onClose` is called when somebody wants to go back to all of them. */
export function createExplorer(onClose: () => void): Explorer {
  let name = "";
  let dataset: ExploredDataset | undefined;
  let filter: SampleFilter = {};
  let view: "list" | "map" = "list";
  let selected: readonly number[] = [];
  let shown: SampleView | undefined;
  let map: MapView | undefined;
  /** Samples that were looked at, for their labels and their drawings. */
  const entries = new Map<number, SampleEntry>();
  /** The number of each label's colour: a label keeps it, whatever others come and go. */
  const colors = new Map<string, number>();
  const undos: Undo[] = [];
  /** Counts datasets and selections: what was asked for an earlier one is of no use. */
  let opened = 0;
  let looked = 0;

  const title = $("<b>");
  const about = $('<span class="tinyml-card-detail">');
  const counts = $('<div class="tinyml-counts">');
  const legend = $('<div class="tinyml-legend">');
  const labelFilter = select("explorer.showLabel");
  const sideFilter = select("explorer.showSide");
  const message = $('<div class="tinyml-message" role="status" aria-live="polite">');
  const detail = $('<div class="tinyml-detail">');
  const element = $('<div class="tinyml-explorer">');
  /** List and sample side by side where both have room; while it is hidden, there is no telling. */
  const arrange = (): void => {
    element.toggleClass("tinyml-wide", (element.width() ?? 0) >= wideFrom);
  };
  const path = (rest: string): string => `datasets/${encodeURIComponent(name)}/${rest}`;
  const classOf = (label = ""): number => {
    const known = colors.get(label) ?? colors.size;
    colors.set(label, known);
    return known;
  };
  const isLabelled = (): boolean => dataset?.task === "classification";

  const nameOf = ({ label, targets }: SampleEntry): string => {
    if (label !== undefined) return label;
    return targets === undefined ? "–" : targets.map(formatNumber).join(", ");
  };
  const colorOfEntry = ({ label }: SampleEntry): string =>
    isLabelled() ? colorOf(classOf(label)) : "var(--red-ui-node-status-colors-blue)";

  const list = createSampleList({
    async fetch(offset, limit) {
      const page = await fetchPage(offset, limit);
      for (const entry of page?.samples ?? []) entries.set(entry.id, entry);
      return page?.samples;
    },
    nameOf,
    colorOf: colorOfEntry,
    onSelect: (ids) => choose(ids),
    onDelete: () => remove(),
  });
  const sampleMap = createSampleMap({ classOf, onSelect: (ids) => choose(ids), onDelete: () => remove() });

  const listTab = iconButton("explorer.list", "fa-list", () => switchTo("list"));
  const mapTab = iconButton("explorer.map", "fa-braille", () => switchTo("map"));
  const imports = createImportForm<{ samples: number }>({
    key: "explorer.import",
    icon: "fa-upload",
    multiple: true,
    fields: [{ key: "exchange.label" }],
    note: "exchange.labels",
    ways: [{ key: "exchange.addNow", icon: "fa-check", send: (files, [label = ""]) => addFiles(name, files, label) }],
    done(added) {
      say(sharedText("explorer.imported", { samples: added.samples }));
      reload();
    },
  });
  const filters = $('<div class="tinyml-filters">').append(labelFilter, sideFilter);
  const back = iconButton("explorer.back", "fa-chevron-left", () => {
    imports.close();
    onClose();
  });
  const listing = $('<div class="tinyml-listing">').append(
    $('<div class="tinyml-tabs">').append(listTab, mapTab),
    filters,
    list.element,
    sampleMap.element,
  );
  element.append(
    $('<div class="tinyml-explorer-title">').append(back, title, about),
    $('<div class="tinyml-buttons">').append(
      iconButton("explorer.export", "fa-download", () => exportDataset()),
      imports.button,
    ),
    imports.element,
    counts,
    legend,
    $('<div class="tinyml-both">').append(listing, detail),
    message,
  );

  async function fetchPage(offset: number, limit: number): Promise<SamplePage | undefined> {
    const { label, side, deleted } = filter;
    const query = $.param({
      offset,
      limit,
      ...(label !== undefined && { label }),
      ...(side !== undefined && { side }),
      ...(deleted && { deleted }),
    });
    const asked = opened;
    const answer = await ask<SamplePage>(path(`samples?${query}`));
    if (asked !== opened) return undefined;
    if ("result" in answer) return answer.result;
    say(answer);
    return undefined;
  }

  /** Shows what has changed: the counts, the list, and the map where it is in sight. */
  async function reload(): Promise<void> {
    const page = await fetchPage(0, 0);
    if (page === undefined) return;
    dataset = page.dataset;
    fillCounts();
    fillFilters();
    list.reload(page.matching);
    if (view === "map") await loadMap();
  }

  async function loadMap(): Promise<void> {
    const asked = opened;
    if (map === undefined) {
      sampleMap.element.addClass("tinyml-busy");
      // What it showed last is another dataset, whose points would choose samples of this one.
      sampleMap.element.children().css("visibility", "hidden");
    }
    const answer = await ask<MapView>(path("map"));
    if (asked !== opened) return;
    sampleMap.element.removeClass("tinyml-busy");
    if ("problem" in answer) {
      say(answer);
      return;
    }
    map = answer.result;
    sampleMap.element.children().css("visibility", "");
    sampleMap.show(map);
    sampleMap.mark(selected);
  }

  function switchTo(to: "list" | "map"): void {
    view = to;
    list.element.toggle(to === "list");
    filters.toggle(to === "list");
    sampleMap.element.toggle(to === "map");
    listTab.toggleClass("selected", to === "list").attr("aria-pressed", String(to === "list"));
    mapTab.toggleClass("selected", to === "map").attr("aria-pressed", String(to === "map"));
    if (to === "list") list.draw();
    else loadMap();
  }

  function fillCounts(): void {
    if (dataset === undefined) return;
    const { kind, channels, samples, rateHz, targets = [] } = dataset;
    title.text(dataset.name).attr("title", dataset.name);
    const facts = [
      sharedText(`explorer.kind.${kind}`, { samples }),
      ...(kind === "timeseries" || kind === "table"
        ? [sharedText("explorer.channels", { channels: channels.length })]
        : []),
      ...(rateHz === undefined ? [] : [sharedText("explorer.rate", { rate: formatNumber(rateHz) })]),
      ...(targets.length > 0
        ? [sharedText("explorer.targets", { targets: targets.map((each) => each.name).join(", ") })]
        : []),
    ];
    about.text(facts.join(" · "));
    const total = (index: number): number =>
      splits.reduce((sum, side) => sum + (dataset?.counts[index]?.[side] ?? 0), 0);
    const most = Math.max(1, ...dataset.counts.map((_, index) => total(index)));
    const assigned = splits.filter((side) => dataset?.counts.some((count) => count[side] > 0));
    counts.empty().toggleClass("tinyml-undivided", !assigned.some((side) => side !== "undecided"));
    for (const [index, count] of dataset.counts.entries()) {
      const isFilter = filter.label === count.label && !filter.deleted;
      const bar = $('<span class="tinyml-side-bar">').css("width", `${(100 * total(index)) / most}%`);
      for (const side of splits) {
        if (count[side] === 0) continue;
        $(`<i class="tinyml-side-${side}">`)
          .css({ flexGrow: count[side], backgroundColor: isLabelled() ? colorOf(classOf(count.label)) : "" })
          .appendTo(bar);
      }
      const text = isLabelled() ? count.label : sharedText("explorer.allSamples");
      $('<button type="button" class="tinyml-count">')
        .attr({
          title: assigned.map((side) => `${sharedText(`explorer.side.${side}`)}: ${count[side]}`).join("\n"),
          "aria-pressed": String(isFilter),
        })
        .toggleClass("selected", isFilter)
        .append(
          $('<span class="tinyml-count-name">').text(text),
          $('<span class="tinyml-card-detail">').text(total(index)),
          $('<span class="tinyml-count-bar">').append(bar),
        )
        .on("click", () => {
          if (isLabelled()) narrow(isFilter ? {} : { label: count.label });
        })
        .appendTo(counts);
    }
    legend.empty().toggle(assigned.some((side) => side !== "undecided"));
    for (const side of assigned) {
      $('<span class="tinyml-card-detail">')
        .append(
          $(`<i class="tinyml-swatch tinyml-side-${side}">`),
          $("<span>").text(sharedText(`explorer.side.${side}`)),
        )
        .appendTo(legend);
    }
  }

  function fillFilters(): void {
    if (dataset === undefined) return;
    const { label, side, deleted } = filter;
    labelFilter.empty().append(option("", sharedText("explorer.everyLabel")));
    for (const count of isLabelled() ? dataset.counts : []) labelFilter.append(option(`=${count.label}`, count.label));
    if (dataset.deleted > 0 || deleted) {
      labelFilter.append(option("deleted", sharedText("explorer.deleted", { samples: dataset.deleted })));
    }
    labelFilter.val(deleted ? "deleted" : label === undefined ? "" : `=${label}`);
    sideFilter.empty().append(option("", sharedText("explorer.everySide")));
    for (const each of splits) sideFilter.append(option(each, sharedText(`explorer.side.${each}`)));
    sideFilter.val(side ?? "");
  }

  /** Lists other samples. */
  function narrow(to: SampleFilter): void {
    filter = to;
    choose([]);
    reload();
    if (view === "map") switchTo("list");
  }

  labelFilter.on("change", () => {
    const chosen = String(labelFilter.val() ?? "");
    const { side } = filter;
    narrow({
      ...(side !== undefined && { side }),
      ...(chosen === "deleted" ? { deleted: true } : chosen !== "" && { label: chosen.slice(1) }),
    });
  });
  sideFilter.on("change", () => {
    const { side: _side, ...others } = filter;
    const side = splits.find((each) => each === sideFilter.val());
    narrow({ ...others, ...(side !== undefined && { side }) });
  });

  function choose(ids: readonly number[]): void {
    selected = ids;
    list.mark(ids);
    sampleMap.mark(ids);
    look();
  }

  /** Shows the sample that was chosen last. */
  async function look(): Promise<void> {
    looked += 1;
    const asked = looked;
    const id = selected.at(-1);
    if (id === undefined) {
      shown = undefined;
      fillDetail();
      return;
    }
    const answer = await ask<SampleView>(path(`samples/${id}`));
    if (asked !== looked) return;
    if ("result" in answer) {
      shown = answer.result;
      entries.set(id, shown.entry);
      fillDetail();
      reveal();
    } else {
      shown = undefined;
      fillDetail(answer.problem);
    }
  }

  /** In a low panel, as Node-RED 5 has two of, the sample is below the edge: then the list goes to the top. */
  function reveal(): void {
    const panel = element.closest(".tinyml-sidebar").get(0)?.getBoundingClientRect();
    const card = detail.get(0)?.getBoundingClientRect();
    if (panel !== undefined && card !== undefined && card.top > panel.bottom - leastVisible) {
      listing.get(0)?.scrollIntoView({ block: "start" });
    }
  }

  function fillDetail(problem?: string): void {
    detail.empty();
    const ids = selected;
    if (ids.length === 0) {
      if ((dataset?.samples ?? 0) > 0)
        detail.append($('<div class="tinyml-note">').text(sharedText("explorer.chooseOne")));
      return;
    }
    const card = $('<div class="tinyml-card">').appendTo(detail);
    const entry = shown?.entry ?? entries.get(ids.at(-1) ?? 0);
    const head = $('<div class="tinyml-card-title">').appendTo(card);
    $("<b>")
      .text(entry === undefined ? "" : nameOf(entry))
      .appendTo(head);
    $('<span class="tinyml-card-detail">')
      .text(`#${ids.at(-1)}`)
      .appendTo(head);
    const drawing = $('<div class="tinyml-drawing">').appendTo(card);
    if (problem !== undefined) drawing.append($('<div class="tinyml-run-error">').text(problem));
    if (shown !== undefined && dataset !== undefined) {
      drawSample(drawing, shown, dataset, (id) => fetchFile(path(`samples/${id}/file`)));
    }
    if (entry !== undefined) fillFacts($('<dl class="tinyml-facts">').appendTo(card), entry);
    if (ids.length > 1) {
      $('<div class="tinyml-section">')
        .text(sharedText("explorer.several", { samples: ids.length }))
        .appendTo(card);
    }
    if (filter.deleted || entry?.deleted) {
      $('<div class="tinyml-buttons">')
        .append(iconButton("explorer.restore", "fa-undo", () => restore()))
        .appendTo(card);
      return;
    }
    fillAnswer(card, entry);
    fillSplit(card, entry);
    $('<div class="tinyml-buttons">')
      .append(iconButton("explorer.delete", "fa-trash", () => remove()))
      .appendTo(card);
  }

  function fillFacts(facts: JQuery, { time, source, group, readings, targets }: SampleEntry): void {
    const fact = (key: string, text: string): void => {
      $("<div>")
        .append($("<dt>").text(sharedText(`explorer.${key}`)), $("<dd>").text(text))
        .appendTo(facts);
    };
    for (const [i, { name: target, unit }] of (dataset?.targets ?? []).entries()) {
      const value = targets?.[i];
      $("<div>")
        .append($("<dt>").text(target), $("<dd>").text(`${value === undefined ? "–" : formatNumber(value)} ${unit}`))
        .appendTo(facts);
    }
    if (readings !== undefined) {
      const { rateHz } = dataset ?? {};
      const seconds = rateHz === undefined ? "" : ` (${formatNumber(readings / rateHz)} s)`;
      fact("readings", `${readings}${seconds}`);
    } else if (dataset?.kind === "timeseries") fact("readings", sharedText("explorer.recording"));
    fact("time", new Date(time).toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" }));
    if (source !== undefined) fact("source", source);
    if (group !== undefined) fact("group", group);
  }

  /** What gives the chosen samples another label, or other targets. */
  function fillAnswer(card: JQuery, entry: SampleEntry | undefined): void {
    const box = $('<div class="tinyml-relabel">').appendTo(card);
    const input = $('<input type="text" class="tinyml-wide-field">');
    if (!isLabelled()) {
      const names = dataset?.targets?.map((each) => each.name).join(", ") ?? "";
      input.attr("aria-label", sharedText("explorer.newTargets", { targets: names }));
      input.val(entry?.targets?.join(", ") ?? "");
      const change = (): void => {
        const targets = String(input.val() ?? "")
          .split(/[,;\s]+/)
          .filter((text) => text !== "")
          .map(Number);
        relabel({ targets });
      };
      box.append(
        $('<div class="tinyml-caption">').text(sharedText("explorer.newTargets", { targets: names })),
        $('<div class="tinyml-entry">').append(input, iconButton("explorer.change", "fa-check", change)),
      );
      submit(input, change);
      return;
    }
    const labels = dataset?.counts.map(({ label }) => label).filter((label) => label !== "") ?? [];
    box.append($('<div class="tinyml-caption">').text(sharedText("explorer.newLabel")));
    if (labels.length <= mostButtons) {
      const buttons = $('<div class="tinyml-buttons">').appendTo(box);
      for (const label of labels) {
        const isThis = selected.length === 1 && entry?.label === label;
        $('<button type="button" class="red-ui-button red-ui-button-small tinyml-label">')
          .append(
            $('<i class="tinyml-swatch">').css("background", colorOf(classOf(label))),
            document.createTextNode(label),
          )
          .toggleClass("selected", isThis)
          .prop("disabled", isThis)
          .on("click", () => relabel({ label }))
          .appendTo(buttons);
      }
      if (dataset?.fixedLabels !== undefined) return;
    }
    const change = (): void => {
      const label = String(input.val() ?? "").trim();
      if (label !== "") relabel({ label });
    };
    const suggestions = $('<datalist id="tinyml-explorer-labels">').append(labels.map((label) => option(label, label)));
    input.attr({
      list: "tinyml-explorer-labels",
      placeholder: sharedText(labels.length <= mostButtons ? "explorer.otherLabel" : "explorer.label"),
      "aria-label": sharedText("explorer.newLabel"),
    });
    box.append(
      $('<div class="tinyml-entry">').append(input, suggestions, iconButton("explorer.change", "fa-check", change)),
    );
    submit(input, change);
  }

  function fillSplit(card: JQuery, entry: SampleEntry | undefined): void {
    const choice = select("explorer.splitLabel");
    for (const side of splits) choice.append(option(side, sharedText(`explorer.side.${side}`)));
    const sideOf = (each: SampleEntry | undefined): Side => each?.split ?? "undecided";
    const current = sideOf(entry);
    // Of samples that were never listed nobody knows their sides.
    const agree = selected.every((id) => entries.has(id) && sideOf(entries.get(id)) === current);
    // Choosing what is shown already would be no change, and give the others nothing.
    if (!agree) choice.prepend(option("", "…"));
    choice.val(agree ? current : "").on("change", () => {
      const side = splits.find((each) => each === choice.val());
      if (side !== undefined) assign(side === "undecided" ? undefined : side);
    });
    $('<label class="tinyml-split">')
      .append($("<span>").text(sharedText("explorer.splitLabel")), choice)
      .appendTo(card);
  }

  /** Does something to the chosen samples; whether it was done, and their dataset is still in sight. */
  async function change(action: string, ids: readonly number[], fields: object, undo?: Undo): Promise<boolean> {
    const asked = opened;
    const answer = await tell(path(`samples/${action}`), { ids, ...fields });
    if (asked !== opened) return false;
    if ("problem" in answer) {
      say(answer);
      return false;
    }
    if (undo !== undefined) undos.push(undo);
    sayDone();
    return true;
  }

  /** Entries of all chosen samples, also those that were chosen in the map and never listed; undefined when another dataset was opened meanwhile. */
  async function entriesOf(ids: readonly number[]): Promise<SampleEntry[] | undefined> {
    const asked = opened;
    const missing = ids.filter((id) => !entries.has(id));
    if (missing.length > 0) {
      // By pages of the whole list: one request for each sample would be many.
      for (let offset = 0; ; offset += 1000) {
        const answer = await ask<SamplePage>(path(`samples?${$.param({ offset, limit: 1000 })}`));
        if (asked !== opened) return undefined;
        if ("problem" in answer) break;
        for (const entry of answer.result.samples) entries.set(entry.id, entry);
        if (offset + 1000 >= answer.result.matching) break;
      }
    }
    return ids.flatMap((id) => entries.get(id) ?? []);
  }

  /** The requests that give samples back what they had: one for each value that they had. */
  function givingBack(action: string, before: readonly SampleEntry[], fieldsOf: (entry: SampleEntry) => object) {
    const groups = new Map<string, { ids: number[]; fields: object }>();
    for (const entry of before) {
      const fields = fieldsOf(entry);
      const key = JSON.stringify(fields);
      const group = groups.get(key) ?? { ids: [], fields };
      group.ids.push(entry.id);
      groups.set(key, group);
    }
    const asked = path(`samples/${action}`);
    return async (): Promise<Answer<unknown>> => {
      for (const { ids, fields } of groups.values()) {
        const answer = await tell(asked, { ids, ...fields });
        if ("problem" in answer) return answer;
      }
      return { result: undefined };
    };
  }

  async function relabel(answer: { label: string } | { targets: number[] }): Promise<void> {
    const asked = opened;
    const ids = selected;
    const before = await entriesOf(ids);
    if (before === undefined) return;
    const to = "label" in answer ? answer.label : answer.targets.map(formatNumber).join(", ");
    const undo = {
      text: sharedText("explorer.relabelled", { samples: ids.length, label: to }),
      run: givingBack("relabel", before, ({ label, targets }) => (label === undefined ? { targets } : { label })),
    };
    const wasHeld = detail.find(":focus").length > 0;
    const place = list.placeOf(ids);
    if (!(await change("relabel", ids, answer, undo))) return;
    for (const entry of before) entries.set(entry.id, { ...entry, ...answer });
    await reload();
    if (asked !== opened) return;
    const isGone = "label" in answer && filter.label !== undefined && filter.label !== answer.label;
    if (isGone && view === "list") await list.choosePlace(place);
    else await look();
    // What had the focus was drawn anew.
    if (wasHeld) (view === "list" ? list.element : sampleMap.element.find("canvas")).trigger("focus");
  }

  async function assign(split: Split | undefined): Promise<void> {
    const ids = selected;
    const before = await entriesOf(ids);
    if (before === undefined) return;
    const undo = {
      text: sharedText("explorer.assigned", {
        samples: ids.length,
        side: sharedText(`explorer.side.${split ?? "undecided"}`),
      }),
      run: givingBack("split", before, (entry) => (entry.split === undefined ? {} : { split: entry.split })),
    };
    if (!(await change("split", ids, split === undefined ? {} : { split }, undo))) return;
    for (const { split: _split, ...entry } of before) {
      entries.set(entry.id, split === undefined ? entry : { ...entry, split });
    }
    await reload();
    await look();
  }

  async function remove(): Promise<void> {
    const ids = selected;
    if (ids.length === 0 || filter.deleted) return;
    const asked = opened;
    const place = list.placeOf(ids);
    const address = path("samples/restore");
    const undo = { text: sharedText("explorer.removed", { samples: ids.length }), run: () => tell(address, { ids }) };
    if (!(await change("delete", ids, {}, undo))) return;
    choose([]);
    await reload();
    if (asked !== opened) return;
    // The next one is chosen, so that one after the other can be looked through.
    if (view === "list") await list.choosePlace(place);
    (view === "list" ? list.element : sampleMap.element.find("canvas")).trigger("focus");
  }

  async function restore(): Promise<void> {
    const ids = selected;
    const asked = path("samples/delete");
    const undo = { text: sharedText("explorer.restored", { samples: ids.length }), run: () => tell(asked, { ids }) };
    if (!(await change("restore", ids, {}, undo))) return;
    choose([]);
    await reload();
  }

  async function takeBack(): Promise<void> {
    const undo = undos.pop();
    if (undo === undefined) return;
    const asked = opened;
    const answer = await undo.run();
    if (asked !== opened) return;
    if ("problem" in answer) say(answer);
    else sayDone();
    entries.clear();
    await reload();
    await look();
  }

  /** Says what was done last, with a button to take it back. */
  function sayDone(): void {
    const last = undos.at(-1);
    message.empty().removeClass("tinyml-run-error");
    if (last === undefined) return;
    message.append(
      $("<span>").text(last.text),
      iconButton("explorer.undo", "fa-undo", () => takeBack()),
    );
  }

  function say(what: string | Problem): void {
    showMessage(message, what);
  }

  async function exportDataset(): Promise<void> {
    say(sharedText("explorer.exporting"));
    const failed = await downloadFile(path("export"), `${name}.zip`);
    if (failed !== undefined) say(failed);
    else sayDone();
  }

  return {
    element,
    open(wanted) {
      opened += 1;
      name = wanted;
      dataset = undefined;
      filter = {};
      map = undefined;
      colors.clear();
      undos.length = 0;
      entries.clear();
      title.text(wanted);
      about.add(counts).add(legend).add(message).empty();
      imports.close();
      arrange();
      list.reload(0);
      choose([]);
      switchTo("list");
      reload().then(() => fillDetail());
      back.trigger("focus");
    },
    async refresh() {
      if (name === "" || dataset === undefined) return;
      const page = await fetchPage(0, 0);
      if (page === undefined || JSON.stringify(page.dataset) === JSON.stringify(dataset)) return;
      dataset = page.dataset;
      fillCounts();
      fillFilters();
      list.reload(page.matching);
    },
    draw() {
      arrange();
      list.draw();
      sampleMap.draw();
      // Whoever types into it would lose what was typed.
      if (detail.find("input:focus").length === 0) fillDetail();
    },
  };
}

/** Enter in a field does what its button does. */
function submit(input: JQuery, change: () => void): void {
  input.on("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    change();
  });
}

function select(key: string): JQuery {
  return $('<select class="tinyml-wide-field">').attr("aria-label", sharedText(key));
}

function option(value: string, text: string): JQuery {
  return $("<option>").val(value).text(text);
}
