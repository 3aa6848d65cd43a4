import type { EditorNodeProperties, EditorRED } from "node-red";
import { isName } from "../settings";
import { type ChannelField, channelProblem, defaults, readLabels } from "./config";

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  name: string;
  task: string;
  channels: ChannelField[];
  labels: string;
  targets: ChannelField[];
}

RED.nodes.registerType<Properties>("tinyml-dataset", {
  category: "config",
  color: "#9ad1c0",
  defaults: {
    name: { value: defaults.name, required: true, validate: isName },
    task: { value: defaults.task },
    channels: { value: defaults.channels, validate: (channels) => channelProblem(channels) === undefined },
    labels: { value: defaults.labels, validate: areLabels },
    targets: {
      value: defaults.targets,
      validate(targets) {
        return this.task === "classification" || channelProblem(targets) === undefined;
      },
    },
  },
  label() {
    return this.name || this._("palette");
  },
  oneditprepare() {
    const text = (key: string) => this._(key);
    editChannels($("#tinyml-dataset-channels"), this.channels, text);
    editChannels($("#tinyml-dataset-targets"), this.targets, text);
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
  },
});

function areLabels(labels: string): boolean {
  try {
    readLabels(labels ?? "");
    return true;
  } catch {
    return false;
  }
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
