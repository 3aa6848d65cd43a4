/** The middle one of some numbers, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(half)] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Something that can be called many times in a row, in as tight a loop as it allows. */
export interface Callable {
  run(calls: number): void | Promise<void>;
}

const rounds = 5;
const secondsPerRound = 0.3;
/** A block of calls lasts about this many microseconds: long against the clock's steps, short against interruptions. */
const blockMicroseconds = 40;

/**
 * The median time of one call of each, in microseconds. All are measured in turn, five rounds; the smallest of the rounds'
 * medians counts, as other work on the machine can only add to it.
 */
export async function callMicroseconds(callables: readonly Callable[]): Promise<number[]> {
  const blocks: number[] = [];
  for (const callable of callables) blocks.push(await callsPerBlock(callable));
  const best = callables.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++) {
    for (const [i, callable] of callables.entries()) {
      best[i] = Math.min(best[i], await roundMedian(callable, blocks[i]));
    }
  }
  return best;
}

/** Warms the callable up for a while, then says how many calls fill a block. */
async function callsPerBlock(callable: Callable): Promise<number> {
  const end = performance.now() + 1000 * secondsPerRound;
  while (performance.now() < end) await callable.run(20);
  const microseconds = await roundMedian(callable, 1);
  return Math.max(1, Math.round(blockMicroseconds / microseconds));
}

async function roundMedian(callable: Callable, calls: number): Promise<number> {
  const times: number[] = [];
  const end = performance.now() + 1000 * secondsPerRound;
  for (let now = performance.now(); now < end; ) {
    const pending = callable.run(calls);
    if (pending !== undefined) await pending;
    const after = performance.now();
    times.push((1000 * (after - now)) / calls);
    now = performance.now();
  }
  return median(times);
}
