import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

let folder: string | undefined;

/** The folder of this package, which holds dist/, examples/ and src/kernels/: the nearest one above with a package.json. */
export function packageFolder(): string {
  if (folder === undefined) {
    folder = __dirname;
    while (!existsSync(join(folder, "package.json"))) {
      const parent = dirname(folder);
      if (parent === folder) throw new Error(`No package.json above ${__dirname}; reinstall the package.`);
      folder = parent;
    }
  }
  return folder;
}
