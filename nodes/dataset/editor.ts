import type { EditorNodeProperties, EditorRED } from "node-red";
import { sharedText } from "../browser.editor";
import { isName } from "../settings";
import { explained, settingsValidator } from "../validate.editor";
import { hasVariables, withoutVariables } from "../variables";
import { type ChannelField, defaults, parseConfig, usualSoundRate } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  kind: string;
  path: string;
  task: string;
  channels: ChannelField[];
  labels: string;
  targets: ChannelField[];
  colours: string;
  rateHz: string;
  quotaMegabytes: string;
}

const valid = { ...defaults, name: "dataset" };
const accepts = settingsValidator(parseConfig, { ...valid, path: "folder" }, ["kind", "task"]);

RED.nodes.registerType<Properties>("tinyml-dataset", {
  category: "config",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name, required: true, validate: explained(uniqueName) },
    kind: { value: defaults.kind, validate: accepts("kind") },
    path: { value: defaults.path, validate: accepts("path") },
    task: { value: defaults.task, validate: accepts("task") },
    channels: { value: defaults.channels, validate: accepts("channels") },
    labels: { value: defaults.labels, validate: accepts("labels") },
    targets: { value: defaults.targets, validate: accepts("targets") },
    colours: { value: defaults.colours, validate: accepts("colours") },
    rateHz: { value: defaults.rateHz, validate: accepts("rateHz") },
    quotaMegabytes: { value: defaults.quotaMegabytes, validate: accepts("quotaMegabytes") },
  },
  label() {
    return this.name || this._("palette");
  },
  oneditprepare() {
    const text = (key: string) => this._(key);
    editChannels($("#tinyml-dataset-channels"), this.channels, text);
    editChannels($("#tinyml-dataset-targets"), this.targets, text);
    // Datasets that were made before there were others have no kind, or the only one that there was.
    if (!this.kind || this.kind === "recorded") $("#node-config-input-kind").val("table");
    if (!this.colours) $("#node-config-input-colours").val(defaults.colours);
    const showFields = () => {
      const kind = String($("#node-config-input-kind").val());
      const classification = $("#node-config-input-task").val() === "classification";
      const ofReadings = kind === "table" || kind === "timeseries";
      $("#tinyml-dataset-files").toggle(kind === "files");
      $("#tinyml-dataset-recorded").toggle(kind !== "files");
      $("#tinyml-dataset-readings").toggle(ofReadings);
      $("#tinyml-dataset-colours").toggle(kind === "image");
      $("#tinyml-dataset-rate").toggle(kind === "timeseries" || kind === "audio");
      $("#node-config-input-rateHz").attr(
        "placeholder",
        kind === "audio" ? usualSoundRate : text("placeholder.rateHz"),
      );
      $("#tinyml-dataset-classification").toggle(classification);
      $("#tinyml-dataset-regression").toggle(!classification);
      $("#tinyml-dataset-range").toggle(ofReadings || !classification);
    };
    $("#node-config-input-kind, #node-config-input-task").on("change", showFields);
    showFields();
    const showVariable = () => {
      $("#tinyml-dataset-variable").toggle(hasVariables(String($("#node-config-input-name").val())));
    };
    $("#node-config-input-name").on("input", showVariable);
    showVariable();
  },
  oneditsave() {
    this.channels = editedChannels($("#tinyml-dataset-channels"));
    this.targets = editedChannels($("#tinyml-dataset-targets"));
    validateOthers();
  },
  oneditdelete: validateOthers,
});

/** True for a name that no other dataset has; otherwise what is wrong with it. */
function uniqueName(this: object, value: unknown): true | string {
  const name = nameOf({ name: value });
  if (!isName(withoutVariables(name))) return sharedText("problem.name");
  const id = "id" in this ? this.id : undefined;
  // All flows have a dataset that is in none.
  const flowOf = (node: object) => ("z" in node && node.z) || "";
  // In another flow a variable has another value.
  const differs = (other: Record<string, unknown>) => hasVariables(name) && flowOf(other) !== flowOf(this);
  const twice = datasets().some((other) => other.id !== id && nameOf(other) === name && !differs(other));
  return twice ? sharedText("problem.nameTwice", { name }) : true;
}

/** The dataset nodes that are deployed with the flows: none that is disabled. */
function datasets(): Array<Record<string, unknown>> {
  const found: Array<Record<string, unknown>> = [];
  RED.nodes.eachConfig((node) => {
    const fields = Object.fromEntries(Object.entries(node));
    if (fields.type === "tinyml-dataset" && fields.d !== true) found.push(fields);
    return true;
  });
  return found;
}

function nameOf({ name }: Record<string, unknown>): string {
  return typeof name === "string" ? name.trim() : "";
}

/** Validates all datasets anew, once this one has its new name or is gone: another one of the same name was wrong, too. */
function validateOthers(): void {
  setTimeout(() => {
    for (const { id } of datasets()) RED.editor.validateNode(RED.nodes.node(String(id)));
  });
}

const columns = ["name", "unit", "low", "high"] as const;

function editChannels(list: JQuery, fields: readonly ChannelField[], text: (key: string) => string): void {
  const width = (column: (typeof columns)[number]) => (column === "name" ? "2 1 70px" : "1 1 44px");
  const header = $('<div class="tinyml-list-header">');
  for (const column of columns)
    $("<span>")
      .css({ flex: width(column) })
      .text(text(`column.${column}`))
      .appendTo(header);
  const options = {
    height: "auto",
    header,
    removable: true,
    sortable: true,
    addItem(row: JQuery, _index: number, field: Partial<ChannelField>) {
      const line = $('<div class="tinyml-list-row">').appendTo(row);
      for (const column of columns) {
        $('<input type="text">')
          .addClass(`tinyml-${column}`)
          // As wide as a text field is by itself, four of them would be wider than many a screen.
          .css({ flex: width(column), width: 44 })
          .attr({ placeholder: text(`column.${column}`), title: text(`column.${column}`) })
          .val(field[column] ?? "")
          .appendTo(line);
      }
    },
  } as const;
  list.editableList(options);
  for (const field of fields) list.editableList("addItem", field);
}

function editedChannels(list: JQuery): ChannelField[] {
  const fields: ChannelField[] = [];
  list.editableList("items").each((_index: number, row: HTMLElement) => {
    const value = (column: string) => String($(row).find(`.tinyml-${column}`).val() ?? "").trim();
    fields.push({ name: value("name"), unit: value("unit"), low: value("low"), high: value("high") });
  });
  return fields;
}
