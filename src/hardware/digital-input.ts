import { TinymlError } from "../errors";
import {
  findGpioTools,
  type GpioPin,
  type GpioTools,
  gpioFailed,
  lineArguments,
  lineOptions,
  type Pull,
  type RunningTool,
  runTool,
  startTool,
} from "./gpio-tools";

/** A pin that is watched. */
export interface GpioInputSettings extends GpioPin {
  driver: "gpio";
  pull: Pull;
  /** Milliseconds in which a change must last to count. */
  debounce: number;
}

/** A button that nobody has: it is pressed by `press`, or by itself. */
export interface SimulatedButtonSettings {
  driver: "simulated";
  /** Milliseconds from one change to the next; 0: it changes only when it is pressed. */
  interval: number;
  debounce: number;
}

export type DigitalInputSettings = GpioInputSettings | SimulatedButtonSettings;

/** Who hears of a digital input. */
export interface DigitalListener {
  /** The level at the start, and each that lasted. */
  onLevel(on: boolean): void;
  /** What went wrong; the input tries on by itself. */
  onError(error: TinymlError): void;
}

/** A digital input that is watched until it is closed. */
export interface DigitalInput {
  /** Changes the level of a simulated button. @throws TinymlError TINYML_CONFIG_INVALID for a real pin */
  press(on: boolean): void;
  close(): Promise<void>;
}

/** Milliseconds after which a pin that failed is tried again. */
const retryAfter = 5000;

/** Watches a digital input. Throws TINYML_CONFIG_INVALID for settings that make no sense. */
export function openDigitalInput(settings: DigitalInputSettings, listener: DigitalListener): DigitalInput {
  const tell = debounced(settings.debounce, listener.onLevel);
  return settings.driver === "gpio" ? watchPin(settings, tell, listener) : simulate(settings, tell);
}

interface Telling {
  (on: boolean): void;
  end(): void;
}

/** Passes on a level once it has lasted. */
function debounced(milliseconds: number, onLevel: (on: boolean) => void): Telling {
  let told: boolean | undefined;
  let timer: NodeJS.Timeout | undefined;
  const pass = (on: boolean): void => {
    if (on !== told) onLevel(on);
    told = on;
  };
  const tell = (on: boolean): void => {
    clearTimeout(timer);
    if (milliseconds === 0 || told === undefined) pass(on);
    else timer = setTimeout(pass, milliseconds, on);
  };
  return Object.assign(tell, { end: () => clearTimeout(timer) });
}

function simulate({ interval }: SimulatedButtonSettings, tell: Telling): DigitalInput {
  let level = false;
  const change = (on: boolean): void => {
    level = on;
    tell(on);
  };
  const timer = interval > 0 ? setInterval(() => change(!level), interval) : undefined;
  // As a pin does, it tells its level after whoever opened it has it.
  setImmediate(() => tell(level));
  return {
    press: change,
    async close() {
      clearInterval(timer);
      tell.end();
    },
  };
}

function watchPin(settings: GpioInputSettings, tell: Telling, { onError }: DigitalListener): DigitalInput {
  if (!Number.isInteger(settings.pin) || settings.pin < 0) {
    throw new TinymlError("TINYML_CONFIG_INVALID", `A GPIO pin has a number from 0, not ${settings.pin}.`);
  }
  let closed = false;
  let monitor: RunningTool | undefined;
  let timer: NodeJS.Timeout | undefined;
  const watch = async (): Promise<void> => {
    try {
      const tools = await findGpioTools(settings);
      const level = await readLevel(tools, settings);
      if (closed) return;
      tell(level);
      monitor = startTool(tools.path("gpiomon"), monitorArguments(tools, settings), (line) => {
        // Version 1 writes 0 for a falling edge and 1 for a rising one, version 2 writes 2 and 1.
        if (/^[012]$/.test(line)) tell(line === "1");
      });
      const problem = await monitor.ended;
      if (!closed) throw gpioFailed(problem || "gpiomon ended");
    } catch (error) {
      if (closed) return;
      onError(error instanceof TinymlError ? error : gpioFailed(String(error)));
      timer = setTimeout(watch, retryAfter);
    }
  };
  const watching = watch();
  return {
    press() {
      throw new TinymlError("TINYML_CONFIG_INVALID", "Only a simulated button can be pressed by a message.");
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      tell.end();
      await monitor?.stop();
      if (monitor === undefined) await watching;
    },
  };
}

async function readLevel(tools: GpioTools, settings: GpioInputSettings): Promise<boolean> {
  const options = [...lineOptions(tools, settings, settings.pull), ...(tools.version === 2 ? ["--numeric"] : [])];
  const answer = (
    await runTool(tools.path("gpioget"), [...options, ...lineArguments(tools, String(settings.pin))])
  ).trim();
  if (answer === "0" || answer === "1") return answer === "1";
  throw gpioFailed(`gpioget says ${JSON.stringify(answer.slice(0, 40))}`);
}

function monitorArguments(tools: GpioTools, settings: GpioInputSettings): string[] {
  const { version } = tools;
  return [
    ...lineOptions(tools, settings, settings.pull),
    "--format=%e",
    // Version 2 writes each line at once.
    ...(version === 1 ? ["--line-buffered"] : []),
    ...lineArguments(tools, String(settings.pin)),
  ];
}
