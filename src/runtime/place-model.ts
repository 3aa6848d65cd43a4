import { TinymlError } from "../errors";
import { type Kernels, kernels } from "../kernels/kernels";
import type { FusedActivation, Model, Operator, Tensor } from "../model/model";
import {
  denseInt8Parameters,
  logisticInt8Parameters,
  reluInt8Parameters,
  softmaxInt8Parameters,
  tanhInt8Parameters,
} from "../model/quantization";
import { elementBytes, elementCount } from "../model/tensor";

/** Runs one operator on the first `batch` samples of its tensors. */
export type Step = (batch: number) => void;

/** A model whose tensors lie in the kernels' memory, ready to run. */
export interface PlacedModel {
  readonly kernels: Kernels;
  /** The byte address of each tensor, by its index in the model. */
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
  const engine = kernels();
  const blocks: number[] = [];
  const dispose = (): void => {
    for (const address of blocks.splice(0)) engine.heap.release(address);
  };
  try {
    const addresses = model.tensors.map((tensor, index) => {
      const placed = constantAddress?.(index);
      if (placed !== undefined) return placed;
      const bytes = elementCount(tensor.shape) * elementBytes(tensor.type);
      const address = engine.heap.allocate(tensor.data === undefined ? batch * bytes : bytes);
      blocks.push(address);
      if (tensor.data !== undefined) copyInto(engine, address, tensor.data);
      return address;
    });
    const steps = model.operators.map((operator) => planStep(model, operator, addresses, engine));
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

/** Copies the bytes of a typed array to an address of the kernels' memory. */
export function copyInto(engine: Kernels, address: number, data: ArrayBufferView): void {
  // The two types of readings go without another view: making one takes longer than running a small network.
  if (data instanceof Float32Array) engine.heap.float32.set(data, address / 4);
  else if (data instanceof Int8Array) engine.heap.int8.set(data, address);
  else engine.heap.int8.set(new Int8Array(data.buffer, data.byteOffset, data.byteLength), address);
}

function planStep(model: Model, operator: Operator, addresses: readonly number[], engine: Kernels): Step {
  const tensor = (index: number): Tensor => model.tensors[index];
  const call = engine.call;
  const [inputIndex] = operator.inputs;
  const [outputIndex] = operator.outputs;
  const input = tensor(inputIndex);
  const output = tensor(outputIndex);
  const from = addresses[inputIndex];
  const to = addresses[outputIndex];
  const count = elementCount(output.shape);
  const int8 = output.type === "int8";

  switch (operator.type) {
    case "FULLY_CONNECTED": {
      const [, weightsIndex, biasIndex = -1] = operator.inputs;
      const [units, width] = tensor(weightsIndex).shape;
      const rows = count / units;
      const weights = addresses[weightsIndex];
      const bias = biasIndex < 0 ? 0 : addresses[biasIndex];
      if (!int8) {
        const activation = activationNumber[operator.options.activation];
        const run = call.tinyml_dense_float;
        return (batch) => run(from, weights, bias, to, batch * rows, width, units, activation);
      }
      const p = denseInt8Parameters(
        quantizationOf(input),
        quantizationOf(tensor(weightsIndex)),
        quantizationOf(output),
        operator.options.activation,
      );
      const { inputZeroPoint, outputZeroPoint, multiplier, shift, minimum, maximum } = p;
      const run = call.tinyml_dense_int8;
      return (batch) =>
        run(
          from,
          weights,
          bias,
          to,
          batch * rows,
          width,
          units,
          inputZeroPoint,
          outputZeroPoint,
          multiplier,
          shift,
          minimum,
          maximum,
        );
    }
    case "RELU": {
      if (!int8) return (batch) => call.tinyml_relu_float(from, to, batch * count);
      const p = reluInt8Parameters(quantizationOf(input), quantizationOf(output));
      return (batch) =>
        call.tinyml_relu_int8(
          from,
          to,
          batch * count,
          p.inputZeroPoint,
          p.outputZeroPoint,
          p.multiplier,
          p.shift,
          p.minimum,
          p.maximum,
        );
    }
    case "LOGISTIC":
    case "TANH": {
      const logistic = operator.type === "LOGISTIC";
      if (!int8) {
        const run = logistic ? call.tinyml_logistic_float : call.tinyml_tanh_float;
        return (batch) => run(from, to, batch * count);
      }
      const prepare = logistic ? logisticInt8Parameters : tanhInt8Parameters;
      const p = prepare(quantizationOf(input), quantizationOf(output));
      const run = logistic ? call.tinyml_logistic_int8 : call.tinyml_tanh_int8;
      return (batch) => run(from, to, batch * count, p.inputZeroPoint, p.inputRangeRadius, p.multiplier, p.shift);
    }
    case "SOFTMAX": {
      const classes = output.shape[output.shape.length - 1];
      const rows = count / classes;
      const { beta } = operator.options;
      if (!int8) return (batch) => call.tinyml_softmax_float(from, to, batch * rows, classes, beta);
      const p = softmaxInt8Parameters(beta, quantizationOf(input), quantizationOf(output));
      return (batch) =>
        call.tinyml_softmax_int8(from, to, batch * rows, classes, p.multiplier, p.shift, p.differenceMinimum);
    }
  }
}

function quantizationOf(tensor: Tensor): NonNullable<Tensor["quantization"]> {
  if (tensor.quantization !== undefined) return tensor.quantization;
  throw new TinymlError(
    "TINYML_MODEL_INVALID",
    `The int8 tensor "${tensor.name}" has no scale; quantize the model again.`,
  );
}
