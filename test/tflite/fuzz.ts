import { Worker } from "node:worker_threads";
import type { Report } from "./fuzz-worker";

/* npm run fuzz -- COUNT SEED: examines so many damaged files, from this number on. See docs/architecture.md. */

const [count, first] = process.argv.slice(2).map(Number);
if (!(count >= 1) || !Number.isInteger(first)) {
  console.error("usage: npm run fuzz -- COUNT SEED");
  process.exit(2);
}

/** A file that takes longer is a hang. */
const LONGEST = 30_000;

/** Of JavaScript's memory, in MB: more is a leak, or an allocation in proportion to nothing in the file. */
const MEMORY = 1024;

/** After how many files a thread reports. */
const STEP = 1000;

const end = first + count;
const shared = new Int32Array(new SharedArrayBuffer(4));
const total: Report = { examined: 0, accepted: 0, ran: {} };
let findings = 0;

function begin(from: number): void {
  if (from >= end) {
    finish();
    return;
  }
  shared[0] = from;
  const worker = new Worker(`require("tsx/cjs"); require(${JSON.stringify(require.resolve("./fuzz-worker"))});`, {
    eval: true,
    workerData: { first: from, end, shared, step: STEP },
    resourceLimits: { maxOldGenerationSizeMb: MEMORY },
  });
  let seen = from;
  let since = Date.now();
  const watch = setInterval(() => {
    if (shared[0] !== seen) [seen, since] = [shared[0], Date.now()];
    else if (Date.now() - since > LONGEST) void stop(new Error(`hangs: ${LONGEST / 1000} s without an end`));
  }, 1000);
  let stopped = false;
  const stop = async (reason?: unknown): Promise<void> => {
    if (stopped) return;
    stopped = true;
    clearInterval(watch);
    await worker.terminate();
    if (reason === undefined) return finish();
    finding(shared[0], reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
    begin(shared[0] + 1);
  };
  worker.on("message", (message: { report: Report } | { seed: number; text: string }) => {
    if ("seed" in message) finding(message.seed, message.text);
    else add(message.report);
  });
  worker.on("error", (error) => void stop(error));
  worker.on("exit", (code) => void stop(code === 0 ? undefined : `the thread ended with ${code}`));
}

function finding(seed: number, text: string): void {
  findings++;
  console.log(`FINDING ${seed}: ${text}\n  again: npm run fuzz -- 1 ${seed}`);
}

function add({ examined, accepted, ran }: Report): void {
  total.examined += examined;
  total.accepted += accepted;
  for (const [type, times] of Object.entries(ran)) total.ran[type] = (total.ran[type] ?? 0) + times;
  if (total.examined % (20 * STEP) === 0) console.log(summary());
}

function summary(): string {
  const ran = Object.values(total.ran).reduce((sum, times) => sum + times, 0);
  return `${total.examined} files from ${first} on: ${total.accepted} were models, ${ran} operators of them ran; ${findings} findings`;
}

function finish(): void {
  console.log(summary());
  const ran = Object.entries(total.ran).sort(([, a], [, b]) => b - a);
  console.log(ran.map(([type, times]) => `${type} ${times}`).join(", "));
  process.exitCode = findings > 0 ? 1 : 0;
}

begin(first);
