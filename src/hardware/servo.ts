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

/**
 * @param limits the pulses that what drives the servo can make, in milliseconds; those that some servo takes by default
 * @throws TinymlError TINYML_CONFIG_INVALID for pulses beyond them
 */
export function assertServo(servo: Servo, { least, most } = { least: 0.2, most: 3 }): void {
  const [shortest, longest] = [pulseOf(0, servo), pulseOf(1, servo)];
  if (shortest >= least && shortest < longest && longest <= most) return;
  throw new TinymlError(
    "TINYML_CONFIG_INVALID",
    `The pulses of a servo go from ${least} to ${most} milliseconds here, the shortest first; they are ${shortest} and ${longest}.`,
  );
}
