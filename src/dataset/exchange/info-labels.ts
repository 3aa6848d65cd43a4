import type { Split } from "../table";
import { asObject } from "./imported";
import { importError, type NamedBytes, parseDocument } from "./named-bytes";

/** The file that lies in an export of Edge Impulse and names the label and the side of each sample. */
export const infoLabels = "info.labels";

/** What info.labels says of a sample's file. */
export interface LabelledFile {
  /** Its path in the archive. */
  path: string;
  split?: Split;
  /** Absent for a sample that nobody labelled. */
  label?: string;
  /** Labels of parts, not checked yet. */
  parts?: unknown;
}

/** Edge Impulse's categories; a sample of "split" is on the side that chance decides. */
const categories: ReadonlyMap<unknown, Split | undefined> = new Map([
  ["training", "training"],
  ["testing", "test"],
  ["validation", "validation"],
  ["split", undefined],
  ["post-processing", undefined],
  [undefined, undefined],
]);

/**
 * The samples that info.labels lists (version 1), as Edge Impulse's exports and its uploader have it. Paths are those of the archive: they count
 * from the folder in which info.labels lies.
 * @throws TinymlError TINYML_IMPORT_INVALID
 */
export function readInfoLabels(file: NamedBytes): LabelledFile[] {
  const { name } = file;
  const parsed = parseDocument(file);
  const { version, files } = asObject(parsed, name, "its content");
  if (version !== 1) throw importError(name, `its version ${JSON.stringify(version)} is not known here, only 1`);
  if (!Array.isArray(files)) throw importError(name, "it has no list of files");
  const folder = name.slice(0, -infoLabels.length);
  const seen = new Set<string>();
  return files.map((each: unknown) => {
    const file = asObject(each, name, "an entry of its files");
    if (typeof file.path !== "string") throw importError(name, "an entry of its files has no path");
    const path = folder + file.path;
    if (seen.has(path)) throw importError(name, `it lists ${JSON.stringify(file.path)} twice`);
    seen.add(path);
    if (!categories.has(file.category)) {
      throw importError(name, `${file.path} has a category that is not known here (${JSON.stringify(file.category)})`);
    }
    if (Array.isArray(file.boundingBoxes) && file.boundingBoxes.length > 0) {
      throw importError(name, `${file.path} has bounding boxes: things to find in pictures can't be learned here`);
    }
    const split = categories.get(file.category);
    return { path, ...(split !== undefined && { split }), ...readLabel(name, file.path, file.label) };
  });
}

function readLabel(name: string, path: string, value: unknown): Pick<LabelledFile, "label" | "parts"> {
  const { type, label, labels } = asObject(value, name, `the label of ${path}`);
  if (type === "unlabeled") return {};
  if (type === "label" && typeof label === "string") return { label };
  if (type === "multi-label") return { parts: labels };
  throw importError(name, `the label of ${path} is of a kind that is not known here (${JSON.stringify(type)})`);
}
