import { readdir } from "node:fs/promises";
import { packagePath } from "./package-files";

/** What of a folder in nodes/ Node-RED gets to see: a node of the palette (or a configuration node), or an editor plugin. */
export type PartKind = "node" | "plugin";

/** A folder in nodes/ that becomes a node or a plugin. */
export interface Part {
  /** The folder's name: `analog-in`. */
  name: string;
  /** The type it registers: `tinyml-analog-in`. */
  type: string;
  /** The folder. */
  folder: string;
}

/** The folders in nodes/ that become nodes and plugins: those with an editor.ts. Others hold code that they share. */
export async function findParts(): Promise<Part[]> {
  const parts: Part[] = [];
  for (const entry of await readdir(packagePath("nodes"), { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = packagePath("nodes", entry.name);
    if (!(await readdir(folder)).includes("editor.ts")) continue;
    parts.push({ name: entry.name, type: `tinyml-${entry.name}`, folder });
  }
  return parts.sort((a, b) => a.name.localeCompare(b.name));
}

/** What a part's editor script registers, read from the script itself; undefined when it registers nothing under the part's type. */
export function kindOfPart(part: Part, editorScript: string): PartKind | undefined {
  if (editorScript.includes(`RED.nodes.registerType("${part.type}", {`)) return "node";
  if (editorScript.includes(`RED.plugins.registerPlugin("${part.type}", {`)) return "plugin";
  return undefined;
}

/** Where a part's built file lies, from the package's folder: what package.json names. */
export function builtPath(part: Part, extension: "js" | "html"): string {
  return `dist/nodes/${part.name}/${part.name}.${extension}`;
}
