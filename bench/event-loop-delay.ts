import { monitorEventLoopDelay } from "node:perf_hooks";

/** Of the event loop of this thread, in milliseconds. */
export interface Delays {
  p50: number;
  p99: number;
  max: number;
}

/** How long the event loop is kept from its work while something else goes on. */
export async function delaysDuring(work: () => Promise<unknown>): Promise<Delays> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await work();
  histogram.disable();
  return { p50: histogram.percentile(50) / 1e6, p99: histogram.percentile(99) / 1e6, max: histogram.max / 1e6 };
}
