import type { EditorNodeProperties, EditorRED } from "node-red";
import { taskOf } from "../browser.editor";
import { settingsValidator } from "../validate.editor";
import { defaults, parseConfig } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  dataset: string;
  count: number;
  label: string;
  labelType: string;
  always: boolean;
}

const accepts = settingsValidator(parseConfig, defaults);

RED.nodes.registerType<Properties>("tinyml-record", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    dataset: { value: defaults.dataset, type: "tinyml-dataset", required: true },
    count: { value: defaults.count, validate: accepts("count") },
    label: { value: defaults.label, required: true },
    labelType: { value: defaults.labelType, validate: accepts("labelType") },
    always: { value: defaults.always },
  },
  inputs: 1,
  outputs: 1,
  icon: "tinyml-record.svg",
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
    $("#node-input-label").typedInput({ types: ["msg", "str", "num"], typeField: "#node-input-labelType" });
    $("#node-input-dataset")
      .on("change", () => {
        const regression = taskOf($("#node-input-dataset").val()) === "regression";
        $("#tinyml-record-label").text(this._(regression ? "label.target" : "label.label"));
      })
      .trigger("change");
    $("#node-input-always")
      .on("change", () => $("#tinyml-record-count").toggle(!$("#node-input-always").is(":checked")))
      .trigger("change");
  },
});
