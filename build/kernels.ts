import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.join(__dirname, "..");
const sourceFolder = path.join(root, "src", "kernels");
const cacheFolder = path.join(root, "node_modules", ".cache", "tinyml-kernels");
const compilerPackage = "@yowasp/clang";

/** The stack of both modules, in the memory's first bytes. They share it: no kernel of one calls one of the other. */
const stackBytes = 65536;

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
  "-Wl,--stack-first",
  `-Wl,-z,stack-size=${stackBytes}`,
];

/** A file of dist/ with kernels in it. */
interface KernelModule {
  output: string;
  /** Of the sources, those with the kernels. */
  isPart(name: string): boolean;
  flags: readonly string[];
}

/** The kernels in which relaxed SIMD pays. */
const relaxedSources = new Set([
  "float_dense.c",
  "host_float_conv.c",
  "host_float_dense.c",
  "host_winograd.c",
  "host_int8_conv.c",
  "host_int8_dense.c",
  "host_int8_slide.c",
  "host_multiply_bytes.c",
]);

const kernelModules: readonly KernelModule[] = [
  { output: "kernels.wasm", isPart: (name) => name.endsWith(".c"), flags: compilerFlags },
  {
    output: "relaxed-kernels.wasm",
    isPart: (name) => relaxedSources.has(name),
    // It works in the memory of the other one, of which it may take nothing but the stack: one byte of data, and it
    // would not link any more.
    flags: [...compilerFlags, "-mrelaxed-simd", "-Wl,--import-memory", `-Wl,--initial-memory=${stackBytes}`],
  },
];

/** The C sources and headers of src/kernels, by file name. */
export function readKernelSources(): Record<string, string> {
  const names = readdirSync(sourceFolder).filter((name) => /\.[ch]$/.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(path.join(sourceFolder, name), "utf8")]));
}

/**
 * Compiles src/kernels to the modules of dist/. The results are cached by the content of the sources, the flags and the
 * compiler's version, so that only a changed kernel costs the seconds that the compiler takes.
 */
export async function buildKernels(): Promise<void> {
  const sources = readKernelSources();
  for (const module of kernelModules) await buildModule(module, sources);
}

async function buildModule({ output, isPart, flags }: KernelModule, sources: Record<string, string>): Promise<void> {
  // One translation unit that includes every file: the compiler is started once, and inlines across files.
  const parts = Object.keys(sources).filter(isPart);
  const unit = parts.map((name) => `#include "${name}"\n`).join("");
  const compilerVersion: unknown = JSON.parse(
    readFileSync(path.join(root, "node_modules", compilerPackage, "package.json"), "utf8"),
  ).version;
  const key = createHash("sha256")
    .update(JSON.stringify([compilerVersion, flags, unit, sources]))
    .digest("hex")
    .slice(0, 32);
  const cached = path.join(cacheFolder, `${key}.wasm`);
  if (!existsSync(cached)) {
    const wasm = await compile(flags, { ...sources, "all_kernels.c": unit });
    mkdirSync(cacheFolder, { recursive: true });
    const partial = `${cached}.${process.pid}`;
    writeFileSync(partial, wasm);
    renameSync(partial, cached);
  }
  const built = path.join(root, "dist", output);
  mkdirSync(path.dirname(built), { recursive: true });
  copyFileSync(cached, built);
}

async function compile(flags: readonly string[], files: Record<string, string>): Promise<Uint8Array> {
  const { commands } = await import("@yowasp/clang");
  let messages = "";
  const collect = (bytes: Uint8Array | null): void => {
    if (bytes) messages += Buffer.from(bytes).toString();
  };
  try {
    const outputs = await commands.clang([...flags, "-o", "kernels.wasm", "all_kernels.c"], files, {
      stdout: collect,
      stderr: collect,
    });
    const wasm = outputs?.["kernels.wasm"];
    if (!(wasm instanceof Uint8Array)) throw new Error("the compiler gave no output");
    return wasm;
  } catch (error) {
    throw new Error(`The kernels do not compile:\n${messages}`, { cause: error });
  }
}
