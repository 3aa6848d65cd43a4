import { TinymlError } from "../errors";
import type { AnalogInput, AnalogReading } from "./analog-input";
import { clampLevel } from "./level";
import { noiseAt } from "./noise";
import type { Output } from "./output";

/** A potentiometer that turns by itself; the same settings always give the same readings. */
export interface SimulatedInputSettings {
  driver: "simulated";
  /**
   * How it turns: "turning" steadily up and down (every position equally often, the default), "sine" slower at the ends, "random"
   * jumps anywhere.
   */
  waveform?: "turning" | "sine" | "random";
  /** Readings from one end to the other and back; not a whole number by default, so that the positions do not repeat soon. */
  period?: number;
  /** The converter's resolution, 1..24; 10 by default. */
  bits?: number;
  /** The voltage at full scale; 3.3 by default. */
  volts?: number;
  /** The largest error of a reading, as a fraction of full scale; 0 by default. */
  noise?: number;
  /** Another seed starts at another position, with other noise. */
  seed?: number;
}

/** By default: the golden ratio × 100, whose multiples are spread most evenly over a turn. */
const defaultPeriod = 161.8034;

function assertRange(value: number, low: number, high: number, what: string): void {
  if (value >= low && value <= high) return;
  throw new TinymlError(
    "TINYML_CONFIG_INVALID",
    `The ${what} of the simulated input must be ${low} to ${high}, not ${value}.`,
  );
}

/** A simulated analog input. Each read is the next step of the waveform, whenever it comes. Throws TINYML_CONFIG_INVALID. */
export function createSimulatedInput(settings: SimulatedInputSettings): AnalogInput {
  const { waveform = "turning", period = defaultPeriod, bits = 10, volts = 3.3, noise = 0, seed = 0 } = settings;
  assertRange(period, 2, 1e9, "period");
  assertRange(bits, 1, 24, "resolution");
  assertRange(volts, 0, 1e6, "voltage");
  assertRange(noise, 0, 1, "noise");
  const steps = 2 ** Math.round(bits);
  const start = noiseAt(seed, -1);
  let step = 0;
  let closed = false;

  const positionAt = (n: number): number => {
    if (waveform === "random") return noiseAt(seed, n);
    const turn = (n / period + start) % 1;
    if (waveform === "sine") return (1 - Math.cos(2 * Math.PI * turn)) / 2;
    return turn < 0.5 ? 2 * turn : 2 - 2 * turn;
  };

  return {
    async read(): Promise<AnalogReading> {
      if (closed) throw new TinymlError("TINYML_HARDWARE_FAILED", "The simulated input was closed.");
      const error = noise * (2 * noiseAt(~seed, step) - 1);
      // A converter counts the whole steps below the voltage: every code is equally wide.
      const code = Math.min(steps - 1, Math.max(0, Math.floor((positionAt(step) + error) * steps)));
      step += 1;
      return { code, fullScale: steps - 1, volts: (code * volts) / steps };
    },
    close() {
      closed = true;
    },
  };
}

/** An output that drives nothing: its level shows in the flow. */
export interface SimulatedOutputSettings {
  driver: "simulated";
  /** The level, 0..1, that it is left at on close; 0 by default. */
  safeLevel?: number;
}

/** A simulated output. */
export function createSimulatedOutput(settings: SimulatedOutputSettings): Output {
  const safeLevel = clampLevel(settings.safeLevel ?? 0);
  let level: number | undefined;
  return {
    get level() {
      return level;
    },
    async write(value) {
      level = clampLevel(value);
    },
    async close() {
      level = safeLevel;
    },
  };
}
