import { parentPort, workerData } from "node:worker_threads";
import { examine } from "./examine";
import { mutant } from "./mutants";

/* Examines damaged files in a thread that may hang or run out of memory. */

/** What was examined since the report before. */
export interface Report {
  examined: number;
  /** Files that were read as models. */
  accepted: number;
  /** How often each operator ran. */
  ran: Record<string, number>;
}

const { first, end, shared, step }: { first: number; end: number; shared: Int32Array; step: number } = workerData;

let report: Report = { examined: 0, accepted: 0, ran: {} };
const send = (): void => {
  parentPort?.postMessage({ report });
  report = { examined: 0, accepted: 0, ran: {} };
};

for (let seed = first; seed < end; seed++) {
  shared[0] = seed;
  let base = "";
  try {
    const made = mutant(seed);
    base = made.base;
    const outcome = examine(made.bytes, seed);
    if (outcome.end !== "refused") report.accepted++;
    if (outcome.end === "run") {
      for (const { type } of outcome.model.operators) report.ran[type] = (report.ran[type] ?? 0) + 1;
    }
  } catch (error) {
    parentPort?.postMessage({ seed, text: `${base}: ${error instanceof Error ? error.stack : error}` });
  }
  report.examined++;
  if (report.examined === step) send();
}
send();
