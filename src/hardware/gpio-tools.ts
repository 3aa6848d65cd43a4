import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { TinymlError } from "../errors";
import { systemErrorCode } from "../storage";

/** A line of a GPIO chip, and how it is looked at. */
export interface GpioLine {
  /** The number of the line: on the header chip of a Raspberry Pi, the number in "GPIO 17". */
  pin: number;
  /** The chip: its label ("pinctrl-rp1"), its name ("gpiochip4") or its number; the one of the header pins by default. */
  chip?: string;
  /** Whether a low voltage counts as on. */
  activeLow?: boolean;
  /** The resistor inside the chip that holds an open input: at the supply, at ground, or none; as it is by default. */
  pull?: "up" | "down" | "none";
}

/** Where the tools are and how long they may take. */
export interface GpioToolOptions {
  /** How long a tool that is to answer at once may take, in milliseconds; 2000 by default. */
  timeout?: number;
  /** The folders in which the tools are looked for, as in PATH; PATH itself by default. */
  path?: string;
}

/** A GPIO chip as gpiodetect lists it. */
export interface GpioChip {
  name: string;
  label: string;
  lines: number;
}

/** The two generations of libgpiod's tools; they take other options. */
export type GpioToolVersion = 1 | 2;

/** The chips behind the header of a Raspberry Pi 5, of a 4, and of those before; their numbers change with kernels, their labels don't. */
export const headerLabels = ["pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"];

const installAdvice =
  'The tools that Linux reads and sets pins with are not on this machine. On a Raspberry Pi, type "sudo apt install gpiod"; elsewhere choose the simulated one.';

/** @throws TinymlError TINYML_CONFIG_INVALID for a line that can't be one */
export function assertLine({ pin, chip = "", pull }: GpioLine): void {
  if (!Number.isInteger(pin) || pin < 0 || pin > 1023) {
    throw new TinymlError("TINYML_CONFIG_INVALID", `A pin needs its GPIO number, a whole number from 0, not ${pin}.`);
  }
  // A name that begins with a hyphen would be an option of the tools.
  if (!/^([A-Za-z0-9_/][\w:./-]*)?$/.test(chip)) {
    throw new TinymlError("TINYML_CONFIG_INVALID", `There can't be a GPIO chip named ${JSON.stringify(chip)}.`);
  }
  if (pull !== undefined && !["up", "down", "none"].includes(pull)) {
    throw new TinymlError("TINYML_CONFIG_INVALID", `The pull of a pin is up, down or none, not ${pull}.`);
  }
}

/** The version of the tools; it is asked for once per place where they are. @throws TinymlError TINYML_HARDWARE_MISSING or _FAILED */
export function findToolVersion(options: GpioToolOptions = {}): Promise<GpioToolVersion> {
  const place = options.path ?? process.env.PATH ?? "";
  const known = versions.get(place);
  if (known) return known;
  // "gpiodetect (libgpiod) v1.6.3" in the first generation, "gpiodetect v2.2.1 (libgpiod v2.2.1)" in the second.
  const asked = runGpioTool("gpiodetect", ["--version"], options).then((answer): GpioToolVersion => {
    const major = Number(/\bv(\d+)\.\d/.exec(answer)?.[1]);
    if (major === 1 || major === 2) return major;
    throw new TinymlError(
      "TINYML_HARDWARE_FAILED",
      `The GPIO tools of this machine are of a version that is not known here (${JSON.stringify(answer.slice(0, 60))}). Versions 1 and 2 of libgpiod are.`,
    );
  });
  versions.set(place, asked);
  // They may be installed later.
  asked.catch(() => versions.delete(place));
  return asked;
}

const versions = new Map<string, Promise<GpioToolVersion>>();

/** The GPIO chips that there are. @throws TinymlError TINYML_HARDWARE_MISSING or TINYML_HARDWARE_FAILED */
export async function listGpioChips(options: GpioToolOptions = {}): Promise<GpioChip[]> {
  const answer = await runGpioTool("gpiodetect", [], options);
  // "gpiochip0 [pinctrl-bcm2711] (58 lines)", the same in both generations.
  return answer.split("\n").flatMap((line) => {
    const [, name, label, lines] = /^(\S+) \[(.*)\] \((\d+) lines?\)/.exec(line) ?? [];
    return name === undefined || label === undefined ? [] : [{ name, label, lines: Number(lines) }];
  });
}

