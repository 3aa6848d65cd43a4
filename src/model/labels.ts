import type { Model } from "./model";
import { elementCount } from "./tensor";

/**
 * The names of a classifier's classes: those of our metadata, or of a model from elsewhere that carries them the way
 * TensorFlow Lite's libraries read them, in a text file of one name a line for each number of its one output.
 */
export function labelsOf({ metadata, associatedFiles, outputs, tensors }: Model): readonly string[] | undefined {
  if (metadata !== undefined) return metadata.labels;
  const [output, ...others] = outputs.map((index) => tensors[index]);
  const classes = output === undefined || others.length > 0 ? 1 : elementCount(output.shape);
  const lists = Object.entries(associatedFiles ?? {})
    .filter(([name]) => name.endsWith(".txt"))
    .map(([, bytes]) => new TextDecoder().decode(bytes).trimEnd().split(/\r?\n/));
  const [labels, ...more] = classes > 1 ? lists.filter(({ length }) => length === classes) : [];
  // of two lists of that length nobody knows which is meant
  return more.length > 0 ? undefined : labels;
}
