import { type ChildProcess, execFile, spawn } from "node:child_process";
import { TinymlError } from "../errors";

/** A GPIO pin by the number of its line: on a Raspberry Pi the GPIO number, which is not the pin's place on the header. */
export interface GpioPin {
  pin: number;
  /** The chip: its name ("gpiochip0") or what it is called ("pinctrl-bcm2711"); that of a Raspberry Pi's header by default. */
  chip?: string;
  /** Whether 0 V counts as on. */
  activeLow?: boolean;
  /** The folder of the libgpiod tools; found by PATH by default. */
  tools?: string;
}

/** What pulls a pin that nothing drives. */
export type Pull = "none" | "up" | "down";

/** The libgpiod tools of this machine: versions 1 and 2 differ in their options. */
export interface GpioTools {
  version: 1 | 2;
  /** The chip's name. */
  chip: string;
  /** The path of a tool. */
  path(tool: string): string;
}

/** The chips that drive the header: of a Raspberry Pi 5, of 4, and of those before. Their numbers differ between kernels. */
const headerChips = ["pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"];

/** How long a tool may take that only looks, in milliseconds. */
const patience = 3000;

/**
 * Finds the tools, their version and the pin's chip.
 * @throws TinymlError TINYML_HARDWARE_MISSING without the tools or the chip, TINYML_HARDWARE_FAILED when they don't answer
 */
export async function findGpioTools({ chip, tools }: GpioPin): Promise<GpioTools> {
  const path = (tool: string): string => (tools === undefined ? tool : `${tools}/${tool}`);
  const version = /\bv(\d+)\./.exec(await runTool(path("gpiodetect"), ["--version"]))?.[1];
  if (version !== "1" && version !== "2") {
    throw new TinymlError(
      "TINYML_HARDWARE_FAILED",
      "The GPIO tools (gpiodetect) are of a version that is not known here; 1 and 2 are. Update this package.",
    );
  }
  // gpiochip0 [pinctrl-bcm2711] (58 lines)
  const listed = [...(await runTool(path("gpiodetect"), [])).matchAll(/^(\S+) \[(.*?)\] \(\d+ lines\)/gm)];
  const wanted = chip === undefined ? headerChips : [chip];
  const found = wanted.map((name) => listed.find(([, each, label]) => each === name || label === name)).find(Boolean);
  if (found !== undefined) return { version: version === "1" ? 1 : 2, chip: found[1], path };
  const others = listed.map(([, name, label]) => `${name} (${label})`).join(", ");
  throw new TinymlError(
    "TINYML_HARDWARE_MISSING",
    chip === undefined
      ? `This machine has no GPIO pins of a Raspberry Pi${others ? `, only the chips ${others}` : ""}. Name the chip in the settings, or simulate it.`
      : `There is no GPIO chip ${chip}${others ? `, only ${others}` : ""}. Choose another, or simulate it.`,
  );
}

/** The options that say what a line is like, in the words of the tools' version. */
export function lineOptions({ version }: GpioTools, { activeLow = false }: GpioPin, pull?: Pull): string[] {
  const bias =
    pull === undefined
      ? undefined
      : { up: "pull-up", down: "pull-down", none: version === 1 ? "disable" : "disabled" }[pull];
  return [...(bias === undefined ? [] : [`--bias=${bias}`]), ...(activeLow ? ["--active-low"] : [])];
}

/** The line as the tools' version wants it: chip and number, or the chip as an option. */
export function lineArguments({ version, chip }: GpioTools, line: string): string[] {
  return version === 1 ? [chip, line] : ["--chip", chip, line];
}

/** A tool that runs until it is told to end. */
export interface RunningTool {
  readonly child: ChildProcess;
  /** Resolves with what it wrote about its failure, once it is gone, however that happened. */
  readonly ended: Promise<string>;
  /** Ends it and waits until it is gone; kills it when it does not listen. */
  stop(): Promise<void>;
}

/** Starts a tool that holds or watches a line. */
export function startTool(path: string, args: readonly string[], onLine?: (line: string) => void): RunningTool {
  const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"] });
  let rest = "";
  let problem = "";
  child.stdout.on("data", (bytes: Buffer) => {
    // A tool that went mad must not fill the memory.
    const lines = (rest + bytes.toString()).slice(-65_536).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine?.(line);
  });
  child.stderr.on("data", (bytes: Buffer) => {
    problem = (problem + bytes.toString()).slice(-500);
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", () => resolve(problem.trim()));
  });
  return {
    child,
    ended,
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), patience);
      await ended;
      clearTimeout(timer);
    },
  };
}

/**
 * What a tool prints that ends by itself.
 * @throws TinymlError TINYML_HARDWARE_MISSING when it is not installed, TINYML_HARDWARE_FAILED with its own words, or when it does not end
 */
export function runTool(path: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(path, args, { timeout: patience, killSignal: "SIGKILL", maxBuffer: 2 ** 20 }, (error, output, problem) => {
      if (error === null) resolve(output);
      else if (error.code === "ENOENT") reject(missingTools());
      else if (error.killed === true) reject(gpioFailed(`${path} does not answer`));
      else reject(gpioFailed(problem.trim() || error.message));
    });
  });
}

/** The error about a tool that failed, in its own words. */
export function gpioFailed(problem: string): TinymlError {
  const advice = /busy/i.test(problem)
    ? "Another program, or another node, uses this pin. Stop it, or choose another pin"
    : /permission|denied/i.test(problem)
      ? "Add the user who runs Node-RED to the group gpio"
      : "Check the pin's number and its wiring";
  return new TinymlError("TINYML_HARDWARE_FAILED", `The GPIO pin failed (${problem.slice(0, 200)}). ${advice}.`);
}

function missingTools(): TinymlError {
  return new TinymlError(
    "TINYML_HARDWARE_MISSING",
    "The GPIO tools are not installed. On a Raspberry Pi type: sudo apt install gpiod. Elsewhere simulate the pin.",
  );
}
