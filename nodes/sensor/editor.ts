import type { EditorNodeProperties, EditorRED } from "node-red";
import type { SerialPortInfo } from "../../src/hardware/serial-ports";
import { baudRates, charactersPerLine, linesPerSecond } from "../../src/serial-rate";
import type { ForwarderBoard, ForwarderSource } from "../../src/sketch/forwarder";
import { fetchJson } from "../browser.editor";
import { ask, downloadFile } from "../requests.editor";
import { settingsValidator } from "../validate.editor";
import { defaults, parseConfig } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  driver: string;
  port: string;
  baudRate: number;
  fields: string;
  signal: string;
  gesture: string;
  pause: number;
  channelCount: number;
  frequency: number;
  noise: number;
  rate: number;
  ownRate: string;
  file: string;
  dataset: string;
  repeat: boolean;
}

/** Characters of a number as boards print them, such as -0.123 or 98765, for what a baud rate carries. */
const charactersPerNumber = 6;

const accepts = settingsValidator(parseConfig, { ...defaults, port: "/dev/ttyACM0", file: "gestures.csv" }, [
  "driver",
  "signal",
]);

RED.nodes.registerType<Properties>("tinyml-sensor", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    driver: { value: defaults.driver, validate: accepts("driver") },
    port: { value: defaults.port, validate: accepts("port") },
    baudRate: { value: defaults.baudRate, validate: accepts("baudRate") },
    fields: { value: defaults.fields, validate: accepts("fields") },
    signal: { value: defaults.signal, validate: accepts("signal") },
    gesture: { value: defaults.gesture, validate: accepts("gesture") },
    pause: { value: defaults.pause, validate: accepts("pause") },
    channelCount: { value: defaults.channelCount, validate: accepts("channelCount") },
    frequency: { value: defaults.frequency, validate: accepts("frequency") },
    noise: { value: defaults.noise, validate: accepts("noise") },
    rate: { value: defaults.rate, validate: accepts("rate") },
    ownRate: { value: defaults.ownRate, validate: accepts("ownRate") },
    file: { value: defaults.file, validate: accepts("file") },
    dataset: { value: defaults.dataset, type: "tinyml-dataset", required: false },
    repeat: { value: defaults.repeat },
  },
  inputs: 1,
  outputs: 1,
  icon: "tinyml-sensor.svg",
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
    const text = (key: string, values?: Record<string, string | number>) => this._(key, values);
    showChosen();
    suggest($("#node-input-port"), async () => {
      const ports = (await fetchJson<SerialPortInfo[]>("ports")) ?? [];
      return ports.map(({ path, description }) => ({
        value: path,
        label: description ? `${path} (${description})` : path,
      }));
    });
    const rates = baudRates.map((rate) => ({ value: String(rate), label: String(rate) }));
    const baudRate = $("#node-input-baudRate");
    suggest(baudRate, async () => rates);
    const showCapacity = () => {
      const rate = Number(baudRate.val());
      const lines = (channels: number) => linesPerSecond(rate, charactersPerLine(channels, charactersPerNumber));
      const said = text("hint.capacity", { baudRate: rate, one: lines(1), six: lines(6) });
      $("#tinyml-sensor-capacity").text(rate > 0 ? said : "");
    };
    baudRate.on("change keyup", showCapacity);
    showCapacity();
    offerSketches(text);
  },
});

/** Shows the fields of the chosen source and signal only. */
function showChosen(): void {
  const driver = $("#node-input-driver");
  const signal = $("#node-input-signal");
  const show = () => {
    const chosen = driver.val() === "simulated" ? ["simulated", signal.val()] : [driver.val()];
    $("[data-tinyml-for]").each((_, element) => {
      const wanted = (element.dataset.tinymlFor ?? "").split(" ");
      $(element).toggle(wanted.some((each) => chosen.includes(each)));
    });
  };
  driver.on("change", show);
  signal.on("change", show);
  show();
}

/** Suggests what can be had while something is typed; anything else is accepted, too. */
function suggest(input: JQuery, list: () => Promise<Array<{ value: string; label: string }>>): void {
  input.autoComplete({
    minLength: 0,
    search: (typed, done) => {
      list().then((all) => {
        // What was chosen before must not hide the others.
        const matching = all.filter(({ label }) => label.toLowerCase().includes(typed.trim().toLowerCase()));
        done(all.some(({ value }) => value === typed) ? all : matching);
      });
    },
  });
}

/** Lets the user choose a board and download the sketch that makes it print its readings. */
async function offerSketches(text: (key: string) => string): Promise<void> {
  const boards = (await fetchJson<ForwarderBoard[]>("forwarder")) ?? [];
  const board = $("#tinyml-sensor-board");
  const measures = $("#tinyml-sensor-measures");
  for (const { name, title } of boards) board.append($("<option>").val(name).text(title));
  const showSource = () => $("#tinyml-sensor-pins").toggle(measures.val() === "analog");
  const showBoard = () => {
    const chosen = boards.find(({ name }) => name === board.val());
    const sources: ForwarderSource[] = ["analog"];
    if (chosen?.imu !== undefined) sources.push("imu");
    if (chosen?.microphone === true) sources.push("microphone");
    measures.empty();
    for (const source of sources)
      measures.append(
        $("<option>")
          .val(source)
          .text(text(`measures.${source}`)),
      );
    $("#tinyml-sensor-channels").attr("max", chosen?.analogPins.length ?? 1);
    showSource();
  };
  board.on("change", showBoard);
  measures.on("change", showSource);
  showBoard();
  const problem = $("#tinyml-sensor-problem");
  $("#tinyml-sensor-download").on("click", async () => {
    const query = new URLSearchParams({
      source: String(measures.val()),
      channels: String($("#tinyml-sensor-channels").val()),
      rate: String($("#tinyml-sensor-rate").val()),
      baud: String($("#node-input-baudRate").val()),
    });
    const address = `forwarder/${encodeURIComponent(String(board.val()))}`;
    problem.text("");
    // What is wrong with the settings is a sentence; a download would only fail.
    const check = await ask<{ problem?: string }>(`${address}/check?${query}`);
    const file = `forwarder_${board.val()}.zip`;
    if ("problem" in check) problem.text(check.problem);
    else if (check.result.problem !== undefined) problem.text(check.result.problem);
    else problem.text((await downloadFile(`${address}.zip?${query}`, file))?.problem ?? "");
  });
}
