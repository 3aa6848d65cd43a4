import { elementCount } from "../../model/tensor";
import type { GradientRules } from "./gradient-rule";

/** Each input gets its piece of the output's gradient. */
export const JOINING_GRADIENTS: GradientRules<"CONCATENATION"> = {
  CONCATENATION: {
    backward({ inputs, outputs: [output], options: { axis } }, places) {
      const { call } = places.kernels;
      const { shape } = places.model.tensors[output];
      const along = axis < 0 ? axis + shape.length : axis;
      const rows = elementCount(shape.slice(1, along));
      const stride = elementCount(shape.slice(along));
      let from = places.gradient(output);
      return inputs.flatMap((input) => {
        const width = elementCount(places.model.tensors[input].shape.slice(along));
        const [piece, gradient] = [from, places.gradient(input)];
        from += 4 * width;
        if (gradient === 0) return [];
        return [(batch: number) => call.tinyml_take_columns(piece, gradient, batch * rows, width, stride)];
      });
    },
  },
};
