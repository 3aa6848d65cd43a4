import { TinymlError } from "../errors";

/** A weight of a layer, in Keras's layout: inputs before outputs. */
export interface KerasWeight {
  shape: readonly number[];
  data: Float32Array;
}

/** A model as Keras and tfjs store it: what its layers are, and their weights. */
export interface KerasModel {
  /** {class_name, config} of the model. */
  topology: unknown;
  /** By the layer's name and the weight's, such as "dense_1/kernel". */
  weights: ReadonlyMap<string, KerasWeight>;
  /** The names of the classes, where the file has them. */
  labels?: readonly string[];
  /** What our own export has left in the file. */
  metadata?: unknown;
  /** Made by Teachable Machine from pictures, which it brings to −1..1. */
  isTeachableImage?: true;
}

/** The error about a file that is no model, or a damaged one. */
export function damagedKeras(what: string): TinymlError {
  return new TinymlError("TINYML_MODEL_INVALID", `The model can't be read: ${what}. Save or download it again.`);
}

/** The error about a model with something that this package does not have. */
export function unsupportedKeras(what: string): TinymlError {
  return new TinymlError(
    "TINYML_MODEL_UNSUPPORTED",
    `The model can't be imported: ${what}. docs/recipes.md lists the layers; in Keras it may be converted to .tflite instead.`,
  );
}

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value of JSON is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON from a file of a model. @throws TinymlError TINYML_MODEL_INVALID */
export function parseModelJson(bytes: Uint8Array | string, file: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes));
  } catch (error) {
    throw damagedKeras(`${file} is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  if (isObject(parsed)) return parsed;
  throw damagedKeras(`${file} holds no object`);
}

/** "dense/kernel" from the names that files give a weight: "sequential/dense/kernel:0", or "kernel:0" in the layer's own group. */
export function weightKey(stored: string, layer: string): string {
  const parts = withoutZeros(stored).replace(/:\d+$/, "").split("/");
  return `${parts.at(-2) ?? layer}/${parts.at(-1)}`;
}

/** Text of an HDF5 attribute without what fills it up. */
export function withoutZeros(text: string): string {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}
