/** Passes a level on once it has stayed the same for a while, so that a bouncing button counts once. */
export interface Debounce {
  push(level: 0 | 1): void;
  /** Forgets a level that has not settled. */
  close(): void;
}

/** A debounce that passes levels on to `settled`; the first at once, and with 0 milliseconds each. */
export function createDebounce(milliseconds: number, settled: (level: 0 | 1) => void): Debounce {
  let passed: 0 | 1 | undefined;
  let timer: NodeJS.Timeout | undefined;
  const pass = (level: 0 | 1) => {
    passed = level;
    settled(level);
  };
  return {
    push(level) {
      clearTimeout(timer);
      if (milliseconds <= 0 || passed === undefined) pass(level);
      // Back where it was before it settled: nothing happened.
      else if (level !== passed) timer = setTimeout(pass, milliseconds, level);
    },
    close() {
      clearTimeout(timer);
    },
  };
}
