import assert from "node:assert/strict";
import { createRandom } from "../../src/dataset/random";
import { TinymlError } from "../../src/errors";
import { kernels } from "../../src/kernels/kernels";
import { planMemory } from "../../src/model/memory-plan";
import type { Model, TensorData, TensorType } from "../../src/model/model";
import { summarizeModel } from "../../src/model/summarize";
import { elementBytes, elementCount, tensorDataOver } from "../../src/model/tensor";
import { loadModel } from "../../src/runtime/load-model";
import { copyInto, placeModel } from "../../src/runtime/place-model";
import { createPredictor } from "../../src/runtime/predictor";
import { prepareModel } from "../../src/runtime/prepare-model";
import { generateModelCode } from "../../src/sketch/model-code";
import { readTflite } from "../../src/tflite/read-tflite";
import { writeTflite } from "../../src/tflite/write-tflite";
import { bytesOf } from "../conformance/run-samples";
import { GuardedHeap } from "../support/guarded-heap";

/* What is asked of every file, whoever made it. */

/** How far a file got: refused by the reader, by what comes after it, too large to be run here, or run. */
export type Outcome =
  | { end: "refused"; error: TinymlError }
  | { end: "not loaded"; error: TinymlError }
  | { end: "not run"; model: Model }
  | { end: "run"; model: Model };

/** A single step that takes longer is a hang. */
const LONGEST_STEP = 2000;

/** What is run here: multiply-accumulate operations, elements, and steps of pooling windows. */
const MOST_WORK = 2e5;

/** What all blocks of a model may take here. */
const MEMORY = 64 * 2 ** 20;

/** The parts of a file by which errors name what is wrong. */
const PLACE =
  /Model|SubGraph|operator|tensor|TINYML_FLOWS|not a \.tflite|signature|Buffer|scale|MB while it runs|test's memory|readings need|Number \d|features/i;

let heap: GuardedHeap | undefined;

/**
 * Takes a file through everything that is done with models: reading, writing and reading again, preparing, planning,
 * running, predicting and generating C.
 *
 * @throws anything that shall not happen: another error than a TinymlError, one that names no place, a step that takes
 *   more than two seconds, memory that is written or read outside of its blocks or is not given back
 */
export function examine(bytes: Uint8Array, seed: number): Outcome {
  heap ??= new GuardedHeap(kernels().heap, MEMORY);
  heap.reset(0, seed % 5);
  try {
    return examineFile(bytes, seed, heap);
  } finally {
    heap.reset(0, 0);
  }
}

/** Ends the guarding of the kernels' memory, for whoever uses it next in this process. */
export function endExamining(): void {
  heap?.restore();
  heap = undefined;
}

function examineFile(bytes: Uint8Array, seed: number, guarded: GuardedHeap): Outcome {
  const read = attempt("reading", () => readTflite(bytes));
  if (read instanceof TinymlError) return { end: "refused", error: read };
  const model = read;
  const written = timed("writing", () => writeTflite(model));
  assert.deepEqual(
    timed("reading again", () => readTflite(written)),
    model,
    "what was written is read otherwise",
  );
  const prepared = attempt("preparing", () => prepareModel(model));
  assert.equal(guarded.blocks, 0, "preparing kept blocks of the heap");
  if (prepared instanceof TinymlError) return { end: "not loaded", error: prepared };
  timed("planning", () => planMemory(prepared, 16));
  if (workOf(prepared) > MOST_WORK) return { end: "not run", model };
  const ran = attempt("running", () => run(prepared, seed, guarded));
  if (ran instanceof TinymlError) {
    assert.equal(guarded.blocks, 0, "loading kept blocks of the heap");
    return { end: "not loaded", error: ran };
  }
  attempt("predicting", () => predict(model, guarded));
  assert.equal(guarded.blocks, 0, "the predictor kept blocks of the heap");
  attempt("generating C", () => generateModelCode(prepared).source());
  return { end: "run", model };
}

