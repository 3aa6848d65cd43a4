import { execFile } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../build/package-files";
import { digits, type Section } from "../report";

const run = promisify(execFile);
const benchFolder = join(__dirname, "..");
const peers = ["@tensorflow/tfjs", "onnxruntime-node", "@litertjs/core"];

interface Packed {
  size: number;
  unpackedSize: number;
  files: readonly { path: string; size: number }[];
}

/** How large the package is, and what it and its peers take on disk with all that they depend on. */
export async function measureSizes(): Promise<Section> {
  const { stdout } = await run("npm", ["pack", "--dry-run", "--ignore-scripts", "--json"], { cwd: packageRoot });
  const [packed]: Packed[] = JSON.parse(stdout);
  const { dependencies = {} }: { dependencies?: Record<string, string> } = JSON.parse(
    readFileSync(join(packageRoot, "package.json"), "utf8"),
  );
  const ours = Object.keys(dependencies).reduce(
    (sum, name) => sum + installedBytes(name, packageRoot),
    packed.unpackedSize,
  );
  const kilobytes = (bytes: number) => `${digits(bytes / 1000)} kB`;
  const largest = [...packed.files].sort((a, b) => b.size - a.size).slice(0, 5);
  return {
    title: "Size",
    tables: [
      {
        caption: "On disk with all dependencies, as npm installs them.",
        columns: ["", "times ours", "MB"],
        rows: [
          ["ours", "1", digits(ours / 1e6)],
          ...peers.map((name) => {
            const bytes = installedBytes(name, name.startsWith("@litertjs") ? packageRoot : benchFolder);
            return [name, digits(bytes / ours), digits(bytes / 1e6)];
          }),
        ],
      },
      {
        caption: `The package: ${kilobytes(packed.size)} packed, ${kilobytes(packed.unpackedSize)} unpacked, ${packed.files.length} files, ${Object.keys(dependencies).length} dependencies. Its largest files:`,
        columns: ["file", "size"],
        rows: largest.map(({ path, size }) => [path, kilobytes(size)]),
      },
    ],
    notes: [],
    checks: [{ what: "at most 15 MB installed", passed: ours <= 15e6, measured: `${digits(ours / 1e6)} MB` }],
  };
}

/** Bytes of an installed package and of everything that it depends on, each counted once. */
function installedBytes(name: string, from: string): number {
  const folders = new Set<string>();
  const visit = (dependency: string, dependent: string): void => {
    const folder = findPackage(dependency, dependent);
    // Optional ones may not be there.
    if (folder === undefined || folders.has(folder)) return;
    folders.add(folder);
    const { dependencies = {} }: { dependencies?: Record<string, string> } = JSON.parse(
      readFileSync(join(folder, "package.json"), "utf8"),
    );
    for (const next of Object.keys(dependencies)) visit(next, folder);
  };
  visit(name, from);
  if (folders.size === 0) throw new Error(`${name} is not installed`);
  return [...folders].reduce((sum, folder) => sum + folderBytes(folder), 0);
}

/** Where Node would find a package, looking up from a folder. */
function findPackage(name: string, from: string): string | undefined {
  for (let folder = from; folder !== join(folder, ".."); folder = join(folder, "..")) {
    const candidate = join(folder, "node_modules", name);
    if (statSync(join(candidate, "package.json"), { throwIfNoEntry: false })?.isFile()) return candidate;
  }
  return undefined;
}

/** Bytes of all files in a folder; packages nested in it are counted where they are depended on. */
function folderBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? sum : sum + folderBytes(path);
    return entry.isFile() ? sum + statSync(path).size : sum;
  }, 0);
}
