import { totalmem } from "node:os";
import { TinymlError } from "../errors";
import type { InputReading } from "../kernels/byte-products";
import { type Kernels, kernelName, kernels, type NumberFunction } from "../kernels/kernels";
import type { KernelArgument, KernelCall, KernelConstant, KernelStruct } from "../model/kernel-call";
import { planMemory } from "../model/memory-plan";
import type { FusedActivation, Model, Operator, Tensor, TensorData, TensorType } from "../model/model";
import { kernelCalls, operatorRule } from "../model/operators";
import { elementBytes, tensorBytes, tensorDataOver, zeroByte } from "../model/tensor";
import { hostLayout } from "./host-layout";

/** Runs one operator on the first `batch` samples of its tensors. */
export type Step = (batch: number) => void;

/** A model whose tensors lie in the kernels' memory, ready to run. */
export interface PlacedModel {
  readonly kernels: Kernels;
  /** The byte address of each tensor, by its index in the model; 0 for constants that the caller did not place. */
  readonly addresses: readonly number[];
  /** What each operator of the model runs, in their order. */
  readonly steps: readonly (readonly Step[])[];
  /** Runs all operators on the first `batch` samples of the inputs; 1 ≤ batch ≤ the batch that was reserved. */
  forward(batch: number): void;
  /** Sets the variable tensors, which keep the state of recurrent operators from run to run, to zero again. */
  resetState(): void;
  /** Gives the memory back; the addresses are not to be used any more. */
  dispose(): void;
}

/** The numbers by which the kernels know fused activations, as in tinyml_kernels.h. */
export const activationNumber: Readonly<Record<FusedActivation, number>> = {
  NONE: 0,
  RELU: 1,
  RELU_N1_TO_1: 2,
  RELU6: 3,
};

/** How much floats are to be the same everywhere; `Placement.floats` says what each means. */
export type Floats = "reproducible" | "fastest";

/** How a model is placed. */
export interface Placement {
  /** How many samples may be run at once; 1 if not given. */
  readonly batch?: number;
  /** Gives every tensor memory of its own, so that all of them can be read after a run; else they share what they can. */
  readonly keepAll?: true;
  /**
   * Whether floats are the same on every machine and every version of Node, as for what enters a model or a sketch; or
   * within rounding, by the fastest kernels that this machine runs. "reproducible" if not given.
   */
  readonly floats?: Floats;
  /**
   * How int8 layers take their inputs: as this machine multiplies bytes exactly, or widened to 16 bits where it does not,
   * if not given. Tests say it, to run what another machine runs.
   */
  readonly inputs?: InputReading | "widened";
  /** Where a constant lies already (a trainer keeps all weights in one piece); undefined to copy it. */
  readonly constantAddress?: (tensor: number) => number | undefined;
}

/**
 * Puts a model into the kernels' memory: its constants are copied, its other tensors get room for `batch` samples,
 * variable tensors get what they begin with. Everything that can be computed before the first run is computed here, so
 * that a run allocates nothing. Without `constantAddress`, constants are laid out for the host's kernels (host-layout.ts).
 *
 * @throws TinymlError TINYML_MODEL_UNSUPPORTED, TINYML_OUT_OF_MEMORY
 */
