import { TinymlError, toTinymlError } from "../errors";
import { assertLine } from "./gpio-tools";
import { clampLevel } from "./level";
import { call, construct, loadOptionalPackage } from "./optional-package";
import type { Output } from "./output";
import { assertServo, pulseOf, type Servo } from "./servo";

/** A pin through the package pigpio: every pin of a Raspberry Pi up to 4 can be dimmed or move a servo. */
export interface PigpioSettings {
  driver: "pigpio";
  /** The number in "GPIO 17". */
  pin: number;
  /** Pulses per second; 800 by default. */
  frequencyHz?: number;
  /** A servo motor: the level is its position; it is left without pulses on close. */
  servo?: Servo;
  /** The level, 0..1, that it is left at on close; 0 (off) by default. */
  safeLevel?: number;
  /** Folders in whose node_modules the package is looked for, too. */
  folders?: readonly string[];
}

/** The pins that the chip itself pulses, which is steadier than pigpio's own. */
const hardwarePins = [12, 13, 18, 19];

/** pigpio makes no other pulses, in milliseconds. */
const pigpioPulses = { least: 0.5, most: 2.5 };

/** An output through pigpio. @throws TinymlError TINYML_CONFIG_INVALID */
export function createPigpioOutput(settings: PigpioSettings): Output {
  const { pin, frequencyHz = 800, servo, folders } = settings;
  assertLine({ pin });
  if (servo !== undefined) assertServo(servo, pigpioPulses);
  if (!(frequencyHz >= 1 && frequencyHz <= 1e6)) {
    throw new TinymlError("TINYML_CONFIG_INVALID", `The PWM frequency must be 1 to 1,000,000 Hz, not ${frequencyHz}.`);
  }
  const safeLevel = clampLevel(settings.safeLevel ?? 0);
  let level: number | undefined;
  let gpio: object | undefined;
  let closed = false;

  const open = (): object => {
    // pigpio prints warnings and fails with its first pin where its library is missing, so it is loaded with the first write.
    // 1 is Gpio.OUTPUT.
    const opened = construct(loadOptionalPackage("pigpio", folders), "Gpio", pin, { mode: 1 });
    if (servo === undefined && !hardwarePins.includes(pin)) {
      call(opened, "pwmFrequency", frequencyHz);
      call(opened, "pwmRange", 1000);
    }
    return opened;
  };
  const set = (opened: object, wanted: number) => {
    if (servo !== undefined) call(opened, "servoWrite", Math.round(pulseOf(wanted, servo) * 1000));
    else if (hardwarePins.includes(pin)) {
      call(opened, "hardwarePwmWrite", Math.round(frequencyHz), Math.round(wanted * 1e6));
    } else call(opened, "pwmWrite", Math.round(wanted * 1000));
    level = wanted;
  };

  return {
    get level() {
      return level;
    },
    async write(value) {
      const wanted = clampLevel(value);
      if (closed) throw new TinymlError("TINYML_HARDWARE_FAILED", `The pin GPIO ${pin} was closed.`);
      try {
        gpio ??= open();
        set(gpio, wanted);
      } catch (thrown) {
        throw failure(pin, thrown);
      }
    },
    async close() {
      if (closed) return;
      closed = true;
      if (gpio === undefined) return;
      try {
        if (servo === undefined) set(gpio, safeLevel);
        // A pulse of no length is none: the servo rests.
        else call(gpio, "servoWrite", 0);
      } catch (thrown) {
        throw failure(pin, thrown);
      }
    },
  };
}

function failure(pin: number, thrown: unknown): TinymlError {
  if (thrown instanceof TinymlError) return thrown;
  return new TinymlError(
    "TINYML_HARDWARE_FAILED",
    `The pin GPIO ${pin} failed through pigpio (${toTinymlError(thrown).message}). pigpio needs its C library, runs as root only, and not on a Raspberry Pi 5.`,
    { cause: thrown },
  );
}
