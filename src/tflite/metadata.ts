import { TinymlError } from "../errors";
import type { Metadata } from "../model/metadata";
import { parseMetadata } from "../model/parse-metadata";
import { damaged } from "./cursor";

/** The name of the metadata buffer that holds our JSON. */
export const FLOWS_METADATA = "TINYML_FLOWS";

/** The name of the metadata buffer from which TensorFlow Lite's own libraries read labels. */
export const LABEL_METADATA = "TFLITE_METADATA";

const WHERE = `metadata ${FLOWS_METADATA}`;

/** The metadata as UTF-8 JSON. @throws TinymlError TINYML_MODEL_INVALID when it is not what its schema says */
export function encodeMetadata(metadata: Metadata): Uint8Array {
  const valid = parseMetadata(metadata, WHERE);
  let json: string;
  try {
    json = JSON.stringify(valid);
  } catch (cause) {
    // the recipe may be anything: nested without end, or of numbers that JSON does not have
    throw new TinymlError("TINYML_MODEL_INVALID", `The model can't be written: ${WHERE} can't be expressed as JSON.`, {
      cause,
    });
  }
  return new TextEncoder().encode(json);
}

/**
 * The metadata that a file's buffer holds.
 *
 * @throws TinymlError TINYML_MODEL_INVALID for what is not UTF-8, JSON or what the schema says,
 *   TINYML_MODEL_UNSUPPORTED for a newer version
 */
export function decodeMetadata(bytes: Uint8Array): Metadata {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw damaged(WHERE, "is not UTF-8 JSON");
  }
  return parseMetadata(value, WHERE);
}
