import type { Model, Operator, Tensor } from "../src/model/model";
import { library } from "./library";

/** A layer of a network over pictures: [filters][height][width][channels] weights for a convolution, which ends in a relu. */
export type PictureLayer =
  | { type: "conv"; filters: number; padding: "SAME" | "VALID"; weights: Float32Array; bias: Float32Array }
  | { type: "pool" }
  | { type: "softmax"; units: number; weights: Float32Array; bias: Float32Array };

/** A network over pictures of one channel, with random weights; convolutions are 3 × 3, pools 2 × 2. */
export interface PictureNetwork {
  name: string;
  height: number;
  width: number;
  layers: readonly PictureLayer[];
}

/** 28 × 28 digits: 8 and 16 filters, each with a pool behind it, and a dense layer. */
export function smallDigitsCnn(): PictureNetwork {
  return build("small digits CNN", 28, 28, "VALID", [8, "pool", 16, "pool"], 10);
}

/** 49 × 10 features of a second of sound: 16, 32 and 64 filters, a pool behind the first two, and a dense layer. */
export function keywordCnn(): PictureNetwork {
  return build("keyword CNN 49×10", 49, 10, "SAME", [16, "pool", 32, "pool", 64], 12);
}

function build(
  name: string,
  height: number,
  width: number,
  padding: "SAME" | "VALID",
  filters: readonly (number | "pool")[],
  units: number,
): PictureNetwork {
  const { uniform } = library.createRandom(1);
  const layers: PictureLayer[] = [];
  const constants = (outputs: number, inputs: number) => ({
    weights: Float32Array.from({ length: outputs * inputs }, () => (2 * uniform() - 1) / Math.sqrt(inputs)),
    bias: Float32Array.from({ length: outputs }, () => uniform() - 0.5),
  });
  const size = [height, width, 1];
  for (const count of filters) {
    if (count === "pool") {
      layers.push({ type: "pool" });
      size.splice(0, 2, Math.floor(size[0] / 2), Math.floor(size[1] / 2));
    } else {
      layers.push({ type: "conv", filters: count, padding, ...constants(count, 9 * size[2]) });
      const less = padding === "SAME" ? 0 : 2;
      size.splice(0, 3, size[0] - less, size[1] - less, count);
    }
  }
  layers.push({ type: "softmax", units, ...constants(units, size[0] * size[1] * size[2]) });
  return { name, height, width, layers };
}

/** The network as our model. */
export function pictureModel({ name, height, width, layers }: PictureNetwork): Model {
  const tensors: Tensor[] = [{ name, type: "float32", shape: [1, height, width, 1] }];
  const operators: Operator[] = [];
  const add = (shape: readonly number[], data?: Float32Array): number =>
    tensors.push({ name: `t${tensors.length}`, type: "float32", shape, ...(data && { data }) }) - 1;
  let current = 0;
  const windows = { strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1, activation: "RELU" } as const;
  for (const layer of layers) {
    const [, h, w, c] = tensors[current].shape;
    const before = current;
    if (layer.type === "conv") {
      const { filters, padding } = layer;
      const less = padding === "SAME" ? 0 : 2;
      const inputs = [before, add([filters, 3, 3, c], layer.weights), add([filters], layer.bias)];
      current = add([1, h - less, w - less, filters]);
      operators.push({ type: "CONV_2D", inputs, outputs: [current], options: { ...windows, padding } });
    } else if (layer.type === "pool") {
      current = add([1, Math.floor(h / 2), Math.floor(w / 2), c]);
      const options = { strideHeight: 2, strideWidth: 2, filterHeight: 2, filterWidth: 2 } as const;
      operators.push({
        type: "MAX_POOL_2D",
        inputs: [before],
        outputs: [current],
        options: { ...options, padding: "VALID", activation: "NONE" },
      });
    } else {
      const { units } = layer;
      const inputs = [before, add([units, h * w * c], layer.weights), add([units], layer.bias)];
      const scores = add([1, units]);
      operators.push({ type: "FULLY_CONNECTED", inputs, outputs: [scores], options: { activation: "NONE" } });
      current = add([1, units]);
      operators.push({ type: "SOFTMAX", inputs: [scores], outputs: [current], options: { beta: 1 } });
    }
  }
  return { description: name, tensors, operators, inputs: [0], outputs: [current] };
}
