import { elementCount } from "../../model/tensor";
import { bothOf, type LayerContext, type LayerRules, onlyInput } from "../network";
import type { LayerOf } from "../recipe-layers";

/** Layers that move numbers without computing anything. */
export const SHAPING_LAYERS: LayerRules<"flatten" | "reshape" | "zeroPadding1d" | "zeroPadding2d"> = {
  flatten(context) {
    const { input, shape } = onlyInput(context);
    return context.network.reshape(context.name, input, [elementCount(shape)]);
  },
  reshape(context) {
    const { layer, name, network, refuse } = context;
    const { input, shape } = onlyInput(context);
    const { targetShape } = layer;
    if (elementCount(targetShape) !== elementCount(shape)) {
      refuse("targetShape", `it has ${elementCount(targetShape)} numbers, where there are ${elementCount(shape)}`);
    }
    return network.reshape(name, input, targetShape);
  },
  zeroPadding1d(context) {
    const { padding } = context.layer;
    return pad(context, 2, [bothOf(padding)]);
  },
  zeroPadding2d(context) {
    const { padding } = context.layer;
    const [vertical, horizontal] = typeof padding === "number" ? [padding, padding] : padding;
    return pad(context, 3, [bothOf(vertical), bothOf(horizontal)]);
  },
};

/** Zeros before and behind the dimensions but the channels. */
function pad(
  context: LayerContext<LayerOf<"zeroPadding1d" | "zeroPadding2d">>,
  rank: 2 | 3,
  paddings: readonly (readonly [before: number, behind: number])[],
): number {
  const { name, network } = context;
  const { input, shape } = onlyInput(context, rank);
  const all = [[0, 0], ...paddings, [0, 0]];
  const inputs = [input, network.integers(`${name}/paddings`, [all.length, 2], all.flat())];
  const padded = shape.map((dimension, i) => dimension + all[i + 1][0] + all[i + 1][1]);
  const output = network.tensor(name, padded);
  network.add({ type: "PAD", inputs, outputs: [output], options: {} });
  return output;
}
