import { TinymlError } from "../errors";

/** How windows are cut out of a stream of readings. */
export interface WindowSettings {
  /** A window's length in readings. */
  readings: number;
  /** Readings from the beginning of a window to that of the next; more than `readings` leaves some out. */
  stride: number;
  /** The rate that readings are brought to by linear interpolation between their times; as they come where absent. */
  rateHz?: number;
  /** After a pause longer than this many milliseconds a window begins anew; never where absent. */
  gap?: number;
  /** Begins windows only when something happens; one after another where absent. */
  trigger?: WindowTrigger;
}

/** When a window begins. */
export interface WindowTrigger {
  /** "level": the sum of what the channels measure, without their signs; "change": the sum of how much they change from a reading to the next. */
  quantity: "level" | "change";
  /** The least sum that begins a window. */
  threshold: number;
  /** How many readings before that one belong to the window. */
  before: number;
}

/** The most numbers of a window: 16 MB. */
export const mostInWindow = 2 ** 22;

/** How many readings of a fixed rate a pause is filled with at most, and never fewer than two windows. */
const mostFilled = 10_000;

/** Cuts windows out of the readings of one source. Its memory is that of one window, whatever comes. */
export class Windower {
  readonly #settings: WindowSettings;
  #channels = 0;
  /** The last readings, a ring of as many as a window has. */
  #ring = new Float32Array(0);
  /** How many readings the ring has had since the window, or the stream, began. */
  #count = 0;
  /** The count at which the next window ends; Infinity while nothing has triggered one. */
  #end: number;
  #last: { values: readonly number[]; time: number } | undefined;
  /** The time of the first reading of the fixed rate, and how many there were. */
  #start = 0;
  #resampled = 0;
  #gaps = 0;

  /** @throws TinymlError TINYML_CONFIG_INVALID for settings that make no sense */
  constructor(settings: WindowSettings) {
    this.#settings = settings;
    const { readings, stride, trigger } = settings;
    const whole = (value: number): boolean => Number.isInteger(value) && value >= 1;
    if (!whole(readings) || !whole(stride) || readings > mostInWindow) {
      throw new TinymlError(
        "TINYML_CONFIG_INVALID",
        `A window has from 1 to ${mostInWindow} readings, and the next begins at least 1 later.`,
      );
    }
    if (trigger !== undefined && trigger.before >= readings) {
      throw new TinymlError(
        "TINYML_CONFIG_INVALID",
        `A window of ${readings} readings can't have ${trigger.before} of them before it begins. Make it longer, or take fewer.`,
      );
    }
    this.#end = this.#firstEnd();
  }

  /** How many pauses were longer than `gap`. */
  get gaps(): number {
    return this.#gaps;
  }

  /** How many readings the window under way has. */
  get collected(): number {
    return Math.min(this.#count, this.#settings.readings);
  }

  /** Forgets the readings so far. */
  reset(): void {
    this.#count = 0;
    this.#end = this.#firstEnd();
    this.#last = undefined;
  }

  /**
   * Takes a reading, one number per channel, and gives the windows that it completes, each row-major readings × channels. Another
   * number of channels begins anew, and so does a time before that of the reading before.
   * @param time in milliseconds
   * @throws TinymlError TINYML_NOT_A_NUMBER; the reading is left out
   */
  push(values: readonly number[], time: number): Float32Array[] {
    const fault = values.findIndex((value) => typeof value !== "number" || !Number.isFinite(Math.fround(value)));
    if (fault >= 0 || values.length === 0 || !Number.isFinite(time)) {
      throw new TinymlError(
        "TINYML_NOT_A_NUMBER",
        fault >= 0
          ? `Number ${fault + 1} of the reading is ${String(values[fault])}; send numbers between -3.4e38 and 3.4e38.`
          : "The reading has no numbers, or its time (msg.time) is none.",
      );
    }
    if (values.length !== this.#channels) this.#begin(values.length);
    const last = this.#last;
    if (last !== undefined) {
      const pause = time - last.time;
      if (pause < 0 || (this.#settings.gap !== undefined && pause > this.#settings.gap)) {
        this.#gaps += 1;
        this.reset();
      }
    }
    return this.#settings.rateHz === undefined ? this.#takeAsIs(values, time) : this.#resample(values, time);
  }

  #begin(channels: number): void {
    const { readings } = this.#settings;
    if (channels * readings > mostInWindow) {
      throw new TinymlError(
        "TINYML_CHANNEL_COUNT",
        `A window of ${readings} readings with ${channels} numbers each has more than ${mostInWindow} numbers. Make it shorter.`,
      );
    }
    this.#channels = channels;
    this.#ring = new Float32Array(channels * readings);
    this.reset();
  }

  #firstEnd(): number {
    return this.#settings.trigger === undefined ? this.#settings.readings : Number.POSITIVE_INFINITY;
  }

  #takeAsIs(values: readonly number[], time: number): Float32Array[] {
    const window = this.#store(values, this.#last?.values);
    this.#last = { values: [...values], time };
    return window === undefined ? [] : [window];
  }

  #resample(values: readonly number[], time: number): Float32Array[] {
    const period = 1000 / (this.#settings.rateHz ?? 1);
    const last = this.#last;
    const windows: Float32Array[] = [];
    const store = (reading: readonly number[], before: readonly number[] | undefined): void => {
      const window = this.#store(reading, before);
      if (window !== undefined) windows.push(window);
    };
    if (last === undefined) {
      store(values, undefined);
      this.#start = time;
      this.#resampled = 1;
    } else if (time > last.time) {
      // Without a gap setting a pause of years would be filled reading by reading.
      const due = (): number => this.#start + this.#resampled * period;
      if ((time - due()) / period > Math.max(2 * this.#settings.readings, mostFilled)) {
        this.#gaps += 1;
        this.reset();
        return this.#resample(values, time);
      }
      let before = last.values;
      // Times are rounded: one that is due with this reading must not wait for the next.
      for (; due() <= time + period * 1e-6; this.#resampled++) {
        const share = Math.min(1, (due() - last.time) / (time - last.time));
        const between = values.map((value, i) => last.values[i] + share * (value - last.values[i]));
        store(between, before);
        before = between;
      }
    }
    this.#last = { values: [...values], time };
    return windows;
  }

  /** Puts a reading into the ring; the window that ends with it. */
  #store(values: readonly number[], before: readonly number[] | undefined): Float32Array | undefined {
    const { readings, stride, trigger } = this.#settings;
    this.#ring.set(values, (this.#count % readings) * this.#channels);
    this.#count += 1;
    if (trigger !== undefined && this.#end === Number.POSITIVE_INFINITY && isReached(trigger, values, before)) {
      // As many readings before it as there were.
      this.#end = this.#count - 1 - Math.min(trigger.before, this.#count - 1) + readings;
    }
    if (this.#count < this.#end) return undefined;
    const start = (this.#count % readings) * this.#channels;
    const window = new Float32Array(this.#ring.length);
    window.set(this.#ring.subarray(start));
    window.set(this.#ring.subarray(0, start), this.#ring.length - start);
    if (trigger === undefined) this.#end += stride;
    else {
      this.#count = 0;
      this.#end = Number.POSITIVE_INFINITY;
    }
    return window;
  }
}

function isReached(
  { quantity, threshold }: WindowTrigger,
  values: readonly number[],
  before: readonly number[] | undefined,
): boolean {
  if (quantity === "change" && before === undefined) return false;
  const sum = values.reduce(
    (total, value, i) => total + Math.abs(quantity === "change" ? value - (before?.[i] ?? value) : value),
    0,
  );
  return sum >= threshold;
}
