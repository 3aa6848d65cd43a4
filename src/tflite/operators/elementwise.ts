import type { Tensor } from "../../model/model";
import { slots } from "../schema";
import { number, type OperatorFormats, versionByType } from "./operator-format";

type Elementwise =
  | "RELU"
  | "RELU6"
  | "RELU_N1_TO_1"
  | "LEAKY_RELU"
  | "HARD_SWISH"
  | "ELU"
  | "ABS"
  | "NEG"
  | "SQUARE"
  | "SQRT"
  | "RSQRT"
  | "EXP"
  | "LOG";

const FIRST_VERSION = { newestVersion: 1, version: () => 1, fields: {} };

/** Functions of one number that keep its type. */
export const ELEMENTWISE_FUNCTIONS: OperatorFormats<Elementwise> = {
  RELU: { code: 19, newestVersion: 3, version: versionByType, fields: {} },
  RELU6: { code: 21, newestVersion: 3, version: versionByType, fields: {} },
  RELU_N1_TO_1: { code: 20, ...FIRST_VERSION },
  LEAKY_RELU: {
    code: 98,
    newestVersion: 2,
    version: ([input]: readonly (Tensor | undefined)[]) => (input?.type === "int16" ? 2 : 1),
    table: { name: "LeakyReluOptions", union: 75, slots: slots("alpha") },
    fields: { alpha: number("alpha") },
  },
  HARD_SWISH: { code: 117, ...FIRST_VERSION },
  ELU: { code: 111, ...FIRST_VERSION },
  ABS: { code: 101, newestVersion: 5, version: versionByType, fields: {} },
  NEG: { code: 59, ...FIRST_VERSION },
  SQUARE: { code: 92, ...FIRST_VERSION },
  SQRT: { code: 75, ...FIRST_VERSION },
  RSQRT: { code: 76, newestVersion: 3, version: versionByType, fields: {} },
  EXP: { code: 47, newestVersion: 2, version: () => 1, fields: {} },
  LOG: { code: 73, newestVersion: 2, version: () => 1, fields: {} },
};
