import { TinymlError } from "../errors";
import {
  findGpioTools,
  type GpioPin,
  type GpioTools,
  gpioFailed,
  lineArguments,
  lineOptions,
  type RunningTool,
  startTool,
} from "./gpio-tools";
import { clampLevel } from "./level";
import type { Output } from "./output";

/** A pin that is switched on and off: a relay, an LED without shades. */
export interface GpioOutputSettings extends GpioPin {
  driver: "gpio";
  /** From this level on it is on; 0.5 by default. */
  threshold?: number;
}

/** Milliseconds after which a tool that still runs holds its line. */
const settled = 150;

/**
 * A digital output through the libgpiod tools: one of them runs as long as the line is held, because a line that nobody holds falls back.
 * Throws TINYML_CONFIG_INVALID.
 */
export function createGpioOutput(settings: GpioOutputSettings): Output {
  const { pin, threshold = 0.5 } = settings;
  if (!Number.isInteger(pin) || pin < 0) {
    throw new TinymlError("TINYML_CONFIG_INVALID", `A GPIO pin has a number from 0, not ${pin}.`);
  }
  let holder: RunningTool | undefined;
  let held: boolean | undefined;
  let level: number | undefined;
  let closed = false;
  let next: { level: number; done: Promise<void> } | undefined;
  let busy: Promise<void> = Promise.resolve();

  const hold = async (on: boolean): Promise<void> => {
    if (on === held && holder?.child.exitCode === null) return;
    const tools = await findGpioTools(settings);
    await holder?.stop();
    held = undefined;
    holder = startTool(tools.path("gpioset"), holdArguments(tools, settings, on));
    const started = holder;
    const problem = await Promise.race([
      started.ended,
      new Promise<undefined>((resolve) => setTimeout(resolve, settled, undefined)),
    ]);
    if (problem !== undefined) {
      holder = undefined;
      throw gpioFailed(problem || "gpioset ended");
    }
    held = on;
  };

  return {
    get level() {
      return level;
    },
    async write(value) {
      const wanted = clampLevel(value);
      if (closed) throw new TinymlError("TINYML_HARDWARE_FAILED", `GPIO ${pin} was closed.`);
      if (next) {
        next.level = wanted;
        return next.done;
      }
      const waiting = { level: wanted, done: Promise.resolve() };
      next = waiting;
      waiting.done = busy.then(async () => {
        next = undefined;
        await hold(waiting.level >= threshold);
        level = waiting.level;
      });
      busy = waiting.done.catch(() => undefined);
      return waiting.done;
    },
    async close() {
      closed = true;
      await busy;
      if (holder === undefined) return;
      // Off first: where a pin stays as it was when nobody holds it any more, a relay must not stay on.
      await hold(false).catch(() => undefined);
      await holder?.stop();
    },
  };
}

function holdArguments(tools: GpioTools, settings: GpioOutputSettings, on: boolean): string[] {
  // Version 2 holds the line until it is ended, version 1 only in this mode.
  const mode = tools.version === 1 ? ["--mode=signal"] : [];
  return [...mode, ...lineOptions(tools, settings), ...lineArguments(tools, `${settings.pin}=${on ? 1 : 0}`)];
}
