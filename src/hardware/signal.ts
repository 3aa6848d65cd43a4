import { TinymlError } from "../errors";
import {
  type GestureName,
  gestureChannels,
  gestureNames,
  gestureReading,
  gestureSeconds,
  restReading,
} from "./gestures";
import { noiseAt } from "./noise";

/** A reading of a signal. */
export interface SignalReading {
  values: number[];
  /** What the signal does at that time, where it is known. */
  label?: string;
}

/** Something that can be measured at any time: the same settings always give the same readings. */
export interface Signal {
  /** Names of the channels. */
  readonly channels: readonly string[];
  /** The reading with this number, from 0. */
  at(number: number): SignalReading;
}

/** A sine on each channel. */
export interface SineSettings {
  kind: "sine";
  channels: number;
  /** Turns per second of the first channel; each further one is as much faster. */
  frequencyHz: number;
  /** The largest error, as a part of the sine's height; 0 by default. */
  noise?: number;
}

/** Numbers by chance between −1 and 1. */
export interface NoiseSettings {
  kind: "noise";
  channels: number;
}

/** A hand that holds a motion sensor. */
export interface GestureSettings {
  kind: "gestures";
  /** Which gesture it makes: one of them over and over, each in turn, or none ("rest"). */
  gesture: GestureChoice;
  /** Seconds of rest after each gesture; 1 by default. */
  pause?: number;
  /** The number of the first gesture, 0 by default: each number is made somewhat differently. */
  first?: number;
}

/** A gesture, all of them in turn, or rest. */
export type GestureChoice = GestureName | "all" | "rest";

/** What `gesture` can be. */
export const gestureChoices: readonly GestureChoice[] = ["all", ...gestureNames, "rest"];

export type SignalSettings = SineSettings | NoiseSettings | GestureSettings;

/** A simulated signal, measured so many times a second. Throws TINYML_CONFIG_INVALID. */
export function createSignal(settings: SignalSettings, rateHz: number): Signal {
  if (settings.kind === "gestures") return createGestures(settings, rateHz);
  const { channels } = settings;
  if (!Number.isInteger(channels) || channels < 1 || channels > 64) {
    throw new TinymlError("TINYML_CONFIG_INVALID", `A simulated sensor has 1 to 64 channels, not ${channels}.`);
  }
  const names = Array.from({ length: channels }, (_, i) => `${settings.kind}${i + 1}`);
  const noise = (channel: number, number: number) => 2 * noiseAt(channel + 1, number) - 1;
  if (settings.kind === "noise")
    return { channels: names, at: (number) => ({ values: names.map((_, i) => noise(i, number)) }) };
  const { frequencyHz, noise: error = 0 } = settings;
  return {
    channels: names,
    at: (number) => ({
      values: names.map(
        (_, i) => Math.sin((2 * Math.PI * frequencyHz * (i + 1) * number) / rateHz) + error * noise(i, number),
      ),
    }),
  };
}

/** How far apart the noise of two gestures begins, so that none has that of another. */
const noiseDistance = 7919;

/** Gestures in turn, each with rest behind it. Each is made somewhat differently from the one before. */
function createGestures({ gesture, pause = 1, first = 0 }: GestureSettings, rateHz: number): Signal {
  if (!(pause >= 0))
    throw new TinymlError("TINYML_CONFIG_INVALID", `The rest between gestures can't be ${pause} seconds.`);
  const round = gestureSeconds + pause;
  return {
    channels: gestureChannels,
    at(number) {
      const seconds = number / rateHz;
      const turn = Math.floor(seconds / round);
      const within = seconds - turn * round;
      const noise = number + first * noiseDistance;
      const name = gesture === "all" ? gestureNames[turn % gestureNames.length] : gesture;
      if (name === undefined || name === "rest" || within >= gestureSeconds) {
        return { values: restReading(noise), label: "rest" };
      }
      return { values: gestureReading(name, within, first + turn, noise), label: name };
    },
  };
}
