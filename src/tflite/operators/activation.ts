import { slots } from "../schema";
import { number, type OperatorFormats, versionByType } from "./operator-format";

/** The curves between two limits, softmax, and bringing numbers to the length 1. */
export const ACTIVATIONS: OperatorFormats<"LOGISTIC" | "TANH" | "SOFTMAX" | "L2_NORMALIZATION"> = {
  LOGISTIC: { code: 14, newestVersion: 3, version: versionByType, fields: {} },
  TANH: { code: 28, newestVersion: 3, version: versionByType, fields: {} },
  SOFTMAX: {
    code: 25,
    newestVersion: 3,
    version: versionByType,
    table: { name: "SoftmaxOptions", union: 9, slots: slots("beta") },
    fields: { beta: number("beta") },
  },
  L2_NORMALIZATION: {
    code: 11,
    newestVersion: 2,
    version: versionByType,
    table: {
      name: "L2NormOptions",
      union: 12,
      slots: slots("fused_activation_function"),
      onlyDefault: ["fused_activation_function"],
    },
    fields: {},
  },
};
