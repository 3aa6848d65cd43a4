import type { EditorNodeProperties, EditorRED } from "node-red";
import { nameValidator, settingsValidator } from "../validate.editor";
import { defaults, optimizersWithMomentum, parseConfig, type RecipeLayer, readLayers } from "./config";
import { type LayerList, layerList } from "./layers.editor";
import { fillBoards, type WatchedNetwork, watchNetwork } from "./network.editor";
import { fieldsOfRecipe, presets, type RecipeFields } from "./presets";
import { type WatchedRuns, watchRuns } from "./runs.editor";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  dataset: string;
  model: string;
  layers: RecipeLayer[];
  window: string;
  stride: string;
  features: string;
  divide: number;
  normalize: boolean;
  epochs: number;
  batchSize: number;
  optimizer: string;
  learningRate: number;
  momentum: number;
  schedule: string;
  balanced: boolean;
  validation: number;
  earlyStopping: boolean;
  patience: number;
  seed: number;
  threads: number;
  engine: string;
  further: string;
  board: string;
}

const accepts = settingsValidator(parseConfig, { ...defaults, model: "model" });
/** The runs that the open dialog shows; there is one dialog of a kind at a time. */
let watched: WatchedRuns | undefined;
let network: WatchedNetwork | undefined;
/** The open dialog's list of layers. */
let layers: LayerList;
const newerFields = ["features", "divide", "momentum", "schedule", "threads", "engine"] as const;

RED.nodes.registerType<Properties>("tinyml-train", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    dataset: { value: defaults.dataset, type: "tinyml-dataset", required: true },
    model: { value: defaults.model, required: true, validate: nameValidator({ optional: false }) },
    layers: { value: defaults.layers, validate: accepts("layers") },
    window: { value: defaults.window, validate: accepts("window") },
    stride: { value: defaults.stride, validate: accepts("stride") },
    features: { value: defaults.features, validate: accepts("features") },
    divide: { value: defaults.divide, validate: accepts("divide") },
    normalize: { value: defaults.normalize },
    epochs: { value: defaults.epochs, validate: accepts("epochs") },
    batchSize: { value: defaults.batchSize, validate: accepts("batchSize") },
    optimizer: { value: defaults.optimizer, validate: accepts("optimizer") },
    learningRate: { value: defaults.learningRate, validate: accepts("learningRate") },
    momentum: { value: defaults.momentum, validate: accepts("momentum") },
    schedule: { value: defaults.schedule, validate: accepts("schedule") },
    balanced: { value: defaults.balanced },
    validation: { value: defaults.validation, validate: accepts("validation") },
    earlyStopping: { value: defaults.earlyStopping },
    patience: { value: defaults.patience, validate: accepts("patience") },
    seed: { value: defaults.seed, validate: accepts("seed") },
    threads: { value: defaults.threads, validate: accepts("threads") },
    engine: { value: defaults.engine, validate: accepts("engine") },
    further: { value: defaults.further, validate: accepts("further") },
    board: { value: defaults.board },
  },
  inputs: 1,
  outputs: 1,
  icon: "tinyml-train.svg",
  paletteLabel() {
    return this._("palette");
  },
  label() {
    return this.name || (this.model ? this._("labelWithModel", { model: this.model }) : this._("palette"));
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels() {
    return this._("port.input");
  },
  outputLabels() {
    return this._("port.output");
  },
  oneditprepare() {
    const text = (key: string, values?: Record<string, string | number>) =>
      values === undefined ? this._(key) : this._(key, values);
    // A node of an older version stores less.
    for (const key of newerFields) {
      if (this[key] === undefined) $(`#node-input-${key}`).val(defaults[key]);
    }
    fillBoards($("#node-input-board"), this.board, text);
    network = undefined;
    layers = layerList($("#tinyml-train-layers"), text, () => network?.changed());
    layers.fill(layersOf(this.layers));
    network = watchNetwork({
      layers,
      output: $("#tinyml-train-output"),
      totals: $("#tinyml-train-totals"),
      board: $("#node-input-board"),
      bars: $("#tinyml-train-board"),
      text,
      dataset: () => String($("#node-input-dataset").val()),
      features: () => (fieldText("features") === "statistics" ? [{ block: "statistics" }] : []),
      windows: () => ({ window: fieldText("window"), stride: fieldText("stride") }),
    });
    $("#node-input-features, #node-input-window, #node-input-stride").on("change", () => network?.changed());
    $("#node-input-dataset")
      .on("change", () => network?.changed())
      .trigger("change");
    $("#node-input-optimizer")
      .on("change", () =>
        $("#tinyml-train-momentum").toggle(optimizersWithMomentum.includes(String($("#node-input-optimizer").val()))),
      )
      .trigger("change");
    $("#node-input-earlyStopping")
      .on("change", () => $("#tinyml-train-patience").toggle($("#node-input-earlyStopping").is(":checked")))
      .trigger("change");
    for (const key of Object.keys(presets))
      $("<option>")
        .val(key)
        .text(text(`preset.${key}`))
        .appendTo("#tinyml-train-preset");
    $("#tinyml-train-preset").on("change", () => {
      const preset = presets[String($("#tinyml-train-preset").val())];
      if (preset !== undefined) fillFields(layers, preset);
    });
    watched = watchRuns(this.id, text, (recipe) => fillFields(layers, fieldsOfRecipe(recipe)));
  },
  oneditsave() {
    stopWatching();
    this.layers = layers.layers();
  },
  oneditcancel() {
    stopWatching();
  },
  // Deleting a node from its dialog closes the dialog without cancelling it.
  oneditdelete() {
    stopWatching();
  },
  oneditresize() {
    watched?.redraw();
  },
});

function fieldText(setting: string): string {
  return String($(`#node-input-${setting}`).val() ?? "");
}

function stopWatching(): void {
  watched?.end();
  network?.end();
}

/** Fills the fields with what a recipe determines. */
function fillFields(layers: LayerList, { layers: chosen, ...fields }: RecipeFields): void {
  layers.fill(chosen);
  for (const [key, value] of Object.entries(fields)) {
    const field = $(`#node-input-${key}`);
    if (typeof value === "boolean") field.prop("checked", value);
    else field.val(value);
    field.trigger("change");
  }
}

/** The stored layers; as they are where they are wrong, so that they can be corrected. */
function layersOf(stored: readonly RecipeLayer[]): readonly RecipeLayer[] {
  try {
    return readLayers(stored);
  } catch {
    return stored;
  }
}
