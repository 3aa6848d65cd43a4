import type { EditorNodeProperties, EditorRED } from "node-red";
import { suggestModels } from "../browser.editor";
import { nameValidator, settingsValidator } from "../validate.editor";
import { defaults, parseConfig } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  dataset: string;
  split: string;
  model: string;
}

const accepts = settingsValidator(parseConfig, defaults);

RED.nodes.registerType<Properties>("tinyml-evaluate", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    dataset: { value: defaults.dataset, type: "tinyml-dataset", required: true },
    split: { value: defaults.split, validate: accepts("split") },
    model: { value: defaults.model, validate: nameValidator({ optional: true }) },
  },
  inputs: 1,
  outputs: 2,
  icon: "tinyml-evaluate.svg",
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
  outputLabels(index) {
    return this._(index === 0 ? "port.model" : "port.picture");
  },
  oneditprepare() {
    suggestModels($("#node-input-model"));
  },
});
