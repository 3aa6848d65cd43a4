import type { EditorNodeProperties, EditorRED } from "node-red";
import { suggestModels } from "../browser.editor";
import { nameValidator } from "../validate.editor";
import { defaults } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  dataset: string;
  model: string;
}

RED.nodes.registerType<Properties>("tinyml-quantize", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    dataset: { value: defaults.dataset, type: "tinyml-dataset", required: true },
    model: { value: defaults.model, validate: nameValidator({ optional: true }) },
  },
  inputs: 1,
  outputs: 1,
  icon: "tinyml-quantize.svg",
  paletteLabel() {
    return this._("palette");
  },
  label() {
    return this.name || this._("palette");
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
    suggestModels($("#node-input-model"));
  },
});
