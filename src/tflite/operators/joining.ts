import { slots } from "../schema";
import { FUSED_ACTIVATIONS, integer, type OperatorFormats, oneOf, versionByType } from "./operator-format";

/** Operators whose output is their inputs side by side. */
export const JOINING: OperatorFormats<"CONCATENATION" | "PACK"> = {
  CONCATENATION: {
    code: 2,
    newestVersion: 5,
    version: versionByType,
    table: { name: "ConcatenationOptions", union: 10, slots: slots("axis", "fused_activation_function") },
    fields: { axis: integer("axis"), activation: oneOf("fused_activation_function", FUSED_ACTIVATIONS) },
  },
  PACK: {
    code: 83,
    newestVersion: 4,
    version: versionByType,
    table: { name: "PackOptions", union: 59, slots: slots("values_count", "axis") },
    fields: { count: integer("values_count"), axis: integer("axis") },
  },
};
