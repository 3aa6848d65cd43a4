import assert from "node:assert/strict";
import type { Worker } from "node:worker_threads";
import { createRandom } from "../../src/dataset/random";
import type { TinymlError } from "../../src/errors";
import { modelMacs } from "../../src/model/summarize";
import { eventLoopMacs, mostWaiting, PredictionQueue } from "../../src/runtime/prediction-queue";
import { writeTflite } from "../../src/tflite/write-tflite";
import { threadsAtOnce } from "../../src/worker-thread";
import { largeScalingModel, scalingModel } from "../support/models";

/** Every model in a thread of the pool, however small. */
const pooled = { eventLoopMacs: -1 };

describe("a prediction queue", function () {
  this.timeout(60_000);
  const threads: Worker[] = [];
  const queues: PredictionQueue[] = [];
  const once = writeTflite(scalingModel(1));
  const twice = writeTflite(scalingModel(2));

  const open = (options = {}): PredictionQueue => {
    const queue = new PredictionQueue(options);
    queues.push(queue);
    return queue;
  };
  const started = (worker: Worker): void => {
    threads.push(worker);
    worker.once("exit", () => threads.splice(threads.indexOf(worker), 1));
  };

  before(() => process.on("worker", started));
  after(() => process.off("worker", started));
  afterEach(async () => {
    for (const queue of queues.splice(0)) queue.dispose();
    await until(() => threads.length === 0);
  });

  it("predicts with a small model at once, without a thread", () => {
    const queue = open();
    assert.equal(queue.predict(3), undefined, "there is no model yet");
    queue.use(twice);
    assert.equal(queue.predict(3), 6);
    assert.equal(threads.length, 0);
  });

  it("predicts with a large model in a thread, which ends with it", async () => {
    const model = largeScalingModel(2);
    assert.ok(modelMacs(model) > eventLoopMacs);
    const queue = open();
    const used = queue.use(writeTflite(model));
    assert.ok(used instanceof Promise);
    assert.equal((await used).model.description, "large scaling");
    const answer = queue.predict(3);
    assert.ok(answer instanceof Promise);
    assert.ok(Math.abs(Number(await answer) - 6) < 1e-4);
    assert.equal(threads.length, 1);
    queue.dispose();
    await until(() => threads.length === 0);
  });

  it("keeps the event loop turning while a large model predicts", async () => {
    const queue = open();
    await queue.use(writeTflite(largeScalingModel(2)));
    let turns = 0;
    const turn = (): void => {
      turns++;
      again = setImmediate(turn);
    };
    let again = setImmediate(turn);
    await Promise.all(Array.from({ length: mostWaiting }, () => queue.predict(1)));
    clearImmediate(again);
    assert.ok(turns > mostWaiting, `${turns} turns`);
  });

  // What is in the pool, and what changes places with what.
  const swaps: [what: string, options: object][] = [
    ["small models", {}],
    ["pooled models", pooled],
  ];
  for (const [what, options] of swaps) {
    it(`answers 10,000 readings by the model that came before them, ${what}`, async () => {
      const queue = open(options);
      const random = createRandom(3);
      let factor = 2;
      await queue.use(twice);
      const answers: number[] = [];
      const wanted: number[] = [];
      const pending = new Set<Promise<unknown>>();
      for (let i = 0; i < 10_000; i++) {
        if (random.uniform() < 0.006) {
          factor = 3 - factor;
          void queue.use(factor === 1 ? once : twice);
        }
        wanted.push(factor * i);
        const answer = queue.predict(i);
        if (answer instanceof Promise) {
          const told = answer.then((value) => answers.push(Number(value)));
          pending.add(told);
          told.then(() => pending.delete(told));
          while (pending.size >= mostWaiting) await Promise.race(pending);
        } else {
          answers.push(Number(answer));
        }
      }
      await Promise.all(pending);
      assert.deepEqual(answers, wanted);
      assert.equal(queue.dropped, 0);
    });
  }

  it("keeps the order where a small model follows a pooled one", async () => {
    const queue = open();
    const large = writeTflite(largeScalingModel(1));
    const told: number[] = [];
    const pending: Promise<unknown>[] = [];
    for (let i = 0; i < 40; i++) {
      if (i % 4 === 0) pending.push(Promise.resolve(queue.use(i % 8 === 0 ? large : twice)));
      const answer = queue.predict(i);
      if (!(answer instanceof Promise)) told.push(Number(answer));
      else pending.push(answer.then((value) => told.push(Math.round(Number(value)))));
      if (i % 4 === 3) await Promise.all(pending);
    }
    await Promise.all(pending);
    assert.deepEqual(
      told,
      Array.from({ length: 40 }, (_, i) => (i % 8 < 4 ? i : 2 * i)),
    );
  });

  it("holds readings back while a model is read, and drops none for it", async () => {
    const queue = open();
    let read: (bytes: Uint8Array) => void = () => {};
    const used = queue.use(() => new Promise((resolve) => (read = resolve)));
    const answers = [1, 2, 3].map((reading) => queue.predict(reading));
    read(twice);
    await used;
    assert.deepEqual(await Promise.all(answers), [2, 4, 6]);
  });

  for (const [what, options] of swaps) {
    it(`keeps the model before one that can't be used, ${what}`, async () => {
      const queue = open(options);
      await queue.use(twice);
      const inUse = async (bytes: Uint8Array): Promise<unknown> => queue.use(bytes);
      const failing = assert.rejects(inUse(twice.subarray(0, 100)), { code: "TINYML_MODEL_INVALID" });
      assert.equal(await queue.predict(2), 4);
      await failing;
      await assert.rejects(async () => queue.use(() => Promise.reject(new Error("gone"))), /gone/);
      assert.equal(await queue.predict(2), 4);
    });
  }

  it("drops the oldest of too many readings, tells each so, and counts them", async () => {
    const queue = open(pooled);
    await queue.use(twice);
    // Until then the model's turn isn't over.
    await new Promise((resolve) => setImmediate(resolve));
    const sent = 100;
    const answers = await Promise.allSettled(Array.from({ length: sent }, (_, i) => queue.predict(i)));
    const dropped = answers.flatMap((answer, i) =>
      answer.status === "rejected" ? [{ i, ...told(answer.reason) }] : [],
    );
    // The first is under way, the newest wait.
    assert.deepEqual(
      dropped.map(({ i }) => i),
      Array.from({ length: sent - 1 - mostWaiting }, (_, i) => i + 1),
    );
    assert.ok(dropped.every(({ code }) => code === "TINYML_BUSY"));
    assert.equal(queue.dropped, dropped.length);
    assert.deepEqual(answers.at(-1), { status: "fulfilled", value: 2 * (sent - 1) });
  });

  it("says so when the thread dies, and starts another one for the next reading", async () => {
    const queue = open(pooled);
    await queue.use(twice);
    const answers = [1, 2].map(async (reading) => queue.predict(reading));
    await threads[0].terminate();
    await assert.rejects(answers[0], { code: "TINYML_WORKER_FAILED" });
    assert.equal(await answers[1], 4);
    assert.equal(await queue.predict(5), 10);
    assert.equal(threads.length, 1);
  });

  it("shares the threads between models, as many as cores but one", async () => {
    const all = Array.from({ length: threadsAtOnce + 2 }, () => open(pooled));
    await Promise.all(all.map(async (queue, i) => queue.use(i % 2 === 0 ? once : twice)));
    assert.equal(threads.length, threadsAtOnce);
    const answers = await Promise.all(all.map((queue) => queue.predict(5)));
    assert.deepEqual(
      answers,
      all.map((_, i) => (i % 2 === 0 ? 5 : 10)),
    );
    // One model less is one model less: the others in its thread go on.
    all[0].dispose();
    assert.equal(await all.at(-1)?.predict(5), answers.at(-1));
  });

  it("tells what is wrong with a reading, from the thread as from here", async () => {
    for (const options of [{}, pooled]) {
      const queue = open(options);
      await queue.use(twice);
      for (const [reading, code] of [
        ["5", "TINYML_NOT_A_NUMBER"],
        [[1, 2], "TINYML_CHANNEL_COUNT"],
      ]) {
        await assert.rejects(async () => queue.predict(reading), { code });
      }
      assert.equal(await queue.predict(2), 4);
    }
  });

  it("lets go of what waits when it is disposed of", async () => {
    const queue = open(pooled);
    await queue.use(twice);
    const answers = [1, 2, 3].map(async (reading) => queue.predict(reading));
    queue.dispose();
    for (const answer of answers) await assert.rejects(answer, { code: "TINYML_NO_MODEL" });
    await assert.rejects(async () => queue.predict(1), { code: "TINYML_NO_MODEL" });
  });

  it("lets go of a model that is still on its way when it is disposed of", async () => {
    const queue = open(pooled);
    const used = queue.use(twice);
    queue.dispose();
    await assert.rejects(async () => used, { code: "TINYML_NO_MODEL" });
  });
});

function told(reason: TinymlError): { code: string } {
  return { code: reason.code };
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!condition()) {
    assert.ok(Date.now() < end, "waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
