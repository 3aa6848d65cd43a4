import { noiseAt } from "./noise";

/** The axes of the simulated motion sensor: acceleration in g, turning in degrees per second. */
export const gestureChannels: readonly string[] = ["aX", "aY", "aZ", "gX", "gY", "gZ"];

/** The gestures: a circle, flexing the arm, sideways and back, a punch, up and down. */
export const gestureNames = ["circ", "flex", "hori", "punch", "vert"] as const;

export type GestureName = (typeof gestureNames)[number];

/** How long a gesture takes, in seconds. */
export const gestureSeconds = 1;

/** The share of the time in which the hand moves; then it swings out. */
const motion = 0.6;
/** Gravity on the axes of a hand at rest, in g, for the sensor is never held quite level. */
const gravity = [-0.05, -0.15, 0.98];
/** The largest error of an axis: of acceleration in g, of turning in degrees per second. */
const errors = [0.03, 3];

/**
 * How a gesture moves the axes. `phase` goes from 0 to 1 while the hand moves; the curve is 0 at both ends.
 * Each has axes and a rhythm of its own, as recordings of people have: a circle is a wave on one axis and a quarter later on
 * another, a punch is one hard jolt forwards with the turn of the arm, up and down is a wave along gravity.
 */
const curves: Readonly<Record<GestureName, (phase: number) => readonly number[]>> = {
  circ: (phase) => {
    const [wave, quarterLater, swell] = [sine(phase), cosine(phase) * bump(phase), bump(phase)];
    return [0.35 * wave, 1.1 * quarterLater, 0.8 * wave * swell, -90 * wave, 190 * quarterLater, 240 * wave];
  },
  flex: (phase) => {
    const [swell, turn] = [bump(phase), sine(phase)];
    return [-0.9 * swell, -0.8 * swell, 0.45 * turn, 160 * turn, -260 * turn, -130 * turn];
  },
  hori: (phase) => {
    const twice = Math.sin(4 * Math.PI * phase);
    return [
      -0.25 * bump(phase),
      1.3 * twice,
      0.08 * twice,
      40 * twice,
      -30 * twice,
      360 * cosine(2 * phase) * bump(phase),
    ];
  },
  punch: (phase) => {
    const [jolt, recoil] = [peak(phase, 0.25, 0.07), peak(phase, 0.45, 0.09)];
    return [
      0.5 * jolt - 0.9 * recoil,
      -2.2 * jolt + 1.6 * recoil,
      -0.4 * jolt,
      150 * jolt,
      -70 * recoil,
      -380 * jolt + 330 * recoil,
    ];
  },
  vert: (phase) => {
    const twice = Math.sin(4 * Math.PI * phase);
    return [
      -0.3 * bump(phase),
      -0.08 * twice,
      1.5 * twice,
      30 * twice,
      -190 * cosine(2 * phase) * bump(phase),
      12 * twice,
    ];
  },
};

/**
 * The axes at a time within a gesture.
 *
 * @param seconds since the gesture began
 * @param turn which gesture it is of all that were made: strength, speed and beginning differ from turn to turn
 * @param number the reading's own, which its noise depends on
 */
export function gestureReading(name: GestureName, seconds: number, turn: number, number: number): number[] {
  const strength = 0.8 + 0.4 * noiseAt(101, turn);
  const length = motion * (0.85 + 0.3 * noiseAt(102, turn));
  const begin = 0.15 * noiseAt(103, turn);
  const phase = (seconds - begin) / length;
  const moved = phase > 0 && phase < 1 ? curves[name](phase) : undefined;
  const tilt = (axis: number): number => 0.1 * (noiseAt(110 + axis, turn) - 0.5);
  return restReading(number).map((rest, axis) => rest + (axis < 3 ? tilt(axis) : 0) + strength * (moved?.[axis] ?? 0));
}

/** The axes of a hand at rest. */
export function restReading(number: number): number[] {
  return gestureChannels.map((_, axis) => {
    const error = (axis < 3 ? errors[0] : errors[1]) * (2 * noiseAt(axis + 1, number) - 1);
    return (gravity[axis] ?? 0) + error;
  });
}

function sine(phase: number): number {
  return Math.sin(2 * Math.PI * phase);
}

function cosine(phase: number): number {
  return Math.cos(2 * Math.PI * phase);
}

/** Rises from 0 to 1 and falls back. */
function bump(phase: number): number {
  return Math.sin(Math.PI * phase);
}

/** A short jolt. */
function peak(phase: number, middle: number, width: number): number {
  return Math.exp(-(((phase - middle) / width) ** 2)) * Math.min(1, 8 * phase, 8 * (1 - phase));
}
