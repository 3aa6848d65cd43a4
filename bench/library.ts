import { createRequire } from "node:module";
import { packagePath } from "../build/package-files";

/** dist/lib.js: what is measured is what the package ships, not the sources. */
export const libraryFile = packagePath("dist", "lib.js");

/** The built library. Its types are those of its entry, from which it was built. */
export const library: typeof import("../nodes/lib") = createRequire(__filename)(libraryFile);
