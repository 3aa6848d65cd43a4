import { describe, isList } from "../describe";
import { TinymlError } from "../errors";
import type { Model, Tensor, TensorType } from "../model/model";
import { elementCount } from "../model/tensor";
import { tensorNames } from "../model/tensor-names";
import { isWhole } from "./tensor-values";

/** One list of numbers for each input of a model, in their order: as many as the input has elements, each one it can take. */
export type InputValues = readonly ArrayLike<number>[];

/** The whole numbers that the tensor types hold which are not scaled to real ones. */
const wholeNumbers: Readonly<Partial<Record<TensorType, readonly [low: number, high: number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  int32: [-2147483648, 2147483647],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  bool: [0, 1],
};

/** Lists in lists beyond which nobody looks any further: a list may hold itself. No tensor has more dimensions. */
const deepest = 8;

/** An input and what it takes. */
interface Port {
  /** What the sentences call it: "The model", or "The input "x"" where there are several. */
  subject: string;
  count: number;
  /** "3 numbers", "490 numbers (1 × 49 × 10 × 1)". */
  wanted: string;
  /** The whole numbers that it takes; undefined for real ones. */
  range: readonly [low: number, high: number] | undefined;
  /** Whether it takes true and false, too. */
  boolean: boolean;
}

/**
 * A function that reads what a flow sends to a model: for one input a number or a list of numbers, for several an object
 * with a list by each input's name, or a list of such lists in their order. A list may be a typed array or, for an input
 * of several dimensions, nested (row-major). An input of booleans
 * takes true and false as well as 1 and 0.
 *
 * The lists that it gives may be those that it was given.
 *
 * The function throws a TinymlError: TINYML_MODEL_MISMATCH when there is nothing for an input, TINYML_CHANNEL_COUNT when
 * there are more or fewer numbers than it has elements, TINYML_NOT_A_NUMBER when they are no numbers or none of its type.
 */
export function createInputReader(model: Model): (payload: unknown) => InputValues {
  const tensors = model.inputs.map((index) => model.tensors[index]);
  const names = tensorNames(tensors, "input");
  const [only, ...others] = tensors;
  if (only !== undefined && others.length === 0) {
    const port = createPort(only, "The model");
    return (payload) => [readPort(port, payload)];
  }
  const ports = tensors.map((tensor, i) => createPort(tensor, `The input "${names[i]}"`));
  return (payload) => valuesPerInput(payload, names).map((values, i) => readPort(ports[i], values));
}

function createPort(tensor: Tensor, subject: string): Port {
  const { shape, type } = tensor;
  const count = elementCount(shape);
  const dimensions = shape.filter((dimension) => dimension !== 1).length > 1 ? ` (${shape.join(" × ")})` : "";
  return {
    subject,
    count,
    wanted: `${count} number${count === 1 ? "" : "s"}${dimensions}`,
    range: isWhole(tensor) ? wholeNumbers[type] : undefined,
    boolean: type === "bool",
  };
}

function valuesPerInput(payload: unknown, names: readonly string[]): unknown[] {
  const named = names.map((name) => JSON.stringify(name)).join(", ");
  const wanted = `The model has ${names.length} inputs: ${named}. Send an object with a list of numbers for each, or their lists in this order`;
  const mismatch = (sentence: string): TinymlError => new TinymlError("TINYML_MODEL_MISMATCH", sentence);
  if (Array.isArray(payload)) {
    if (payload.length !== names.length) throw mismatch(`${wanted}; this is ${describe(payload)}.`);
    return payload;
  }
  if (typeof payload !== "object" || payload === null || isList(payload)) {
    throw mismatch(`${wanted}; this is ${describe(payload)}.`);
  }
  const given = new Map<string, unknown>(Object.entries(payload));
  const unknown = [...given.keys()].find((name) => !names.includes(name));
  return names.map((name) => {
    if (given.has(name)) return given.get(name);
    const instead = unknown === undefined ? "" : ` It has ${JSON.stringify(unknown)}, which the model doesn't know.`;
    throw mismatch(`${wanted}; this object has nothing for ${JSON.stringify(name)}.${instead}`);
  });
}

