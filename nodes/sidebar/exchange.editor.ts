import type { EditorRED } from "node-red";
import type { ImportedProject } from "../../src/project";
import { sharedText } from "../browser.editor";
import { type Answer, downloadFile, sendFile } from "../requests.editor";
import { iconButton } from "./button.editor";
import { packFiles } from "./pack-files.editor";

declare const RED: EditorRED;

/** Buttons that take whole datasets and projects out of the runtime and into it; `onChange` is called when something came in. */
export function createExchange(onChange: () => void): JQuery {
  const message = $('<div class="tinyml-message" role="status" aria-live="polite">');
  const say = (text: string, isProblem = false): void => {
    message.empty().toggleClass("tinyml-run-error", isProblem).append($("<span>").text(text));
  };

  const exportProject = async (): Promise<void> => {
    say(sharedText("explorer.exporting"));
    const failed = await downloadFile("project.zip", "tinyml-project.zip");
    if (failed !== undefined) say(failed.problem, true);
    else message.empty();
  };

  const importProject = async (file: File, rename = false): Promise<void> => {
    say(sharedText("explorer.importing", { file: file.name }));
    const answer = await sendFile<ImportedProject>(`project${rename ? "?rename=true" : ""}`, file);
    if ("problem" in answer) {
      say(answer.problem, true);
      // Somebody has used its names already.
      if (answer.code === "TINYML_WOULD_OVERWRITE") {
        message.append(iconButton("exchange.rename", "fa-copy", () => importProject(file, true)));
      }
      return;
    }
    const { datasets, models, flows } = answer.result;
    say(sharedText("exchange.imported", { datasets: datasets.length, models: models.length }));
    if (flows.length > 0) {
      message.append(
        iconButton("exchange.addFlow", "fa-sitemap", () => {
          // New ids: the same flow may be here already.
          view().importNodes([...flows], { generateIds: true, addFlow: false, touchImport: false });
          message.empty();
        }),
      );
    }
    onChange();
  };

  /** Samples become a dataset of the name that is typed. */
  const askForName = (chosen: readonly File[]): void => {
    const [first] = chosen;
    if (first === undefined) return;
    message.empty().removeClass("tinyml-run-error");
    const input = $('<input type="text" class="tinyml-wide-field">').attr("aria-label", sharedText("exchange.name"));
    input.val(first.name.replace(/(\.tar)?\.[^.]*$/, ""));
    message.append($("<span>").text(sharedText("exchange.name")), $('<div class="tinyml-entry">').append(input));
    askForLabel(message, async (label) => {
      say(sharedText("explorer.importing", { file: listNames(chosen) }));
      const answer = await addFiles(String(input.val() ?? "").trim(), chosen, label);
      onChange();
      if ("problem" in answer) say(answer.problem, true);
      else say(sharedText("explorer.imported", { samples: answer.result.samples }));
    });
    input.trigger("focus");
  };

  const samples = picker(true, askForName);
  const project = picker(false, ([file]) => {
    if (file !== undefined) importProject(file);
  });
  return $("<div>").append(
    $('<div class="tinyml-buttons">').append(
      iconButton("exchange.addSamples", "fa-upload", () => samples.trigger("click")),
      iconButton("exchange.exportProject", "fa-download", exportProject),
      iconButton("exchange.importProject", "fa-folder-open", () => project.trigger("click")),
      samples,
      project,
    ),
    message,
  );
}

/** Asks below a message for the label that chosen files don't say, which may stay empty, and goes on with it. */
export function askForLabel(message: JQuery, goOn: (label: string) => void): void {
  const input = $('<input type="text" class="tinyml-wide-field">').attr("aria-label", sharedText("exchange.label"));
  const run = (): void => goOn(String(input.val() ?? "").trim());
  message.append(
    $("<span>").text(sharedText("exchange.label")),
    $('<div class="tinyml-entry">').append(input, iconButton("exchange.addNow", "fa-check", run)),
    $('<span class="tinyml-note">').text(sharedText("exchange.labels")),
  );
  message.find("input").on("keydown", (event) => {
    if (event.key !== "Enter") return;
    // The editor would look for the field's place, and it is gone then.
    event.stopPropagation();
    run();
  });
  input.trigger("focus");
}

/** Adds files to a dataset as one import: all that is in them, or nothing. */
export function addFiles(
  dataset: string,
  chosen: readonly File[],
  label: string,
): Promise<Answer<{ samples: number }>> {
  const file = packFiles(chosen);
  const query = $.param({ file: file.name, ...(label !== "" && { label }) });
  return sendFile(`datasets/${encodeURIComponent(dataset)}/import?${query}`, file);
}

/** The names of chosen files, the first of many. */
export function listNames(chosen: readonly File[]): string {
  const names = chosen.slice(0, 3).map(({ name }) => name);
  return names.join(", ") + (chosen.length > names.length ? ", …" : "");
}

/** An invisible field in which files are chosen. */
export function picker(multiple: boolean, onChosen: (files: readonly File[]) => void): JQuery {
  const input = $('<input type="file">').prop("multiple", multiple).hide();
  return input.on("change", () => {
    const box = input.get(0);
    const files = box instanceof HTMLInputElement ? [...(box.files ?? [])] : [];
    // So that choosing the same file again is a change, too.
    input.val("");
    onChosen(files);
  });
}

/** What the published types lack of the workspace. */
function view(): { importNodes(nodes: object[], options: object): void } {
  const found: object = RED.view;
  if (!("importNodes" in found) || typeof found.importNodes !== "function")
    throw new Error("This editor can't import.");
  const { importNodes } = found;
  return { importNodes: (nodes, options) => importNodes(nodes, options) };
}
