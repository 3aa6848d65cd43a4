import { TinymlError } from "../errors";
import { isPrintable, showUnprintable, unprintable } from "../printable";
import { parseNumber } from "./csv";

/** Labels that are numbers in the order of the numbers, others in the order in which they were met. */
export function orderLabels(met: Iterable<string>): string[] {
  const labels = [...new Set(met)];
  const numbers = new Map(labels.map((label) => [label, parseNumber(label)]));
  if ([...numbers.values()].includes(undefined)) return labels;
  return labels.sort((a, b) => (numbers.get(a) ?? 0) - (numbers.get(b) ?? 0));
}

/** The labels that the names of files and folders say. @throws TinymlError TINYML_UNKNOWN_LABEL for one that nobody can print */
export function labelsOfFiles(files: readonly { path: string; label: string }[]): string[] {
  const faulty = files.find(({ label }) => !isPrintable(label));
  if (faulty === undefined) return orderLabels(files.map(({ label }) => label));
  throw new TinymlError(
    "TINYML_UNKNOWN_LABEL",
    `${JSON.stringify(faulty.path)} gives the label ${showUnprintable(faulty.label)}, ${unprintable}. Rename it.`,
  );
}
