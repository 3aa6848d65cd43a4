import { performance } from "node:perf_hooks";

/** A clock that ticks at an exact mean rate. */
export interface Pace {
  /** Ticks that were left out, because the event loop stood still for too long. */
  readonly dropped: number;
  close(): void;
}

/** Milliseconds that are caught up after the event loop stood still; of a longer time the rest is left out. */
const caughtUp = 1000;

/** Milliseconds by which the clock may differ from the times of the ticks. */
const clockShift = 1000;

/**
 * Calls `tick` so many times a second, with the number of the tick and the time at which it was due, in milliseconds since 1970. Timers are late by milliseconds, so
 * a call that is late is followed by those that are due meanwhile: the mean rate is exact. The number of a tick is that of its time: ticks that were left out are missing in the numbers.
 */
export function createPace(rateHz: number, tick: (number: number, time: number) => void): Pace {
  const start = performance.now();
  let startTime = Date.now();
  let next = 0;
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const dueAt = (number: number): number => (1000 * number) / rateHz;
  const run = () => {
    const now = performance.now() - start;
    // The clock was set, or the computer slept: its times are those of now.
    const shift = Date.now() - startTime - now;
    if (Math.abs(shift) > clockShift) startTime += shift;
    // At most the ticks of a second, but always one.
    const earliest = Math.ceil((Math.max(0, now - caughtUp) * rateHz) / 1000);
    const late = Math.min(earliest, Math.floor((now * rateHz) / 1000)) - next;
    if (late > 0) {
      next += late;
      dropped += late;
    }
    while (!closed && dueAt(next) <= now) {
      tick(next, startTime + dueAt(next));
      next += 1;
    }
    if (!closed) timer = setTimeout(run, Math.max(1, dueAt(next) - (performance.now() - start)));
  };
  timer = setTimeout(run, 0);

  return {
    get dropped() {
      return dropped;
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** Milliseconds by which a reading may be late; one that would be later is skipped. */
const lateReading = 100;

/**
 * Calls `read` so many times a second, each call after the one before it has settled, with the time at which it was due. Calls that are late are made up for
 * as soon as they can, so that the mean rate is exact; where reading takes longer than there is time, the oldest that wait are dropped.
 *
 * @param read must not reject
 */
export function createPolling(rateHz: number, read: (time: number) => Promise<void>): Pace {
  const mostWaiting = Math.max(1, Math.floor((lateReading * rateHz) / 1000));
  const waiting: number[] = [];
  let skipped = 0;
  let reading = false;
  const readWaiting = async () => {
    if (reading) return;
    reading = true;
    for (let time = waiting.shift(); time !== undefined; time = waiting.shift()) await read(time);
    reading = false;
  };
  const pace = createPace(rateHz, (_, time) => {
    waiting.push(time);
    if (waiting.length > mostWaiting) {
      waiting.shift();
      skipped += 1;
    }
    void readWaiting();
  });
  return {
    get dropped() {
      return pace.dropped + skipped;
    },
    close() {
      pace.close();
      waiting.length = 0;
    },
  };
}
