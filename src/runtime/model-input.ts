import { describe, isList } from "../describe";
import { TinymlError } from "../errors";
import type { Model, Tensor, TensorType } from "../model/model";
import { elementCount } from "../model/tensor";
import { tensorNames } from "../model/tensor-names";
import { isWhole } from "./tensor-values";

/**
 * The numbers for each input of a model, in their order: as many as the input has elements, each one it can take. Real
 * ones are rounded to float32. They hold until the next reading.
 */
export type InputValues = readonly InputNumbers[];

type InputNumbers = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

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
  /** Where the numbers of a reading go while they are checked, so that none are looked at twice and nothing is allocated. */
  numbers: InputNumbers;
  /** Whether it takes true and false, too. */
  boolean: boolean;
}

/**
 * A function that reads what a flow sends to a model: for one input a number or a list of numbers, for several an object
 * with a list by each input's name, or a list of such lists in their order. A list may be a typed array or, for an input
 * of several dimensions, nested (row-major). An input of booleans takes true and false
 * as well as 1 and 0.
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
    numbers: isWhole(tensor) ? new Float64Array(count) : new Float32Array(count),
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

function readPort(port: Port, payload: unknown): InputNumbers {
  const values = flatten(port, payload);
  const { count, numbers, range } = port;
  if (values.length !== count) throw wrongCount(port, values.length);
  const taken =
    range === undefined ? takeReals(values, count, numbers) : takeWhole(values, numbers, range, port.boolean);
  if (taken < count) throw notANumber(values[taken], taken, port);
  return numbers;
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

/** Takes numbers as long as they are numbers that float32 can hold; how many. A count of its own halves the loop's time. */
function takeReals(values: ArrayLike<unknown>, count: number, numbers: InputNumbers): number {
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== "number") return i;
    const real = Math.fround(value);
    if (!Number.isFinite(real)) return i;
    numbers[i] = real;
  }
  return count;
}

/** Takes numbers as long as they are whole ones of the range; how many. */
function takeWhole(
  values: ArrayLike<unknown>,
  numbers: InputNumbers,
  [low, high]: readonly [low: number, high: number],
  boolean: boolean,
): number {
  for (let i = 0; i < numbers.length; i++) {
    const value = boolean && typeof values[i] === "boolean" ? Number(values[i]) : values[i];
    if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high) return i;
    numbers[i] = value;
  }
  return numbers.length;
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
