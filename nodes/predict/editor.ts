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
}

const accepts = settingsValidator(parseConfig, defaults, ["model", "file"]);

RED.nodes.registerType<Properties>("tinyml-predict", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    source: { value: defaults.source, validate: accepts("source") },
    model: { value: defaults.model, validate: nameValidator({ optional: true }) },
    file: { value: defaults.file },
    onlyLabel: { value: defaults.onlyLabel },
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
  outputLabels() {
    return this._("port.output");
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
  },
});

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
  else element.append($('<div class="tinyml-note">').text(chosen?.problem ?? text(`nothing.${source}`)));
}
