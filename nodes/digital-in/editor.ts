import type { EditorNodeProperties, EditorRED } from "node-red";
import { settingsValidator } from "../validate.editor";
import { defaults, parseConfig } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  driver: string;
  interval: number;
  pin: number;
  chip: string;
  pull: string;
  activeLow: boolean;
  debounce: number;
  send: string;
}

const accepts = settingsValidator(parseConfig, defaults, ["driver"]);

RED.nodes.registerType<Properties>("tinyml-digital-in", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    driver: { value: defaults.driver, validate: accepts("driver") },
    interval: { value: defaults.interval, validate: accepts("interval") },
    pin: { value: defaults.pin, validate: accepts("pin") },
    chip: { value: defaults.chip },
    pull: { value: defaults.pull, validate: accepts("pull") },
    activeLow: { value: defaults.activeLow },
    debounce: { value: defaults.debounce, validate: accepts("debounce") },
    send: { value: defaults.send, validate: accepts("send") },
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
    const driver = $("#node-input-driver");
    driver
      .on("change", () => {
        $(".tinyml-digital-in-gpio").toggle(driver.val() === "gpio");
        $(".tinyml-digital-in-simulated").toggle(driver.val() === "simulated");
      })
      .trigger("change");
  },
});
