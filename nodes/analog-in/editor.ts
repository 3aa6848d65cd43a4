import type { EditorNodeProperties, EditorRED } from "node-red";
import { settingsValidator } from "../validate.editor";
import { defaults, parseConfig } from "./config";

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
  measuredLow: string;
  trueLow: string;
  measuredHigh: string;
  trueHigh: string;
  inputs: 0 | 1;
}

const accepts = settingsValidator(parseConfig, defaults, ["driver"]);
const acceptsPoint = settingsValidator(parseConfig, defaults, ["measuredLow", "trueLow", "measuredHigh", "trueHigh"]);

RED.nodes.registerType<Properties>("tinyml-analog-in", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    driver: { value: defaults.driver, validate: accepts("driver") },
    waveform: { value: defaults.waveform, validate: accepts("waveform") },
    period: { value: defaults.period, validate: accepts("period") },
    noise: { value: defaults.noise, validate: accepts("noise") },
    bits: { value: defaults.bits, validate: accepts("bits") },
    volts: { value: defaults.volts, validate: accepts("volts") },
    device: { value: defaults.device, validate: accepts("device") },
    channel: { value: defaults.channel, validate: accepts("channel") },
    fullScale: { value: defaults.fullScale, validate: accepts("fullScale") },
    trigger: { value: defaults.trigger, validate: accepts("trigger") },
    interval: { value: defaults.interval, validate: accepts("interval") },
    average: { value: defaults.average, validate: accepts("average") },
    deadband: { value: defaults.deadband, validate: accepts("deadband") },
    output: { value: defaults.output, validate: accepts("output") },
    measuredLow: { value: defaults.measuredLow, validate: acceptsPoint("measuredLow") },
    trueLow: { value: defaults.trueLow, validate: acceptsPoint("trueLow") },
    measuredHigh: { value: defaults.measuredHigh, validate: acceptsPoint("measuredHigh") },
    trueHigh: { value: defaults.trueHigh, validate: acceptsPoint("trueHigh") },
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
