import type { EditorNodeProperties, EditorRED } from "node-red";
import { suggestModels } from "../browser.editor";
import { nameValidator } from "../validate.editor";
import { defaults } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  model: string;
  onlyLabel: boolean;
}

RED.nodes.registerType<Properties>("tinyml-predict", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    model: { value: defaults.model, validate: nameValidator({ optional: true }) },
    onlyLabel: { value: defaults.onlyLabel },
  },
  inputs: 1,
  outputs: 1,
  icon: "tinyml-predict.svg",
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
