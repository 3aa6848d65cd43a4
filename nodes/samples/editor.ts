import type { EditorNodeProperties, EditorRED } from "node-red";
import { settingsValidator } from "../validate.editor";
import { defaults, parseConfig } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  dataset: string;
  command: string;
  label: string;
  split: string;
  format: string;
  validation: number;
  test: number;
  seed: number;
}

const accepts = settingsValidator(parseConfig, defaults);

RED.nodes.registerType<Properties>("tinyml-samples", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    dataset: { value: defaults.dataset, type: "tinyml-dataset", required: true },
    command: { value: defaults.command, validate: accepts("command") },
    label: { value: defaults.label },
    split: { value: defaults.split, validate: accepts("split") },
    format: { value: defaults.format, validate: accepts("format") },
    validation: { value: defaults.validation, validate: accepts("validation") },
    test: { value: defaults.test, validate: accepts("test") },
    seed: { value: defaults.seed, validate: accepts("seed") },
  },
  inputs: 1,
  outputs: 1,
  icon: "tinyml-samples.svg",
  paletteLabel() {
    return this._("palette");
  },
  label() {
    return this.name || `${this._("palette")}: ${this._(`command.${this.command || defaults.command}`)}`;
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
    const showFields = () => {
      const command = String($("#node-input-command").val());
      $("#tinyml-samples-filter").toggle(filtered.includes(command));
      $("#tinyml-samples-shares").toggle(command === "split");
      $("#tinyml-samples-format").toggle(command === "export");
      $("#tinyml-samples-about").text(this._(`about.${command}`));
    };
    $("#node-input-command").on("change", showFields);
    showFields();
  },
});

/** The commands that are about some of the samples. */
const filtered = ["list", "read", "relabel", "delete", "restore"];
