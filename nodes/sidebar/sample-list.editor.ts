import type { SampleEntry } from "../../src/dataset/sample-index";
import { sharedText } from "../browser.editor";

/** Pixels of a row; the style sheet has the same. */
const rowHeight = 26;
/** Rows that are fetched together, those that are fetched before they come into sight, and those drawn above and below the ones in sight. */
const pageSize = 500;
const ahead = 250;
const spare = 8;
/** Samples that a click with shift may choose: more than that takes nobody one by one. */
const longestRange = 5000;

/** What a list of samples needs of its surroundings. */
export interface SampleListHost {
  /** Samples of the list from a place on; undefined when they can't be had. */
  fetch(offset: number, limit: number): Promise<readonly SampleEntry[] | undefined>;
  /** The colour of a sample's label. */
  colorOf(entry: SampleEntry): string;
  /** What the list calls a sample's label or targets. */
  nameOf(entry: SampleEntry): string;
  /** Called when others are chosen; the last one is the one to look at. */
  onSelect(ids: readonly number[]): void;
  onDelete(): void;
}

/** A list of samples that draws the rows in sight only, and fetches them when they come into sight. */
export interface SampleList {
  readonly element: JQuery;
  /** Fetches the rows anew; the list has so many now. */
  reload(length: number): void;
  /** Marks samples as chosen. */
  mark(ids: readonly number[]): void;
  /** The first place in sight that has one of these samples; where none is in sight, the last place that was chosen. */
  placeOf(ids: readonly number[]): number;
  /** Chooses the sample at a place. */
  choosePlace(place: number): Promise<void>;
  /** Draws what is in sight: a hidden list knows no height. */
  draw(): void;
}

/** Rows that were fetched together, once they are there. */
interface Page {
  entries?: readonly SampleEntry[];
  coming: Promise<void>;
}

