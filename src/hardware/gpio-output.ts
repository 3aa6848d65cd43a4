import { TinymlError } from "../errors";
import {
  assertLine,
  findGpioChip,
  findToolVersion,
  type GpioLine,
  type GpioToolOptions,
  gpioError,
  holdArguments,
  type RunningTool,
  startGpioTool,
} from "./gpio-tools";
import { clampLevel } from "./level";
import type { Output } from "./output";
import { withTimeout } from "./sysfs";

/** A pin that libgpiod's tools hold on or off. */
export interface GpioOutputSettings extends GpioLine, GpioToolOptions {
  driver: "gpio";
  /** The level, 0 or 1, that it is left at on close; 0 (off) by default. */
  safeLevel?: number;
  /** Called when the pin is no longer held, though nobody asked for that; the next write holds it again. */
  lost?: (error: TinymlError) => void;
  /** gpioset of the first generation says nothing when it holds the line: it does when it runs on for so many milliseconds; 150 by default. */
  settle?: number;
}

/**
 * An output through gpioset: on from the level 0.5 up, else off. gpioset runs for as long as the level is held; for another level it is
 * ended and started again, during which the pin keeps its level on a Raspberry Pi. @throws TinymlError TINYML_CONFIG_INVALID
 */
export function createGpioOutput(settings: GpioOutputSettings): Output {
  assertLine(settings);
  const { pin, timeout = 2000, settle = 150 } = settings;
  const safeLevel = clampLevel(settings.safeLevel ?? 0);
  let level: 0 | 1 | undefined;
  let holder: RunningTool | undefined;
  /** Whether the pin was ever set, or tried to be: then it has a level that is to be taken back. */
  let wasSet = false;
  let closing: Promise<void> | undefined;
  /** The level to be set next, and the promise of those who wait for it. */
  let next: { level: 0 | 1; done: Promise<void> } | undefined;
  /** What is being done; never rejects. */
  let busy: Promise<void> = Promise.resolve();

  const set = async (wanted: 0 | 1): Promise<void> => {
    // A holder that ended by itself holds nothing any more.
    if (wanted === level && holder?.process.exitCode === null && holder.process.signalCode === null) return;
    const version = await findToolVersion(settings);
    const chip = await findGpioChip(settings, settings);
    await stop();
    level = undefined;
    wasSet = true;
    holder = startGpioTool("gpioset", holdArguments(version, chip, settings, wanted), settings);
    const { stdout } = holder.process;
    const said = new Promise<undefined>((resolve) => {
      stdout?.once("data", () => resolve(undefined));
      stdout?.resume();
    });
    const waited = version === 1 ? afterwards(settle) : afterwards(timeout).then(() => Promise.reject(hangError(pin)));
    waited.catch(() => undefined);
    const complaint = await Promise.race([holder.ended, said, waited]);
    if (complaint !== undefined) throw gpioError(complaint, "gpioset");
    level = wanted;
    watch(holder);
  };
  /** Tells when a holder has ended that is still meant to hold the pin. */
  const watch = async (held: RunningTool): Promise<void> => {
    const said = await held.ended.catch(() => "");
    if (holder !== held) return;
    level = undefined;
    settings.lost?.(gpioError(said, "gpioset"));
  };
  const stop = async (): Promise<void> => {
    const held = holder;
    holder = undefined;
    await held?.stop();
  };

  const queue = (task: () => Promise<void>): Promise<void> => {
    const done = busy.then(task);
    busy = done.catch(() => undefined);
    // A write waits for one before it, of a few tools each.
    return withTimeout(done, timeout * 4, () => hangError(pin));
  };

  return {
    get level() {
      return level;
    },
    async write(value) {
      const wanted = clampLevel(value) >= 0.5 ? 1 : 0;
      if (closing) throw new TinymlError("TINYML_HARDWARE_FAILED", `The pin GPIO ${pin} was closed.`);
      if (next) {
        next.level = wanted;
        return next.done;
      }
      const waiting: { level: 0 | 1; done: Promise<void> } = { level: wanted, done: Promise.resolve() };
      next = waiting;
      waiting.done = queue(() => {
        next = undefined;
        return set(waiting.level);
      });
      return waiting.done;
    },
    close() {
      closing ??= queue(async () => {
        // Nothing was ever set, so there is nothing to take back.
        if (!wasSet) return;
        try {
          await set(safeLevel >= 0.5 ? 1 : 0);
        } finally {
          await stop();
        }
      });
      return closing;
    },
  };
}

function hangError(pin: number): TinymlError {
  return new TinymlError("TINYML_HARDWARE_FAILED", `The pin GPIO ${pin} does not answer. Check what uses it.`);
}

function afterwards(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, undefined));
}
