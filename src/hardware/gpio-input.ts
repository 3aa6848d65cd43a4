import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { TinymlError, toTinymlError } from "../errors";
import { createDebounce } from "./debounce";
import { assertDebounce, type DigitalInput, type DigitalInputListener, pressRefused } from "./digital-input";
import {
  assertLine,
  findGpioChip,
  findToolVersion,
  type GpioLine,
  type GpioToolOptions,
  gpioError,
  levelOfEdge,
  monitorArguments,
  type RunningTool,
  readGpioLevel,
  startGpioTool,
} from "./gpio-tools";

/** A pin that libgpiod's tools watch. */
export interface GpioInputSettings extends GpioLine, GpioToolOptions {
  driver: "gpio";
  /** Milliseconds that a level has to stay the same; 0, the default, tells every edge. */
  debounce?: number;
  /** Milliseconds after which a pin that failed is tried again; 2000 by default. */
  retryAfter?: number;
}

/**
 * A digital input through gpioget and gpiomon. gpiomon runs as long as the input is open and is started again when it ends.
 * @throws TinymlError TINYML_CONFIG_INVALID
 */
export function createGpioInput(settings: GpioInputSettings, listener: DigitalInputListener): DigitalInput {
  const { debounce: milliseconds = 0, retryAfter = 2000 } = settings;
  assertLine(settings);
  assertDebounce(milliseconds);
  const closing = new AbortController();
  const { signal } = closing;
  let monitor: RunningTool | undefined;

  const watch = async () => {
    const version = await findToolVersion(settings);
    const chip = await findGpioChip(settings, settings);
    // While gpiomon has the line, nobody else can read it.
    const level = await readGpioLevel(version, chip, settings, settings);
    if (signal.aborted) return;
    // The first level of each start is told, also when it is what was told before: it says that all is well again.
    const debounce = createDebounce(milliseconds, (settled) => {
      if (!signal.aborted) listener.level(settled);
    });
    try {
      monitor = startGpioTool("gpiomon", monitorArguments(version, chip, settings), settings);
      debounce.push(level);
      const { stdout } = monitor.process;
      if (stdout) {
        createInterface({ input: stdout }).on("line", (printed) => {
          const after = levelOfEdge(printed);
          if (after !== undefined) debounce.push(after);
        });
      }
      throw gpioError(await monitor.ended, "gpiomon");
    } finally {
      debounce.close();
    }
  };

  const goOn = async () => {
    while (!signal.aborted) {
      try {
        await watch();
      } catch (thrown) {
        if (!signal.aborted) listener.problem(thrown instanceof TinymlError ? thrown : toTinymlError(thrown));
      }
      await sleep(retryAfter, undefined, { signal }).catch(() => undefined);
    }
  };
  const ended = goOn();

  return {
    press: pressRefused,
    async close() {
      closing.abort();
      await monitor?.stop();
      await ended;
    },
  };
}
