import type { EditorNodeProperties, EditorRED } from "node-red";
import { followRuns, taskOf } from "../browser.editor";
import { drawRun, runHeader } from "../run.editor";
import type { Run } from "../runs";
import { nameValidator, settingsValidator } from "../validate.editor";
import { activations, defaults, parseConfig, potentiometerPreset } from "./config";

declare const RED: EditorRED;

interface LayerField {
  units: number;
  activation: string;
}

interface Properties extends EditorNodeProperties {
  name: string;
  dataset: string;
  model: string;
  layers: LayerField[];
  normalize: boolean;
  epochs: number;
  batchSize: number;
  optimizer: string;
  learningRate: number;
  validation: number;
  earlyStopping: boolean;
  patience: number;
  seed: number;
}

const accepts = settingsValidator(parseConfig, { ...defaults, model: "model" });
/** Ends what the open dialog listens to; there is one dialog of a kind at a time. */
let stopListening: () => void = () => undefined;
let redraw: () => void = () => undefined;

RED.nodes.registerType<Properties>("tinyml-train", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    dataset: { value: defaults.dataset, type: "tinyml-dataset", required: true },
    model: { value: defaults.model, required: true, validate: nameValidator({ optional: false }) },
    layers: { value: defaults.layers, validate: accepts("layers") },
    normalize: { value: defaults.normalize },
    epochs: { value: defaults.epochs, validate: accepts("epochs") },
    batchSize: { value: defaults.batchSize, validate: accepts("batchSize") },
    optimizer: { value: defaults.optimizer, validate: accepts("optimizer") },
    learningRate: { value: defaults.learningRate, validate: accepts("learningRate") },
    validation: { value: defaults.validation, validate: accepts("validation") },
    earlyStopping: { value: defaults.earlyStopping },
    patience: { value: defaults.patience, validate: accepts("patience") },
    seed: { value: defaults.seed, validate: accepts("seed") },
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
    const list = $("#tinyml-train-layers");
    editLayers(list, (key) => this._(key));
    setLayers(list, this.layers);
    $("#tinyml-train-preset").on("change", () => {
      const preset = { general: defaults, potentiometer: potentiometerPreset }[String($("#tinyml-train-preset").val())];
      if (preset === undefined) return;
      setLayers(list, preset.layers);
      for (const key of ["epochs", "batchSize", "optimizer", "learningRate", "validation", "patience"] as const) {
        $(`#node-input-${key}`).val(preset[key]).trigger("change");
      }
      for (const key of ["normalize", "earlyStopping"] as const) {
        $(`#node-input-${key}`).prop("checked", preset[key]).trigger("change");
      }
    });
    $("#node-input-earlyStopping")
      .on("change", () => $("#tinyml-train-patience").toggle($("#node-input-earlyStopping").is(":checked")))
      .trigger("change");
    $("#node-input-dataset")
      .on("change", () =>
        $("#tinyml-train-output").text(this._(outputLayerText(String($("#node-input-dataset").val())))),
      )
      .trigger("change");
    watchRuns(this.id, this._("noRun"));
  },
  oneditsave() {
    stopListening();
    this.layers = editedLayers($("#tinyml-train-layers"));
  },
  oneditcancel() {
    stopListening();
  },
  // Deleting a node from its dialog closes the dialog without cancelling it.
  oneditdelete() {
    stopListening();
  },
  oneditresize() {
    redraw();
  },
});

/** Shows the node's newest run and follows it. A node in a subflow's template has the runs of all its instances. */
function watchRuns(node: string, nothingYet: string): void {
  let shown: Run | undefined;
  redraw = () => {
    if (shown === undefined) return;
    $("#tinyml-train-run")
      .empty()
      .append(runHeader(shown, () => followed.refresh()));
    if (shown.curve.epoch.length > 0) drawRun($("#tinyml-train-curve"), shown, 180);
    else $("#tinyml-train-curve").empty();
  };
  $("#tinyml-train-run").append($('<div class="tinyml-note">').text(nothingYet));
  const followed = followRuns((runs) => {
    const newest = runs.find((run) => run.node === node || run.alias === node);
    if (newest === undefined || newest === shown) return;
    shown = newest;
    redraw();
  });
  stopListening = () => followed.end();
}

/** The catalogue's key for the output layer, which follows from the dataset's task. */
function outputLayerText(dataset: string): string {
  const task = taskOf(dataset);
  return task === "classification" || task === "regression" ? `output.${task}` : "output.unknown";
}

function editLayers(list: JQuery, text: (key: string) => string): void {
  const options = {
    height: "auto",
    removable: true,
    sortable: true,
    addItem(row: JQuery, _index: number, layer: Partial<LayerField>) {
      const line = $('<div class="tinyml-list-row">').appendTo(row);
      $("<span>").text(text("layer.dense")).appendTo(line);
      $('<input type="number" class="tinyml-units" min="1" step="1">')
        .css({ flex: "0 1 70px", width: "70px" })
        .val(layer.units ?? 8)
        .appendTo(line);
      $("<span>").text(text("layer.units")).appendTo(line);
      const select = $('<select class="tinyml-activation">').css({ flex: "1 1 90px" }).appendTo(line);
      for (const activation of activations)
        $("<option>")
          .val(activation)
          .text(text(`activation.${activation}`))
          .appendTo(select);
      select.val(layer.activation ?? "relu");
    },
  } as const;
  list.editableList(options);
}

function setLayers(list: JQuery, layers: readonly LayerField[]): void {
  list.editableList("empty");
  for (const layer of layers) list.editableList("addItem", layer);
}

function editedLayers(list: JQuery): LayerField[] {
  const layers: LayerField[] = [];
  list.editableList("items").each((_index: number, row: HTMLElement) => {
    const units = Number($(row).find(".tinyml-units").val());
    layers.push({ units, activation: String($(row).find(".tinyml-activation").val()) });
  });
  return layers;
}
