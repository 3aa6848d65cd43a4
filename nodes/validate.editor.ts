import type { EditorRED } from "node-red";
import { sharedText } from "./browser.editor";
import { isName } from "./settings";

declare const RED: EditorRED;

/** A validator of a property, as Node-RED's published types have it. */
type Validator = (this: object, value: string, options?: unknown) => boolean;

/**
 * Validators by the runtime's own rules: `accepts("epochs")` is valid when `parse` takes the value. The other settings are the given
 * valid ones, so that each field answers only for itself; except those in `decisive`, on which the meaning of others depends.
 */
export function settingsValidator(
  parse: (stored: unknown) => unknown,
  valid: object,
  decisive: readonly string[] = [],
) {
  return (key: string): Validator =>
    explained(function (value) {
      const others = Object.fromEntries(decisive.map((name) => [name, editedValue(this, name)]));
      // Only the runtime knows what an environment variable says.
      if (Object.values(others).some(isVariable)) return true;
      return problemOf(() => parse({ ...valid, ...others, [key]: value })) ?? true;
    });
}

/** Valid when it can be a file's name; or, where that is optional, when there is none. */
export function nameValidator({ optional }: { optional: boolean }): Validator {
  return explained((value) => {
    const name = String(value ?? "").trim();
    return (optional && name === "") || isName(name) || sharedText("problem.name");
  });
}

/** Makes a validator of a function that answers with true or with what is wrong. */
export function explained(check: (this: object, value: unknown) => true | string): Validator {
  // Only of a validator with two parameters Node-RED takes a text, which it shows; the published types don't know that.
  return function (value, _options) {
    return check.call(this, value) as boolean;
  };
}

/** What a reader of settings fails with, without the sentence that says to open the node. */
function problemOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replace(/ Open the [^.]*\.$/, "");
  }
}

/** A node's property: what stands in its open dialog, or else what is stored. */
function editedValue(node: object, name: string): unknown {
  const stored: unknown = Object.entries(node).find(([key]) => key === name)?.[1];
  const editor: object = RED.editor;
  if (!hasEditStack(editor) || !editor.getEditStack().includes(node)) return stored;
  const field = $(`#node-input-${name}, #node-config-input-${name}`);
  return field.is(":checkbox") ? field.is(":checked") : (field.val() ?? stored);
}

/** The published types lack it. */
function hasEditStack(editor: object): editor is { getEditStack(): unknown[] } {
  return "getEditStack" in editor;
}

function isVariable(value: unknown): boolean {
  return typeof value === "string" && /^\$(\{\w+\}|\(\w+\))$/.test(value);
}
