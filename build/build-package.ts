import { access, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { bundleEditorScript, bundleLibrary, bundleScript, collectLicences, type Script } from "./bundle-scripts";
import { buildKernels } from "./kernels";
import { packagePath, readIfThere, writeIfChanged } from "./package-files";
import { builtPath, findParts, kindOfPart, type Part } from "./parts";
import { warmUpModel } from "./warm-up-model";

/**
 * Builds dist/: the kernels, the shared library, the workers, the command line, and every node and plugin found in
 * nodes/. Nothing outside dist/ and the kernels' cache is written. All parts are tried; what failed is thrown together.
 */
export async function buildPackage(): Promise<void> {
  const failures: string[] = [];
  const attempt = async <T>(what: string, work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (error) {
      failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };

  const parts = await findParts();
  const kernels = attempt("kernels", buildKernels());
  const library = await attempt("nodes/lib", bundleLibrary());
  const packages = new Set(library?.packages);
  if (library !== undefined) {
    const scripts: Script[] = [
      { entry: "src/training/worker.ts", outfile: "dist/training-worker.js" },
      { entry: "src/training/evaluating-worker.ts", outfile: "dist/evaluating-worker.js" },
      { entry: "src/dataset/explore/mapping-worker.ts", outfile: "dist/mapping-worker.js" },
      { entry: "src/compression/worker.ts", outfile: "dist/quantizing-worker.js" },
      { entry: "src/runtime/worker.ts", outfile: "dist/predicting-worker.js" },
      { entry: "src/cli/tinyml.ts", outfile: "dist/tinyml.js", executable: true },
    ];
    for (const part of parts) {
      const entry = `nodes/${part.name}/runtime.ts`;
      // A plugin may live in the editor alone; that a node has a runtime is checked with its editor files.
      if (!(await isThere(packagePath(entry)))) continue;
      scripts.push({ entry, outfile: builtPath(part, "js"), main: "register" });
    }
    const bundled = await Promise.all(scripts.map((script) => attempt(script.entry, bundleScript(script, library))));
    for (const folder of bundled.flatMap((folders) => folders ?? [])) packages.add(folder);
  }
  const edited = await Promise.all(parts.map((part) => attempt(`nodes/${part.name}`, buildEditorFiles(part))));
  for (const folder of edited.flatMap((folders) => folders ?? [])) packages.add(folder);
  await removeStale(
    "dist/nodes",
    parts.map(({ name }) => name),
  );
  if (library !== undefined)
    await removeStale(
      "dist/lib",
      library.parts.map((path) => basename(path)),
    );
  await copyRecipes();
  await writeIfChanged(packagePath("dist", "warm-up.tflite"), warmUpModel());
  await writeIfChanged(packagePath("dist", "THIRD-PARTY-LICENCES.txt"), await collectLicences(packages));
  await kernels;

  if (failures.length > 0) throw new Error(`The build failed.\n\n${failures.join("\n\n")}`);
}

/**
 * Copies the recipes of examples/ to dist/recipes: Node-RED offers every JSON file in a published examples/ as a flow to
 * import, subfolders included, so there they are left out of the package.
 */
async function copyRecipes(): Promise<void> {
  const from = packagePath("examples", "recipes");
  for (const name of await readdir(from)) {
    await writeIfChanged(packagePath("dist", "recipes", name), (await readIfThere(join(from, name))) ?? "");
  }
}

/** Writes what the editor loads of a part (page, catalogue, icon); returns the npm packages bundled into its script. */
async function buildEditorFiles(part: Part): Promise<string[]> {
  const read = (file: string) => readIfThere(join(part.folder, file));
  const [script, template, help, catalogue, icon] = await Promise.all([
    bundleEditorScript(`nodes/${part.name}/editor.ts`),
    read("editor.html"),
    read("help.md"),
    read("locale.json"),
    read("icon.svg"),
  ]);

  const kind = kindOfPart(part, script.text);
  if (kind === undefined) {
    throw new Error(
      `editor.ts registers nothing that the flow library can find. It must hold RED.nodes.registerType("${part.type}", {…}), ` +
        `or for a plugin RED.plugins.registerPlugin("${part.type}", {…}), with the object as a literal.`,
    );
  }
  if (kind === "node") {
    const missing = ["runtime.ts", "editor.html", "help.md", "locale.json"];
    const files = new Set(await readdir(part.folder));
    const lacking = missing.filter((file) => !files.has(file));
    if (lacking.length > 0) throw new Error(`a node needs ${lacking.join(", ")} as well.`);
  }
  // A broken catalogue would only show as missing texts in the editor.
  if (catalogue !== undefined) JSON.parse(catalogue);

  const page = [
    template?.trim(),
    `<script type="text/javascript">\n${script.text.trim()}\n</script>`,
    help === undefined
      ? undefined
      : `<script type="text/markdown" data-help-name="${part.type}">\n${help.trim()}\n</script>`,
  ];
  const folder = packagePath("dist", "nodes", part.name);
  await writeIfChanged(
    packagePath(builtPath(part, "html")),
    `${page.filter((text) => text !== undefined).join("\n\n")}\n`,
  );
  // Node-RED looks for catalogues and icons in folders beside the node's own file.
  if (catalogue !== undefined) await writeIfChanged(join(folder, "locales", "en-US", `${part.name}.json`), catalogue);
  if (icon !== undefined) await writeIfChanged(join(folder, "icons", `${part.type}.svg`), icon);
  return script.packages;
}

/** Removes what was built of sources that are gone, so that it is not packed: all of a folder but these names. */
async function removeStale(folder: string, names: readonly string[]): Promise<void> {
  const built = await readdir(packagePath(folder)).catch((): string[] => []);
  for (const name of built.filter((name) => !names.includes(name))) {
    await rm(packagePath(folder, name), { recursive: true, force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
