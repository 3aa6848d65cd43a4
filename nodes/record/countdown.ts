/** Seconds that are counted down before something begins. */
export interface Countdown {
  readonly running: boolean;
  /** Counts down from so many seconds, in place of what was being counted; with 0 it is over at once. */
  start(seconds: number): void;
  /** Ends it before it is over. */
  cancel(): void;
}

/** A countdown that tells the seconds that are left, and when it is over. */
export function createCountdown(onSecond: (left: number) => void, onOver: () => void): Countdown {
  let timer: NodeJS.Timeout | undefined;
  const step = (left: number): void => {
    timer = undefined;
    if (left <= 0) {
      onOver();
      return;
    }
    onSecond(Math.ceil(left));
    // A first step that is shorter where the seconds are no whole ones.
    const wait = left % 1 || 1;
    timer = setTimeout(() => step(left - wait), wait * 1000);
  };
  return {
    get running() {
      return timer !== undefined;
    },
    start(seconds) {
      clearTimeout(timer);
      step(seconds);
    },
    cancel() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
