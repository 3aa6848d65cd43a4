import { TinymlError } from "../errors";

/** A level for an output, clamped to 0..1. Throws TINYML_NOT_A_NUMBER for NaN and for what is no number. */
export function clampLevel(value: unknown): number {
  if (typeof value !== "number" || Number.isNaN(value)) {
    const shown = typeof value === "string" ? `the text ${JSON.stringify(value.slice(0, 40))}` : String(value);
    throw new TinymlError("TINYML_NOT_A_NUMBER", `An output needs a number from 0 to 1, but ${shown} came.`);
  }
  return Math.min(1, Math.max(0, value));
}
