import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Stand-ins for libgpiod's tools, in a folder that is given as PATH: they refuse the options of the other generation, print what the
 * documented tools print, and keep the lines of one chip in files.
 */
export interface GpioStandIns {
  /** The folder to look for tools in. */
  path: string;
  /** Calls so far: the tool and its arguments. */
  calls(): Promise<string[][]>;
  /** Moves a line: gpioget reads it and a running gpiomon tells the edge. */
  move(pin: number, level: 0 | 1): Promise<void>;
  /** What a running gpioset holds a line at; undefined while none holds it. */
  held(pin: number): Promise<string | undefined>;
  /** Makes the tools behave in another way: "busy", "denied", "hang", "garbage", "gone" (no chip), "" (well). */
  misbehave(how: string): Promise<void>;
  /** The process numbers of gpiomon and gpioset that were started and still run. */
  running(): Promise<number[]>;
}

const script = (version: 1 | 2, chips: string) => `#!${process.execPath}
const fs = require("node:fs");
const { basename, join } = require("node:path");
const folder = __dirname;
const tool = basename(process.argv[1]);
const given = process.argv.slice(2);
fs.appendFileSync(join(folder, "calls"), JSON.stringify([tool, ...given]) + "\\n");
const read = (name) => { try { return fs.readFileSync(join(folder, name), "utf8"); } catch { return ""; } };
const fail = (text) => { process.stderr.write(tool + ": " + text + "\\n"); process.exit(1); };
const how = read("how");
if (given[0] === "--version") {
  console.log(${version} === 1 ? tool + " (libgpiod) v1.6.3" : tool + " v2.2.1 (libgpiod v2.2.1)");
  process.exit(0);
}
if (how === "hang") { process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); return; }
if (tool === "gpiodetect") {
  if (how !== "gone") process.stdout.write(${JSON.stringify(chips)});
  process.exit(0);
}
const flags = new Map();
const rest = [];
// Options with a value after a space, as --chip gpiochip0, are of the second generation only.
for (let i = 0; i < given.length; i++) {
  const [, name, value] = /^--([a-z-]+)(?:=(.*))?$/.exec(given[i]) || [];
  if (name === undefined) rest.push(given[i]);
  else flags.set(name, name === "chip" ? given[++i] : value === undefined ? true : value);
}
const known = {
  gpioget: [["active-low", "bias"], ["active-low", "bias", "chip", "numeric"]],
  gpiomon: [["active-low", "bias", "line-buffered", "format"], ["active-low", "bias", "chip", "edges", "format"]],
  gpioset: [["active-low", "bias", "mode"], ["active-low", "bias", "chip", "banner"]],
}[tool][${version - 1}];
for (const name of flags.keys()) if (!known.includes(name)) fail("unrecognized option '--" + name + "'");
const none = ${version} === 1 ? "disable" : "disabled";
if (flags.has("bias") && !["pull-up", "pull-down", none].includes(flags.get("bias"))) fail("invalid bias: " + flags.get("bias"));
const chip = ${version} === 1 ? rest.shift() : flags.get("chip");
if (!${JSON.stringify(chips)}.includes(chip + " [") || how === "gone") fail("cannot find GPIO chip character device '" + chip + "'");
if (how === "busy") fail("error requesting GPIO lines: Device or resource busy");
if (how === "denied") fail("error requesting GPIO lines: Permission denied");
if (rest.length !== 1) fail("one line was expected");
const [pin, value] = rest[0].split("=");
const level = () => (Number(read("line" + pin) || 0) ^ (flags.has("active-low") ? 1 : 0));
if (tool === "gpioget") {
  if (how === "garbage") console.log("?");
  else if (${version} === 1 || flags.has("numeric")) console.log(level());
  else console.log('"' + pin + '"=' + (level() ? "active" : "inactive"));
  process.exit(0);
}
fs.appendFileSync(join(folder, "started"), process.pid + "\\n");
if (tool === "gpiomon") {
  if (flags.get("format") !== "%e") fail("unexpected format");
  let last = level();
  setInterval(() => {
    if (level() === last) return;
    last = level();
    console.log(last ? 1 : ${version} === 1 ? 0 : 2);
  }, 2);
} else {
  const holding = join(folder, "held" + pin);
  fs.writeFileSync(holding, String(Number(value) ^ (flags.has("active-low") ? 1 : 0)));
  const end = () => { fs.rmSync(holding, { force: true }); process.exit(0); };
  process.on("SIGTERM", end);
  if (${version} === 1) {
    if (flags.get("mode") !== "wait") end();
    process.stdin.on("end", end).resume();
  } else console.log("Setting line '" + pin + "'...");
  setInterval(() => {}, 1000);
}
`;

/** Makes the tools of one generation in a folder. */
export async function makeGpioStandIns(
  folder: string,
  version: 1 | 2,
  chips = "gpiochip0 [pinctrl-bcm2711] (58 lines)\ngpiochip1 [raspberrypi-exp-gpio] (8 lines)\n",
): Promise<GpioStandIns> {
  await mkdir(folder, { recursive: true });
  for (const tool of ["gpiodetect", "gpioget", "gpiomon", "gpioset"]) {
    await writeFile(join(folder, tool), script(version, chips));
    await chmod(join(folder, tool), 0o755);
  }
  const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8").catch(() => "");
  return {
    path: folder,
    async calls() {
      const lines = (await read("calls")).split("\n").filter((line) => line !== "");
      return lines.map((line): string[] => JSON.parse(line));
    },
    move: (pin, level) => writeFile(join(folder, `line${pin}`), String(level)),
    held: async (pin) => (await read(`held${pin}`)) || undefined,
    misbehave: (how) => writeFile(join(folder, "how"), how),
    async running() {
      const started = (await read("started")).split("\n").map(Number);
      return started.filter((pid) => pid > 0 && isRunning(pid));
    },
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until something holds; fails after five seconds. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 5000; Date.now() < end; await sleep(5)) if (await holds()) return;
  throw new Error(`Waited in vain: ${what}`);
}
