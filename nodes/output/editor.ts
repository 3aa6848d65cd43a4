import type { EditorNodeProperties, EditorRED } from "node-red";
import { showChosenDriver, showPinsThere } from "../pins.editor";
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
  drives: string;
  pin: number;
  gpioChip: string;
  activeLow: boolean;
  shortest: number;
  longest: number;
}

const accepts = settingsValidator(parseConfig, defaults, ["driver", "drives", "shortest"]);
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
    drives: { value: defaults.drives, validate: accepts("drives") },
    pin: { value: defaults.pin, validate: accepts("pin") },
    gpioChip: { value: defaults.gpioChip, validate: accepts("gpioChip") },
    activeLow: { value: defaults.activeLow },
    shortest: { value: defaults.shortest, validate: accepts("shortest") },
    longest: { value: defaults.longest, validate: accepts("longest") },
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
    const drives = $("#node-input-drives");
    const show = showChosenDriver(() => {
      const driver = String($("#node-input-driver").val());
      const pulses = ["pwm", "pigpio"].includes(driver);
      if (drives.val() !== "servo" || !(pulses || driver === "simulated")) return pulses ? ["off", "pulses"] : ["off"];
      return pulses ? ["servo", "motor"] : ["servo"];
    });
    drives.on("change", show);
    showPinsThere({
      isReal: (driver) => driver !== "simulated",
      describe: ({ gpio, pwm }, driver) =>
        driver === "pwm"
          ? pwm.map(({ name, channels }) => `${name} (0–${channels - 1})`)
          : gpio.map(({ name, label, lines }) => `${name} ${label} (0–${lines - 1})`),
    });
  },
});
