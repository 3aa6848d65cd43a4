import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

/** A stand-in for the libgpiod tools, which takes the options and writes the formats of its version, and refuses others. */
export interface GpioStandIn {
  /** The folder of the tools. */
  tools: string;
  /** Lets a watched line change. */
  change(on: boolean): Promise<void>;
  /** Makes the tools that look at lines fail, hang or work. */
  behave(how: "well" | "busy" | "hanging"): Promise<void>;
  /** The lines that are held now: "17=1". */
  held(): Promise<string[]>;
}

/** Writes the tools of a version into a folder. Formats: the manual pages of libgpiod 1.6 and 2.1. */
export async function createGpioStandIn(
  folder: string,
  version: 1 | 2,
  label = "pinctrl-bcm2711",
): Promise<GpioStandIn> {
  const tools = path.join(folder, "tools");
  const state = path.join(folder, "state");
  await mkdir(tools, { recursive: true });
  await mkdir(state, { recursive: true });
  const script = `const fs = require("node:fs"), path = require("node:path");
const [tool, ...args] = process.argv.slice(2), state = ${JSON.stringify(state)};
const read = (file, other) => { try { return fs.readFileSync(path.join(state, file), "utf8"); } catch { return other; } };
const fail = (text) => { console.error(tool + ": " + text); process.exit(1); };
if (args[0] === "--version") {
  console.log(${version === 1 ? "`${tool} (libgpiod) v1.6.3`" : "`${tool} v2.1.2 (libgpiod v2.1.2)`"});
  process.exit(0);
}
if (tool === "gpiodetect") {
  console.log("gpiochip0 [raspberrypi-exp-gpio] (8 lines)\\ngpiochip4 [${label}] (54 lines)");
  process.exit(0);
}
const behaviour = read("behaviour", "well");
const known = { 1: ["--bias=", "--active-low", "--format=", "--line-buffered", "--mode=signal"], 2: ["--bias=", "--active-low", "--format=", "--numeric", "--chip"] }[${version}];
const plain = [];
for (let i = 0; i < args.length; i++) {
  if (!args[i].startsWith("--")) plain.push(args[i]);
  else if (!known.some((option) => args[i].startsWith(option))) fail("unrecognized option '" + args[i] + "'");
  else if (args[i] === "--chip") plain.push(args[++i]);
}
if (plain[0] !== "gpiochip4") fail("no such chip");
const inverted = args.includes("--active-low");
const level = () => (read("level", "0") === "1") !== inverted;
if (behaviour === "hanging") setInterval(() => {}, 1000);
else if (tool === "gpioget") console.log(level() ? "1" : "0");
else if (tool === "gpioset") {
  const file = path.join(state, "held-" + process.pid);
  fs.writeFileSync(file, plain[1]);
  process.on("SIGTERM", () => { fs.rmSync(file); process.exit(0); });
  setInterval(() => {}, 1000);
} else {
  let before = level();
  setInterval(() => {
    const now = level();
    if (now !== before) console.log(now ? "1" : "${version === 1 ? 0 : 2}");
    before = now;
  }, 5);
}
`;
  const program = path.join(folder, "stand-in.cjs");
  await writeFile(program, script);
  for (const tool of ["gpiodetect", "gpioget", "gpioset", "gpiomon"]) {
    // As the real tools do, it fails at once: a shell is there sooner than Node.
    const busy = `[ ${tool} != gpiodetect ] && [ "$(cat '${state}/behaviour' 2>/dev/null)" = busy ]`;
    const refuse = `echo "${tool}: error requesting GPIO line: Device or resource busy" >&2; exit 1`;
    const run = `exec "${process.execPath}" "${program}" ${tool} "$@"`;
    await writeFile(path.join(tools, tool), `#!/bin/sh\nif ${busy}; then ${refuse}; fi\n${run}\n`);
    await chmod(path.join(tools, tool), 0o755);
  }
  const set = (file: string, text: string): Promise<void> => writeFile(path.join(state, file), text);
  return {
    tools,
    change: (on) => set("level", on ? "1" : "0"),
    behave: (how) => set("behaviour", how),
    async held() {
      const files = (await readdir(state)).filter((name) => name.startsWith("held-"));
      return Promise.all(files.map((file) => readFile(path.join(state, file), "utf8")));
    },
  };
}
