import type { ResizeOptions, Tensor } from "../../model/model";
import { slots } from "../schema";
import { flag, type OperatorFormats } from "./operator-format";

type Inputs = readonly (Tensor | undefined)[];

const FIELDS = { alignCorners: flag("align_corners"), halfPixelCenters: flag("half_pixel_centers") };

/** Pictures of another size. */
export const RESIZING: OperatorFormats<"RESIZE_NEAREST_NEIGHBOR" | "RESIZE_BILINEAR"> = {
  RESIZE_NEAREST_NEIGHBOR: {
    code: 97,
    newestVersion: 4,
    version([input]: Inputs, { alignCorners, halfPixelCenters }: ResizeOptions) {
      if (input?.type === "int16") return 4;
      if (alignCorners || halfPixelCenters) return 3;
      return input?.type === "int8" ? 2 : 1;
    },
    table: {
      name: "ResizeNearestNeighborOptions",
      union: 74,
      slots: slots("align_corners", "half_pixel_centers"),
    },
    fields: FIELDS,
  },
  RESIZE_BILINEAR: {
    code: 23,
    newestVersion: 4,
    version([input]: Inputs, { halfPixelCenters }: ResizeOptions) {
      if (halfPixelCenters) return 3;
      return input?.type === "int8" ? 2 : 1;
    },
    table: {
      name: "ResizeBilinearOptions",
      union: 15,
      // the first two are not in use any more
      slots: slots("new_height", "new_width", "align_corners", "half_pixel_centers"),
    },
    fields: FIELDS,
  },
};
