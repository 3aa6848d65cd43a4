import { extract, type Header } from "tar-stream";
import { TinymlError } from "../../errors";
import { assertDifferent, assertEntryPath, importError, type NamedBytes, type UnpackBudget } from "./named-bytes";

const blockLength = 512;

/** Whether bytes begin as a tar archive does (POSIX or GNU). */
export function isTar(bytes: Uint8Array): boolean {
  return bytes.length >= blockLength && Buffer.from(bytes.subarray(257, 262)).toString("latin1") === "ustar";
}

/**
 * The files in a tar archive (POSIX, pax or GNU), in their order.
 *
 * @throws TinymlError TINYML_IMPORT_INVALID that names the entry: for paths that lead elsewhere, links, devices, sparse files, duplicates,
 *   archives that are cut short, and more than the budget
 */
export async function readTar({ name, bytes }: NamedBytes, budget: UnpackBudget): Promise<NamedBytes[]> {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  // Without its end mark an archive may have lost whole files.
  if (!data.subarray(-2 * blockLength).every((byte) => byte === 0)) {
    throw importError(name, "the tar archive is cut short");
  }
  const files: NamedBytes[] = [];
  const paths: string[] = [];
  const archive = extract();
  archive.end(data);
  try {
    for await (const entry of archive) {
      const path = assertPlain(entry.header, name);
      paths.push(path);
      budget.claim(`${name}: ${path}`, entry.header.size);
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry) if (chunk instanceof Uint8Array) chunks.push(chunk);
      if (entry.header.type !== "directory") files.push({ name: path, bytes: Buffer.concat(chunks) });
    }
  } catch (error) {
    if (error instanceof TinymlError) throw error;
    throw importError(name, "the tar archive is damaged or cut short", error);
  }
  assertDifferent(paths, name);
  return files;
}

/** The path of an entry that is a file or a folder. */
function assertPlain({ name: text, type, pax }: Header, archive: string): string {
  if (type === "directory" && /^\.?\/*$/.test(text)) return ".";
  const path = assertEntryPath(text, archive);
  if (Object.keys(pax ?? {}).some((key) => key.startsWith("GNU.sparse"))) {
    throw importError(archive, `its entry "${path}" is a sparse file. Pack it without --sparse`);
  }
  if (type === "file" || type === "contiguous-file" || type === "directory") return path;
  throw importError(archive, `its entry "${path}" is a link, a device or a pipe`);
}
