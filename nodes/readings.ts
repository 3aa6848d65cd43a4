import type { Row } from "../src/dataset/row";
import { describe } from "../src/describe";
import { TinymlError } from "../src/errors";
import type { Task } from "../src/model/metadata";

/**
 * A reading as a list, one number per channel: what `msg.payload` holds when a sensor sent it.
 * TINYML_NOT_A_NUMBER for anything but a number or a list; the list's entries are checked by those who know the channels.
 */
export function readingOf(payload: unknown): readonly number[] {
  if (typeof payload === "number") return [payload];
  if (Array.isArray(payload)) return payload;
  if (payload instanceof Float32Array || payload instanceof Float64Array) return Array.from(payload);
  throw new TinymlError(
    "TINYML_NOT_A_NUMBER",
    `msg.payload must be a number or a list of numbers, but it is ${describe(payload)}.`,
  );
}

/** The command in a message's property, trimmed and in lower case. TINYML_UNKNOWN_COMMAND names those that exist. */
export function commandOf<T extends string>(value: unknown, property: string, commands: readonly T[]): T {
  const word = typeof value === "string" ? value.trim().toLowerCase() : value;
  const command = commands.find((known) => known === word);
  if (command === undefined) {
    throw new TinymlError(
      "TINYML_UNKNOWN_COMMAND",
      `msg.${property} is ${describe(value)}; it can be ${commands.map((each) => `"${each}"`).join(", ")}.`,
    );
  }
  return command;
}

/**
 * What is to be learned from a reading, as the dataset stores it: the label as a text, or the targets as a list of numbers.
 * What is missing or no number is told by the dataset.
 */
export function answerOf(task: Task, answer: unknown): Pick<Row, "label" | "targets"> {
  if (answer === undefined || answer === null || answer === "") return {};
  if (task === "classification") return { label: typeof answer === "string" ? answer.trim() : String(answer) };
  if (Array.isArray(answer)) return { targets: answer };
  if (typeof answer === "number") return { targets: [answer] };
  throw new TinymlError(
    "TINYML_NOT_A_NUMBER",
    `What is to be learned must be a number or a list of numbers here, but it is ${describe(answer)}.`,
  );
}
