import type { EditorNodeProperties, EditorRED } from "node-red";
import { fetchJson, suggestModels } from "../browser.editor";
import type { ModelReport } from "../models";
import { nameValidator, settingsValidator } from "../validate.editor";
import { defaults, parseConfig, sourceOf } from "./config";
import { showSummary } from "./summary.editor";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  source: string;
  model: string;
  file: string;
  onlyLabel: boolean;
  confidence: number;
  rejection: string;
  majority: number;
  onlyChanges: boolean;
  holdOff: number;
  holdOffFor: string;
  homeAssistant: boolean;
  stateTopic: string;
  availabilityTopic: string;
  outputs: number;
}

const accepts = settingsValidator(parseConfig, defaults, ["model", "file"]);
const acceptsTopic = settingsValidator(parseConfig, { ...defaults, stateTopic: "tinyml/predictions" }, [
  "homeAssistant",
]);
/** What a new field shows in the dialog of a node that an earlier version stored. */
const newerFields = ["confidence", "rejection", "majority", "holdOff", "holdOffFor"] as const;

RED.nodes.registerType<Properties>("tinyml-predict", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    source: { value: defaults.source, validate: accepts("source") },
    model: { value: defaults.model, validate: nameValidator({ optional: true }) },
    file: { value: defaults.file },
    onlyLabel: { value: defaults.onlyLabel },
    confidence: { value: defaults.confidence, validate: accepts("confidence") },
    rejection: { value: defaults.rejection },
    majority: { value: defaults.majority, validate: accepts("majority") },
    onlyChanges: { value: defaults.onlyChanges },
    holdOff: { value: defaults.holdOff, validate: accepts("holdOff") },
    holdOffFor: { value: defaults.holdOffFor, validate: accepts("holdOffFor") },
    homeAssistant: { value: defaults.homeAssistant },
    stateTopic: { value: defaults.stateTopic, validate: acceptsTopic("stateTopic") },
    availabilityTopic: { value: defaults.availabilityTopic, validate: acceptsTopic("availabilityTopic") },
    outputs: { value: defaults.outputs },
  },
  inputs: 1,
  outputs: 1,
  icon: "tinyml-predict.svg",
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
  outputLabels(index) {
    return this._(index === 0 ? "port.output" : "port.sensors");
  },
  oneditprepare() {
    const text = (key: string, values?: Record<string, string | number>) =>
      values === undefined ? this._(key) : this._(key, values);
    suggestModels($("#node-input-model"));
    $("#node-input-source").val(sourceOf(this));
    const show = () => {
      const source = String($("#node-input-source").val());
      $("#tinyml-predict-stored").toggle(source === "stored");
      $("#tinyml-predict-file").toggle(source === "file");
      $("#tinyml-predict-hint").text(text(`hint.${source}`));
      showModel(this.id, source, text);
    };
    $("#node-input-source, #node-input-model").on("change", show);
    show();
    for (const key of newerFields) {
      if (this[key] === undefined) $(`#node-input-${key}`).val(defaults[key]);
    }
    $("#node-input-holdOff")
      .on("change", () => showHoldOff())
      .trigger("change");
    $("#node-input-homeAssistant").on("change", showHomeAssistant).trigger("change");
    $("#tinyml-predict-rules").prop("open", hasRules(this));
    $("#tinyml-predict-home-assistant").prop("open", this.homeAssistant === true);
  },
});

/** Shows for what a pause is only where there is one. */
function showHoldOff(): void {
  $("#tinyml-predict-hold-off-for").toggle(Number($("#node-input-holdOff").val()) > 0);
}

/** With Home Assistant there are topics to choose, and a second output. */
function showHomeAssistant(): void {
  const chosen = $("#node-input-homeAssistant").is(":checked");
  $("#tinyml-predict-topics").toggle(chosen);
  $("#node-input-outputs").val(chosen ? 2 : 1);
}

/** Whether a node holds back any label: then the dialog shows at once by which rules. */
function hasRules({ confidence, majority, onlyChanges, holdOff }: Properties): boolean {
  return Number(confidence) > 0 || Number(majority) > 1 || onlyChanges === true || Number(holdOff) > 0;
}

let newest = 0;

/** Shows the model that the deployed node has in use, or else the stored one that is chosen. */
async function showModel(
  node: string,
  source: string,
  text: (key: string, values?: Record<string, string | number>) => string,
): Promise<void> {
  const asked = ++newest;
  const name = String($("#node-input-model").val()).trim();
  const stored =
    source === "stored" && name !== ""
      ? await fetchJson<ModelReport>(`models/${encodeURIComponent(name)}/summary`)
      : undefined;
  const inUse = await fetchJson<ModelReport>(`nodes/${encodeURIComponent(node)}/model`);
  // The answer to a later question may have been quicker.
  if (asked !== newest) return;
  const chosen = source === "stored" ? stored : inUse;
  const element = $("#tinyml-predict-model").empty();
  $("#tinyml-predict-heading").text(text(source === "stored" ? "heading.stored" : "heading.inUse"));
  if (chosen?.summary !== undefined) showSummary(element, chosen.summary, text);
  else if (chosen?.problem !== undefined) element.append($('<div class="tinyml-run-error">').text(chosen.problem));
  else element.append($('<div class="tinyml-note">').text(text(`nothing.${source}`)));
}
