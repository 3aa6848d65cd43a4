import type { Tensor } from "../../model/model";
import { slots } from "../schema";
import { flag, type OperatorFormats, OUTPUT_TYPE, versionByType } from "./operator-format";

/** A reduction's row but for the operator's number. */
const OVER_AXES = {
  newestVersion: 3,
  version: versionByType,
  table: { name: "ReducerOptions", union: 27, slots: slots("keep_dims") },
  fields: { keepDims: flag("keep_dims") },
} as const;

/** ARG_MAX's and ARG_MIN's row but for the numbers of the operator and its options. */
const PLACES = {
  newestVersion: 3,
  version: ([input]: readonly (Tensor | undefined)[]) => (input?.type === "int8" ? 2 : 1),
  fields: { outputType: OUTPUT_TYPE },
} as const;

/** What takes many numbers along dimensions together to one. */
export const REDUCTIONS: OperatorFormats<"MEAN" | "SUM" | "REDUCE_MAX" | "REDUCE_MIN" | "ARG_MAX" | "ARG_MIN"> = {
  MEAN: { code: 40, ...OVER_AXES },
  SUM: { code: 74, ...OVER_AXES, version: ([input]) => (input?.type === "int8" ? 2 : 1) },
  REDUCE_MAX: { code: 82, ...OVER_AXES },
  REDUCE_MIN: { code: 89, ...OVER_AXES },
  ARG_MAX: { code: 56, ...PLACES, table: { name: "ArgMaxOptions", union: 40, slots: slots("output_type") } },
  ARG_MIN: { code: 79, ...PLACES, table: { name: "ArgMinOptions", union: 57, slots: slots("output_type") } },
};
