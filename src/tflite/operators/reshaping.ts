import { slots } from "../schema";
import { integerList, type OperatorFormats, OUTPUT_TYPE } from "./operator-format";

/** Operators that only give their input another shape, or tell it. */
export const RESHAPING: OperatorFormats<"RESHAPE" | "SQUEEZE" | "EXPAND_DIMS" | "SHAPE"> = {
  RESHAPE: {
    code: 22,
    newestVersion: 1,
    version: () => 1,
    table: { name: "ReshapeOptions", union: 17, slots: slots("new_shape") },
    fields: { newShape: integerList("new_shape") },
  },
  SQUEEZE: {
    code: 43,
    newestVersion: 2,
    version: () => 1,
    table: { name: "SqueezeOptions", union: 30, slots: slots("squeeze_dims") },
    fields: { axes: integerList("squeeze_dims") },
  },
  EXPAND_DIMS: { code: 70, newestVersion: 1, version: () => 1, fields: {} },
  SHAPE: {
    code: 77,
    newestVersion: 1,
    version: () => 1,
    table: { name: "ShapeOptions", union: 55, slots: slots("output_type") },
    fields: { outputType: OUTPUT_TYPE },
  },
};
