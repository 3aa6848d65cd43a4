import type { EditorNodeProperties, EditorRED } from "node-red";
import { settingsValidator } from "../validate.editor";
import { defaults, parseConfig } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  unit: string;
  size: number;
  stride: number;
  rate: string;
  gap: string;
  begin: string;
  threshold: number;
  before: number;
}

const accepts = settingsValidator(parseConfig, defaults);
const acceptsUnit = settingsValidator(parseConfig, defaults, ["unit", "rate"]);
const acceptsBefore = settingsValidator(parseConfig, defaults, ["unit", "rate", "size", "begin"]);

RED.nodes.registerType<Properties>("tinyml-window", {
  category: "TinyML",
  color: "#b7c9e8",
  defaults: {
    name: { value: defaults.name },
    unit: { value: defaults.unit, validate: acceptsUnit("unit") },
    size: { value: defaults.size, validate: accepts("size") },
    stride: { value: defaults.stride, validate: accepts("stride") },
    rate: { value: defaults.rate, validate: accepts("rate") },
    gap: { value: defaults.gap, validate: accepts("gap") },
    begin: { value: defaults.begin, validate: accepts("begin") },
    threshold: { value: defaults.threshold, validate: accepts("threshold") },
    before: { value: defaults.before, validate: acceptsBefore("before") },
  },
  inputs: 1,
  outputs: 1,
  icon: "tinyml-window.svg",
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
    const begin = $("#node-input-begin");
    begin
      .on("change", () => {
        $(".tinyml-window-trigger").toggle(begin.val() !== "always");
        $(".tinyml-window-stride").toggle(begin.val() === "always");
      })
      .trigger("change");
  },
});
