import type { Model } from "../model/model";
import { type RequestThread, startRequestThread } from "../request-thread";
import { threadsAtOnce } from "../worker-thread";
import { disposedError, type Prediction } from "./predictor";
import { createSampleReader } from "./sample-reader";

/** What a thread of the pool is asked; models go by a number that is never used again. */
export type PredictionRequest =
  | { type: "load"; model: number; bytes: Uint8Array }
  | { type: "predict"; model: number; reading: unknown; features: unknown }
  | { type: "dispose"; model: number };

/** A thread of the pool and the numbers of the models that it has. */
interface PoolThread {
  thread: RequestThread<PredictionRequest, Prediction | undefined>;
  models: Set<number>;
}

/** A model that predicts in a thread of the pool. */
export interface PooledPredictor {
  readonly model: Model;
  /**
   * The prediction for one reading, as `Predictor` gives it. Readings are answered in their order, by one thread, so that a model with a state
   * keeps it from reading to reading. Where that thread has died, another one loads the model, with a fresh state.
   * @throws TinymlError (as a rejection) what `Predictor.predict` throws; TINYML_WORKER_FAILED when the thread died
   */
  predict(reading: unknown, features?: unknown): Promise<Prediction>;
  /** Takes the model from its thread; what still waits is rejected with TINYML_NO_MODEL. */
  dispose(): void;
}

/** The threads that have models: at most `threadsAtOnce`; a training that runs at the same time has a thread of its own. */
const threads = new Set<PoolThread>();
let lastModel = 0;

/**
 * Loads a model into a thread of the pool, so that the caller's event loop stays free while it predicts. Its file is copied
 * there once.
 *
 * @param bytes the model's file; it must not change
 * @param model what `readTflite` made of it
 * @throws TinymlError (as a rejection) what `createPredictor` throws; TINYML_WORKER_FAILED when the thread died
 */
export async function createPooledPredictor(bytes: Uint8Array, model: Model): Promise<PooledPredictor> {
  const id = ++lastModel;
  const read = createSampleReader(model);
  let place: { taken: PoolThread; loaded: Promise<unknown> } | undefined;
  let disposed = false;

  const leave = (): void => {
    if (place !== undefined) leaveThread(place.taken, id);
    place = undefined;
  };
  /** The thread that has the model: where it died another one, which is sent the file. */
  const threadWithModel = async (): Promise<PoolThread["thread"]> => {
    if (place?.taken.thread.ended) leave();
    if (place === undefined) {
      const taken = takeThread(id);
      // A copy of the file alone: a Buffer may be a piece of a larger one, which would be posted as a whole.
      place = { taken, loaded: taken.thread.ask({ type: "load", model: id, bytes: new Uint8Array(bytes) }) };
    }
    const { taken, loaded } = place;
    try {
      await loaded;
    } catch (error) {
      // The next reading tries again.
      if (place?.loaded === loaded) leave();
      throw error;
    }
    return taken.thread;
  };

  await threadWithModel();
  return {
    model,
    async predict(reading, features) {
      if (disposed) throw disposedError();
      // Copies, whose buffers can be moved to the thread.
      const values = read(reading, features).values.map((numbers) => numbers.slice());
      const thread = await threadWithModel();
      const [only, ...others] = values;
      const answer = await thread.ask(
        { type: "predict", model: id, reading: others.length === 0 ? only : values, features },
        values.map(({ buffer }) => buffer),
      );
      if (answer === undefined) throw disposedError();
      return answer;
    },
    dispose() {
      disposed = true;
      leave();
    },
  };
}

/** A thread for one more model: a new one as long as there may be more, else the one with the fewest. */
function takeThread(model: number): PoolThread {
  for (const taken of threads) if (taken.thread.ended) threads.delete(taken);
  let [fewest] = [...threads].sort((a, b) => a.models.size - b.models.size);
  if (fewest === undefined || threads.size < threadsAtOnce) {
    fewest = { thread: startRequestThread("predicting-worker.js"), models: new Set() };
    threads.add(fewest);
  }
  fewest.models.add(model);
  return fewest;
}

/** Takes a model from its thread; a thread without models is ended. */
function leaveThread(taken: PoolThread, model: number): void {
  const { thread, models } = taken;
  models.delete(model);
  if (models.size === 0) {
    threads.delete(taken);
    thread.end(disposedError());
  } else if (!thread.ended) {
    // A thread that dies now has nothing to give back.
    thread.ask({ type: "dispose", model }).catch(() => undefined);
  }
}