/** The chip of a line. @throws TinymlError TINYML_HARDWARE_MISSING where there is none, or it has no such line */
export async function findGpioChip({ pin, chip: asked = "" }: GpioLine, options: GpioToolOptions): Promise<GpioChip> {
  const chips = await listGpioChips(options);
  const wanted = asked === "" ? headerLabels : [asked];
  const isMeant = (chip: GpioChip, word: string): boolean =>
    [chip.label, chip.name, chip.name.replace(/^gpiochip/, ""), `/dev/${chip.name}`].includes(word);
  const found = wanted.flatMap((word) => chips.find((chip) => isMeant(chip, word)) ?? [])[0];
  const there =
    chips.length === 0 ? "" : ` (there is ${chips.map(({ name, label }) => `${name} ${label}`).join(", ")})`;
  if (found === undefined) {
    throw new TinymlError(
      "TINYML_HARDWARE_MISSING",
      asked === ""
        ? `This machine has no pins of a Raspberry Pi${there}. Choose the simulated one, or enter the GPIO chip's name.`
        : `There is no GPIO chip ${asked}${there}. Check its name.`,
    );
  }
  if (pin < found.lines) return found;
  throw new TinymlError(
    "TINYML_HARDWARE_MISSING",
    `The GPIO chip ${found.label} has the pins 0 to ${found.lines - 1}, so there is no GPIO ${pin}. Choose another pin.`,
  );
}

/** The words for a resistor: the second generation calls none of them "disabled". */
function lineOptions(version: GpioToolVersion, { activeLow, pull }: GpioLine): string[] {
  const bias =
    pull === undefined ? undefined : pull === "none" ? (version === 1 ? "disable" : "disabled") : `pull-${pull}`;
  return [...(activeLow ? ["--active-low"] : []), ...(bias === undefined ? [] : [`--bias=${bias}`])];
}

/** Where a line is, in the words of the tools. */
function placeOf(version: GpioToolVersion, chip: GpioChip, line: string): string[] {
  return version === 1 ? [chip.name, line] : ["--chip", chip.name, line];
}

/** Reads the level of a line, once. @throws TinymlError TINYML_HARDWARE_FAILED */
export async function readGpioLevel(
  version: GpioToolVersion,
  chip: GpioChip,
  line: GpioLine,
  options: GpioToolOptions,
): Promise<0 | 1> {
  const numeric = version === 2 ? ["--numeric"] : [];
  const place = placeOf(version, chip, String(line.pin));
  const answer = (await runGpioTool("gpioget", [...lineOptions(version, line), ...numeric, ...place], options)).trim();
  if (answer === "0") return 0;
  if (answer === "1") return 1;
  throw new TinymlError(
    "TINYML_HARDWARE_FAILED",
    `The pin GPIO ${line.pin} gave ${JSON.stringify(answer.slice(0, 40))} instead of its level.`,
  );
}

/** The arguments that make gpiomon print a line for each edge, and what that line says of the level. */
export function monitorArguments(version: GpioToolVersion, chip: GpioChip, line: GpioLine): string[] {
  // "%e" is the kind of the edge: 1 is a rising one in both generations; a falling one is 0 in the first, 2 in the second.
  const own = version === 1 ? ["--line-buffered", "--format=%e"] : ["--edges=both", "--format=%e"];
  return [...lineOptions(version, line), ...own, ...placeOf(version, chip, String(line.pin))];
}

/** The level after an edge that gpiomon printed; undefined for any other line. */
export function levelOfEdge(printed: string): 0 | 1 | undefined {
  const edge = printed.trim();
  if (edge === "1") return 1;
  return edge === "0" || edge === "2" ? 0 : undefined;
}

/**
 * The arguments that make gpioset hold a line at a level for as long as it runs. The first generation would end at once; told to
 * wait, it ends with its input, so with us. The second waits by itself and says when the line is set.
 */
export function holdArguments(version: GpioToolVersion, chip: GpioChip, line: GpioLine, level: 0 | 1): string[] {
  const own = version === 1 ? ["--mode=wait"] : ["--banner"];
  return [...lineOptions(version, line), ...own, ...placeOf(version, chip, `${line.pin}=${level}`)];
}

/** A tool that goes on running. */
export interface RunningTool {
  readonly process: ChildProcess;
  /** Resolves when it has ended, with what it said on its error output. */
  readonly ended: Promise<string>;
  /** Ends it, at once where it does not listen; resolves when it has ended. */
  stop(): Promise<void>;
}

/** Every tool that runs: none outlives this process. */
const running = new Set<ChildProcess>();

function endAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Part of every Debian: it starts a program that the system ends when this process has ended, also when that was killed. */
const setpriv = "/usr/bin/setpriv";

/**
 * Starts a tool that goes on running until it is stopped, or this process is gone: whatever holds a pin then would keep it from the next one.
 * @throws TinymlError, also from `ended`: TINYML_HARDWARE_MISSING where there is none, TINYML_HARDWARE_FAILED where it can't be started
 */
