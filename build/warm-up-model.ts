import type { Model, Tensor } from "../src/model/model";
import { writeTflite } from "../src/tflite/write-tflite";

/**
 * The file of the smallest model with the layers that most models are made of, a convolution, a depthwise convolution and a dense
 * layer in int8, each of one number. What it computes does not matter: running it is what makes the first real model fast.
 */
export function warmUpModel(): Uint8Array {
  const quantization = { scales: [0.5], zeroPoints: [0], axis: 0 };
  const numbers = (name: string, shape: number[], data?: Int8Array): Tensor => ({
    name,
    type: "int8",
    shape,
    quantization,
    ...(data && { data }),
  });
  const window = {
    padding: "SAME",
    strideWidth: 1,
    strideHeight: 1,
    dilationWidth: 1,
    dilationHeight: 1,
    activation: "NONE",
  } as const;
  const model: Model = {
    description: "warm-up",
    tensors: [
      numbers("input", [1, 1, 1, 1]),
      numbers("window", [1, 1, 1, 1], Int8Array.of(1)),
      {
        name: "bias",
        type: "int32",
        shape: [1],
        data: Int32Array.of(0),
        quantization: { ...quantization, scales: [0.25] },
      },
      numbers("convolution", [1, 1, 1, 1]),
      numbers("depthwise", [1, 1, 1, 1]),
      numbers("weights", [1, 1], Int8Array.of(1)),
      numbers("output", [1, 1]),
    ],
    operators: [
      { type: "CONV_2D", inputs: [0, 1, 2], outputs: [3], options: window },
      { type: "DEPTHWISE_CONV_2D", inputs: [3, 1, 2], outputs: [4], options: { ...window, depthMultiplier: 1 } },
      { type: "FULLY_CONNECTED", inputs: [4, 5, 2], outputs: [6], options: { activation: "NONE" } },
    ],
    inputs: [0],
    outputs: [6],
  };
  return writeTflite(model);
}
