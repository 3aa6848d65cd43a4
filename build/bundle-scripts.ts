import { readFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import * as esbuild from "esbuild";
import { packagePath, packageRoot, readIfThere, writeIfChanged } from "./package-files";

/*
 * How code is shared in dist/.
 *
 * One process has one engine, one worker queue and one registry of datasets, so what src/ and the shared parts of nodes/
 * hold must exist once. It does in the library, through which every other script (a node's runtime, the training worker, the
 * command line) gets at it. Loading it all takes tens of milliseconds and ten megabytes, and Node-RED loads every node at its
 * start, so the library is cut into parts: each list nodes/lib/<part>.ts names the files of one part, dist/lib/<part>.js.
 * Two files hold no code but give each name of a part, and load the part when the first of them is used: dist/lib.js, the
 * package's main file, whose names can be listed and imported in every way, and dist/shared.js for the scripts of this
 * package, which takes a tenth of the time to load.
 *
 * One rule holds for parts and scripts alike: a file that a list names is bundled into its part, and everybody else takes
 * it from shared.js. They import as if there were no build (`../lib`, `../tflite/write-tflite`), and a plugin turns each import of such
 * a file into `require("…/shared.js")`, whose properties are read only where the imported names are used. So a part is loaded
 * when a function of it is first called, unless an imported name is used while the importing file itself is loaded.
 * A file of ours that no list names and that would be bundled into two scripts, with a state for each, is an error. So is a
 * package from npm in two parts, as it would be loaded twice.
 *
 * A name that a script imports and the library does not have stops the build with esbuild's own message: the plugin answers with
 * a module that lists the names which exist.
 */

const common = {
  bundle: true,
  platform: "node",
  // The one package that is not bundled: it finds its compiled code beside its own files.
  external: ["serialport"],
  format: "cjs",
  target: "node20",
  charset: "utf8",
  legalComments: "none",
  write: false,
  metafile: true,
  logLevel: "silent",
  absWorkingDir: packageRoot,
} satisfies esbuild.BuildOptions;

/**
 * A fresh process reads a script before it does anything, and less text is read sooner; text in ASCII takes a byte for each
 * character in memory, with a single … in it two. Names stay, for the traces of errors, and lines stay short enough for
 * their numbers to say where.
 */
const shortened = {
  charset: "ascii",
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 160,
} satisfies esbuild.BuildOptions;

/** How esbuild names what it bundles for `exportingPlainly`. */
const stdinName = "entry";

/**
 * The input of a bundle that assigns names of a file to `module.exports`, as they are. esbuild by itself defines a getter
 * for each name, and copies them all to another object with helpers: a third of a small script, which every fresh process
 * reads and runs. Nothing is exported here that changes after its file has run.
 *
 * @param entry the file, from the package's folder
 * @param exported what `module.exports` becomes: an expression of the names
 */
function exportingPlainly(entry: string, names: readonly string[], exported: string) {
  const path = JSON.stringify(`./${basename(entry, ".ts")}`);
  return {
    stdin: {
      contents: `"use strict";\nimport { ${names.join(", ")} } from ${path};\nmodule.exports = ${exported};\n`,
      resolveDir: dirname(packagePath(entry)),
      sourcefile: stdinName,
    },
  } satisfies esbuild.BuildOptions;
}

/** The library's own files, from the package's folder: for those who require the package, and for its own scripts. */
const libraryFile = "dist/lib.js";
const sharedFile = "dist/shared.js";

/** What a script built on the library needs to know of it. */
export interface SharedLibrary {
  /** The built files of its parts, from the package's folder. */
  parts: readonly string[];
  /** The files it was made of, absolute; ours only. */
  files: ReadonlySet<string>;
  /** The names it exports. */
  names: readonly string[];
  /** Folders of the npm packages that were bundled into it. */
  packages: readonly string[];
}

/** A part of the library: what one of the lists in nodes/lib/ names. */
interface LibraryPart {
  /** The list, from the package's folder. */
  entry: string;
  /** The built file, from the package's folder. */
  outfile: string;
  /** The files that the list names, absolute. */
  files: readonly string[];
  /** The names that they export. */
  names: readonly string[];
}

/** Bundles the parts of the library to dist/lib/ and writes dist/lib.js and dist/shared.js, which load them when they are needed. */
export async function bundleLibrary(): Promise<SharedLibrary> {
  const parts = await findLibraryParts();
  const names = parts.flatMap((part) => part.names);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`Two lists export the name ${twice}.`);
  /** Each file that was bundled, from the package's folder, and the part that has it. */
  const bundled = new Map<string, string>();
  for (const { entry, outfile, names: own } of parts) {
    const elsewhere = new Set(parts.flatMap((part) => (part.entry === entry ? [] : part.files)));
    const result = await esbuild.build({
      ...common,
      ...shortened,
      ...exportingPlainly(entry, own, `{ ${own.join(", ")} }`),
      outfile: packagePath(outfile),
      plugins: [takeFromLibrary(outfile, names, (path) => (elsewhere.has(path) ? "library" : "script"))],
    });
    for (const input of Object.keys(result.metafile.inputs)) {
      if (input.startsWith("dist:") || basename(input) === stdinName) continue;
      const other = bundled.get(input);
      if (other !== undefined) {
        const cure = isInstalled(input) ? "put what imports it into one list" : "name it in one of their lists";
        throw new Error(`${input} is in ${other} and in ${entry}: ${cure}, so that it exists once.`);
      }
      bundled.set(input, entry);
    }
    await writeIfChanged(packagePath(outfile), onlyOutput(result).contents);
  }
  await writeIfChanged(packagePath(libraryFile), libraryText(parts));
  await writeIfChanged(packagePath(sharedFile), sharedText(parts));
  const inputs = [...bundled.keys()];
  const files = ["nodes/lib.ts", ...inputs.filter((path) => !isInstalled(path))];
  return {
    parts: parts.map(({ outfile }) => outfile),
    files: new Set(files.map((path) => packagePath(path))),
    names,
    packages: installedPackages(inputs),
  };
}

