/** Measures how often readings come, and gives each its time. */
export interface RateMeter {
  /** Readings per second; undefined until enough have come, and anew after a pause. */
  readonly rateHz: number | undefined;
  /**
   * Takes note of readings that arrived together, and returns when the first of them was measured and how far they are apart, in the unit of
   * the arrival times. What arrives together was measured one after the other.
   *
   * @param arrival when the last of them arrived, in milliseconds
   */
  arrived(count: number, arrival: number): { first: number; step: number };
}

/** What is looked back on, in milliseconds and in points. */
const window = 10_000;
const mostPoints = 256;
/** Points are at least so far apart, in milliseconds. */
const pointDistance = 50;
/** The rate is told after so many milliseconds and readings. */
const leastTime = 1000;
const leastReadings = 5;
/** The share of an arrival's surprise by which the clock of the readings is corrected. */
const correction = 0.02;

/**
 * A meter of readings. The rate is the number of readings between two arrivals, over the last ten seconds where readings are that frequent: an arrival is
 * late by milliseconds, so over a second or more the rate is right within a percent. Times follow a clock of that rate, so that they are evenly spaced though
 * arrivals come in lumps.
 */
export function createRateMeter(): RateMeter {
  let points: { time: number; count: number }[] = [];
  let count = 0;
  let last: number | undefined;
  let lastArrival: number | undefined;

  const measure = (): number | undefined => {
    const [first, end] = [points[0], points.at(-1)];
    if (first === undefined || end === undefined) return undefined;
    const time = end.time - first.time;
    const readings = end.count - first.count;
    return time >= leastTime && readings >= leastReadings ? (1000 * readings) / time : undefined;
  };

  return {
    get rateHz() {
      return measure();
    },
    arrived(arrivedNow, arrival) {
      const rate = measure();
      const pause = lastArrival === undefined ? 0 : arrival - lastArrival;
      // A board that was reset or stood still: what came before tells nothing of the rate.
      if (pause < 0 || pause > leastTime + (rate === undefined ? window : 4000 / rate)) {
        points = [];
        last = undefined;
      }
      count += arrivedNow;
      const previous = points.at(-2);
      // The newest point moves along until it is far enough from the one before it.
      if (previous !== undefined && arrival - previous.time < pointDistance) points.pop();
      points.push({ time: arrival, count });
      while (
        points.length > mostPoints ||
        (points.length > leastReadings + 2 && arrival - (points[1]?.time ?? arrival) > window)
      ) {
        points.shift();
      }
      const since = lastArrival;
      lastArrival = arrival;
      const step = rate === undefined ? Math.max(0, arrival - (since ?? arrival)) / arrivedNow : 1000 / rate;
      let end = arrival;
      if (rate !== undefined && last !== undefined) {
        const expected = last + arrivedNow * step;
        const surprise = arrival - expected;
        if (Math.abs(surprise) <= Math.max(250, 5 * step)) end = Math.min(arrival, expected + correction * surprise);
      }
      // Time never runs backwards.
      const first = Math.max(end - (arrivedNow - 1) * step, last ?? Number.NEGATIVE_INFINITY);
      last = Math.max(end, first);
      return { first, step: arrivedNow > 1 ? (last - first) / (arrivedNow - 1) : step };
    },
  };
}
