import { totalmem } from "node:os";
import { TinymlError } from "../errors";
import { type Kernels, kernelName, kernels } from "../kernels/kernels";
import {
  type KernelArgument,
  type KernelCall,
  type KernelConstant,
  kernelCall,
  sharesMemory,
} from "../model/kernel-calls";
import type { FusedActivation, Model } from "../model/model";
import { elementBytes, elementCount } from "../model/tensor";

/** Runs one operator on the first `batch` samples of its tensors. */
export type Step = (batch: number) => void;

/** A model whose tensors lie in the kernels' memory, ready to run. */
export interface PlacedModel {
  readonly kernels: Kernels;
  /** The byte address of each tensor, by its index in the model; 0 for constants that the caller did not place. */
  readonly addresses: readonly number[];
  /** Runs all operators on the first `batch` samples of the inputs; 1 ≤ batch ≤ the batch that was reserved. */
  forward(batch: number): void;
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

/**
 * Puts a model into the kernels' memory: its constants are copied, its other tensors get room for `batch` samples.
 * Everything that can be computed before the first run is computed here, so that a run allocates nothing.
 *
 * @param batch how many samples may be run at once
 * @param constantAddress where a constant lies already (a trainer keeps all weights in one piece); undefined to copy it
 * @throws TinymlError TINYML_MODEL_UNSUPPORTED, TINYML_OUT_OF_MEMORY
 */
export function placeModel(
  model: Model,
  batch: number,
  constantAddress?: (tensor: number) => number | undefined,
): PlacedModel {
  checkMemory(model, batch);
  const engine = kernels();
  const blocks: number[] = [];
  const dispose = (): void => {
    for (const address of blocks.splice(0)) engine.heap.release(address);
  };
  try {
    const reserve = (bytes: number): number => {
      const address = engine.heap.allocate(bytes);
      blocks.push(address);
      return address;
    };
    const placeData = (data: ArrayBufferView): number => {
      const address = reserve(data.byteLength);
      copyInto(engine, address, data);
      return address;
    };
    const placeConstant = ({ data, tensor }: KernelConstant): number => {
      const placed = tensor === undefined ? undefined : constantAddress?.(tensor);
      return placed ?? placeData(data);
    };
    const shared = sharedTensors(model);
    const addresses = model.tensors.map(({ shape, type, data }, index) => {
      if (data !== undefined) return constantAddress?.(index) ?? 0;
      return shared.has(index) ? 0 : reserve(batch * elementCount(shape) * elementBytes(type));
    });
    for (const [output, input] of shared) addresses[output] = addresses[input];
    const steps = model.operators.flatMap((operator) => {
      const call = kernelCall(model, operator);
      return call === undefined ? [] : [bindCall(engine, call, addresses, { placeConstant, placeData })];
    });
    return {
      kernels: engine,
      addresses,
      forward(samples) {
        for (const step of steps) step(samples);
      },
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** A quarter of the machine's memory, at most 1 GiB: what the tensors of one model may take while it runs. */
const maximumBytes = Math.min(2 ** 30, totalmem() / 4);

/** Refuses a model whose tensors would take so much memory that the machine suffers, before any of it is reserved. */
function checkMemory(model: Model, batch: number): void {
  let bytes = 0;
  for (const { shape, type, data } of model.tensors) {
    bytes += (data === undefined ? batch : 1) * elementCount(shape) * elementBytes(type);
  }
  if (bytes <= maximumBytes) return;
  throw new TinymlError(
    "TINYML_OUT_OF_MEMORY",
    `The model needs ${Math.ceil(bytes / 1e6)} MB while it runs, and on this machine it may take ${Math.floor(maximumBytes / 1e6)} MB. Use a smaller model or batch.`,
  );
}

/** The tensors that lie where another one lies, in the order in which they are made: a new shape for the same elements. */
function sharedTensors({ operators, tensors }: Model): Map<number, number> {
  const shared = new Map<number, number>();
  for (const operator of operators) {
    if (!sharesMemory(operator)) continue;
    const [input] = operator.inputs;
    if (tensors[input].data !== undefined) {
      throw new TinymlError(
        "TINYML_MODEL_UNSUPPORTED",
        `The model can't be used here: ${operator.type} of the constant "${tensors[input].name}".`,
      );
    }
    shared.set(operator.outputs[0], input);
  }
  return shared;
}

/** Copies the bytes of a typed array to an address of the kernels' memory. */
export function copyInto(engine: Kernels, address: number, data: ArrayBufferView): void {
  // The two types of readings go without another view: making one takes longer than running a small network.
  if (data instanceof Float32Array) engine.heap.float32.set(data, address / 4);
  else if (data instanceof Int8Array) engine.heap.int8.set(data, address);
  else engine.heap.int8.set(new Int8Array(data.buffer, data.byteOffset, data.byteLength), address);
}

/** How what a kernel reads gets an address: a model's constant, which may lie somewhere already, or other data. */
interface Places {
  placeConstant(constant: KernelConstant): number;
  placeData(data: ArrayBufferView): number;
}

/** A kernel call with its tensors at their addresses, as a function of the batch alone. */
function bindCall(
  engine: Kernels,
  { kernel, arguments: all }: KernelCall,
  addresses: readonly number[],
  places: Places,
): Step {
  const run = engine.call[kernelName(kernel)];
  const samplesAt = all.findIndex(({ kind }) => kind === "perSample");
  const values = all.map((argument) => numberOf(argument, addresses, places));
  const before = values.slice(0, samplesAt);
  const after = values.slice(samplesAt + 1);
  return bindNumbers(run, before, after, values[samplesAt]);
}

/** An argument as the number that the WebAssembly function takes; a count for each sample is still to be multiplied. */
function numberOf(
  argument: KernelArgument,
  addresses: readonly number[],
  { placeConstant, placeData }: Places,
): number {
  switch (argument.kind) {
    case "tensor":
      return addresses[argument.tensor];
    case "constant":
      return argument.constant === undefined ? 0 : placeConstant(argument.constant);
    case "perSample":
      return argument.count;
    case "activation":
      return activationNumber[argument.activation];
    case "window":
      return placeData(Int32Array.from(Object.values(argument.window)));
    case "integer":
    case "real":
      return argument.value;
  }
}

/**
 * run(...before, batch × perSample, ...after) as a function of the batch. The spread is written out for the numbers of
 * arguments that kernels have: spreading at every call takes longer than running a small layer.
 */
function bindNumbers(
  run: (...numbers: number[]) => number,
  before: readonly number[],
  after: readonly number[],
  perSample: number,
): Step {
  const [a, b, c, d] = before;
  const [e, f, g, h, i, j, k, l, m] = after;
  if (before.length === 2) {
    if (after.length <= 3) return (batch) => run(a, b, batch * perSample, e, f, g);
    return (batch) => run(a, b, batch * perSample, e, f, g, h, i, j, k, l);
  }
  if (after.length <= 3) return (batch) => run(a, b, c, d, batch * perSample, e, f, g);
  return (batch) => run(a, b, c, d, batch * perSample, e, f, g, h, i, j, k, l, m);
}
