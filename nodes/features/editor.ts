import type { EditorNodeProperties, EditorRED } from "node-red";
import { settingsValidator } from "../validate.editor";
import { defaults, parseConfig } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  source: string;
  divide: string;
  statistics: string;
}

const accepts = settingsValidator(parseConfig, defaults, ["source"]);

RED.nodes.registerType<Properties>("tinyml-features", {
  category: "TinyML",
  color: "#b7c9e8",
  defaults: {
    name: { value: defaults.name },
    source: { value: defaults.source, validate: accepts("source") },
    divide: { value: defaults.divide, validate: accepts("divide") },
    statistics: { value: defaults.statistics, validate: accepts("statistics") },
  },
  inputs: 1,
  outputs: 1,
  icon: "tinyml-features.svg",
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
    const source = $("#node-input-source");
    source.on("change", () => $(".tinyml-features-own").toggle(source.val() === "statistics")).trigger("change");
  },
});
