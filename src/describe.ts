/** What came instead of what was wanted, for a sentence: "the text "abc"", "a list of 3 numbers". */
export function describe(value: unknown): string {
  if (typeof value === "string") return `the text ${JSON.stringify(value.slice(0, 40))}`;
  if (value === undefined || value === null) return "missing";
  if (Buffer.isBuffer(value)) return "a buffer";
  if (isList(value)) {
    if (value.length === 0) return "an empty list";
    const kind = Array.from<unknown>(value).every((each) => typeof each === "number") ? "number" : "value";
    return `a list of ${value.length} ${kind}${value.length === 1 ? "" : "s"}`;
  }
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Whether a value is an array or a typed array. */
export function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
