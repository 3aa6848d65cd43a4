import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.join(__dirname, "..");
const sourceFolder = path.join(root, "src", "kernels");
const cacheFolder = path.join(root, "node_modules", ".cache", "tinyml-kernels");
const compilerPackage = "@yowasp/clang";

/** What the compiler is told; part of the cache key. Contraction is off so that every machine rounds alike. */
const compilerFlags = [
  "--target=wasm32",
  "-std=c99",
  "-O3",
  "-msimd128",
  "-mbulk-memory",
  "-ffp-contract=off",
  "-fno-math-errno",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-nostdlib",
  "-fvisibility=default",
  "-Wl,--no-entry",
  "-Wl,--export-dynamic",
  "-Wl,--export=__heap_base",
  "-Wl,--strip-all",
  "-Wl,-z,stack-size=65536",
];

/** The C sources and headers of src/kernels, by file name. */
export function readKernelSources(): Record<string, string> {
  const names = readdirSync(sourceFolder).filter((name) => /\.[ch]$/.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(path.join(sourceFolder, name), "utf8")]));
}

/**
 * Compiles src/kernels to dist/kernels.wasm and returns that path. The result is cached by the content of the sources,
 * the flags and the compiler's version, so that only a changed kernel costs the seconds that the compiler takes.
 */
export async function buildKernels(): Promise<string> {
  const sources = readKernelSources();
  const compilerVersion: unknown = JSON.parse(
    readFileSync(path.join(root, "node_modules", compilerPackage, "package.json"), "utf8"),
  ).version;
  const key = createHash("sha256")
    .update(JSON.stringify([compilerVersion, compilerFlags, sources]))
    .digest("hex")
    .slice(0, 32);
  const cached = path.join(cacheFolder, `${key}.wasm`);
  if (!existsSync(cached)) {
    const wasm = await compile(sources);
    mkdirSync(cacheFolder, { recursive: true });
    const partial = `${cached}.${process.pid}`;
    writeFileSync(partial, wasm);
    renameSync(partial, cached);
  }
  const output = path.join(root, "dist", "kernels.wasm");
  mkdirSync(path.dirname(output), { recursive: true });
  copyFileSync(cached, output);
  return output;
}

async function compile(sources: Record<string, string>): Promise<Uint8Array> {
  // One translation unit that includes every file: the compiler is started once, and inlines across files.
  const unit = Object.keys(sources)
    .filter((name) => name.endsWith(".c"))
    .map((name) => `#include "${name}"\n`)
    .join("");
  const { commands } = await import("@yowasp/clang");
  let messages = "";
  const collect = (bytes: Uint8Array | null): void => {
    if (bytes) messages += Buffer.from(bytes).toString();
  };
  try {
    const files = await commands.clang(
      [...compilerFlags, "-o", "kernels.wasm", "all_kernels.c"],
      { ...sources, "all_kernels.c": unit },
      { stdout: collect, stderr: collect },
    );
    const wasm = files?.["kernels.wasm"];
    if (!(wasm instanceof Uint8Array)) throw new Error("the compiler gave no output");
    return wasm;
  } catch (error) {
    throw new Error(`The kernels do not compile:\n${messages}`, { cause: error });
  }
}
