import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** The package's own folder. */
export const packageRoot = resolve(__dirname, "..");

/** A path in the package's folder. */
export function packagePath(...parts: string[]): string {
  return join(packageRoot, ...parts);
}

/** A file's text, or undefined when there is no such file. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Writes a file, creating its folder. An unchanged file keeps its time stamp; a changed one replaces the old one in a
 * single step, so that a Node-RED or a test which reads it at that moment never sees half of it.
 */
export async function writeIfChanged(
  path: string,
  content: string | Uint8Array,
  options: { executable?: boolean } = {},
): Promise<void> {
  const bytes = typeof content === "string" ? Buffer.from(content) : Buffer.from(content);
  const old = await readFile(path).catch(() => undefined);
  if (old === undefined || !old.equals(bytes)) {
    await mkdir(dirname(path), { recursive: true });
    const temporary = `${path}.${process.pid}.new`;
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  }
  if (options.executable === true) await chmod(path, 0o755);
}
