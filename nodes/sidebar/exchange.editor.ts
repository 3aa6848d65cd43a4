import type { EditorRED } from "node-red";
import type { ImportedProject } from "../../src/project";
import { sharedText } from "../browser.editor";
import { type Answer, downloadFile, type Problem, sendFile, showMessage } from "../requests.editor";
import { isName } from "../settings";
import { iconButton } from "./button.editor";
import { createImportForm } from "./import-form.editor";
import { packFiles } from "./pack-files.editor";

declare const RED: EditorRED;

/** Buttons that take whole datasets and projects out of the runtime and into it; `onChange` is called when something came in. */
export function createExchange(onChange: () => void): JQuery {
  const message = $('<div class="tinyml-message" role="status" aria-live="polite">');
  const say = (what: string | Problem): void => showMessage(message, what);

  const exportProject = async (): Promise<void> => {
    say(sharedText("explorer.exporting"));
    const failed = await downloadFile("project.zip", "tinyml-project.zip");
    if (failed !== undefined) say(failed);
    else message.empty();
  };

  const samples = createImportForm<{ samples: number }>({
    key: "exchange.addSamples",
    icon: "fa-upload",
    multiple: true,
    fields: [
      { key: "exchange.name", suggest: ([first]) => first?.name.replace(/(\.tar)?\.[^.]*$/, "") ?? "" },
      { key: "exchange.label" },
    ],
    note: "exchange.labels",
    ways: [
      {
        key: "exchange.addNow",
        icon: "fa-check",
        send: (files, [name = "", label = ""]) => addFiles(name, files, label),
      },
    ],
    done(added) {
      say(sharedText("explorer.imported", { samples: added.samples }));
      onChange();
    },
  });
  const sendProject = ([file]: readonly File[], query = ""): Promise<Answer<ImportedProject>> =>
    sendFile(`project${query}`, file);
  const project = createImportForm<ImportedProject>({
    key: "exchange.importProject",
    icon: "fa-folder-open",
    multiple: false,
    fields: [],
    ways: [
      { key: "exchange.again", icon: "fa-repeat", send: (files) => sendProject(files) },
      // Somebody has used its names already.
      {
        key: "exchange.rename",
        icon: "fa-copy",
        after: "TINYML_WOULD_OVERWRITE",
        send: (files) => sendProject(files, "?rename=true"),
      },
    ],
    done({ datasets, models, flows }) {
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
    },
  });
  return $("<div>").append(
    $('<div class="tinyml-buttons">').append(
      samples.button,
      iconButton("exchange.exportProject", "fa-download", exportProject),
      project.button,
    ),
    samples.element,
    project.element,
    message,
  );
}

/** Adds files to a dataset as one import: all that is in them, or nothing. */
export function addFiles(
  dataset: string,
  chosen: readonly File[],
  label: string,
): Promise<Answer<{ samples: number }>> {
  // Without a name, or with "..", the address would be another one.
  if (!isName(dataset)) return Promise.resolve({ problem: sharedText("problem.name"), code: "TINYML_NAME_INVALID" });
  const file = packFiles(chosen);
  const query = $.param({ file: file.name, ...(label !== "" && { label }) });
  return sendFile(`datasets/${encodeURIComponent(dataset)}/import?${query}`, file);
}

/** What the published types lack of the workspace. */
function view(): { importNodes(nodes: object[], options: object): void } {
  const found: object = RED.view;
  if (!("importNodes" in found) || typeof found.importNodes !== "function")
    throw new Error("This editor can't import.");
  const { importNodes } = found;
  return { importNodes: (nodes, options) => importNodes(nodes, options) };
}
