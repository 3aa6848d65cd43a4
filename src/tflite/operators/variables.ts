import { ASSIGN_VARIABLE, READ_VARIABLE } from "../schema";
import type { OperatorFormats } from "./operator-format";

/** Operators of variable tensors. What else a file needs for them is in resources.ts. */
export const VARIABLES: OperatorFormats<"READ_VARIABLE" | "ASSIGN_VARIABLE"> = {
  READ_VARIABLE: { code: READ_VARIABLE, newestVersion: 1, version: () => 1, fields: {} },
  ASSIGN_VARIABLE: { code: ASSIGN_VARIABLE, newestVersion: 1, version: () => 1, fields: {} },
};
