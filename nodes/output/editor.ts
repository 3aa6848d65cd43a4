import type { EditorNodeProperties, EditorRED } from "node-red";
import { defaults } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  driver: string;
  low: number;
  high: number;
  chip: string;
  channel: number;
  frequency: number;
}

const number = RED.validators.number(true);

RED.nodes.registerType<Properties>("tinyml-output", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    driver: { value: defaults.driver },
    low: { value: defaults.low, validate: number },
    high: { value: defaults.high, validate: number },
    chip: { value: defaults.chip },
    channel: { value: defaults.channel, validate: number },
    frequency: { value: defaults.frequency, validate: number },
  },
  inputs: 1,
  outputs: 1,
  icon: "tinyml-output.svg",
  align: "right",
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
    return `${this.low} – ${this.high}`;
  },
  outputLabels() {
    return this._("port.output");
  },
  oneditprepare() {
    $("#node-input-driver")
      .on("change", () => $(".tinyml-output-pwm").toggle($("#node-input-driver").val() === "pwm"))
      .trigger("change");
  },
});
