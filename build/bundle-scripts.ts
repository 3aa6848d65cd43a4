import { readFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import * as esbuild from "esbuild";
import { packagePath, packageRoot, readIfThere, writeIfChanged } from "./package-files";

/*
 * How code is shared in dist/.
 *
 * One process has one engine, one worker queue and one registry of datasets, so what src/ and the shared parts of nodes/
 * hold must exist once. It does in dist/lib.js, bundled from nodes/lib.ts. Every other script (a node's runtime, the
 * training worker, the command line) is bundled with one rule: a file that is in lib.js is taken from lib.js. It imports
 * as if there were no build (`../lib`, `../tflite/write`), and a plugin turns each import of such a file into
 * `require("…/lib.js")`. A file of ours that is neither in lib.js nor in the script's own folder is an error: it would be
 * bundled into several scripts, with a state for each.
 *
 * So nodes/lib.ts exports everything that is shared (`export * from …`). A name that a script imports and lib.ts does not
 * export stops the build with esbuild's own message: the plugin answers with a module that lists the names which exist.
 */

const common = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  charset: "utf8",
  legalComments: "none",
  write: false,
  metafile: true,
  logLevel: "silent",
  absWorkingDir: packageRoot,
} satisfies esbuild.BuildOptions;

/** What a script built on dist/lib.js needs to know of it. */
export interface SharedLibrary {
  /** The files it was made of, absolute; ours only. */
  files: ReadonlySet<string>;
  /** The names it exports. */
  names: readonly string[];
  /** Folders of the npm packages that were bundled into it. */
  packages: readonly string[];
}

/** Bundles nodes/lib.ts with all that it imports to dist/lib.js. */
export async function bundleLibrary(): Promise<SharedLibrary> {
  const options = { ...common, entryPoints: [packagePath("nodes", "lib.ts")], outfile: packagePath("dist", "lib.js") };
  // Only the ESM output format states the names that a bundle exports.
  const [library, listing] = await Promise.all([
    esbuild.build(options),
    esbuild.build({ ...options, format: "esm", logOverride: { "commonjs-variable-in-esm": "silent" } }),
  ]);
  await writeIfChanged(options.outfile, onlyOutput(library).contents);
  const inputs = Object.keys(library.metafile.inputs);
  return {
    files: new Set(inputs.filter((path) => !isInstalled(path)).map((path) => packagePath(path))),
    names: Object.values(listing.metafile.outputs).flatMap((output) => output.exports),
    packages: installedPackages(inputs),
  };
}

/** A script built on dist/lib.js. */
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
  const entry = `./${relative(folder, packagePath(script.entry)).replace(/\.ts$/, "")}`;
  const result = await esbuild.build({
    ...common,
    stdin: {
      contents:
        script.main === undefined
          ? `import ${JSON.stringify(entry)};`
          : `export { ${script.main} } from ${JSON.stringify(entry)};`,
      resolveDir: folder,
      sourcefile: "entry",
    },
    outfile,
    plugins: [takeSharedFilesFromLibrary(folder, outfile, library)],
    ...(script.executable === true ? { banner: { js: "#!/usr/bin/env node" } } : {}),
    ...(script.main === undefined ? {} : { footer: { js: `module.exports = module.exports.${script.main};` } }),
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

function takeSharedFilesFromLibrary(folder: string, outfile: string, library: SharedLibrary): esbuild.Plugin {
  const libraryFile = packagePath("dist", "lib.js");
  const external = relative(dirname(outfile), libraryFile).split(sep).join("/");
  const specifier = external.startsWith(".") ? external : `./${external}`;
  return {
    name: "take-shared-files-from-library",
    setup(build) {
      build.onResolve({ filter: /^\./ }, async (args) => {
        if (args.pluginData === "resolved" || args.namespace === "dist") return undefined;
        const { importer, kind, resolveDir } = args;
        const found = await build.resolve(args.path, { importer, kind, resolveDir, pluginData: "resolved" });
        if (found.errors.length > 0 || isInstalled(found.path)) return found;
        if (library.files.has(found.path)) return { path: "lib.js", namespace: "dist" };
        if (found.path.startsWith(folder + sep)) return found;
        const text = `${relative(packageRoot, found.path)} is shared code: export it from nodes/lib.ts, so that it exists once.`;
        return { errors: [{ text }] };
      });
      build.onLoad({ filter: /.*/, namespace: "dist" }, () => ({
        contents: `export { ${library.names.join(", ")} } from ${JSON.stringify(specifier)};`,
        resolveDir: dirname(outfile),
      }));
      build.onResolve({ filter: /.*/, namespace: "dist" }, () => ({ path: specifier, external: true }));
    },
  };
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
