import { setTimeout as sleep } from "node:timers/promises";
import { type Delays, delaysDuring } from "../event-loop-delay";
import { library } from "../library";
import { median } from "../measure";
import { potentiometer } from "../networks";
import { digits, type Section } from "../report";

const trainings = 20;

/** The book's 500 epochs in the worker thread, and how responsive the thread that started them stays. */
export async function measureEventLoop(): Promise<Section> {
  const { recipe, table, name } = potentiometer();
  const idle = await delaysDuring(() => sleep(3000));
  const training: number[] = [];
  const whole: number[] = [];
  let posts = 0;
  const busy = await delaysDuring(async () => {
    for (let seed = 1; seed <= trainings; seed++) {
      const start = performance.now();
      const task = { recipe: { ...recipe, training: { ...recipe.training, seed } }, table, name };
      const model = await library.startTraining(task, { onProgress: () => posts++ });
      whole.push((performance.now() - start) / 1000);
      training.push(model.metadata?.report?.seconds ?? Number.NaN);
    }
  });
  const row = (what: string, { p50, p99, max }: Delays) => [what, digits(p50), digits(p99), digits(max)];
  const slowest = Math.max(...training);
  return {
    title: "Event loop while training",
    tables: [
      {
        caption: "Delay of the main thread's event loop in milliseconds, as of this machine.",
        columns: ["while", "p50", "p99", "max"],
        rows: [row(`the book's network trains, ${trainings} times`, busy), row("nothing happens", idle)],
      },
      {
        caption: `The book's 500 epochs by \`startTraining\`, ${trainings} times, in seconds, as of this machine.`,
        columns: ["", "median", "slowest"],
        rows: [
          ["training itself", digits(median(training)), digits(slowest)],
          ["with the worker thread's start and end", digits(median(whole)), digits(Math.max(...whole))],
        ],
      },
    ],
    notes: [
      `By \`monitorEventLoopDelay\`; its delays include the millisecond between its looks. ${posts} progress messages arrived.`,
    ],
    checks: [
      { what: "500 epochs in less than 1 s", passed: slowest < 1, measured: `${digits(slowest)} s, the slowest` },
      { what: "event loop delay p99 at most 20 ms", passed: busy.p99 <= 20, measured: `${digits(busy.p99)} ms` },
    ],
  };
}
