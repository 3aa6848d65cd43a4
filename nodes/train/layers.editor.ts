import { storedSettings } from "../settings";
import type { RecipeLayer } from "./config";
import { textOfValue, valueOfText } from "./field-text";
import { fieldsOf, isLayerType, type LayerField, type LayerType, layerGroups } from "./layer-fields";

/** A text of the node's catalogue. */
export type Text = (key: string, values?: Record<string, string | number>) => string;

/** The dialog's list of layers. */
export interface LayerList {
  /** The layers as they stand there now. */
  layers(): RecipeLayer[];
  /** Replaces them. */
  fill(layers: readonly RecipeLayer[]): void;
  /** Says below each layer what it gives and costs, and at one what is wrong. */
  annotate(costs: readonly string[], problem?: { layer: number; message: string }): void;
}

/** Makes a list of layers that can be added, dragged, edited and removed; `onChange` is called after each change. */
export function layerList(list: JQuery, text: Text, onChange: () => void): LayerList {
  const rows = (): JQuery[] => {
    const found: JQuery[] = [];
    list.editableList("items").each((_index: number, row: HTMLElement) => {
      found.push($(row).find(".tinyml-layer"));
    });
    return found;
  };
  const options = {
    height: "auto",
    removable: true,
    sortable: true,
    addButton: text("label.addLayer"),
    addItem(row: JQuery, _index: number, item: object) {
      const { type = "dense", ...settings } = storedSettings(item);
      const known = isLayerType(type) ? type : "dense";
      const layer: RecipeLayer =
        Object.keys(settings).length === 0 ? newLayer(known, { activation: "relu" }) : { ...settings, type: known };
      fillRow($('<div class="tinyml-layer">').appendTo(row), layer, text, onChange);
      onChange();
    },
    removeItem: onChange,
    sortItems: onChange,
  } as const;
  list.editableList(options);
  return {
    layers: () => rows().map((row) => layerOf(row)),
    fill(layers) {
      list.editableList("empty");
      for (const layer of layers) list.editableList("addItem", layer);
      onChange();
    },
    annotate(costs, problem) {
      for (const [index, row] of rows().entries()) {
        row.find(".tinyml-layer-cost").text(costs[index] ?? "");
        row.find(".tinyml-layer-problem").text(problem?.layer === index ? problem.message : "");
      }
    },
  };
}

/** What stands in a row's fields; what was folded away all the time included. */
function layerOf(row: JQuery): RecipeLayer {
  const { type, ...settings } = storedSettings(row.data("layer"));
  return { ...settings, type: isLayerType(type) ? type : "dense" };
}

/** A layer of a type with what must be there, and those settings of another layer that it has, too. */
function newLayer(type: LayerType, other: Readonly<Record<string, unknown>>): RecipeLayer {
  const settings = fieldsOf(type).flatMap(({ name, start }) => {
    const value = other[name] ?? start;
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(settings), type };
}

function fillRow(row: JQuery, layer: RecipeLayer, text: Text, onChange: () => void): void {
  const set = (name: string, value: unknown): void => {
    const { [name]: _old, ...others } = layerOf(row);
    row.data("layer", { ...others, ...(value === undefined ? {} : { [name]: value }) });
    onChange();
  };
  row.empty().data("layer", layer);
  const line = $('<div class="tinyml-list-row">').appendTo(row);
  typeSelect(layer.type, text)
    .appendTo(line)
    .on("change", (event) => {
      const type = $(event.target).val();
      if (!isLayerType(type)) return;
      fillRow(row, newLayer(type, layerOf(row)), text, onChange);
      onChange();
      row.find(".tinyml-layer-type").trigger("focus");
    });
  const more = $('<div class="tinyml-fields tinyml-layer-more">').hide();
  for (const field of fieldsOf(layer.type)) {
    const label = $('<label class="tinyml-layer-field">').append(
      $("<span>").text(text(`layer.setting.${field.name}`)),
      settingInput(field, layer[field.name], text, (value) => set(field.name, value)),
    );
    label.appendTo(field.main === true ? line : more);
  }
  $('<button type="button" class="red-ui-button red-ui-button-small tinyml-layer-caret">')
    .attr({ title: text("layer.more"), "aria-label": text("layer.more"), "aria-expanded": "false" })
    .append('<i class="fa fa-caret-down">')
    .on("click", (event) => {
      event.preventDefault();
      const open = !more.is(":visible");
      more.toggle(open);
      $(event.currentTarget).attr("aria-expanded", String(open)).find("i").toggleClass("fa-caret-up", open);
    })
    .appendTo(line);
  $('<div class="tinyml-layer-cost">').appendTo(row);
  $('<div class="tinyml-layer-problem" role="alert">').appendTo(row);
  more.appendTo(row).prepend($('<div class="tinyml-layer-about">').text(text(`layer.about.${layer.type}`)));
}

function typeSelect(chosen: LayerType, text: Text): JQuery {
  const select = $('<select class="tinyml-layer-type">').attr("aria-label", text("layer.type"));
  for (const [group, types] of layerGroups) {
    const options = $("<optgroup>")
      .attr("label", text(`layer.groups.${group}`))
      .appendTo(select);
    for (const type of types)
      $("<option>")
        .val(type)
        .text(type)
        .attr("title", text(`layer.about.${type}`))
        .appendTo(options);
  }
  return select.val(chosen).attr("title", text(`layer.about.${chosen}`));
}

function settingInput(field: LayerField, value: unknown, text: Text, onChange: (value: unknown) => void): JQuery {
  const { kind, name } = field;
  if (kind.type === "regularizer") return regularizerInputs(value, text, onChange);
  if (kind.type === "choice" || kind.type === "flag") {
    const choices = kind.type === "choice" ? kind.choices : ["true", "false"];
    const select = $("<select>").attr("data-setting", name);
    for (const choice of choices) {
      const shown = kind.type === "flag" ? text(choice === "true" ? "layer.yes" : "layer.no") : choice;
      $("<option>").val(choice).text(shown).appendTo(select);
    }
    return select.val(textOfValue(value ?? field.default)).on("change", () => {
      const chosen = valueOfText(field, String(select.val()));
      onChange(chosen === field.default ? undefined : chosen);
    });
  }
  const input = $("<input>").attr({
    type: kind.type === "whole" ? "number" : "text",
    "data-setting": name,
    placeholder: textOfValue(field.default),
    ...(kind.type === "whole" ? { step: 1 } : {}),
  });
  return input.val(textOfValue(value)).on("input change", () => onChange(valueOfText(field, String(input.val()))));
}

function regularizerInputs(value: unknown, text: Text, onChange: (value: unknown) => void): JQuery {
  const factors = storedSettings(value);
  const inputs = ["l1", "l2"].map((factor) =>
    $('<input type="number" class="tinyml-factor" min="0" step="any">')
      .attr({
        placeholder: factor,
        title: text(`layer.${factor}`),
        "aria-label": text(`layer.${factor}`),
        "data-setting": factor,
      })
      .val(textOfValue(factors[factor])),
  );
  const read = () => {
    const written = inputs.flatMap((input): [string, number][] =>
      input.val() === "" ? [] : [[String(input.attr("data-setting")), Number(input.val())]],
    );
    onChange(written.length === 0 ? undefined : Object.fromEntries(written));
  };
  return $('<span class="tinyml-regularizer">').append(...inputs.map((input) => input.on("input change", read)));
}
