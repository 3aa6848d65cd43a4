import { TinymlError } from "../errors";
import { createGpioInput, type GpioInputSettings } from "./gpio-input";
import { createOnoffInput, type OnoffInputSettings } from "./onoff";
import { createSimulatedButton, type SimulatedButtonSettings } from "./simulated-button";

/** Who hears of a digital input. */
export interface DigitalInputListener {
  /** The level: when it is first known, whenever it changed, and again after a problem is over. */
  level(level: 0 | 1): void;
  /** TINYML_HARDWARE_MISSING or TINYML_HARDWARE_FAILED; the input tries on by itself, and may tell the same again. */
  problem(error: TinymlError): void;
}

/** A digital input that tells its changes. */
export interface DigitalInput {
  /** Presses or releases the simulated button, or toggles it. Throws TINYML_UNKNOWN_COMMAND for an input that isn't simulated. */
  press(level: 0 | 1 | "toggle"): void;
  /** Ends the use; resolves when the pin is free. Nothing is told after the call. */
  close(): Promise<void>;
}

export type DigitalInputSettings = SimulatedButtonSettings | GpioInputSettings | OnoffInputSettings;

/**
 * A digital input by its settings: `simulated` is a button; `gpio` a pin through libgpiod's tools; `onoff` one through the package
 * of that name. Whatever is missing is told to the listener, so that a flow loads anywhere.
 * @throws TinymlError TINYML_CONFIG_INVALID for settings that make no sense
 */
export function openDigitalInput(settings: DigitalInputSettings, listener: DigitalInputListener): DigitalInput {
  switch (settings.driver) {
    case "simulated":
      return createSimulatedButton(settings, listener);
    case "gpio":
      return createGpioInput(settings, listener);
    case "onoff":
      return createOnoffInput(settings, listener);
    default: {
      const { driver }: { driver?: unknown } = settings;
      throw new TinymlError(
        "TINYML_CONFIG_INVALID",
        `There is no digital input driver "${driver}"; choose simulated, gpio or onoff.`,
      );
    }
  }
}

/** A real pin can't be pressed by a message. */
export function pressRefused(): never {
  throw new TinymlError(
    "TINYML_UNKNOWN_COMMAND",
    "Only the simulated button can be pressed by a message; this node reads a real pin.",
  );
}

/** @throws TinymlError TINYML_CONFIG_INVALID */
export function assertDebounce(milliseconds: number): void {
  if (milliseconds >= 0 && milliseconds <= 60_000) return;
  throw new TinymlError(
    "TINYML_CONFIG_INVALID",
    `A level has to stay the same for 0 to 60,000 milliseconds, not ${milliseconds}.`,
  );
}
