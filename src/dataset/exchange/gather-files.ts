import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { TinymlError } from "../../errors";
import { isMissing, toStorageError } from "../../storage";
import { importError, type NamedBytes, unpackLimits } from "./named-bytes";

/**
 * The file at a path, or all files below a folder, sorted, with paths from there on. Links are followed to files, and folders to the depth of 8; what begins
 * with a dot is left out.
 * @throws TinymlError TINYML_FILE when there is nothing, TINYML_IMPORT_INVALID for more than 512 MiB or 100,000 files, TINYML_STORAGE
 */
export async function gatherFiles(path: string): Promise<NamedBytes[]> {
  const files: NamedBytes[] = [];
  let bytes = 0;
  const read = async (name: string, file: string, size: number): Promise<void> => {
    bytes += size;
    if (bytes > unpackLimits.bytes) throw importError(name, "with it more than 512 MB would be read");
    if (files.length >= unpackLimits.entries) throw importError(name, "there are more than 100,000 files");
    files.push({ name, bytes: await readFile(file) });
  };
  const walk = async (folder: string, above: string, depth: number): Promise<void> => {
    for (const name of (await readdir(folder)).filter((each) => !each.startsWith(".")).sort()) {
      const found = await stat(join(folder, name)).catch(() => undefined);
      if (found?.isFile()) await read(`${above}${name}`, join(folder, name), found.size);
      else if (found?.isDirectory() && depth > 0) await walk(join(folder, name), `${above}${name}/`, depth - 1);
    }
  };
  try {
    const found = await stat(path);
    if (found.isDirectory()) await walk(path, "", 8);
    else await read(basename(path), path, found.size);
    return files;
  } catch (error) {
    if (!isMissing(error)) throw toStorageError(error, path);
    throw new TinymlError("TINYML_FILE", `There is no file or folder ${path}. Check the path.`, { cause: error });
  }
}