export function startGpioTool(tool: string, toolArguments: readonly string[], options: GpioToolOptions): RunningTool {
  if (!existsSync(setpriv)) return start(tool, [tool, ...toolArguments], options);
  return start(tool, [setpriv, "--pdeathsig", "TERM", tool, ...toolArguments], options);
}

/** @param command the program that runs a tool, and its arguments */
function start(
  tool: string,
  [command, ...commandArguments]: readonly [string, ...string[]],
  { path }: GpioToolOptions,
): RunningTool {
  const env = path === undefined ? process.env : { ...process.env, PATH: path };
  // Where the system has no more file descriptors, the child has no streams either.
  let child: ChildProcess;
  try {
    child = spawn(command, commandArguments, { stdio: ["pipe", "pipe", "pipe"], env });
  } catch (error) {
    // Only some refusals are an event of the child; that there is no memory for it is thrown.
    throw toolError(error, tool);
  }
  if (running.size === 0) process.on("exit", endAll);
  running.add(child);
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    if (said.length < 1000) said += text;
  });
  // Whoever closes its input before we do is gone, which `ended` tells.
  child.stdin?.on("error", () => undefined);
  const ended = new Promise<string>((resolve, reject) => {
    const forget = () => {
      running.delete(child);
      if (running.size === 0) process.off("exit", endAll);
    };
    child.on("error", (error) => {
      forget();
      reject(toolError(error, tool));
    });
    child.on("close", () => {
      forget();
      resolve(said.trim());
    });
  });
  ended.catch(() => undefined);
  return {
    process: child,
    ended,
    async stop() {
      child.kill("SIGTERM");
      const insist = setTimeout(() => child.kill("SIGKILL"), 500);
      await ended.catch(() => undefined);
      clearTimeout(insist);
    },
  };
}

/** Runs a tool that is to answer at once; gives what it printed. @throws TinymlError TINYML_HARDWARE_MISSING or TINYML_HARDWARE_FAILED */
export async function runGpioTool(
  tool: string,
  toolArguments: readonly string[],
  options: GpioToolOptions,
): Promise<string> {
  const started = start(tool, [tool, ...toolArguments], options);
  started.process.stdin?.end();
  let printed = "";
  started.process.stdout?.setEncoding("utf8").on("data", (text: string) => {
    if (printed.length < 100_000) printed += text;
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    started.stop();
  }, options.timeout ?? 2000);
  const said = await started.ended.finally(() => clearTimeout(timer));
  if (late) {
    throw new TinymlError("TINYML_HARDWARE_FAILED", `${tool} does not answer. Check the pin; it is tried again.`);
  }
  if (started.process.exitCode !== 0) throw gpioError(said, tool);
  return printed;
}

/** What a tool said when it failed, as an error that says what to do. */
export function gpioError(said: string, tool: string): TinymlError {
  // What setpriv says of a tool that it can't start.
  const [, reason] = said.split(`failed to execute ${tool}: `);
  if (reason !== undefined) return refusal(/permission denied/i.test(reason) ? "EACCES" : "ENOENT", tool);
  const words = said.slice(0, 200) || `${tool} ended`;
  if (/permission denied/i.test(said)) {
    return new TinymlError(
      "TINYML_HARDWARE_FAILED",
      `The user who runs Node-RED has no permission for the pins. On a Raspberry Pi, add that user to the group gpio (${words}).`,
    );
  }
  if (/resource busy/i.test(said)) {
    return new TinymlError(
      "TINYML_HARDWARE_FAILED",
      `The pin is in use by another program or driver. Free it, or choose another pin (${words}).`,
    );
  }
  return new TinymlError("TINYML_HARDWARE_FAILED", `The pin failed (${words}). It is tried again.`);
}

/** What to do where the system refuses to start a tool. */
const refusals: Readonly<Record<string, string>> = {
  EACCES: "The user who runs Node-RED may not run this program: check its permissions.",
  EAGAIN: "Too many programs run: end some.",
  EMFILE: "Too many files are open: close some, or raise the limit with ulimit -n.",
  ENFILE: "Too many files are open: end some programs.",
  ENOMEM: "There is not enough memory: end some programs.",
};

function toolError(error: unknown, tool: string): TinymlError {
  return refusal(systemErrorCode(error) || String(error), tool, error);
}

/** What is wrong where the system refused to start a tool, by the code that it gave. */
function refusal(code: string, tool: string, cause?: unknown): TinymlError {
  if (code === "ENOENT") return new TinymlError("TINYML_HARDWARE_MISSING", installAdvice, { cause });
  const advice = refusals[code] ?? "It is tried again.";
  return new TinymlError("TINYML_HARDWARE_FAILED", `${tool} can't be started (${code}). ${advice}`, { cause });
}
