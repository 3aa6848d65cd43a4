import { basename, dirname, join, resolve } from "node:path";
import { TinymlError } from "../errors";
import { elementCount } from "../model/tensor";
import { type IdxFile, readIdx } from "./idx";
import { tooLarge } from "./numbers";
import { numberChannels, pictureChannels } from "./picture";
import type { ReadOptions } from "./read-options";
import type { Samples } from "./samples";
import { inputWidth, type Split, sampleShape, type Table } from "./table";

/** What an IDX file's name says of it. */
interface IdxName {
  /** Whether it holds the samples or what they are. */
  role: "images" | "labels";
  /** The same for the images and the labels that belong together. */
  pair: string;
  split: Split | undefined;
}

/** Reads one of the files by its path. */
type ReadIdx = (file: string) => IdxFile | Promise<IdxFile>;

/** The most channels and labels that a recipe could take. */
const mostNames = 65536;

/** Whether a file has the name of an IDX file: "train-images-idx3-ubyte", "t10k-labels.idx1-ubyte.gz", "images.idx". */
export function isIdxName(name: string): boolean {
  return /(^|[-_. ])idx\d*([-_. ]?u?(byte|short|int|float|double))?(\.gz)?$/i.test(name);
}

function parseName(name: string): IdxName | undefined {
  const plain = name
    .toLowerCase()
    .replace(/\.gz$/, "")
    .replace(/[-_. ]+/g, "-");
  const [, before, role, behind] = /^(|.*-)(image|label)s?(-.*|)$/.exec(plain) ?? [];
  if (role === undefined) return undefined;
  const split = /(^|-)(t10k|test)-/.test(before)
    ? "test"
    : /(^|-)(validation|val)-/.test(before)
      ? "validation"
      : undefined;
  return { role: role === "image" ? "images" : "labels", pair: before + behind.replace(/idx\d/, "idx"), split };
}

/**
 * The table in a folder with IDX files: images and their labels, whose names differ in these words only. There may be further pairs: those
 * whose names begin with "t10k" or "test" are for a test, those with "validation" validate, and of others there is one. The samples of a file
 * with two dimensions are readings; with three, grey pictures; with four, pictures, their channels last. Integer labels are class names.
 *
 * @param names the names of the folder's IDX files
 * @param read reads one of them; from the disk, unless they lie in memory
 * @throws TinymlError TINYML_DATASET_MISSING when a file lacks its other half, TINYML_SAMPLES_DIFFER, TINYML_DATASET_TOO_LARGE, and what
 *   `readIdx` throws
 */
export async function readIdxFolder(
  folder: string,
  names: readonly string[],
  options: ReadOptions,
  read: ReadIdx = (file) => readIdx(file, options),
): Promise<Table> {
  const sides = new Map<Split | undefined, string>();
  // The plain file of two comes first, for it needs no unpacking.
  for (const name of [...names].sort(
    (a, b) => Number(/\.gz$/i.test(a)) - Number(/\.gz$/i.test(b)) || (a < b ? -1 : 1),
  )) {
    const parsed = parseName(name);
    if (parsed?.role !== "images") continue;
    const other = sides.get(parsed.split);
    if (other === undefined) sides.set(parsed.split, name);
    else if (parseName(other)?.pair !== parsed.pair) {
      throw new TinymlError(
        "TINYML_DATASET_MISSING",
        `The folder ${folder} holds both ${other} and ${name}. Name the file to read, or move one of them.`,
      );
    }
  }
  if (sides.size === 0) {
    throw new TinymlError(
      "TINYML_DATASET_MISSING",
      `The folder ${folder} holds IDX files, but none has "images" in its name (${names.slice(0, 5).join(", ")}). Call them as MNIST's are called, such as train-images-idx3-ubyte and train-labels-idx1-ubyte.`,
    );
  }
  const parts: Part[] = [];
  for (const split of [undefined, "validation", "test"] as const) {
    const name = sides.get(split);
    if (name !== undefined) parts.push({ ...(await readPair(join(folder, name), names, options, read)), split });
  }
  return joinParts(parts, basename(resolve(folder)));
}

/**
 * The table in one IDX file of samples, with the labels in the file beside it, among the folder's `names`. No row is of a side.
 * @throws TinymlError as `readIdxFolder`
 */
export async function readIdxFile(file: string, names: readonly string[], options: ReadOptions): Promise<Table> {
  if (parseName(basename(file))?.role !== "images") {
    throw new TinymlError(
      "TINYML_DATASET_MISSING",
      `${file} is an IDX file, but its name has no "images" in it. Name the file with the images, or the folder of both.`,
    );
  }
  const part = await readPair(file, names, options, (each) => readIdx(each, options));
  return joinParts([{ ...part, split: undefined }], basename(file).replace(/[-_. ]?idx.*$/i, ""));
}

/** Samples and what they are, by the numbers of the files. */
interface Pair {
  file: string;
  table: Pick<Table, "channels" | "shape" | "inputs" | "rows">;
  answers: Float32Array | Uint8Array;
  /** Numbers per row in `answers`. */
  answerWidth: number;
  task: Table["task"];
}

interface Part extends Pair {
  split: Split | undefined;
}