function readPort(port: Port, payload: unknown): ArrayLike<number> {
  const values = flatten(port, payload);
  if (values.length !== port.count) throw wrongCount(port, values.length);
  if (areNumbers(values, port.range)) return values;
  const numbers = Array.from(values, (value) => (port.boolean && typeof value === "boolean" ? Number(value) : value));
  if (areNumbers(numbers, port.range)) return numbers;
  const at = numbers.findIndex((value) => !isNumber(value, port.range));
  throw notANumber(values[at], at, port);
}

/** The elements of a value in one list; nested lists must be a regular block. */
function flatten(port: Port, payload: unknown): ArrayLike<unknown> {
  // First what comes most often: asking whether it is anything else takes longer than running a small network.
  if (Array.isArray(payload) && typeof payload[0] === "number") return payload;
  if (typeof payload === "number" || (port.boolean && typeof payload === "boolean")) return [payload];
  // Bytes that came from a file or a wire are most often a text or a compressed picture.
  if (Buffer.isBuffer(payload)) {
    throw new TinymlError(
      "TINYML_NOT_A_NUMBER",
      `${port.subject} takes ${port.wanted}, but this is a buffer. Turn a text in it into numbers; if its bytes are the numbers, send Array.from(buffer).`,
    );
  }
  if (!isList(payload)) {
    throw new TinymlError(
      "TINYML_NOT_A_NUMBER",
      `${port.subject} takes ${port.wanted}, but this is ${describe(payload)}. Send a number or a list of numbers.`,
    );
  }
  let values = payload;
  for (let depth = 0; depth < deepest && isList(values[0]); depth++) {
    const width = values[0].length;
    // Before anything is copied: a list that holds itself would become a very long one.
    if (width === 0 || values.length * width > port.count) throw wrongCount(port, values.length * width);
    const rows = Array.from(values, (row, i) => {
      if (isList(row) && row.length === width) return Array.from(row);
      throw new TinymlError(
        "TINYML_CHANNEL_COUNT",
        `${port.subject} takes ${port.wanted}. Row ${i + 1} is ${describe(row)}, but the first has ${width}: all must be of one length.`,
      );
    });
    values = rows.flat();
  }
  return values;
}

function areNumbers(values: ArrayLike<unknown>, range: Port["range"]): values is ArrayLike<number> {
  for (let i = 0; i < values.length; i++) {
    if (!isNumber(values[i], range)) return false;
  }
  return true;
}

function isNumber(value: unknown, range: Port["range"]): value is number {
  if (typeof value !== "number") return false;
  if (range === undefined) return Number.isFinite(Math.fround(value));
  return Number.isInteger(value) && value >= range[0] && value <= range[1];
}

function wrongCount({ subject, wanted }: Port, count: number): TinymlError {
  return new TinymlError("TINYML_CHANNEL_COUNT", `${subject} takes ${wanted} per reading, but this one has ${count}.`);
}

/** The error about what is no number, or one that the input's type can't hold, which would make NaN of the prediction. */
function notANumber(value: unknown, index: number, { subject, range }: Port): TinymlError {
  const where = subject === "The model" ? "the reading" : subject.replace("The", "the");
  return new TinymlError(
    "TINYML_NOT_A_NUMBER",
    `Number ${index + 1} of ${where} is ${describe(value)}; send ${wantedNumber(value, range)}.`,
  );
}

function wantedNumber(value: unknown, range: Port["range"]): string {
  if (range !== undefined) return `a whole number from ${range[0]} to ${range[1]}`;
  return typeof value === "number" && Number.isFinite(value) ? "a number between -3.4e38 and 3.4e38" : "a number";
}
