import type { EditorNodeProperties, EditorRED } from "node-red";
import { defaults } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  driver: string;
  waveform: string;
  period: string;
  noise: number;
  bits: number;
  volts: number;
  device: string;
  channel: number;
  fullScale: string;
  trigger: string;
  interval: number;
  average: number;
  deadband: number;
  output: string;
  inputs: 0 | 1;
}

const number = RED.validators.number(true);

RED.nodes.registerType<Properties>("tinyml-analog-in", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    driver: { value: defaults.driver },
    waveform: { value: defaults.waveform },
    period: { value: defaults.period, validate: number },
    noise: { value: defaults.noise, validate: number },
    bits: { value: defaults.bits, validate: number },
    volts: { value: defaults.volts, validate: number },
    device: {
      value: defaults.device,
      validate(device) {
        return this.driver !== "iio" || device !== "";
      },
    },
    channel: { value: defaults.channel, validate: number },
    fullScale: { value: defaults.fullScale, validate: number },
    trigger: { value: defaults.trigger },
    interval: { value: defaults.interval, validate: number },
    average: { value: defaults.average, validate: number },
    deadband: { value: defaults.deadband, validate: number },
    output: { value: defaults.output },
    // The input is there only when messages make it read.
    inputs: { value: 0 },
  },
  inputs: 0,
  outputs: 1,
  icon: "tinyml-analog-in.svg",
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
    showFor("driver", "iio");
    showFor("driver", "simulated");
    showFor("trigger", "interval");
  },
  oneditsave() {
    this.inputs = $("#node-input-trigger").val() === "input" ? 1 : 0;
  },
});

/** Shows the fields of one choice only while it is chosen. */
function showFor(field: string, choice: string): void {
  const select = $(`#node-input-${field}`);
  select.on("change", () => $(`.tinyml-analog-in-${choice}`).toggle(select.val() === choice)).trigger("change");
}