async function findLibraryParts(): Promise<LibraryPart[]> {
  const listing = await esbuild.build({
    ...common,
    entryPoints: ["nodes/lib/*.ts"],
    outdir: packagePath("dist", "lib"),
    // Only the ESM output format states the names that a bundle exports.
    format: "esm",
    logOverride: { "commonjs-variable-in-esm": "silent" },
  });
  const { inputs, outputs } = listing.metafile;
  return Object.entries(outputs).map(([outfile, { entryPoint = "", exports }]) => ({
    entry: entryPoint,
    outfile,
    files: inputs[entryPoint]?.imports.map(({ path }) => packagePath(path)) ?? [],
    names: exports,
  }));
}

/** The text of dist/lib.js. */
function libraryText(parts: readonly LibraryPart[]): string {
  const names = parts.flatMap((part) => part.names);
  const getters = parts.map(
    ({ outfile, names }) =>
      `share(() => require(${JSON.stringify(specifierOf(outfile, libraryFile))}), ${JSON.stringify(names)});\n`,
  );
  return `"use strict";
Object.defineProperty(exports, "__esModule", { value: true });

/** Exports the names of a part, which is loaded when the first of them is used. */
function share(load, names) {
  let part;
  for (const name of names) {
    Object.defineProperty(exports, name, { enumerable: true, get: () => (part ??= load())[name] });
  }
}
${getters.join("")}
// For Node's "import", which finds a CommonJS file's names by reading its text.
0 && (module.exports = { ${names.join(", ")} });
`;
}

/** The text of dist/shared.js. */
function sharedText(parts: readonly LibraryPart[]): string {
  const names = parts.map(
    ({ outfile, names }) =>
      `  ${JSON.stringify(specifierOf(outfile, sharedFile))}: ${JSON.stringify(` ${names.join(" ")} `)},\n`,
  );
  return `"use strict";

/** The names of each part, each between two spaces. */
const namesOf = {
${names.join("")}};

// What this file exports begins empty. Whoever looks for a name in it looks in its prototype next, which loads the part that
// has it; from then on all names of the part stand in the exports themselves, as plain properties.
const prototype = new Proxy(Object.prototype, {
  get(inherited, name, exported) {
    const part = Object.keys(namesOf).find((part) => namesOf[part].includes(\` \${String(name)} \`));
    if (part === undefined) return inherited[name];
    const loaded = require(part);
    Object.assign(exported, loaded);
    return loaded[name];
  },
});
Object.setPrototypeOf(module.exports, prototype);
`;
}

/** A script built on the library. */
export interface Script {
  /** Its source, from the package's folder. */
  entry: string;
  /** The built file, from the package's folder. */
  outfile: string;
  /** The function that becomes `module.exports` (what Node-RED calls); without it the script just runs. */
  main?: string;
  /** Whether the file is started from a shell. */
  executable?: boolean;
}

