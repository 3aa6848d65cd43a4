import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TinymlError, toTinymlError } from "../errors";
import { createDebounce } from "./debounce";
import { assertDebounce, type DigitalInput, type DigitalInputListener, pressRefused } from "./digital-input";
import { assertLine, headerLabels } from "./gpio-tools";
import { clampLevel } from "./level";
import { call, construct, loadOptionalPackage } from "./optional-package";
import type { Output } from "./output";
import { readAttribute } from "./sysfs";

/** A pin through the package onoff, for systems that have no libgpiod: it uses /sys/class/gpio. */
interface OnoffSettings {
  driver: "onoff";
  /** The number in "GPIO 17". */
  pin: number;
  activeLow?: boolean;
  /** Folders in whose node_modules the package is looked for, too. */
  folders?: readonly string[];
  /** Where sysfs is mounted; /sys by default. */
  root?: string;
}

export interface OnoffInputSettings extends OnoffSettings {
  /** Milliseconds that a level has to stay the same; 0, the default, tells every edge. */
  debounce?: number;
  /** Milliseconds after which a pin that failed is tried again; 2000 by default. */
  retryAfter?: number;
}

export interface OnoffOutputSettings extends OnoffSettings {
  /** The level, 0 or 1, that it is left at on close; 0 (off) by default. */
  safeLevel?: number;
}

/** A digital input through onoff. @throws TinymlError TINYML_CONFIG_INVALID */
export function createOnoffInput(settings: OnoffInputSettings, listener: DigitalInputListener): DigitalInput {
  const { debounce: milliseconds = 0, retryAfter = 2000 } = settings;
  assertLine(settings);
  assertDebounce(milliseconds);
  const closing = new AbortController();
  const { signal } = closing;
  const debounce = createDebounce(milliseconds, (level) => listener.level(level));
  let gpio: object | undefined;

  const start = async () => {
    while (!signal.aborted && gpio === undefined) {
      try {
        const opened = await openPin(settings, "in", "both");
        if (signal.aborted) {
          call(opened, "unexport");
          return;
        }
        gpio = opened;
        debounce.push(levelOf(call(gpio, "readSync")));
        call(gpio, "watch", (error: unknown, level: unknown) => {
          if (signal.aborted) return;
          if (error) listener.problem(failure(settings.pin, error));
          else debounce.push(levelOf(level));
        });
      } catch (thrown) {
        gpio = undefined;
        if (!signal.aborted) listener.problem(failure(settings.pin, thrown));
        await sleep(retryAfter, undefined, { signal }).catch(() => undefined);
      }
    }
  };
  const started = start();

  return {
    press: pressRefused,
    async close() {
      closing.abort();
      debounce.close();
      await started;
      if (gpio === undefined) return;
      call(gpio, "unwatchAll");
      call(gpio, "unexport");
    },
  };
}

/** An output through onoff: on from the level 0.5 up, else off. @throws TinymlError TINYML_CONFIG_INVALID */
export function createOnoffOutput(settings: OnoffOutputSettings): Output {
  assertLine(settings);
  const { pin } = settings;
  const safeLevel = clampLevel(settings.safeLevel ?? 0);
  let level: 0 | 1 | undefined;
  let opened: Promise<object> | undefined;
  let closing: Promise<void> | undefined;

  const set = async (wanted: 0 | 1): Promise<void> => {
    try {
      opened ??= openPin(settings, "out");
      await call(await opened, "write", wanted);
      level = wanted;
    } catch (thrown) {
      opened = undefined;
      throw failure(pin, thrown);
    }
  };

  return {
    get level() {
      return level;
    },
    async write(value) {
      const wanted = clampLevel(value) >= 0.5 ? 1 : 0;
      if (closing) throw new TinymlError("TINYML_HARDWARE_FAILED", `The pin GPIO ${pin} was closed.`);
      await set(wanted);
    },
    close() {
      const release = async () => {
        const gpio = await opened?.catch(() => undefined);
        if (gpio === undefined) return;
        await set(safeLevel >= 0.5 ? 1 : 0);
        // A pin that is given back floats; one that is to stay on has to be kept.
        if (safeLevel < 0.5) call(gpio, "unexport");
      };
      closing ??= release();
      return closing;
    },
  };
}

async function openPin(settings: OnoffSettings, ...direction: string[]): Promise<object> {
  const { pin, activeLow = false, folders, root = "/sys" } = settings;
  const onoff = loadOptionalPackage("onoff", folders);
  return construct(onoff, "Gpio", (await findBase(root)) + pin, ...direction, { activeLow });
}

/** The number of the header's first pin in /sys/class/gpio: 0 on old kernels, 512 or 571 on new ones. */
async function findBase(root: string): Promise<number> {
  const folder = join(root, "class", "gpio");
  for (const entry of await readdir(folder).catch(() => [])) {
    const label = await readAttribute(join(folder, entry, "label")).catch(() => "");
    if (headerLabels.includes(label)) return Number(await readAttribute(join(folder, entry, "base")));
  }
  return 0;
}

function levelOf(value: unknown): 0 | 1 {
  return value === 1 ? 1 : 0;
}

function failure(pin: number, thrown: unknown): TinymlError {
  if (thrown instanceof TinymlError) return thrown;
  return new TinymlError(
    "TINYML_HARDWARE_FAILED",
    `The pin GPIO ${pin} failed through onoff (${toTinymlError(thrown).message}). Check its number, and that no other program uses it.`,
    { cause: thrown },
  );
}
