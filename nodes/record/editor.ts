import type { EditorNodeProperties, EditorRED } from "node-red";
import { kindOf, taskOf } from "../browser.editor";
import { settingsValidator } from "../validate.editor";
import { defaults, parseConfig } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  dataset: string;
  count: number;
  samples: number;
  length: number;
  lengthUnit: string;
  countdown: number;
  target: number;
  label: string;
  labelType: string;
  always: boolean;
}

const accepts = settingsValidator(parseConfig, defaults, ["lengthUnit"]);

RED.nodes.registerType<Properties>("tinyml-record", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    dataset: { value: defaults.dataset, type: "tinyml-dataset", required: true },
    count: { value: defaults.count, validate: accepts("count") },
    samples: { value: defaults.samples, validate: accepts("samples") },
    length: { value: defaults.length, validate: accepts("length") },
    lengthUnit: { value: defaults.lengthUnit, validate: accepts("lengthUnit") },
    countdown: { value: defaults.countdown, validate: accepts("countdown") },
    target: { value: defaults.target, validate: accepts("target") },
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
    // Nodes of an older version lack these.
    for (const key of ["samples", "length", "lengthUnit", "countdown", "target"] as const) {
      if (this[key] === undefined) $(`#node-input-${key}`).val(defaults[key]);
    }
    const showFields = () => {
      const dataset = $("#node-input-dataset").val();
      const kind = kindOf(dataset);
      const regression = taskOf(dataset) === "regression";
      const always = $("#node-input-always").is(":checked");
      $("#tinyml-record-label").text(this._(regression ? "label.value" : "label.label"));
      $(".tinyml-record-started").toggle(!always);
      $("#tinyml-record-count").toggle(!always && kind === "table");
      $("#tinyml-record-samples").toggle(!always && kind !== "table");
      $("#tinyml-record-kind").text(this._(kindLabels[kind] ?? "label.samples"));
      $("#tinyml-record-length").toggle(kind === "timeseries");
      $("#tinyml-record-target").toggle(!regression);
    };
    $("#node-input-dataset, #node-input-always").on("change", showFields);
    showFields();
  },
  button: {
    enabled() {
      // A node that waits for its deployment does not record yet.
      return !("changed" in this && this.changed === true);
    },
    onclick() {
      $.post(`tinyml/nodes/${this.id}/record`).fail(() => RED.notify(this._("button.failed"), "error"));
    },
  },
});

/** What the samples of a dataset of a kind are called. */
const kindLabels: Readonly<Record<string, string>> = { audio: "label.sounds", image: "label.pictures" };
