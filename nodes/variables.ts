import type { Node, NodeAPI } from "node-red";
import { TinymlError } from "../src/errors";

/** A variable within a text: `${PUPIL}`. */
const variable = /\$\{([^}]*)\}/g;

/** Whether a text has variables in it, whose values only the runtime knows. */
export function hasVariables(text: string): boolean {
  return text.match(variable) !== null;
}

/** The text with a plain word in place of each variable. */
export function withoutVariables(text: string): string {
  return text.replace(variable, "x");
}

/**
 * A name with the values of its variables filled in, as the node sees them: of its flow or subflow, of all flows, of the system. Node-RED itself
 * fills a variable in where it is the whole setting; here it may also be a part of it. TINYML_NAME_INVALID for a variable that nobody has set;
 * whether the result is a good name is for others to say.
 */
export function fillInVariables(RED: Pick<NodeAPI, "util">, node: Node, name: string, what: string): string {
  return name.replace(variable, (_match, key: string) => {
    const value: unknown = RED.util.getSetting(node, key);
    const text = typeof value === "string" || typeof value === "number" ? String(value).trim() : "";
    if (text !== "") return text;
    const fault = value === undefined ? `there is no variable ${key}` : `the variable ${key} has no text`;
    throw new TinymlError(
      "TINYML_NAME_INVALID",
      `The name of the ${what} is "${name}", but ${fault}. Set it among the environment variables of the flow (a double click on the flow's tab shows them), and put the ${what} into that flow: choose the flow at the bottom of its dialog.`,
    );
  });
}
