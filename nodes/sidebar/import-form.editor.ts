import { sharedText } from "../browser.editor";
import { type Answer, notify, notifyProblem, type Problem, problemText } from "../requests.editor";
import { iconButton } from "./button.editor";

/** What is asked for before chosen files are sent. */
export interface ImportField {
  /** Its text in the catalogue. */
  key: string;
  /** What it holds at first. */
  suggest?(files: readonly File[]): string;
}

/** A way to send chosen files. */
export interface ImportWay<Result> {
  /** The text and icon of its button. */
  key: string;
  icon: string;
  /** It is offered only after a failure with this code. */
  after?: string;
  send(files: readonly File[], values: readonly string[]): Promise<Answer<Result>>;
}

/** How files are imported. */
export interface ImportOptions<Result> {
  /** The text and icon of the button that asks for the files. */
  key: string;
  icon: string;
  multiple: boolean;
  /** Without any, the files are sent as soon as they are chosen. */
  fields: readonly ImportField[];
  /** Below the fields, a text of the catalogue. */
  note?: string;
  /** The first one is what Enter does. */
  ways: readonly [ImportWay<Result>, ...ImportWay<Result>[]];
  /** Called when the files were taken, unless the form was closed meanwhile. */
  done(result: Result): void;
}

/** The import of files: a button to choose them, and a form. */
export interface ImportForm {
  readonly button: JQuery;
  readonly element: JQuery;
  /** Forgets what was chosen. What is being sent goes on. */
  close(): void;
}

/**
 * Makes the form of an import. It stays until the files were taken: a failure is told in it, and whoever puts right a field, or chooses other files,
 * has everything else still there.
 */
export function createImportForm<Result>(options: ImportOptions<Result>): ImportForm {
  const { fields, ways } = options;
  let files: readonly File[] = [];
  /** Whether files are being sent: twice, they would be in the dataset twice. */
  let isSending = false;
  /** Counts the forms that were closed: what is sent for one of them is no business of the next. */
  let closed = 0;

  const picker = $('<input type="file">').prop("multiple", options.multiple).hide();
  const button = iconButton(options.key, options.icon, () => {
    if (!isSending) picker.trigger("click");
  });
  const names = $('<b class="tinyml-import-files">');
  const inputs = fields.map(() => $('<input type="text" class="tinyml-wide-field">'));
  const progress = $('<div class="tinyml-note tinyml-import-progress" role="status">');
  const problem = $('<div class="tinyml-import-problem" role="alert">');
  const waysOut = ways.map((way) => iconButton(way.key, way.icon, () => send(way)));
  const cancel = iconButton("exchange.cancel", "fa-times", () => {
    if (isSending) return;
    close();
    button.trigger("focus");
  });
  const buttons = $('<div class="tinyml-buttons">').append(...waysOut, cancel);
  const element = $('<div class="tinyml-card tinyml-import" role="form">');
  element.attr("aria-label", sharedText(options.key)).hide();
  element.append(names);
  for (const [i, input] of inputs.entries()) {
    element.append($('<label class="tinyml-import-field">').append($("<span>").text(sharedText(fields[i].key)), input));
  }
  if (options.note !== undefined) element.append($('<div class="tinyml-note">').text(sharedText(options.note)));
  element.append(progress, problem, buttons);

  const close = (): void => {
    closed += 1;
    files = [];
    for (const input of inputs) input.val("");
    problem.empty();
    progress.empty();
    element.hide();
  };

  /** Shows what is wrong, with the ways out of it. */
  const tell = (what?: Problem): void => {
    problem.empty();
    if (what !== undefined) problem.append(problemText(what));
    for (const [i, { after }] of ways.entries()) waysOut[i].toggle(after === undefined || after === what?.code);
    // The form may be higher than the sidebar. Of a problem that is, too, the beginning counts.
    if (what !== undefined) for (const part of [buttons, problem]) part.get(0)?.scrollIntoView({ block: "nearest" });
  };

  const setSending = (to: boolean): void => {
    isSending = to;
    progress.text(to ? sharedText("explorer.importing", { file: listNames(files) }) : "");
    element.attr("aria-busy", String(to));
    for (const input of inputs) input.prop("readonly", to);
    // A button that is disabled would lose the focus, and with it the place of those who use the keys.
    button.add(buttons.children()).toggleClass("disabled", to).attr("aria-disabled", String(to));
    // Where the form was closed, nothing else says why.
    button.attr("title", progress.text());
  };

  const send = async (way: ImportWay<Result>): Promise<void> => {
    if (isSending) return;
    const shown = closed;
    const sent = files;
    // The ways out stay: one of them has the focus.
    problem.empty();
    setSending(true);
    const values = inputs.map((input) => String(input.val() ?? "").trim());
    const answer = await sendReadable(sent, () => way.send(sent, values)).finally(() => setSending(false));
    if ("problem" in answer) {
      if (shown === closed) tell(answer);
      else notifyProblem(answer);
      return;
    }
    if (shown !== closed) {
      notify(sharedText("exchange.taken", { files: listNames(sent) }));
      return;
    }
    const wasHeld = element.find(":focus").length > 0;
    close();
    if (wasHeld) button.trigger("focus");
    options.done(answer.result);
  };

  const open = (chosen: readonly File[]): void => {
    for (const [i, input] of inputs.entries()) {
      const { suggest } = fields[i];
      // What somebody typed is theirs.
      if (suggest !== undefined && [suggest(files), ""].includes(String(input.val()))) input.val(suggest(chosen));
    }
    files = chosen;
    names.text(listNames(chosen));
    element.show();
    tell();
    if (inputs.length === 0) send(ways[0]);
    else inputs[0]?.trigger("focus");
  };

  for (const input of inputs) {
    input.on("keydown", (event) => {
      // An Enter that ends the input of a character is not meant for the form.
      if (event.key === "Enter" && event.originalEvent?.isComposing !== true) send(ways[0]);
    });
  }
  picker.on("change", () => {
    const box = picker.get(0);
    const chosen = box instanceof HTMLInputElement ? [...(box.files ?? [])] : [];
    // So that choosing the same file again is a change, too.
    picker.val("");
    if (chosen.length > 0 && !isSending) open(chosen);
  });
  return { button: button.add(picker), element, close };
}

/**
 * Sends files. Of one that was changed or removed since it was chosen a browser says only that nothing could be sent. Where
 * nobody knows whether the files arrived, trying again might add them twice.
 */
async function sendReadable<Result>(
  files: readonly File[],
  send: () => Promise<Answer<Result>>,
): Promise<Answer<Result>> {
  const answer = await send();
  if ("result" in answer || !answer.mayBeDone) return answer;
  try {
    for (const file of files) {
      const reader = file.stream().getReader();
      await reader.read();
      await reader.cancel();
    }
    return { problem: `${answer.problem} ${sharedText("exchange.mayBeTaken")}` };
  } catch {
    return { problem: sharedText("exchange.unreadable") };
  }
}

/** The names of chosen files, the first of many. */
function listNames(chosen: readonly File[]): string {
  const names = chosen.slice(0, 3).map(({ name }) => name);
  return names.join(", ") + (chosen.length > names.length ? ", …" : "");
}
