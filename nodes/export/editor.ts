import type { EditorNodeProperties, EditorRED } from "node-red";
import { fetchJson, suggestModels } from "../browser.editor";
import { downloadFile, notifyProblem } from "../requests.editor";
import type { SketchListing } from "../sketches";
import { nameValidator } from "../validate.editor";
import { defaults } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  model: string;
  board: string;
  sketch: string;
  force: boolean;
}

RED.nodes.registerType<Properties>("tinyml-export", {
  category: "TinyML",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name },
    model: { value: defaults.model, validate: nameValidator({ optional: true }) },
    board: { value: defaults.board, required: true },
    sketch: { value: defaults.sketch, validate: nameValidator({ optional: true }) },
    force: { value: defaults.force },
  },
  inputs: 1,
  outputs: 1,
  icon: "tinyml-export.svg",
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
    return this._("port.input");
  },
  outputLabels() {
    return this._("port.output");
  },
  oneditprepare() {
    suggestModels($("#node-input-model"));
    listSketches(this.id, {
      nothingYet: this._("noSketch"),
      size: (flash, ram) => this._("status.written", { flash, ram }),
    });
  },
});

interface SketchTexts {
  nothingYet: string;
  size(flashBytes: number, ramBytes: number): string;
}

/** A button to download each sketch that this node has written. */
async function listSketches(node: string, texts: SketchTexts): Promise<void> {
  const sketches = (await fetchJson<SketchListing[]>("sketches")) ?? [];
  const element = $("#tinyml-export-sketches").empty();
  const own = sketches.filter((sketch) => sketch.node === node);
  if (own.length === 0) element.append($('<div class="tinyml-note">').text(texts.nothingYet));
  for (const { name, written, flashBytes, ramBytes } of own) {
    const line = $('<div class="tinyml-download">').appendTo(element);
    $('<button type="button" class="red-ui-button">')
      .text(` ${name}.zip`)
      .prepend('<i class="fa fa-download">')
      .on("click", async () => {
        const failed = await downloadFile(`sketches/${encodeURIComponent(name)}.zip`, `${name}.zip`);
        if (failed !== undefined) notifyProblem(failed);
      })
      .appendTo(line);
    const details = $('<span class="tinyml-card-detail">').appendTo(line);
    $("<div>").text(new Date(written).toLocaleString()).appendTo(details);
    $("<div>").text(texts.size(flashBytes, ramBytes)).appendTo(details);
  }
}