/** Makes a list of samples. */
export function createSampleList(host: SampleListHost): SampleList {
  const element = $('<div class="tinyml-samples" tabindex="0" role="listbox" aria-multiselectable="true">').attr(
    "aria-label",
    sharedText("explorer.list"),
  );
  const space = $('<div class="tinyml-samples-space">').appendTo(element);
  const rows = new Map<number, JQuery>();
  let length = 0;
  let pages = new Map<number, Page>();
  /** What was there before a reload is shown until the new rows have come. */
  let before = pages;
  /** Counts reloads: what was fetched for an earlier one is of no use. */
  let generation = 0;
  let selected: readonly number[] = [];
  /** The place of the row that the keys start from, and of the one that a range began with. */
  let current = 0;
  let anchor = 0;

  const entryAt = (place: number): SampleEntry | undefined => {
    const page = Math.floor(place / pageSize);
    return (pages.get(page)?.entries ?? before.get(page)?.entries)?.[place % pageSize];
  };

  /** Resolves when a page is there, or can't be had. */
  const load = (page: number): Promise<void> => {
    const known = pages.get(page);
    if (known !== undefined) return known.coming;
    const asked = generation;
    const fetched = host.fetch(page * pageSize, pageSize).then((entries) => {
      if (asked !== generation) return;
      if (entries === undefined) pages.delete(page);
      else pages.set(page, { entries, coming: fetched });
      draw();
    });
    pages.set(page, { coming: fetched });
    return fetched;
  };

  const draw = (): void => {
    const box = element.get(0);
    if (box === undefined || box.clientHeight === 0) return;
    const first = Math.max(0, Math.floor(box.scrollTop / rowHeight) - spare);
    const end = Math.min(length, Math.ceil((box.scrollTop + box.clientHeight) / rowHeight) + spare);
    for (const [place, row] of rows) {
      if (place >= first && place < end) continue;
      row.remove();
      rows.delete(place);
    }
    for (let place = first; place < end; place++) {
      const row = rows.get(place) ?? $('<div class="tinyml-sample" role="option">').appendTo(space);
      rows.set(place, row);
      fill(row, place);
    }
    if (end > first) {
      const last = Math.min(length - 1, end - 1 + ahead);
      for (let page = Math.floor(Math.max(0, first - ahead) / pageSize); page <= Math.floor(last / pageSize); page++) {
        load(page);
      }
    }
    element.attr("aria-activedescendant", `tinyml-sample-${current}`);
  };

  const fill = (row: JQuery, place: number): void => {
    const entry = entryAt(place);
    const isSelected = entry !== undefined && selected.includes(entry.id);
    row.attr({
      id: `tinyml-sample-${place}`,
      "aria-selected": String(isSelected),
      "aria-setsize": length,
      "aria-posinset": place + 1,
    });
    row.css("top", place * rowHeight).data("place", place);
    const state = entry === undefined ? "" : `${entry.id} ${host.colorOf(entry)} ${JSON.stringify(entry)}`;
    if (row.data("state") === state) return;
    row.data("state", state).empty();
    if (entry === undefined) return;
    row.append(
      $('<i class="tinyml-swatch">').css("background", host.colorOf(entry)),
      $('<span class="tinyml-sample-name">').text(host.nameOf(entry)),
      $('<span class="tinyml-sample-side">').text(entry.split ? sharedText(`explorer.short.${entry.split}`) : ""),
      $('<span class="tinyml-card-detail">').text(`#${entry.id}`),
    );
  };

  const choose = (ids: readonly number[]): void => {
    selected = ids;
    draw();
    host.onSelect(ids);
  };

  const entriesBetween = async (from: number, to: number): Promise<SampleEntry[]> => {
    const [low, high] = [Math.max(0, Math.min(from, to), Math.max(from, to) - longestRange), Math.max(from, to)];
    const found: SampleEntry[] = [];
    for (let page = Math.floor(low / pageSize); page <= Math.floor(high / pageSize); page++) await load(page);
    for (let place = low; place <= high; place++) found.push(...[entryAt(place) ?? []].flat());
    return found;
  };

  /** Chooses the sample at a place; `more` adds or takes it away, `range` takes all from where the last choice began. */
  const go = async (place: number, { more = false, range = false } = {}): Promise<void> => {
    if (length === 0) return;
    current = Math.max(0, Math.min(length - 1, place));
    reveal(current);
    const asked = generation;
    if (range) {
      const ids = (await entriesBetween(anchor, current)).map(({ id }) => id);
      if (asked === generation) choose(current < anchor ? ids.reverse() : ids);
      return;
    }
    anchor = current;
    await load(Math.floor(current / pageSize));
    const id = entryAt(current)?.id;
    if (id === undefined || asked !== generation) return;
    if (more) choose(selected.includes(id) ? selected.filter((other) => other !== id) : [...selected, id]);
    else choose([id]);
  };

  const reveal = (place: number): void => {
    const box = element.get(0);
    if (box === undefined) return;
    const top = place * rowHeight;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + rowHeight > box.scrollTop + box.clientHeight) box.scrollTop = top + rowHeight - box.clientHeight;
  };

  element.on("scroll", draw);
  element.on("click", ".tinyml-sample", (event) => {
    const more = event.ctrlKey === true || event.metaKey === true;
    go(Number($(event.currentTarget).data("place")), { more, range: event.shiftKey === true });
  });
  element.on("keydown", (event) => {
    const page = Math.max(1, Math.floor((element.height() ?? 0) / rowHeight) - 1);
    const steps: Readonly<Record<string, number>> = {
      ArrowUp: -1,
      ArrowDown: 1,
      PageUp: -page,
      PageDown: page,
      Home: -length,
      End: length,
    };
    const step = steps[event.key];
    if (step !== undefined) go(selected.length === 0 ? current : current + step, { range: event.shiftKey === true });
    else if (event.key === "Delete" && selected.length > 0) host.onDelete();
    else return;
    // The editor has its own meanings for these keys.
    event.preventDefault();
    event.stopPropagation();
  });

  return {
    element,
    reload(now) {
      generation += 1;
      length = now;
      before = pages;
      pages = new Map();
      current = Math.min(current, Math.max(0, now - 1));
      anchor = current;
      space.css("height", now * rowHeight);
      draw();
    },
    mark(ids) {
      selected = ids;
      draw();
    },
    placeOf(ids) {
      const places = [...rows.keys()].filter((place) => ids.includes(entryAt(place)?.id ?? -1));
      return places.length > 0 ? Math.min(...places) : current;
    },
    choosePlace: (place) => go(place),
    draw,
  };
}
