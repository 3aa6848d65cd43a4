import { slots } from "../schema";
import { number, type OperatorFormats, versionByType } from "./operator-format";

/** Functions of one number, and softmax. */
export const ACTIVATIONS: OperatorFormats<"RELU" | "LOGISTIC" | "TANH" | "SOFTMAX"> = {
  RELU: { code: 19, newestVersion: 3, version: versionByType, fields: {} },
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
