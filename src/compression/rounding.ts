import type { Model, Operator, Tensor } from "../model/model";
import { perTensor } from "../model/operators/operator-rule";
import { activationRangeInt8 } from "../model/quantization";
import { elementCount } from "../model/tensor";
import { loadModel } from "../runtime/load-model";

/**
 * By how many steps an int8 model's outputs differ, at most, between a runtime that rounds as the reference kernels of
 * TensorFlow Lite Micro do (twice: to fractions of a step, then to a step) and one that rounds once, such as XNNPACK on
 * a phone. A difference of one step in an early layer grows on its way to the output.
 *
 * @param model a chain of int8 operators with one input and one output
 * @param inputs stored inputs, each of the input tensor's length
 */
export function roundingDifference(model: Model, inputs: readonly Int8Array[]): number {
  const loaded = loadModel(model, "reproducible");
  let worst = 0;
  try {
    for (const input of inputs) {
      const [twice] = loaded.run([input]);
      const once = runRoundingOnce(model, input);
      once.forEach((value, i) => {
        worst = Math.max(worst, Math.abs(value - Number(twice[i])));
      });
    }
  } finally {
    loaded.dispose();
  }
  return worst;
}

/** Whether an operator's other rounding is known here. */
export function canRoundOnce({ type }: Operator): boolean {
  return ["FULLY_CONNECTED", "RELU", "LOGISTIC", "TANH", "SOFTMAX"].includes(type);
}

/** Runs a chain of int8 operators in real numbers and rounds each operator's result once. */
function runRoundingOnce(model: Model, input: Int8Array): Int8Array {
  return model.operators.reduce((stored, operator) => {
    const from = model.tensors[operator.inputs[0]];
    const to = model.tensors[operator.outputs[0]];
    if (operator.type === "FULLY_CONNECTED") return dense(model, operator, stored, to);
    const { scale, zeroPoint } = scaleOf(from);
    const real = Float64Array.from(stored, (value) => scale * (value - zeroPoint));
    return quantize(applyActivation(operator, real), to);
  }, input);
}

function dense(
  model: Model,
  operator: Operator & { type: "FULLY_CONNECTED" },
  stored: Int8Array,
  to: Tensor,
): Int8Array {
  const [fromIndex, weightsIndex, biasIndex = -1] = operator.inputs;
  const from = scaleOf(model.tensors[fromIndex]);
  const weights = model.tensors[weightsIndex];
  const bias = biasIndex < 0 ? undefined : model.tensors[biasIndex].data;
  const [units, width] = weights.shape;
  const { zeroPoint } = scaleOf(to);
  const factor = Math.fround((from.scale * scaleOf(weights).scale) / scaleOf(to).scale);
  const { minimum, maximum } = activationRangeInt8(operator.options.activation, {
    scales: [scaleOf(to).scale],
    zeroPoints: [zeroPoint],
    axis: 0,
  });
  return Int8Array.from({ length: elementCount(to.shape) }, (_, i) => {
    const unit = i % units;
    const row = Math.floor(i / units) * width;
    let sum = Number(bias?.[unit] ?? 0);
    for (let k = 0; k < width; k++) {
      sum += (stored[row + k] - from.zeroPoint) * Number(weights.data?.[unit * width + k] ?? 0);
    }
    return Math.max(minimum, Math.min(maximum, zeroPoint + roundHalfToEven(Math.fround(sum * factor))));
  });
}

function applyActivation({ type }: Operator, values: Float64Array): Float64Array {
  switch (type) {
    case "LOGISTIC":
      return values.map((x) => 1 / (1 + Math.exp(-x)));
    case "TANH":
      return values.map(Math.tanh);
    case "SOFTMAX": {
      const exponentials = values.map(Math.exp);
      const sum = exponentials.reduce((total, value) => total + value, 0);
      return exponentials.map((value) => value / sum);
    }
    default:
      return values.map((x) => Math.max(0, x));
  }
}

function quantize(values: Float64Array, tensor: Tensor): Int8Array {
  const { scale, zeroPoint } = scaleOf(tensor);
  return Int8Array.from(values, (value) => Math.max(-128, Math.min(127, zeroPoint + roundHalfToEven(value / scale))));
}

function scaleOf(tensor: Tensor): { scale: number; zeroPoint: number } {
  return perTensor(tensor) ?? { scale: 1, zeroPoint: 0 };
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const fraction = value - below;
  if (fraction === 0.5) return below % 2 === 0 ? below : below + 1;
  return fraction < 0.5 ? below : below + 1;
}
