import type { EditorNodeProperties, EditorRED } from "node-red";
import { settingsValidator } from "../validate.editor";
import { defaults, parseConfig } from "./config";

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

const accepts = settingsValidator(parseConfig, defaults, ["driver"]);
const acceptsEnd = settingsValidator(parseConfig, defaults, ["low", "high"]);

RED.nodes.registerType<Properties>("tinyml-output", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    driver: { value: defaults.driver, validate: accepts("driver") },
    low: { value: defaults.low, validate: acceptsEnd("low") },
    high: { value: defaults.high, validate: acceptsEnd("high") },
    chip: { value: defaults.chip, validate: accepts("chip") },
    channel: { value: defaults.channel, validate: accepts("channel") },
    frequency: { value: defaults.frequency, validate: accepts("frequency") },
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
