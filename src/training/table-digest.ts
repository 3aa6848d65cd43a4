import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { inputWidth, type Table } from "../dataset/table";
import { toStorageError } from "../storage";

const bytesAtOnce = 2 ** 22;

/**
 * A digest of all that training reads of a table: it changes when a number, a label, a group or a side of the split does.
 * @throws TinymlError TINYML_STORAGE
 */
export function tableDigest(table: Table): string {
  const { inputs, outputs, name, ...described } = table;
  const hash = createHash("sha256");
  hash.update(JSON.stringify(described));
  hash.update(bytesOf(outputs));
  if (!("file" in inputs)) return hash.update(bytesOf(inputs)).digest("hex");
  const { file, type, offset } = inputs;
  try {
    const descriptor = openSync(file, "r");
    try {
      const buffer = new Uint8Array(bytesAtOnce);
      const end = offset + table.rows * inputWidth(table) * (type === "uint8" ? 1 : 4);
      for (let at = offset; at < end; ) {
        const found = readSync(descriptor, buffer, 0, Math.min(buffer.length, end - at), at);
        if (found === 0) break;
        hash.update(buffer.subarray(0, found));
        at += found;
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw toStorageError(error, file);
  }
  return hash.digest("hex");
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
