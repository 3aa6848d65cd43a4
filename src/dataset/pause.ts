import { setImmediate } from "node:timers/promises";

/** How long work may go on at a stretch, in milliseconds: readings that come meanwhile wait for it. */
const longestStretch = 20;

/** A function to be awaited between the steps of long work: whenever 20 ms have passed, everything else in the process has its turn. */
export function createPause(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < longestStretch) return;
    await setImmediate();
    since = performance.now();
  };
}
