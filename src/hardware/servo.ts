import { TinymlError } from "../errors";

/** How a servo motor takes its position: by the length of a pulse that comes fifty times a second. */
export interface Servo {
  /** Milliseconds of the pulse at one end of its way (level 0); 0.5 by default. */
  shortest?: number;
  /** Milliseconds at the other end (level 1); 2.5 by default. Many servos only go from 1 to 2. */
  longest?: number;
}

/** Pulses per second that every hobby servo takes. */
export const servoFrequencyHz = 50;

/** The pulse for a level, in milliseconds. */
export function pulseOf(level: number, { shortest = 0.5, longest = 2.5 }: Servo): number {
  return shortest + level * (longest - shortest);
}

/** @throws TinymlError TINYML_CONFIG_INVALID for pulses that no servo takes */
export function assertServo(servo: Servo): void {
  const [shortest, longest] = [pulseOf(0, servo), pulseOf(1, servo)];
  if (shortest >= 0.2 && shortest < longest && longest <= 3) return;
  throw new TinymlError(
    "TINYML_CONFIG_INVALID",
    `The pulses of a servo go from 0.2 to 3 milliseconds, the shortest first; they are ${shortest} and ${longest}.`,
  );
}
