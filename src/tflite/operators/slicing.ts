import type { Tensor } from "../../model/model";
import { slots } from "../schema";
import { flag, integer, type OperatorFormats } from "./operator-format";

type Inputs = readonly (Tensor | undefined)[];

/** Operators whose outputs are parts of their input. */
export const SLICING: OperatorFormats<"SLICE" | "STRIDED_SLICE" | "SPLIT" | "SPLIT_V" | "UNPACK" | "GATHER"> = {
  GATHER: {
    code: 36,
    newestVersion: 7,
    version([input]: Inputs, { batchDimensions }) {
      if (batchDimensions !== 0) return 5;
      if (input?.type === "int16") return 4;
      if (input?.type === "bool") return 3;
      return input?.type === "int8" ? 2 : 1;
    },
    table: { name: "GatherOptions", union: 23, slots: slots("axis", "batch_dims") },
    fields: { axis: integer("axis"), batchDimensions: integer("batch_dims") },
  },
  SLICE: {
    code: 65,
    newestVersion: 7,
    version([input]: Inputs) {
      if ((input?.shape.length ?? 0) > 4) return 5;
      if (input?.type === "int16") return 4;
      return input?.type === "int8" ? 2 : 1;
    },
    fields: {},
  },
  STRIDED_SLICE: {
    code: 45,
    newestVersion: 8,
    version([input]: Inputs, { ellipsisMask, newAxisMask, offset }) {
      if (offset) return 8;
      if (ellipsisMask !== 0 || newAxisMask !== 0) return 6;
      if ((input?.shape.length ?? 0) > 4) return 4;
      if (input?.type === "bool") return 3;
      return input?.type === "int8" ? 2 : 1;
    },
    table: {
      name: "StridedSliceOptions",
      union: 32,
      slots: slots("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask", "offset"),
    },
    fields: {
      beginMask: integer("begin_mask"),
      endMask: integer("end_mask"),
      ellipsisMask: integer("ellipsis_mask"),
      newAxisMask: integer("new_axis_mask"),
      shrinkAxisMask: integer("shrink_axis_mask"),
      offset: flag("offset"),
    },
  },
  SPLIT: {
    code: 49,
    newestVersion: 4,
    version([, input]: Inputs) {
      if (input?.type === "int16") return 4;
      if (input?.type === "int32") return 3;
      return input?.type === "int8" ? 2 : 1;
    },
    table: { name: "SplitOptions", union: 35, slots: slots("num_splits") },
    fields: { count: integer("num_splits") },
  },
  SPLIT_V: {
    code: 102,
    newestVersion: 2,
    version: ([input]: Inputs) => (input?.type === "int8" ? 2 : 1),
    table: { name: "SplitVOptions", union: 79, slots: slots("num_splits") },
    fields: { count: integer("num_splits") },
  },
  UNPACK: {
    code: 88,
    newestVersion: 5,
    version([input]: Inputs) {
      if (input?.type === "int16") return 4;
      if (input?.type === "bool") return 3;
      return input?.type === "int8" || input?.type === "uint8" ? 2 : 1;
    },
    table: { name: "UnpackOptions", union: 64, slots: slots("num", "axis") },
    fields: { count: integer("num"), axis: integer("axis") },
  },
};
