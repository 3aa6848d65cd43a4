import { TinymlError } from "../errors";
import { isPrintable, showUnprintable, unprintable } from "../printable";
import { formatCells } from "./csv";
import { type DatasetDescription, fixedLabels } from "./description";
import type { Split } from "./table";

/** A sample of a table: one reading and what belongs to it. */
export interface Row {
  /** One number per channel. */
  values: readonly number[];
  /** Classification: what the reading shows. */
  label?: string;
  /** Regression: the numbers to predict, one per target. */
  targets?: readonly number[];
  /** The recording, speaker or device it comes from: a split keeps a group on one side. */
  group?: string;
  /** The side of the split it is meant for; by chance where absent. */
  split?: Split;
  /** Where it was measured ("adc/0"). */
  source?: string;
  /** When, in milliseconds since 1970; now where absent. */
  time?: number;
}

function assertNumbers(numbers: unknown, channels: DatasetDescription["channels"], what: string): readonly number[] {
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
  if (description.task === "classification") {
    const label: unknown = row.label;
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
    return formatCells([...values, label]);
  }
  if (row.targets === undefined || row.targets === null) {
    throw new TinymlError(
      "TINYML_NO_LABEL",
      `The reading has no target (${description.targets?.map((target) => target.name).join(", ")}). Send it as msg.label, a number or a list of numbers.`,
    );
  }
  return formatCells([...values, ...assertNumbers(row.targets, description.targets ?? [], "targets")]);
}
