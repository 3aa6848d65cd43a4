import { FILE_IDENTIFIER } from "./schema";

/** True for the bytes of a .tflite file: its identifier at bytes 4 to 7 tells a model from other data. Never throws. */
export function isTflite(value: unknown): value is Uint8Array {
  if (!(value instanceof Uint8Array) || value.byteLength < 8) return false;
  return [...FILE_IDENTIFIER].every((character, i) => value[4 + i] === character.charCodeAt(0));
}
