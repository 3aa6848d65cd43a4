import { TinymlError } from "../../errors";
import type { GradientRules } from "./gradient-rule";
import { singlePlaces } from "./pooling";
import { placeSlidingWindow } from "./window";

/** Operators that move numbers without computing anything. */
export const SHAPING_GRADIENTS: GradientRules<"RESHAPE" | "PAD"> = {
  RESHAPE: {
    backward({ inputs: [input], outputs: [output] }, places) {
      const { heap } = places.kernels;
      const [from, to] = [places.gradient(output), places.gradient(input)];
      const bytes = 4 * places.count(output);
      if (to === 0 || to === from) return [];
      return [(batch) => heap.int8.copyWithin(to, from, from + batch * bytes)];
    },
  },
  PAD: {
    backward({ type, inputs: [input, paddings], outputs: [output] }, places) {
      const { call } = places.kernels;
      const { tensors } = places.model;
      const edges = Array.from(tensors[paddings].data ?? [], Number);
      const [from, to] = [input, output].map((tensor) => tensors[tensor].shape);
      const rank = from.length;
      if (rank < 3 || rank > 4 || from[0] !== to[0] || from[rank - 1] !== to[rank - 1]) {
        throw new TinymlError(
          "TINYML_NOT_TRAINABLE",
          `This model can't be trained: its ${type} fills other dimensions than those of pictures or windows.`,
        );
      }
      // The mean of windows of one place each: those outside of the picture give nothing to it.
      const window = placeSlidingWindow(places, {
        ...singlePlaces(from[rank - 2], from[rank - 1]),
        inputHeight: rank === 4 ? from[1] : 1,
        outputHeight: rank === 4 ? to[1] : 1,
        outputWidth: to[rank - 2],
        paddingTop: rank === 4 ? edges[2] : 0,
        paddingLeft: edges[2 * (rank - 2)],
      });
      const [inputGradient, outputGradient] = [input, output].map(places.gradient);
      if (inputGradient === 0) return [];
      return [(batch) => call.tinyml_average_pool_gradient(outputGradient, inputGradient, batch, window)];
    },
  },
};
