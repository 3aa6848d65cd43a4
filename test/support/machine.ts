import { existsSync } from "node:fs";
import { join } from "node:path";
import { packagePath } from "../../build/package-files";

/** A Node-RED that the tests run against, on a Node that suits it. */
export interface NodeRedVersion {
  name: string;
  /** The folder of its `node-red` package. */
  nodeRedPath: string;
  /** The Node that runs it. */
  nodePath: string;
  /** How it is made dark: by a theme in its settings, or by what the browser remembers of the user's choice. */
  dark: { settings: Readonly<Record<string, unknown>> } | { localStorage: Readonly<Record<string, string>> };
}

const extras = packagePath("test", "node-red-5", "node_modules");

/** Node's own binary of a major version, from test/node-red-5; it may not be installed. */
export function nodeBinary(major: 22 | 24): string {
  return join(extras, `node-${major}-${process.arch}`, "bin", "node");
}

/** The Node-REDs that the package supports. */
export const nodeRedVersions: readonly NodeRedVersion[] = [
  {
    name: "Node-RED 4.1",
    nodeRedPath: packagePath("node_modules", "node-red"),
    nodePath: process.execPath,
    dark: { settings: { editorTheme: { theme: "dark" } } },
  },
  {
    name: "Node-RED 5",
    nodeRedPath: join(extras, "node-red"),
    nodePath: nodeBinary(24),
    dark: { localStorage: { "view-dark-theme": "dark" } },
  },
];

/** The browser of the editor tests: Debian's, or the one that CHROMIUM names. */
export const chromiumPath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** How to get what a machine may lack. */
const remedies = {
  nodeRed5: "npm ci --ignore-scripts --prefix test/node-red-5",
  chromium: "apt-get install chromium (or name one in the variable CHROMIUM)",
};

/**
 * For a `before` hook: skips its tests on a machine that lacks any of these files, so that nobody has to install all of
 * it for a change elsewhere. In CI (variable CI) nothing may be skipped: there the tests fail.
 */
export function skipUnlessThere(context: Mocha.Context, ...paths: readonly string[]): void {
  const missing = paths.filter((path) => !existsSync(path));
  if (missing.length === 0) return;
  const ways = new Set(missing.map((path) => (path.startsWith(extras) ? remedies.nodeRed5 : remedies.chromium)));
  const message = `${missing.join(" and ")} not found; to install: ${[...ways].join("; ")}`;
  if (process.env.CI !== undefined) throw new Error(message);
  console.log(`      ${message}`);
  context.skip();
}
