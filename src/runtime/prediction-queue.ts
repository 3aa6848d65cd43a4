import { TinymlError } from "../errors";
import type { Model } from "../model/model";
import { modelWork } from "../model/summarize";
import { readTflite } from "../tflite/read-tflite";
import { createPredictor, disposedError, type Prediction, type Predictor } from "./predictor";
import { createPooledPredictor, type PooledPredictor } from "./predictor-pool";

/**
 * Multiply-accumulate operations up to which a model predicts in the caller's own thread. Models of this size take about 2 ms
 * on a desktop computer (0.2 ns an operation, int8 and float convolutions alike, measured) and some 10 ms on a Raspberry Pi 3 (estimated):
 * what an event loop can bear, while handing a reading to another thread and back takes longer than most of these models.
 */
export const eventLoopMacs = 10_000_000;

/** Readings that may wait for a model; of more, the oldest is dropped. */
export const mostWaiting = 16;

/** A model that was taken into use. */
export interface ModelInUse {
  model: Model;
  /** The size of its file. */
  bytes: number;
}

export interface PredictionQueueOptions {
  /** As the constant of this name, unless given. */
  eventLoopMacs?: number;
}

/** Something that waits for its turn. */
interface Waiting {
  start(): void;
  reject(reason: TinymlError): void;
  /** Only readings are dropped, models never. */
  isReading: boolean;
}

/**
 * The model that is in use, and what waits for it: readings and further models take effect strictly in the order in which
 * they came. A reading before a model is answered by the one before it, a reading after it by the new one. Models above `eventLoopMacs`
 * predict in a thread of the pool. With a smaller one and nothing waiting, everything happens at once and the methods return no promise.
 *
 * When readings come faster than the model predicts, `mostWaiting` of them wait and the oldest is dropped for a new one: what a
 * sensor says now matters more than what it said.
 */
export class PredictionQueue {
  readonly #eventLoopMacs: number;
  readonly #waiting: Waiting[] = [];
  #busy = false;
  #disposed = false;
  #predictor: Predictor | PooledPredictor | undefined;
  #dropped = 0;

  constructor(options: PredictionQueueOptions = {}) {
    this.#eventLoopMacs = options.eventLoopMacs ?? eventLoopMacs;
  }

  /** How many readings were dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Takes a model into use, in its turn, and gives it once it is; one that can't be used leaves the one before in place.
   * @param source the model's file, or what will read it
   * @throws TinymlError (also as a rejection) what `readTflite` and `createPredictor` throw, and `source` itself
   */
  use(source: Uint8Array | (() => Promise<Uint8Array>)): ModelInUse | Promise<ModelInUse> {
    return this.#inTurn(() => {
      if (typeof source !== "function") return this.#load(source);
      return source().then((bytes) => this.#load(bytes));
    });
  }

  /**
   * The prediction for a reading, in its turn; undefined when there is no model then. `features`: the blocks that it has been through already.
   * @throws TinymlError (also as a rejection) what `Predictor.predict` throws; TINYML_WORKER_FAILED when the thread died; TINYML_BUSY when it
   *   was dropped; TINYML_NO_MODEL when the queue was disposed of
   */
  predict(reading: unknown, features?: unknown): Prediction | undefined | Promise<Prediction | undefined> {
    const readings = this.#waiting.filter(({ isReading }) => isReading);
    if (readings.length >= mostWaiting) this.#drop(readings[0]);
    return this.#inTurn(() => this.#predictor?.predict(reading, features), true);
  }

  /** Gives the model's memory back. What waits is rejected with TINYML_NO_MODEL. */
  dispose(): void {
    this.#disposed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(disposedError());
    this.#predictor?.dispose();
    this.#predictor = undefined;
  }

  #load(bytes: Uint8Array): ModelInUse | Promise<ModelInUse> {
    const model = readTflite(bytes);
    const inUse = { model, bytes: bytes.length };
    if (modelWork(model) <= this.#eventLoopMacs) {
      this.#replace(createPredictor(model));
      return inUse;
    }
    return createPooledPredictor(bytes, model).then((predictor) => {
      this.#replace(predictor);
      return inUse;
    });
  }

  #replace(predictor: Predictor | PooledPredictor): void {
    if (this.#disposed) {
      predictor.dispose();
      throw disposedError();
    }
    this.#predictor?.dispose();
    this.#predictor = predictor;
  }

  #drop(oldest: Waiting): void {
    this.#waiting.splice(this.#waiting.indexOf(oldest), 1);
    this.#dropped++;
    oldest.reject(
      new TinymlError(
        "TINYML_BUSY",
        `Readings come faster than the model predicts: ${mostWaiting} wait already, and this one, the oldest, was dropped. Send fewer, or use a smaller model.`,
      ),
    );
  }

  /** Does the work now, or when all before it is done. */
  #inTurn<T>(work: () => T | Promise<T>, isReading = false): T | Promise<T> {
    if (this.#disposed) throw disposedError();
    if (!this.#busy) {
      const outcome = work();
      if (!(outcome instanceof Promise)) return outcome;
      return new Promise((resolve, reject) => this.#follow(outcome, resolve, reject));
    }
    return new Promise((resolve, reject) => {
      const start = (): void => {
        try {
          const outcome = work();
          if (outcome instanceof Promise) this.#follow(outcome, resolve, reject);
          else resolve(outcome);
        } catch (error) {
          reject(error);
        }
      };
      this.#waiting.push({ start, reject, isReading });
    });
  }

  /**
   * Lets the next one start when the outcome is there, and not before who waits for it was told: so they are told in order.
   * (Resolving a promise with a promise would tell them later.)
   */
  #follow<T>(outcome: Promise<T>, resolve: (value: T) => void, reject: (reason: unknown) => void): void {
    this.#busy = true;
    outcome.then(resolve, reject).then(() => {
      this.#busy = false;
      while (!this.#busy) {
        const next = this.#waiting.shift();
        if (next === undefined) return;
        next.start();
      }
    });
  }
}