export function placeModel(
  model: Model,
  { batch = 1, keepAll, floats = "reproducible", inputs, constantAddress }: Placement = {},
): PlacedModel {
  const plan = planMemory(model, ALIGNMENT);
  checkMemory(model, batch, keepAll === true, plan.bytes);
  const engine = kernels();
  const blocks: number[] = [];
  const dispose = (): void => {
    for (const address of blocks.splice(0)) engine.heap.release(address);
  };
  try {
    let reserved = 0;
    const reserve = (bytes: number): number => {
      reserved += bytes;
      // what kernels want laid out anew, for every operator that shares it
      if (reserved > maximumBytes) throw tooLarge(reserved);
      const address = engine.heap.allocate(bytes);
      blocks.push(address);
      return address;
    };
    const placeData = (data: ArrayBufferView): number => {
      const address = reserve(data.byteLength);
      copyInto(engine, address, data);
      return address;
    };
    const addresses = model.tensors.map(({ data }, index) => (data && constantAddress?.(index)) ?? 0);
    const placeTensor = (index: number): number => {
      const { data } = model.tensors[index];
      // 0 is no address that is ever given
      if (addresses[index] === 0 && data !== undefined) addresses[index] = placeData(data);
      return addresses[index];
    };
    const placeComputed = sharesWeights(model) ? once(placeData) : placeData;
    const arena = keepAll ? 0 : reserve(batch * plan.bytes);
    const shared = new Set(sharedOutputs(model));
    for (const [index, offset] of plan.offsets) {
      if (shared.has(index)) continue;
      addresses[index] = keepAll ? reserve(batch * tensorBytes(model.tensors[index])) : arena + batch * offset;
    }
    for (const { type, inputs, outputs } of model.operators) {
      if (operatorRule(type).sharesMemory) addresses[outputs[0]] = placeTensor(inputs[0]);
    }
    for (const index of model.outputs) placeTensor(index);
    const variables = model.tensors.flatMap(({ variable }, index) => (variable ? [index] : []));
    const resetState = (): void => {
      for (const index of variables) begin(engine, addresses[index], model.tensors[index]);
    };
    resetState();
    const steps = model.operators.map((operator) => {
      const calls = kernelCalls(model, operator);
      if (batch > 1 && !calls.every((call) => takesSamples(call) || keepsNothing(model, call)))
        throw oneByOne(operator);
      const placeConstant = ({ data, tensor }: KernelConstant) =>
        tensor === undefined ? placeComputed(data) : placeTensor(tensor);
      const hosted = constantAddress === undefined ? calls.map((call) => hostLayout(call, inputs)) : calls;
      const bytesPerSample = (argument: KernelArgument): number => {
        if (argument.kind !== "tensor") return 0;
        const tensor = model.tensors[argument.tensor];
        return tensor.data === undefined ? tensorBytes(tensor) : 0;
      };
      const places = { batch, bytesPerSample, placeTensor, placeConstant, placeData };
      return hosted.map((call) => {
        return bindCall(engine[floats](kernelName(call.kernel)), call, places);
      });
    });
    const all = steps.flat();
    return {
      kernels: engine,
      addresses,
      steps,
      forward(samples) {
        for (const step of all) step(samples);
      },
      resetState,
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Whether operators have weights in common: what is computed of them for the kernels is often the same then. */
function sharesWeights({ operators }: Model): boolean {
  const weights = operators.flatMap(({ type, inputs }) =>
    inputs.filter((index, i) => index >= 0 && operatorRule(type).inputs[i]?.parameter),
  );
  return new Set(weights).size < weights.length;
}

/** How many arrays of one length are compared with a new one. */
const MOST_COMPARED = 16;

/** Places arrays of the same bytes once, where few of the same length came between. */
function once(place: (data: ArrayBufferView) => number): (data: ArrayBufferView) => number {
  const placed = new Map<number, { bytes: Uint8Array; address: number }[]>();
  return (data) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const known = placed.get(bytes.length) ?? [];
    const same = known.find((other) => Buffer.compare(other.bytes, bytes) === 0);
    if (same !== undefined) return same.address;
    const address = place(data);
    placed.set(bytes.length, [{ bytes, address }, ...known.slice(0, MOST_COMPARED - 1)]);
    return address;
  };
}

/** The boundary on which tensors begin: what the kernels' vectors like best. */
const ALIGNMENT = 16;

/** A quarter of the machine's memory, at most 1 GiB: what the tensors of one model may take while it runs or is trained. */
export const maximumBytes = Math.min(2 ** 30, totalmem() / 4);

/** Refuses a model whose tensors would take so much memory that the machine suffers, before any of it is reserved. */
function checkMemory(model: Model, batch: number, keepAll: boolean, planned: number): void {
  let bytes = keepAll ? 0 : batch * planned;
  const shared = new Set(sharedOutputs(model));
  model.tensors.forEach((tensor, index) => {
    if (tensor.data !== undefined) bytes += tensorBytes(tensor);
    else if (keepAll && !shared.has(index)) bytes += batch * tensorBytes(tensor);
  });
  if (bytes > maximumBytes) throw tooLarge(bytes);
}

/** The tensors that only give another one a new shape, and have no memory of their own. */
export function sharedOutputs({ operators }: Model): number[] {
  return operators.filter(({ type }) => operatorRule(type).sharesMemory).flatMap(({ outputs }) => outputs);
}

function tooLarge(bytes: number): TinymlError {
  return new TinymlError(
    "TINYML_OUT_OF_MEMORY",
    `The model needs ${Math.ceil(bytes / 1e6)} MB while it runs, and on this machine it may take ${Math.floor(maximumBytes / 1e6)} MB. Use a smaller model or batch.`,
  );
}

/** Sets a variable tensor to what it begins with: to the real value 0, as TensorFlow Lite Micro does, where nothing is said. */
function begin(engine: Kernels, address: number, tensor: Tensor): void {
  if (tensor.initial !== undefined) copyInto(engine, address, tensor.initial);
  else engine.heap.int8.fill(zeroByte(tensor), address, address + tensorBytes(tensor));
}

function takesSamples({ arguments: all }: KernelCall): boolean {
  return all.some(({ kind }) => kind === "perSample");
}

/** Whether a kernel has no state, so that samples may be run one after the other as if each came alone. */
function keepsNothing({ tensors }: Model, { arguments: all }: KernelCall): boolean {
  return all.every((argument) => argument.kind !== "tensor" || tensors[argument.tensor].variable !== true);
}

function oneByOne({ type }: Operator): TinymlError {
  return new TinymlError(
    "TINYML_MODEL_UNSUPPORTED",
    `The model can't be trained or compressed here: its operator ${type} keeps something from sample to sample.`,
  );
}

/** Copies the bytes of a typed array to an address of the kernels' memory. */
export function copyInto(engine: Kernels, address: number, data: ArrayBufferView): void {
  // The two types of readings go without another view: making one takes longer than running a small network.
  if (data instanceof Float32Array) engine.heap.float32.set(data, address / 4);
  else if (data instanceof Int8Array) engine.heap.int8.set(data, address);
  else engine.heap.int8.set(new Int8Array(data.buffer, data.byteOffset, data.byteLength), address);
}

/** Copies elements out of the kernels' memory. */
export function copyOf({ heap }: Kernels, address: number, type: TensorType, count: number): TensorData {
  // The two types of most results go without another view, as in `copyInto`.
  if (type === "float32") return heap.float32.slice(address / 4, address / 4 + count);
  if (type === "int8") return heap.int8.slice(address, address + count);
  return tensorDataOver(type, heap.int8.slice(address, address + count * elementBytes(type)).buffer);
}

/** How what a kernel reads or writes gets an address. */
interface Places {
  /** The most samples that are run at once. */
  readonly batch: number;
  /** The distance from a sample to the next of what an argument points to; 0 for what all samples share. */
  bytesPerSample(argument: KernelArgument): number;
  placeTensor(index: number): number;
  placeConstant(constant: KernelConstant): number;
  placeData(data: ArrayBufferView): number;
}

/** A kernel that knows one sample only, run on one after the other; `values` are its arguments for each of them. */
function bindSamples(run: NumberFunction, values: readonly (readonly number[])[]): Step {
  return (batch) => {
    for (let sample = 0; sample < batch; sample++) run(...values[sample]);
  };
}

/** A kernel call with its tensors at their addresses, as a function of the batch alone. */
function bindCall(run: NumberFunction, { arguments: all }: KernelCall, places: Places): Step {
  const samplesAt = all.findIndex(({ kind }) => kind === "perSample");
  const values = all.map((argument) => numberOf(argument, places));
  if (samplesAt < 0) {
    if (places.batch === 1) return () => run(...values);
    const bytes = all.map(places.bytesPerSample);
    const ofSample = (_: unknown, sample: number) => values.map((value, i) => value + sample * bytes[i]);
    return bindSamples(run, Array.from({ length: places.batch }, ofSample));
  }
  const before = values.slice(0, samplesAt);
  const after = values.slice(samplesAt + 1);
  return bindNumbers(run, before, after, values[samplesAt]);
}

/** An argument as the number that the WebAssembly function takes; a count for each sample is still to be multiplied. */
function numberOf(argument: KernelArgument, places: Places): number {
  switch (argument.kind) {
    case "tensor":
      return places.placeTensor(argument.tensor);
    case "constant":
      return argument.constant === undefined ? 0 : places.placeConstant(argument.constant);
    case "perSample":
      return argument.count;
    case "activation":
      return activationNumber[argument.activation];
    case "struct":
      return places.placeData(structData(argument.struct));
    case "integer":
    case "real":
      return argument.value;
  }
}

/** A struct as WebAssembly lays it out: all its fields have 32 bits. */
function structData({ fields }: KernelStruct): Int32Array {
  return Int32Array.from(Object.values(fields).flat());
}

/**
 * run(...before, batch × perSample, ...after) as a function of the batch. The spread is written out for the numbers of
 * arguments that most kernels have: spreading at every call takes longer than running a small layer.
 */
function bindNumbers(
  run: NumberFunction,
  before: readonly number[],
  after: readonly number[],
  perSample: number,
): Step {
  const [a, b, c, d] = before;
  const [e, f, g, h, i, j, k, l, m] = after;
  if (before.length === 2) {
    if (after.length <= 3) return (batch) => run(a, b, batch * perSample, e, f, g);
    if (after.length <= 8) return (batch) => run(a, b, batch * perSample, e, f, g, h, i, j, k, l);
  }
  if (before.length === 4) {
    if (after.length <= 3) return (batch) => run(a, b, c, d, batch * perSample, e, f, g);
    if (after.length <= 9) return (batch) => run(a, b, c, d, batch * perSample, e, f, g, h, i, j, k, l, m);
  }
  return (batch) => run(...before, batch * perSample, ...after);
}
