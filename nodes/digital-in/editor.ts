import type { EditorNodeProperties, EditorRED } from "node-red";
import { showChosenDriver, showPinsThere } from "../pins.editor";
import { settingsValidator } from "../validate.editor";
import { defaults, parseConfig } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  driver: string;
  toggleEvery: number;
  pin: number;
  gpioChip: string;
  pull: string;
  activeLow: boolean;
  debounce: number;
  edge: string;
  inputs: 0 | 1;
}

const accepts = settingsValidator(parseConfig, defaults, ["driver"]);

RED.nodes.registerType<Properties>("tinyml-digital-in", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    driver: { value: defaults.driver, validate: accepts("driver") },
    toggleEvery: { value: defaults.toggleEvery, validate: accepts("toggleEvery") },
    pin: { value: defaults.pin, validate: accepts("pin") },
    gpioChip: { value: defaults.gpioChip, validate: accepts("gpioChip") },
    pull: { value: defaults.pull, validate: accepts("pull") },
    activeLow: { value: defaults.activeLow },
    debounce: { value: defaults.debounce, validate: accepts("debounce") },
    edge: { value: defaults.edge, validate: accepts("edge") },
    // Only the simulated button can be pressed by a message.
    inputs: { value: 1 },
  },
  inputs: 1,
  outputs: 1,
  icon: "tinyml-digital-in.svg",
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
    showChosenDriver();
    showPinsThere({
      isReal: (driver) => driver !== "simulated",
      describe: ({ gpio }) => gpio.map(({ name, label, lines }) => `${name} ${label} (0–${lines - 1})`),
    });
  },
  oneditsave() {
    this.inputs = $("#node-input-driver").val() === "simulated" ? 1 : 0;
  },
});