/** Bundles one script and returns the folders of the npm packages that were bundled into it. */
export async function bundleScript(script: Script, library: SharedLibrary): Promise<string[]> {
  const outfile = packagePath(script.outfile);
  const folder = dirname(packagePath(script.entry));
  const placeOf = (path: string): Place => {
    if (library.files.has(path)) return "library";
    return path.startsWith(folder + sep) ? "script" : "nowhere";
  };
  const result = await esbuild.build({
    ...common,
    ...shortened,
    ...(script.main === undefined
      ? { entryPoints: [packagePath(script.entry)] }
      : exportingPlainly(script.entry, [script.main], script.main)),
    outfile,
    plugins: [takeFromLibrary(script.outfile, library.names, placeOf)],
    ...(script.executable === true ? { banner: { js: "#!/usr/bin/env node" } } : {}),
  });
  await writeIfChanged(outfile, onlyOutput(result).contents, { executable: script.executable === true });
  return installedPackages(Object.keys(result.metafile.inputs));
}

/** Bundles a script of the editor (plain JavaScript that the flow library can parse) and returns its text. */
export async function bundleEditorScript(entry: string): Promise<{ text: string; packages: string[] }> {
  const result = await esbuild.build({
    ...common,
    entryPoints: [packagePath(entry)],
    outfile: packagePath("dist", "editor.js"),
    platform: "browser",
    format: "iife",
    target: "es2022",
  });
  return { text: onlyOutput(result).text, packages: installedPackages(Object.keys(result.metafile.inputs)) };
}

/** The licences of bundled npm packages in one text, as they ask for. */
export async function collectLicences(packages: Iterable<string>): Promise<string> {
  const texts: string[] = [];
  for (const folder of [...new Set(packages)].sort()) {
    const { name, version, license } = JSON.parse(await readFile(packagePath(folder, "package.json"), "utf8"));
    const names = ["LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "license"];
    const found = await Promise.all(names.map((file) => readIfThere(packagePath(folder, file))));
    const text = found.find((content) => content !== undefined) ?? "(The package ships no licence text.)";
    texts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return `Parts of these packages are bundled into the scripts of this folder.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

/** Where the code of a file of ours is: in the library, or in the script that is being bundled, or in neither yet. */
type Place = "library" | "script" | "nowhere";

/** Turns each import of a file that is in the library into `require("…/shared.js")`. Paths are absolute, but the script's. */
function takeFromLibrary(script: string, names: readonly string[], placeOf: (path: string) => Place): esbuild.Plugin {
  const specifier = specifierOf(sharedFile, script);
  return {
    name: "take-from-library",
    setup(build) {
      build.onResolve({ filter: /^\./ }, async (args) => {
        if (args.pluginData === "resolved" || args.namespace === "dist") return undefined;
        const { importer, kind, resolveDir } = args;
        const found = await build.resolve(args.path, { importer, kind, resolveDir, pluginData: "resolved" });
        if (found.errors.length > 0 || isInstalled(found.path)) return found;
        const place = placeOf(found.path);
        if (place === "script") return found;
        if (place === "library") return { path: "shared.js", namespace: "dist", sideEffects: false };
        const text = `${relative(packageRoot, found.path)} is shared code: name it in a list of nodes/lib/, so that it exists once.`;
        return { errors: [{ text }] };
      });
      build.onLoad({ filter: /.*/, namespace: "dist" }, () => ({
        contents: `export { ${names.join(", ")} } from ${JSON.stringify(specifier)};`,
        resolveDir: dirname(packagePath(script)),
      }));
      build.onResolve({ filter: /.*/, namespace: "dist" }, () => ({ path: specifier, external: true }));
    },
  };
}

/** How one built file requires another; both from the package's folder. */
function specifierOf(required: string, by: string): string {
  const path = relative(dirname(by), required).split(sep).join("/");
  return path.startsWith(".") ? path : `./${path}`;
}

function onlyOutput(result: { outputFiles: esbuild.OutputFile[] }): esbuild.OutputFile {
  const [file, ...others] = result.outputFiles;
  if (file === undefined || others.length > 0) throw new Error("A script became more or less than one file.");
  return file;
}

function isInstalled(path: string): boolean {
  return path.split(/[\\/]/).includes("node_modules");
}

function installedPackages(inputs: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of inputs) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (match?.[1] !== undefined) folders.add(join(match[1]));
  }
  return [...folders];
}
