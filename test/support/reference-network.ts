import assert from "node:assert/strict";
import type { Model, Operator } from "../../src/model/model";
import { elementCount } from "../../src/model/tensor";
import { slideWindow } from "../../src/model/window";

/* The operators of networks over pictures in float64, as their definitions say: slow, and with nothing of the kernels in it. */

/** The numbers of a tensor that was computed or learned, row-major. */
type Numbers = ArrayLike<number>;

/**
 * What a network of batch 1 gives for one sample.
 * @param weights by tensor: instead of the model's own
 */
export function runReference(model: Model, input: Numbers, weights: ReadonlyMap<number, Numbers>): Numbers {
  const values = new Map(weights);
  model.tensors.forEach(({ data }, index) => {
    if (data !== undefined && !values.has(index)) values.set(index, Array.from(data, Number));
  });
  values.set(model.inputs[0], input);
  const value = (index: number): Numbers => values.get(index) ?? assert.fail(`tensor ${index} is not computed yet`);
  for (const operator of model.operators) {
    values.set(operator.outputs[0], compute(model, operator, value));
  }
  return value(model.outputs[0]);
}

function compute(model: Model, operator: Operator, value: (index: number) => Numbers): Numbers {
  const { inputs, outputs } = operator;
  const [from, by = []] = inputs.map((index) => model.tensors[index].shape);
  const to = model.tensors[outputs[0]].shape;
  const x = value(inputs[0]);
  switch (operator.type) {
    case "RESHAPE":
      return x;
    case "TANH":
      return Array.from(x, Math.tanh);
    case "RELU":
      return Array.from(x, (each) => Math.max(0, each));
    case "FULLY_CONNECTED": {
      const [units, width] = by;
      const [weights, bias] = [value(inputs[1]), inputs[2] === undefined ? undefined : value(inputs[2])];
      return Array.from({ length: elementCount(to) }, (_, i) => {
        const [row, unit] = [Math.floor(i / units), i % units];
        let sum = bias?.[unit] ?? 0;
        for (let k = 0; k < width; k++) sum += x[row * width + k] * weights[unit * width + k];
        return activate(operator.options.activation, sum);
      });
    }
    case "CONV_2D": {
      const [weights, bias] = [value(inputs[1]), inputs[2] === undefined ? undefined : value(inputs[2])];
      const [, height, width, channels] = by;
      return overWindows(from, [height, width], to[3], operator.options, (places, o) => {
        let sum = bias?.[o] ?? 0;
        for (const { place, tap } of places) {
          for (let c = 0; c < channels; c++) {
            sum += x[place * channels + c] * weights[(o * height * width + tap) * channels + c];
          }
        }
        return activate(operator.options.activation, sum);
      });
    }
    case "DEPTHWISE_CONV_2D": {
      const [weights, bias] = [value(inputs[1]), inputs[2] === undefined ? undefined : value(inputs[2])];
      const [, height, width, channels] = by;
      const { activation, depthMultiplier } = operator.options;
      return overWindows(from, [height, width], to[3], operator.options, (places, o) => {
        const c = Math.floor(o / depthMultiplier);
        let sum = bias?.[o] ?? 0;
        for (const { place, tap } of places) sum += x[place * from[3] + c] * weights[tap * channels + o];
        return activate(activation, sum);
      });
    }
    case "MAX_POOL_2D":
    case "AVERAGE_POOL_2D": {
      const { filterHeight, filterWidth, activation } = operator.options;
      return overWindows(from, [filterHeight, filterWidth], to[3], operator.options, (places, c) => {
        const inside = places.map(({ place }) => x[place * from[3] + c]);
        return activate(activation, operator.type === "MAX_POOL_2D" ? Math.max(...inside) : mean(inside));
      });
    }
    case "MEAN":
    case "REDUCE_MAX": {
      const channels = to[to.length - 1];
      return Array.from({ length: channels }, (_, c) => {
        const all = Array.from(x).filter((_, i) => i % channels === c);
        return operator.type === "MEAN" ? mean(all) : Math.max(...all);
      });
    }
    case "PAD": {
      const edges = Array.from(value(inputs[1]));
      const padded = new Float64Array(elementCount(to));
      for (let i = 0; i < x.length; i++) {
        let [rest, place, distance] = [i, 0, 1];
        for (let axis = from.length - 1; axis >= 0; axis--) {
          place += ((rest % from[axis]) + edges[2 * axis]) * distance;
          rest = Math.floor(rest / from[axis]);
          distance *= to[axis];
        }
        padded[place] = x[i];
      }
      return padded;
    }
    default:
      return assert.fail(`there is no ${operator.type} here`);
  }
}

/** An element of a window inside of the picture: the picture's place, and its own number in the window. */
interface Tap {
  place: number;
  tap: number;
}

function overWindows(
  [, height, width, inputChannels]: readonly number[],
  size: readonly [number, number],
  channels: number,
  options: Parameters<typeof slideWindow>[3],
  sum: (taps: readonly Tap[], channel: number) => number,
): number[] {
  const window = slideWindow([height, width, inputChannels], size, channels, options);
  assert.ok(typeof window !== "string");
  const results: number[] = [];
  for (let y = 0; y < window.outputHeight; y++) {
    for (let x = 0; x < window.outputWidth; x++) {
      const taps: Tap[] = [];
      for (let i = 0; i < size[0]; i++) {
        for (let j = 0; j < size[1]; j++) {
          const row = y * window.strideHeight - window.paddingTop + i * window.dilationHeight;
          const column = x * window.strideWidth - window.paddingLeft + j * window.dilationWidth;
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          taps.push({ place: row * width + column, tap: i * size[1] + j });
        }
      }
      for (let channel = 0; channel < channels; channel++) results.push(sum(taps, channel));
    }
  }
  return results;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function activate(activation: string, value: number): number {
  if (activation === "NONE") return value;
  return Math.min(Math.max(value, 0), activation === "RELU6" ? 6 : Number.POSITIVE_INFINITY);
}
