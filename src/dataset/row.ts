import { TinymlError } from "../errors";
import { isPrintable, showUnprintable, unprintable } from "../printable";
import { formatCells } from "./csv";
import { type DatasetDescription, fixedLabels } from "./description";
import type { SampleProperties } from "./events";

/** A sample of a table: one reading and what belongs to it. */
export interface Row extends SampleProperties {
  /** One number per channel. */
  values: readonly number[];
}

/**
 * The numbers of one reading, or of its targets, once they are sure to be as many as there are channels, and real float32 numbers.
 * @throws TinymlError TINYML_CHANNEL_COUNT, TINYML_NOT_A_NUMBER
 */
export function assertNumbers(
  numbers: unknown,
  channels: DatasetDescription["channels"],
  what: string,
): readonly number[] {
  if (!Array.isArray(numbers) || numbers.length !== channels.length) {
    const names = channels.map((channel) => channel.name).join(", ");
    const found = Array.isArray(numbers) ? String(numbers.length) : "something else";
    throw new TinymlError(
      "TINYML_CHANNEL_COUNT",
      `A row of this dataset has ${channels.length} ${what} (${names}), but ${found} came. Send as many numbers as the dataset has ${what}.`,
    );
  }
  for (let i = 0; i < channels.length; i++) {
    const number: unknown = numbers[i];
    // Models compute with float32: a number that overflows there would become Infinity in training.
    if (typeof number !== "number" || !Number.isFinite(Math.fround(number))) {
      throw new TinymlError(
        "TINYML_NOT_A_NUMBER",
        `"${channels[i]?.name}" must be a number between -3.4e38 and 3.4e38, but ${describe(number)} came.`,
      );
    }
  }
  return numbers;
}

function describe(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return `the text ${JSON.stringify(value.slice(0, 40))}`;
  return value === null ? "null" : `a value of type ${typeof value}`;
}

/**
 * A row as a line of rows.csv, "\n" included. Throws TINYML_NOT_A_NUMBER, TINYML_CHANNEL_COUNT, TINYML_NO_LABEL or
 * TINYML_UNKNOWN_LABEL for a row that the dataset can't hold.
 */
export function formatRow(description: DatasetDescription, row: Row): string {
  const values = assertNumbers(row.values, description.channels, "channels");
  const answer = checkAnswer(description, row);
  return formatCells([...values, ...(answer.targets ?? [answer.label ?? ""])]);
}

/**
 * What is to be learned from a sample, once it is sure that the dataset can hold it: a label for classification, targets for regression.
 * @throws TinymlError TINYML_NO_LABEL, TINYML_UNKNOWN_LABEL, TINYML_CHANNEL_COUNT, TINYML_NOT_A_NUMBER
 */
export function checkAnswer(
  description: DatasetDescription,
  answer: Pick<SampleProperties, "label" | "targets">,
): Pick<SampleProperties, "label" | "targets"> {
  if (description.task === "classification") {
    const label: unknown = answer.label;
    if (typeof label !== "string" || label.trim() === "") {
      throw new TinymlError(
        "TINYML_NO_LABEL",
        "The reading has no label. Set the label in the record node, or send it as msg.label (a text).",
      );
    }
    if (!isPrintable(label)) {
      throw new TinymlError(
        "TINYML_UNKNOWN_LABEL",
        `The reading has the label ${showUnprintable(label)}, ${unprintable}. Send a label of plain text.`,
      );
    }
    const allowed = fixedLabels(description);
    if (allowed && !allowed.includes(label)) {
      throw new TinymlError(
        "TINYML_UNKNOWN_LABEL",
        `The dataset has no label "${label}", only ${allowed.join(", ")}. Add it to the dataset's labels, or send one of them.`,
      );
    }
    return { label };
  }
  if (answer.targets === undefined || answer.targets === null) {
    throw new TinymlError(
      "TINYML_NO_LABEL",
      `The reading has no target (${description.targets?.map((target) => target.name).join(", ")}). Send it as msg.label, a number or a list of numbers.`,
    );
  }
  return { targets: assertNumbers(answer.targets, description.targets ?? [], "targets") };
}
