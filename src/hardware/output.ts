import { TinymlError } from "../errors";
import { createGpioOutput, type GpioOutputSettings } from "./gpio-output";
import { createPwmOutput, type PwmSettings } from "./pwm";
import { createSimulatedOutput, type SimulatedOutputSettings } from "./simulated";

/** An output with a level between off and full: an LED, a motor. */
export interface Output {
  /** The level that it was last set to, 0..1; undefined before the first. */
  readonly level: number | undefined;
  /**
   * Sets the level, clamped to 0..1. Rejects with TINYML_NOT_A_NUMBER, TINYML_HARDWARE_MISSING or TINYML_HARDWARE_FAILED; the
   * next call tries the hardware again. Of calls that come faster than the hardware takes them the last counts; all of them
   * resolve once it is set.
   */
  write(level: number): Promise<void>;
  /** Leaves the output at its safe level. Rejects with TINYML_HARDWARE_FAILED where that failed. */
  close(): Promise<void>;
}

export type OutputSettings = SimulatedOutputSettings | PwmSettings | GpioOutputSettings;

/**
 * An output by its settings: `simulated` only remembers its level; `pwm` drives a pin through Linux's /sys/class/pwm, `gpio` switches one. It touches no
 * hardware before the first write, so a flow loads where the hardware is missing. Throws TINYML_CONFIG_INVALID for settings
 * that make no sense.
 */
export function openOutput(settings: OutputSettings): Output {
  switch (settings.driver) {
    case "simulated":
      return createSimulatedOutput(settings);
    case "pwm":
      return createPwmOutput(settings);
    case "gpio":
      return createGpioOutput(settings);
    default: {
      const { driver }: { driver?: unknown } = settings;
      throw new TinymlError(
        "TINYML_CONFIG_INVALID",
        `There is no output driver "${driver}"; choose simulated, pwm or gpio.`,
      );
    }
  }
}