async function readPair(file: string, names: readonly string[], options: ReadOptions, read: ReadIdx): Promise<Pair> {
  const { pair } = parseName(basename(file)) ?? {};
  const candidates = names.filter((name) => {
    const parsed = parseName(name);
    return parsed?.role === "labels" && parsed.pair === pair;
  });
  const labelsName = candidates.find((name) => !/\.gz$/i.test(name)) ?? candidates[0];
  if (labelsName === undefined) {
    throw new TinymlError(
      "TINYML_DATASET_MISSING",
      `There is no file with the labels of ${file} beside it. It must have the same name, with "labels" in place of "images".`,
    );
  }
  const labelsFile = join(dirname(file), labelsName);
  const [images, labels] = [await read(file), await read(labelsFile)];
  const [rows] = images.shape;
  if (labels.shape[0] !== rows) {
    throw new TinymlError(
      "TINYML_DATASET_CORRUPT",
      `${file} holds ${rows} samples, but ${labelsFile} ${labels.shape[0]} labels. Copy or download both again.`,
    );
  }
  if (rows === 0) throw new TinymlError("TINYML_DATASET_EMPTY", `There are no samples in ${file}.`);
  const answerWidth = elementCount(labels.shape.slice(1));
  if ("file" in labels.values) throw tooLarge(labelsFile, "Labels are a number per sample.");
  const whole =
    answerWidth === 1 && labels.values.every((value) => Number.isInteger(value) && Math.abs(value) < 2 ** 24);
  const task = options.task ?? (whole ? "classification" : "regression");
  if (task === "classification" && !whole) {
    throw new TinymlError(
      "TINYML_UNKNOWN_LABEL",
      `${labelsFile} holds other numbers than one class per sample, a whole number. Is this for a regression?`,
    );
  }
  if (answerWidth > mostNames) throw tooLarge(labelsFile, "Labels are a number per sample.");
  return { file, table: describeSamples(images, file), answers: labels.values, answerWidth, task };
}

function describeSamples({ shape: [rows, ...shape], values }: IdxFile, file: string): Pair["table"] {
  if (shape.includes(0) || shape.length > 3) {
    const what = shape.length === 0 ? "numbers" : shape.join(" × ");
    throw new TinymlError(
      "TINYML_DATASET_CORRUPT",
      `The samples of ${file} (${what}) are neither readings nor pictures: those have one to three dimensions beside the number of samples.`,
    );
  }
  const grey = shape.length === 2;
  const channels = grey ? 1 : (shape.at(-1) ?? 1);
  if (channels > mostNames) throw tooLarge(file, `Its samples have ${channels} channels; ${mostNames} is the most.`);
  const described = {
    channels: shape.length > 1 ? pictureChannels(channels) : numberChannels(channels),
    inputs: values,
    rows,
  };
  return shape.length < 2 ? described : { ...described, shape: grey ? [...shape, 1] : shape };
}

function joinParts(parts: readonly Part[], name: string): Table {
  const [first] = parts;
  const width = inputWidth(first.table);
  for (const { file, table, answerWidth, task } of parts) {
    const [one, other] = [first.table, table].map((each) => sampleShape(each).join(" × "));
    if (one !== other || answerWidth !== first.answerWidth || task !== first.task) {
      throw new TinymlError(
        "TINYML_SAMPLES_DIFFER",
        `The samples of ${first.file} (${one}) and of ${file} (${other}) or their labels are of different kinds. Name one of the files.`,
      );
    }
  }
  const rows = parts.reduce((sum, { table }) => sum + table.rows, 0);
  const base = { name, ...first.table, inputs: joinInputs(parts, rows * width), rows };
  const splits = parts.flatMap(({ split, table }) => new Array<Split | undefined>(table.rows).fill(split));
  const sides = splits.some((split) => split !== undefined) ? { splits } : {};
  const answers = Float32Array.from(parts.flatMap((part) => Array.from(part.answers)));
  if (first.task === "regression") {
    const targets = Array.from({ length: first.answerWidth }, (_, i) => ({ name: `target ${i + 1}`, unit: "" }));
    return { ...base, ...sides, task: "regression", targets, outputs: answers };
  }
  const classes = [...new Set(answers)].sort((a, b) => a - b);
  if (classes.length > mostNames)
    throw tooLarge(first.file, `It has ${classes.length} classes; ${mostNames} is the most.`);
  const places = new Map(classes.map((value, i) => [value, i]));
  return {
    ...base,
    ...sides,
    task: "classification",
    labels: classes.map(String),
    outputs: answers.map((value) => places.get(value) ?? 0),
  };
}

function joinInputs(parts: readonly Part[], count: number): Samples {
  const [{ table, file }, ...others] = parts;
  if (others.length === 0) return table.inputs;
  const bytes = parts.every((part) => part.table.inputs instanceof Uint8Array);
  const joined = bytes ? new Uint8Array(count) : new Float32Array(count);
  let at = 0;
  for (const part of parts) {
    const { inputs } = part.table;
    if ("file" in inputs)
      throw tooLarge(dirname(file), `Name one of its files, such as ${file}, which is read piece by piece.`);
    joined.set(inputs, at);
    at += inputs.length;
  }
  return joined;
}
