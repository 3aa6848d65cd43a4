import { slots } from "../schema";
import { number, type OperatorFormats, versionByType } from "./operator-format";

/** The curves between two limits, and softmax. */
export const ACTIVATIONS: OperatorFormats<"LOGISTIC" | "TANH" | "SOFTMAX"> = {
  LOGISTIC: { code: 14, newestVersion: 3, version: versionByType, fields: {} },
  TANH: { code: 28, newestVersion: 3, version: versionByType, fields: {} },
  SOFTMAX: {
    code: 25,
    newestVersion: 3,
    version: versionByType,
    table: { name: "SoftmaxOptions", union: 9, slots: slots("beta") },
    fields: { beta: number("beta") },
  },
};
