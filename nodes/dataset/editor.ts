import type { EditorNodeProperties, EditorRED } from "node-red";
import { sharedText } from "../browser.editor";
import { isName } from "../settings";
import { explained, settingsValidator } from "../validate.editor";
import { type ChannelField, defaults, parseConfig } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  kind: string;
  path: string;
  task: string;
  channels: ChannelField[];
  labels: string;
  targets: ChannelField[];
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
  },
  label() {
    return this.name || this._("palette");
  },
  oneditprepare() {
    const text = (key: string) => this._(key);
    editChannels($("#tinyml-dataset-channels"), this.channels, text);
    editChannels($("#tinyml-dataset-targets"), this.targets, text);
    // A dataset that was made before there were files.
    if (!this.kind) $("#node-config-input-kind").val("recorded");
    $("#node-config-input-kind")
      .on("change", () => {
        const files = $("#node-config-input-kind").val() === "files";
        $("#tinyml-dataset-files").toggle(files);
        $("#tinyml-dataset-recorded").toggle(!files);
      })
      .trigger("change");
    $("#node-config-input-task")
      .on("change", () => {
        const classification = $("#node-config-input-task").val() === "classification";
        $("#tinyml-dataset-classification").toggle(classification);
        $("#tinyml-dataset-regression").toggle(!classification);
      })
      .trigger("change");
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
  if (!isName(name)) return sharedText("problem.name");
  const twice = datasets().some((other) => !("id" in this && other.id === this.id) && nameOf(other) === name);
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
          .css({ flex: width(column) })
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
