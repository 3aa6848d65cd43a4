import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { TinymlError } from "../errors";
import { packageFolder } from "../package-folder";

/**
 * The C files and headers of the kernels by file name, as this package ships them: the sources that a sketch is given.
 * @throws TinymlError TINYML_INTERNAL when the package is incomplete
 */
export async function kernelSources(): Promise<Record<string, string>> {
  const folder = join(packageFolder(), "src", "kernels");
  try {
    const names = (await readdir(folder)).filter((name) => /\.[ch]$/.test(name)).sort();
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
    return Object.fromEntries(names.map((name, i) => [name, texts[i]]));
  } catch (error) {
    throw new TinymlError("TINYML_INTERNAL", `The kernels' sources are missing in ${folder}; reinstall the package.`, {
      cause: error,
    });
  }
}