/** Runs a model where tensors share memory, and where each has its own between guards: both give the same. */
function run(model: Model, seed: number, guarded: GuardedHeap): void {
  guarded.reset(0, seed % 7);
  const loaded = loadModel(model);
  const inputs = loaded.inputs.map((tensor, i) => randomInput(tensor.type, elementCount(tensor.shape), seed + i));
  const isStateless = !model.tensors.some(({ variable }) => variable);
  const shared = loaded.run(inputs);
  if (isStateless) assertSame(loaded.run(inputs), shared, "a second run differs from the first");
  assert.equal(guarded.damage(), undefined);
  loaded.dispose();
  assert.equal(guarded.blocks, 0, "running kept blocks of the heap");

  guarded.reset(0x7f, seed % 11);
  const placed = placeModel(model, { keepAll: true });
  model.inputs.forEach((index, i) => {
    copyInto(placed.kernels, placed.addresses[index], inputs[i]);
  });
  placed.forward(1);
  const apart = model.outputs.map((index) => {
    const { type, shape } = model.tensors[index];
    const address = placed.addresses[index];
    const bytes = elementCount(shape) * elementBytes(type);
    return tensorDataOver(type, placed.kernels.heap.int8.slice(address, address + bytes).buffer);
  });
  assert.equal(guarded.damage(), undefined);
  placed.dispose();
  assertSame(apart, shared, "tensors in memory of their own give something else");
}

function predict(model: Model, guarded: GuardedHeap): void {
  const predictor = createPredictor(model);
  try {
    // numbers that every type can hold
    const readings = model.inputs.map((index) => {
      return Float32Array.from(new Int32Array(elementCount(model.tensors[index].shape)), (_, i) => i % 2);
    });
    predictor.predict(readings.length === 1 ? readings[0] : readings);
    assert.equal(guarded.damage(), undefined);
  } finally {
    predictor.dispose();
  }
}

/** Multiply-accumulate operations, elements, and what pooling windows see. */
function workOf(model: Model): number {
  const elements = model.tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const windows = model.operators.map(({ type, outputs: [output], options }) => {
    if (type !== "AVERAGE_POOL_2D" && type !== "MAX_POOL_2D") return 0;
    return elementCount(model.tensors[output].shape) * options.filterHeight * options.filterWidth;
  });
  return windows.reduce((sum, size) => sum + size, summarizeModel(model, 0).macs + elements);
}

function randomInput(type: TensorType, count: number, seed: number): TensorData {
  const { uint32 } = createRandom(seed);
  if (type === "float32") return Float32Array.from(new Int32Array(count), () => uint32() / 2 ** 28 - 8);
  const words = Uint32Array.from(new Int32Array(Math.ceil((count * elementBytes(type)) / 4)), uint32);
  const bytes = new Uint8Array(words.buffer, 0, count * elementBytes(type)).slice();
  return tensorDataOver(type, (type === "bool" ? bytes.map((byte) => byte & 1) : bytes).buffer);
}

/** The same numbers; one NaN is like another. */
function assertSame(found: readonly TensorData[], expected: readonly TensorData[], message: string): void {
  found.forEach((data, tensor) => {
    const wanted = expected[tensor];
    assert.equal(data.length, wanted.length);
    if (Buffer.compare(bytesOf(data), bytesOf(wanted)) === 0) return;
    const at = [...data].findIndex((value, i) => !Object.is(value, wanted[i]));
    assert.ok(at < 0, `${message}: number ${at} of output ${tensor} is ${data[at]}, not ${wanted[at]}`);
  });
}

/** What a step gives, or the error that it may end in. */
function attempt<Value>(step: string, action: () => Value): Value | TinymlError {
  try {
    return timed(step, action);
  } catch (error) {
    if (!(error instanceof TinymlError)) throw error;
    assert.notEqual(error.code, "TINYML_INTERNAL", `${step}: ${error.message}`);
    assert.match(error.message, PLACE, `${step} ends in an error that names no place`);
    return error;
  }
}

function timed<Value>(step: string, action: () => Value): Value {
  const start = performance.now();
  const check = (): void => {
    const took = Math.round(performance.now() - start);
    assert.ok(took <= LONGEST_STEP, `${step} took ${took} ms`);
  };
  try {
    const value = action();
    check();
    return value;
  } catch (error) {
    if (error instanceof TinymlError) check();
    throw error;
  }
}
