import type { Tensor } from "../../model/model";
import { slots } from "../schema";
import { type OperatorFormats, oneOf, versionByType } from "./operator-format";

type Inputs = readonly (Tensor | undefined)[];

/** PAD's and PADV2's row but for the operator's number. */
const PAD = {
  newestVersion: 5,
  version([input]: Inputs) {
    if (input?.type === "bool") return 5;
    if ((input?.shape.length ?? 0) > 4) return 4;
    if (input?.type === "int16") return 3;
    return input?.type === "int8" ? 2 : 1;
  },
  fields: {},
} as const;

/** Operators that fill. */
export const PADDING: OperatorFormats<"PAD" | "PADV2" | "MIRROR_PAD" | "FILL"> = {
  PAD: { code: 34, ...PAD },
  PADV2: { code: 60, ...PAD },
  MIRROR_PAD: {
    code: 100,
    newestVersion: 3,
    version: versionByType,
    table: { name: "MirrorPadOptions", union: 77, slots: slots("mode") },
    fields: { mode: oneOf("mode", ["REFLECT", "SYMMETRIC"]) },
  },
  FILL: {
    code: 94,
    newestVersion: 4,
    version([, value]: Inputs) {
      if (value?.type === "int8" || value?.type === "int16") return 3;
      return value?.type === "bool" ? 2 : 1;
    },
    fields: {},
  },
};
