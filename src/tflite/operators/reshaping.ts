import { slots } from "../schema";
import { integers, type OperatorFormats } from "./operator-format";

/** Operators that only give their input another shape. */
export const RESHAPING: OperatorFormats<"RESHAPE"> = {
  RESHAPE: {
    code: 22,
    newestVersion: 1,
    version: () => 1,
    table: { name: "ReshapeOptions", union: 17, slots: slots("new_shape") },
    fields: { newShape: integers("new_shape") },
  },
};
