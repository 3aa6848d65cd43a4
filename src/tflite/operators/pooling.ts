import { slots } from "../schema";
import { integer, type OperatorFormats, versionByType, WINDOW_FIELDS } from "./operator-format";

/** Pooling's row but for the operator's number. */
const POOL = {
  newestVersion: 3,
  version: versionByType,
  table: {
    name: "Pool2DOptions",
    union: 5,
    slots: slots("padding", "stride_w", "stride_h", "filter_width", "filter_height", "fused_activation_function"),
  },
  fields: { ...WINDOW_FIELDS, filterWidth: integer("filter_width"), filterHeight: integer("filter_height") },
};

/** What takes the numbers of a window together to one. */
export const POOLING: OperatorFormats<"AVERAGE_POOL_2D" | "MAX_POOL_2D"> = {
  AVERAGE_POOL_2D: { code: 1, ...POOL },
  MAX_POOL_2D: { code: 17, ...POOL },
};
